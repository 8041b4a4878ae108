"""Whether each wrong solution lost the points that it must lose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mnist_course.proof.proof import Mutant, Proof
from mnist_course.proof.submissions import Submission
from mnist_course.proof.trial import Trial

__all__ = ["CLOSE", "MutantVerdict", "Outcome", "as_expected", "mutant_verdicts"]

CLOSE = 1e-6
"""Points that are no difference."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A submission with its trial."""

    submission: Submission
    trial: Trial


@dataclass(frozen=True, slots=True)
class MutantVerdict:
    """What became of one mutant.

    Parameters
    ----------
    name, item : str
        Of the mutant; of the item that must notice.
    score : float
        Points that the item still gave.
    at_most : float or None
        Points that it may give; None for anything less than all.
    killed : bool
        Whether it lost enough.
    together : int
        How many mutants were in the notebook.
    also : tuple of str
        Items at which none of them was aimed, and which lost points too.
    """

    name: str
    item: str
    score: float
    at_most: float | None
    killed: bool
    together: int
    also: tuple[str, ...] = ()


def as_expected(outcome: Outcome, items: Mapping[str, float]) -> bool:
    """Tell whether each mutant was killed, and nothing but the items aimed at lost points.

    Parameters
    ----------
    outcome : Outcome
        Of a submission with mutants.
    items : mapping of str to float
        Points of every automatic item.
    """
    if outcome.trial.failed:
        return False
    killed = all(_kills(mutant, outcome.trial, items) for mutant in outcome.submission.mutants)
    return killed and not _also(outcome, items)


def mutant_verdicts(
    proof: Proof, items: Mapping[str, float], outcomes: Sequence[Outcome]
) -> list[MutantVerdict]:
    """Return what became of each mutant that was graded, judged alone where it was tried alone.

    Parameters
    ----------
    proof : Proof
    items : mapping of str to float
        Points of every automatic item.
    outcomes : sequence of Outcome
    """
    found = []
    for mutant in proof.mutants:
        its = [o for o in outcomes if mutant in o.submission.mutants and not o.trial.failed]
        if its and mutant.kills in items:
            outcome = min(its, key=lambda o: len(o.submission.mutants))
            found.append(
                MutantVerdict(
                    mutant.name,
                    mutant.kills,
                    outcome.trial.scores.get(mutant.kills, 0.0),
                    mutant.at_most,
                    _kills(mutant, outcome.trial, items),
                    len(outcome.submission.mutants),
                    _also(outcome, items),
                )
            )
    return found


def _kills(mutant: Mutant, trial: Trial, items: Mapping[str, float]) -> bool:
    if mutant.kills in trial.not_graded:
        return False  # the grader could not decide, which is no verdict on the answer
    score, points = trial.scores.get(mutant.kills, 0.0), items.get(mutant.kills, 0.0)
    limit = mutant.at_most + CLOSE if mutant.at_most is not None else points - CLOSE
    return score <= limit


def _also(outcome: Outcome, items: Mapping[str, float]) -> tuple[str, ...]:
    aimed = {mutant.kills for mutant in outcome.submission.mutants}
    scores = outcome.trial.scores
    return tuple(
        name
        for name, points in items.items()
        if name not in aimed and scores.get(name, 0.0) < points - CLOSE
    )
