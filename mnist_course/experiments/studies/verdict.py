"""What trials show by a stated test: one arm wins, arms tie, or neither can be said."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from mnist_course.exceptions import ConfigurationError
from mnist_course.experiments.studies.arm_result import ArmResult
from mnist_course.experiments.studies.claim import Claim
from mnist_course.experiments.studies.comparison import Comparison, compare, holm
from mnist_course.experiments.studies.metrics import higher_is_better, values_by_arm
from mnist_course.experiments.studies.sentence import number, sentence, spread
from mnist_course.experiments.trials.trial import Trial
from mnist_course.grading.results import Finding

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MARGIN", "Verdict", "supports", "verdict"]

MARGIN = 0.005
"""A difference below it does not matter where nobody says otherwise: half a point of accuracy."""

_CLEAR = 0.01  # "inconclusive" is wrong only where the lead is this clear


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the trials of a study show.

    Parameters
    ----------
    verdict : str
        ``winner``, ``tie`` or ``inconclusive``.
    arms : tuple of str
        The winner alone; the arms that tie, best first; empty when inconclusive.
    metric : str
    margin : float
    sentence : str
        Verdict, numbers and test in words.
    results : tuple of ArmResult
        Every arm, best first.
    pairs : tuple of Comparison
        The best arm against every other, in the order of ``results``.
    """

    verdict: str
    arms: tuple[str, ...]
    metric: str
    margin: float
    sentence: str
    results: tuple[ArmResult, ...]
    pairs: tuple[Comparison, ...]

    @property
    def claim(self) -> Claim:
        """The verdict in the form in which somebody would claim it."""
        return Claim(self.verdict, self.arms, self.metric)

    @property
    def comparisons(self) -> pd.DataFrame:
        """The best arm against every other: columns as in `Comparison`, with beaten and equal."""
        import pandas as pd

        names = [*Comparison.__slots__, "beaten", "equal"]
        rows = [{**asdict(pair), "beaten": pair.beaten, "equal": pair.equal} for pair in self.pairs]
        return pd.DataFrame(rows, columns=names)

    def __str__(self) -> str:
        return self.sentence


def verdict(
    trials: Sequence[Trial], metric: str = "val_accuracy", margin: float = MARGIN
) -> Verdict:
    """Say what trials show by a measure.

    The arm with the best mean is compared with every other one, paired by seed where both arms
    have the same seeds, else by Welch's test. *Winner*: every comparison is significant at .05 by
    a two-sided t-test after Holm's correction. *Tie*: else, when every arm is either beaten in
    this way or equal to the best one, which is when two one-sided t-tests at .05 (TOST) show that
    the difference is below the margin. *Inconclusive*: else.

    Parameters
    ----------
    trials : sequence of Trial
        Their order does not matter.
    metric : str
        A name in ``Trial.measured``, or ``seconds``; `higher_is_better` says which way is better.
    margin : float
        Above 0, in the unit of the measure: a difference below it does not matter.

    Returns
    -------
    Verdict

    Raises
    ------
    ConfigurationError
        If there are fewer than two arms, a trial does not have the measure, or the margin is not
        a number above 0.
    """
    if type(margin) not in (int, float) or not (math.isfinite(margin) and margin > 0):
        raise ConfigurationError(
            f"margin must be a number above 0, the difference in {metric} below which arms are as "
            f"good as equal, such as 0.005; got {margin!r}."
        )
    higher = higher_is_better(metric)
    by_arm = values_by_arm(trials, metric)
    if len(by_arm) < 2:
        raise ConfigurationError(
            f"A verdict compares at least two arms, got {len(by_arm)}"
            f"{f' ({next(iter(by_arm))})' if by_arm else ''}. Give the trials of the control too."
        )
    results = tuple(
        sorted(
            (ArmResult.from_values(arm, values) for arm, (_, values) in by_arm.items()),
            key=lambda result: result.rank(higher),
        )
    )
    best = results[0].arm
    pairs = [
        compare(
            (best, *by_arm[best]), (other.arm, *by_arm[other.arm]), higher=higher, margin=margin
        )
        for other in results[1:]
    ]
    tested = [i for i, pair in enumerate(pairs) if not math.isnan(pair.p)]
    for i, corrected in zip(tested, holm([pairs[i].p for i in tested]), strict=True):
        pairs[i] = replace(pairs[i], p_holm=corrected)
    word, arms = _decide(results[0], pairs)
    words = sentence(word, arms, results, pairs, metric=metric, margin=margin)
    return Verdict(word, arms, metric, float(margin), words, results, tuple(pairs))


def _decide(best: ArmResult, pairs: Sequence[Comparison]) -> tuple[str, tuple[str, ...]]:
    if best.lost:
        return "inconclusive", ()
    if all(pair.beaten for pair in pairs):
        return "winner", (best.arm,)
    if all(pair.beaten or pair.equal for pair in pairs):
        return "tie", (best.arm, *(pair.other for pair in pairs if pair.equal))
    return "inconclusive", ()


