"""What the trials of an assignment prove."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mnist_course.proof.container_fit import ContainerFit, container_fit
from mnist_course.proof.false_negatives import Distance, distance, upper_bound
from mnist_course.proof.mutant_verdicts import CLOSE, MutantVerdict, Outcome, mutant_verdicts
from mnist_course.proof.proof import Proof
from mnist_course.proof.shortcomings import shortcomings
from mnist_course.proof.trial import Trial

__all__ = ["Cost", "ItemVerdict", "Verdict", "judge"]


@dataclass(frozen=True, slots=True)
class ItemVerdict:
    """What the trials say of one item.

    Parameters
    ----------
    item : str
        Grade id.
    points : float
        That it can give.
    seeds, lost : int
        How many references were graded; how many of them lost points here.
    rate : float
        Upper bound (95 %) of the share of right answers that lose points here.
    lowest : float
        Fewest points of a reference.
    mutants : tuple of MutantVerdict
        Those aimed at it.
    """

    item: str
    points: float
    seeds: int
    lost: int
    rate: float
    lowest: float
    mutants: tuple[MutantVerdict, ...]


@dataclass(frozen=True, slots=True)
class Cost:
    """Median CPU and wall seconds of the references, highest peak of honest work in MB."""

    cpu_seconds: float
    wall_seconds: float
    peak_mb: int
    fit: ContainerFit


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is proven about one assignment.

    Parameters
    ----------
    id : str
        The assignment.
    points : float
        Of all automatic items.
    items : tuple of ItemVerdict
        In the order of the notebook.
    untouched : float or None
        Points that the release got; None when it has no grade.
    baseline : float
        Points that it may get.
    cost : Cost or None
        None when no reference has a grade.
    distances : tuple of Distance
        How far measured numbers stay from their thresholds.
    problems : tuple of str
        A sentence for everything that is not proven; empty when all is.
    """

    id: str
    points: float
    items: tuple[ItemVerdict, ...]
    untouched: float | None
    baseline: float
    cost: Cost | None
    distances: tuple[Distance, ...]
    problems: tuple[str, ...] = field(default=())

    @property
    def proven(self) -> bool:
        """Whether nothing is left to prove."""
        return not self.problems


def judge(
    proof: Proof,
    items: Mapping[str, float],
    outcomes: Sequence[Outcome],
    *,
    unfit: Mapping[str, str] | None = None,
) -> Verdict:
    """Judge an assignment's grading from its trials.

    Parameters
    ----------
    proof : Proof
        What was to be shown.
    items : mapping of str to float
        Points of every automatic item, in the order of the notebook.
    outcomes : sequence of Outcome
        Of the references, the release and the mutants.
    unfit : mapping of str to str, optional
        Why a mutant, by its name, could not be made.

    Returns
    -------
    Verdict
    """
    graded = [o.trial for o in outcomes if o.submission.seed is not None and not o.trial.failed]
    release = next((o.trial for o in outcomes if o.submission.is_release), None)
    untouched = release if release is not None and not release.failed else None
    tried = mutant_verdicts(proof, items, outcomes)
    cost = _cost(graded, [*graded, untouched] if untouched else graded)
    distances = tuple(_distances(proof, graded))
    return Verdict(
        proof.id,
        sum(items.values()),
        tuple(
            _item(name, points, graded, [mutant for mutant in tried if mutant.item == name])
            for name, points in items.items()
        ),
        untouched.score if untouched else None,
        proof.untouched,
        cost,
        distances,
        tuple(
            shortcomings(
                proof,
                items,
                outcomes,
                tried=tried,
                unfit=unfit or {},
                distances=distances,
                peak_mb=cost.peak_mb if cost else 0,
                fit=cost.fit if cost else None,
            )
        ),
    )


def _item(
    name: str, points: float, graded: Sequence[Trial], mutants: Sequence[MutantVerdict]
) -> ItemVerdict:
    scores = [trial.scores.get(name, 0.0) for trial in graded]
    lost = sum(score < points - CLOSE for score in scores)
    rate = upper_bound(lost, len(scores)) if scores else 1.0
    lowest = min(scores, default=0.0)
    return ItemVerdict(name, points, len(scores), lost, rate, lowest, tuple(mutants))


def _cost(references: Sequence[Trial], honest: Sequence[Trial]) -> Cost | None:
    if not references:
        return None
    by_time = sorted(references, key=lambda trial: trial.cpu_seconds)
    middle = by_time[len(by_time) // 2]
    cpu, wall = middle.cpu_seconds, middle.wall_seconds
    peak = max(trial.peak_mb for trial in honest)
    fit = container_fit(peak_mb=peak, cpu_seconds=cpu, wall_seconds=wall)
    return Cost(cpu, wall, peak, fit)


def _distances(proof: Proof, graded: Sequence[Trial]) -> Iterator[Distance]:
    for margin in proof.margins:
        name = margin.measured
        values = [trial.measurements[name] for trial in graded if name in trial.measurements]
        if len(values) >= 2:
            yield distance(margin, values)
