"""A verdict in words: who is ahead, by how much, by which test."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mnist_course.experiments.studies.arm_result import ArmResult
from mnist_course.experiments.studies.comparison import Comparison

__all__ = ["chance", "number", "sentence", "spread"]

_TESTS = {
    "paired t": "t-test paired by seed",
    "Welch t": "Welch's t-test, the seeds differ",
    "sign": "sign test, every seed gives the same difference",
}


def sentence(
    word: str,
    arms: Sequence[str],
    results: Sequence[ArmResult],
    pairs: Sequence[Comparison],
    *,
    metric: str,
    margin: float,
) -> str:
    """Return one or two sentences.

    Parameters
    ----------
    word : str
        ``winner``, ``tie`` or ``inconclusive``.
    arms : sequence of str
        The winner, the arms that tie.
    results : sequence of ArmResult
        Best first.
    pairs : sequence of Comparison
        The best arm against every other.
    metric : str
    margin : float
    """
    tests = [pair for pair in pairs if not math.isnan(pair.p)]
    told = {"winner": _winner, "tie": _tie, "inconclusive": _inconclusive}[word]
    return told(arms, results, pairs, tests, metric, margin)


def number(value: float) -> str:
    """Write a number with four digits that matter."""
    if math.isnan(value):
        return "unknown"
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"


def spread(mean: float, sd: float) -> str:
    """Write mean ± sd with two digits of the spread: those beyond say nothing."""
    if math.isnan(mean):
        return "unknown"
    if math.isnan(sd) or sd == 0:
        return number(mean)
    digits = max(0, 1 - math.floor(math.log10(sd)))
    return f"{mean:,.{digits}f} ± {sd:,.{digits}f}"


def _winner(
    arms: Sequence[str],
    results: Sequence[ArmResult],
    pairs: Sequence[Comparison],
    tests: Sequence[Comparison],
    metric: str,
    margin: float,
) -> str:
    best = results[0]
    if not tests:
        return f"{best.arm} wins with {_score(best, metric)}: training failed in all other arms."
    close = max(tests, key=lambda pair: (pair.p_holm, -pair.gap))
    small = (
        f" But {number(close.gap)} is less than the {margin:g} that was said to matter."
        if close.gap < margin
        else ""
    )
    than = "every other arm, least clearly than " if len(pairs) > 1 else ""
    test = f"{_TESTS[close.test]}{_correction(tests)}, {chance(close.p_holm)}"
    return (
        f"{best.arm} wins with {_score(best, metric)}. It is better than {than}{close.other}, by "
        f"{number(close.gap)} ({test}).{small}"
    )


def _tie(
    arms: Sequence[str],
    results: Sequence[ArmResult],
    pairs: Sequence[Comparison],
    tests: Sequence[Comparison],
    metric: str,
    margin: float,
) -> str:
    weak = max((pair for pair in pairs if pair.equal), key=lambda pair: pair.p_equal)
    rest = [pair.other for pair in pairs if not pair.equal]
    behind = f" Worse than these: {', '.join(rest)}." if rest else ""
    return (
        f"{_list(arms)} tie. The best is {_score(results[0], metric)}, and the others differ from "
        f"it by less than {margin:g} (two one-sided t-tests, {chance(weak.p_equal)}).{behind}"
    )


def _inconclusive(
    arms: Sequence[str],
    results: Sequence[ArmResult],
    pairs: Sequence[Comparison],
    tests: Sequence[Comparison],
    metric: str,
    margin: float,
) -> str:
    best = results[0]
    if all(result.lost for result in results):
        return "Inconclusive: at least half of the trials of every arm failed."
    unclear = [pair for pair in pairs if not pair.beaten and not pair.equal]
    untested = [pair.other for pair in unclear if pair.test == "none"]
    if untested:
        return (
            f"Inconclusive: {best.arm} is ahead with {_score(best, metric)}, but it takes two "
            f"trials in an arm to tell a difference from chance; compare with {_list(untested)}."
        )
    first = min(unclear, key=lambda pair: pair.gap)
    return (
        f"Inconclusive: {best.arm} is ahead with {_score(best, metric)}, but its lead of "
        f"{number(first.gap)} over {first.other} is not clear of chance ({_TESTS[first.test]}"
        f"{_correction(tests)}, {chance(first.p_holm)}), nor shown to be less than {margin:g} (two "
        f"one-sided t-tests, {chance(first.p_equal)})."
    )


def _score(result: ArmResult, metric: str) -> str:
    if result.n < 2:
        return f"{metric} {number(result.mean)} ({result.n} trial)"
    words = spread(result.mean, result.sd)
    return f"{metric} {words} (mean ± sd of {result.n} trials)"


def _correction(tests: Sequence[Comparison]) -> str:
    return f", Holm's correction for {len(tests)} comparisons" if len(tests) > 1 else ""


def _list(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def chance(p: float) -> str:
    """Write a p-value: never as 0, which none is."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