def supports(trials: Sequence[Trial], claim: Claim, margin: float = MARGIN) -> Finding | None:
    """Say why trials do not support a claim; None when they do.

    Lenient, because more than one conclusion can be drawn from a few seeds: what `verdict` says is
    always supported. So is a *winner* whose mean ± sd lies beyond that of every other arm; a *tie*
    of arms that include the best one, with all their means within the larger of the margin and
    their pooled sd; *inconclusive* unless the winner's test is passed with p < .01 by an arm that
    is ahead by more than the margin.

    Parameters
    ----------
    trials : sequence of Trial
    claim : Claim
    margin : float
        A difference below it does not matter.

    Returns
    -------
    Finding or None
        What was seen, why it matters, what to try next.

    Raises
    ------
    ConfigurationError
        If there are fewer than two arms, a trial does not have the measure, or the margin is not
        a number above 0.
    """
    shown = verdict(trials, claim.metric, margin)
    known = {result.arm: result for result in shown.results}
    if unknown := [arm for arm in claim.arms if arm not in known]:
        return Finding(
            f"The claim is about {', '.join(map(repr, unknown))}, and no trial has that name. "
            f"There are: {', '.join(map(repr, known))}.",
            "A conclusion can only be about what was tried.",
            "Spell the arm as in your trials, or run it.",
        )
    if claim.verdict == shown.verdict and set(claim.arms) == set(shown.arms):
        return None
    judge = {"winner": _no_winner, "tie": _no_tie, "inconclusive": _no_doubt}[claim.verdict]
    return judge(claim, shown, known)


def _no_winner(claim: Claim, shown: Verdict, known: dict[str, ArmResult]) -> Finding | None:
    winner, best = known[claim.arms[0]], shown.results[0]
    if winner is not best:
        return Finding(
            f"{winner.arm} is said to win, but {best.arm} has the better {claim.metric}: "
            f"{_score(best)} against {_score(winner)}.",
            "A winner is ahead of every other arm in your own table.",
            "Claim what your table shows: another winner, a tie, or that it is inconclusive.",
        )
    sign = 1 if higher_is_better(claim.metric) else -1
    near = [
        other
        for other in shown.results[1:]
        # NaN, from fewer than two trials, is never beyond anything.
        if not other.lost and not sign * (winner.mean - other.mean) > winner.sd + other.sd
    ]
    if not near:
        return None
    other = near[0]
    return Finding(
        f"{winner.arm} is said to win with a {claim.metric} of {_score(winner)}, but {other.arm} "
        f"reaches {_score(other)}: the two ranges overlap.",
        f"Another seed could turn the order round. By the test of the course: {shown.sentence}",
        "Claim a tie or that it is inconclusive, or run more seeds until it is clear.",
    )


def _no_tie(claim: Claim, shown: Verdict, known: dict[str, ArmResult]) -> Finding | None:
    named = [known[arm] for arm in dict.fromkeys(claim.arms)]
    best = shown.results[0]
    if best not in named:
        return Finding(
            f"{' and '.join(claim.arms)} are said to tie for the best, but {best.arm} has the best "
            f"{claim.metric}: {_score(best)} against {_score(named[0])}.",
            "Arms that tie are as good as the best one.",
            f"Name {best.arm} too if it ties with them, or claim that it wins.",
        )
    pooled = math.sqrt(sum(arm.sd**2 for arm in named) / len(named))
    room = max(shown.margin, 0.0 if math.isnan(pooled) else pooled)
    far = [arm for arm in named if arm.lost or not abs(best.mean - arm.mean) <= room]
    if not far:
        return None
    return Finding(
        f"{far[-1].arm} is said to tie with {best.arm}, but their {claim.metric} is "
        f"{_score(far[-1])} against {_score(best)}: more than {number(room)} apart.",
        f"That is more than the spread of the seeds and than the {shown.margin:g} that matters.",
        f"Leave {far[-1].arm} out of the tie.",
    )


def _no_doubt(claim: Claim, shown: Verdict, known: dict[str, ArmResult]) -> Finding | None:
    clear = shown.verdict == "winner" and all(
        pair.test == "failed" or (pair.p_holm < _CLEAR and pair.gap > shown.margin)
        for pair in shown.pairs
    )
    if not clear:
        return None
    return Finding(
        f"The study is said to be inconclusive, but it is clear: {shown.sentence}",
        "Trials that agree this well do decide.",
        f"Claim what they show: {shown.arms[0]} wins.",
    )


def _score(result: ArmResult) -> str:
    failed = f" ({result.failed} of {result.n + result.failed} failed)" if result.failed else ""
    return f"{spread(result.mean, result.sd)}{failed}"
