"""In sentences, what the trials of an assignment do not prove."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mnist_course.proof.container_fit import ContainerFit
from mnist_course.proof.false_negatives import Distance
from mnist_course.proof.mutant_verdicts import CLOSE, MutantVerdict, Outcome
from mnist_course.proof.proof import Proof
from mnist_course.proof.submissions import check_items

__all__ = ["shortcomings"]

_SAFE = 4.0  # standard deviations between the reference and a threshold, a rule of the course


def shortcomings(
    proof: Proof,
    items: Mapping[str, float],
    outcomes: Sequence[Outcome],
    *,
    tried: Sequence[MutantVerdict],
    unfit: Mapping[str, str],
    distances: Sequence[Distance],
    peak_mb: int,
    fit: ContainerFit | None,
) -> Iterator[str]:
    """Yield a sentence for everything that is not proven.

    Parameters
    ----------
    proof : Proof
        What was to be shown.
    items : mapping of str to float
        Points of every automatic item.
    outcomes : sequence of Outcome
        Every graded submission.
    tried : sequence of MutantVerdict
        What became of the mutants among them.
    unfit : mapping of str to str
        Why a mutant could not be made.
    distances : sequence of Distance
        From measured numbers to their thresholds.
    peak_mb : int
        Peak of the memory of honest work.
    fit : ContainerFit or None
        The containers for it; None when nothing was measured.
    """
    yield from check_items(proof, items)
    yield from _without_grade(outcomes)
    yield from _of_references(outcomes, items)
    yield from _of_release(outcomes, proof)
    yield from _survivors(tried, items)
    yield from _not_tried(proof, tried, outcomes, unfit)
    yield from _reaching_further(proof, tried)
    yield from _too_close(distances)
    yield from _without_numbers(proof, outcomes)
    if fit is not None:
        yield from _too_large(peak_mb, fit)


def _without_grade(outcomes: Sequence[Outcome]) -> Iterator[str]:
    for outcome in outcomes:
        if outcome.trial.failed:
            yield f"{outcome.submission.what}: there is no grade ({outcome.trial.failed})."


def _of_references(outcomes: Sequence[Outcome], items: Mapping[str, float]) -> Iterator[str]:
    references = [o for o in outcomes if o.submission.seed is not None]
    if not references:
        yield "the reference solution was not tried."
    for outcome in references:
        what, trial = outcome.submission.what, outcome.trial
        if trial.failed:
            continue
        for name, points in items.items():
            score = trial.scores.get(name, 0.0)
            if score < points - CLOSE:
                why = " (the grader could not decide)" if name in trial.not_graded else ""
                yield f"{what}: {name} gave {score:g} of {points:g} points{why}."
        if trial.errors:
            yield f"{what}: it does not run to its end ({'; '.join(trial.errors)})."


def _of_release(outcomes: Sequence[Outcome], proof: Proof) -> Iterator[str]:
    release = next((o.trial for o in outcomes if o.submission.is_release), None)
    if release is None:
        yield "the release as it is was not tried."
        return
    if release.score > proof.untouched + CLOSE:
        earned = ", ".join(f"{name} {score:g}" for name, score in release.scores.items() if score)
        yield (
            f"the release as it is gets {release.score:g} points, at most {proof.untouched:g} are "
            f"meant: {earned}."
        )
    if release.errors:
        yield f"the release as it is does not run to its end ({'; '.join(release.errors)})."


def _survivors(tried: Sequence[MutantVerdict], items: Mapping[str, float]) -> Iterator[str]:
    for mutant in tried:
        if not mutant.killed:
            wanted = "less was" if mutant.at_most is None else f"at most {mutant.at_most:g} were"
            yield (
                f"mutant {mutant.name!r} survives: {mutant.item} still gives {mutant.score:g} of "
                f"{items[mutant.item]:g} points, {wanted} expected."
            )


def _not_tried(
    proof: Proof,
    tried: Sequence[MutantVerdict],
    outcomes: Sequence[Outcome],
    unfit: Mapping[str, str],
) -> Iterator[str]:
    graded = {mutant.name for outcome in outcomes for mutant in outcome.submission.mutants}
    graded |= {mutant.name for mutant in tried}
    for mutant in proof.mutants:
        if mutant.name in unfit:
            yield unfit[mutant.name]
        elif mutant.name not in graded:
            yield f"mutant {mutant.name!r} was not tried."


def _reaching_further(proof: Proof, tried: Sequence[MutantVerdict]) -> Iterator[str]:
    expected = {mutant.name for mutant in proof.mutants if mutant.alone}
    for mutant in tried:
        if mutant.also and mutant.together == 1 and mutant.name not in expected:
            yield (
                f"mutant {mutant.name!r} of {mutant.item} also costs points of "
                f"{', '.join(mutant.also)}: one wrong answer must not spoil another item. Give "
                "the later part a fallback, or say alone=True where the mistake is about both."
            )


def _too_close(distances: Sequence[Distance]) -> Iterator[str]:
    for one in distances:
        if one.in_sd is not None and one.in_sd < _SAFE:
            yield (
                f"{one.item}: {one.measured} is {one.mean:.4f} ± {one.sd:.4f}, {one.in_sd:.1f} sd "
                f"from the threshold {one.threshold:g}; at least {_SAFE:g} are wanted."
            )


def _without_numbers(proof: Proof, outcomes: Sequence[Outcome]) -> Iterator[str]:
    graded = [o.trial for o in outcomes if o.submission.seed is not None and not o.trial.failed]
    for margin in proof.margins:
        missing = sum(margin.measured not in trial.measurements for trial in graded)
        if missing:
            yield (
                f"{margin.item}: {missing} of {len(graded)} references have no measured "
                f"{margin.measured!r}. Let the check note it, or correct the margin."
            )


def _too_large(peak_mb: int, fit: ContainerFit) -> Iterator[str]:
    if not fit.memory:
        yield f"a grade peaks at {peak_mb:,} MB: no Gradescope container has as much memory."
    elif not fit.enough:
        yield f"no Gradescope container is done within {fit.deadline:.0f} s."
