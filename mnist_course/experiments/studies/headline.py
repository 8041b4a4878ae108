"""A sentence that somebody printed about a study, judged by what was measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mnist_course.exceptions import ConfigurationError
from mnist_course.experiments.studies.comparison import Comparison, compare, holm
from mnist_course.experiments.studies.metrics import higher_is_better, values_by_arm
from mnist_course.experiments.studies.sentence import chance, number, spread
from mnist_course.experiments.studies.table import confidence_interval
from mnist_course.experiments.studies.verdict import verdict
from mnist_course.experiments.trials.trial import Trial

__all__ = ["HOLDS", "Headline", "above", "best", "first_above", "listed", "most"]

HOLDS = ("yes", "no", "not decided")


@dataclass(frozen=True, slots=True)
class Headline:
    """A claim with its measurement.

    Parameters
    ----------
    claimed : str
        In our words.
    measured : str
        Numbers: mean ± sd by arm.
    holds : str
        One of `HOLDS`.
    seeds : int
        Trials behind each number.
    because : str
        The test that decided, with its numbers.
    """

    claimed: str
    measured: str
    holds: str
    seeds: int
    because: str

    def __post_init__(self) -> None:
        if self.holds not in HOLDS:
            raise ConfigurationError(f"holds must be one of {HOLDS}, got {self.holds!r}.")


def above(claimed: str, values: Sequence[float], threshold: float, what: str) -> Headline:
    """Judge "more than so much" by the confidence interval of the mean.

    It holds where the whole interval lies above the threshold, does not where it lies below.
    """
    array = np.asarray(values, dtype=np.float64)
    low, high = confidence_interval(array)
    holds = "yes" if low > threshold else "no" if high < threshold else "not decided"
    return Headline(
        claimed,
        f"{what} {_spread(array)}",
        holds,
        len(array),
        f"95 % interval of the mean {number(low)} to {number(high)}, claimed {threshold:g}",
    )


def best(claimed: str, trials: Sequence[Trial], arm: str, metric: str, margin: float) -> Headline:
    """Judge "this arm is the best" by `verdict`.

    It holds where the arm wins. It does not where another arm is better by the same test, or as
    good within the margin. Else it is not decided.
    """
    found = verdict(trials, metric, margin)
    if arm not in {result.arm for result in found.results}:
        raise ConfigurationError(f"No trial is of the arm {arm!r}.")
    holds, because = "not decided", found.sentence
    if found.verdict == "winner" and found.arms == (arm,):
        holds = "yes"
    elif found.results[0].arm == arm:
        holds = "no" if any(pair.equal for pair in found.pairs) else "not decided"
    else:
        pair = next(pair for pair in found.pairs if pair.other == arm)
        if pair.beaten:
            holds, because = "no", _beaten(pair)
        elif pair.equal:
            holds = "no"
    seeds = min(result.n for result in found.results)
    return Headline(claimed, listed(trials, metric), holds, seeds, because)


def _beaten(pair: Comparison) -> str:
    if pair.test == "failed":
        return f"{pair.failed} trials of {pair.other} failed"
    return (
        f"{pair.best} is better than {pair.other} by {number(pair.gap)} ({pair.test}-test, Holm's "
        f"correction, {chance(pair.p_holm)})"
    )


def first_above(
    claimed: str,
    trials: Sequence[Trial],
    first: str,
    second: str,
    metric: str,
    *,
    margin: float,
) -> Headline:
    """Judge "this arm is better than that one" by the same tests, for two arms."""
    two = [trial for trial in trials if trial.arm in (first, second)]
    return best(claimed, two, first, metric, margin)


def most(claimed: str, trials: Sequence[Trial], arm: str, metric: str) -> Headline:
    """Judge "this arm has the most", good or bad, by t-tests against every other after Holm."""
    by_arm = values_by_arm(trials, metric)
    pairs = [
        compare((arm, *by_arm[arm]), (other, *by_arm[other]), higher=True, margin=math.inf)
        for other in by_arm
        if other != arm
    ]
    corrected = holm([pair.p for pair in pairs])
    more = [pair.gap > 0 and p < 0.05 for pair, p in zip(pairs, corrected, strict=True)]
    less = [pair.gap < 0 and p < 0.05 for pair, p in zip(pairs, corrected, strict=True)]
    holds = "yes" if all(more) else "no" if any(less) else "not decided"
    close = min(range(len(pairs)), key=lambda i: pairs[i].gap)
    return Headline(
        claimed,
        listed(trials, metric),
        holds,
        min(len(values) for _, values in by_arm.values()),
        f"{arm} against {pairs[close].other}: {number(pairs[close].gap)} more "
        f"({pairs[close].test}-test, Holm's correction, {chance(corrected[close])})",
    )


def listed(trials: Sequence[Trial], metric: str) -> str:
    """Write mean ± sd of every arm, best first."""
    sign = -1 if higher_is_better(metric) else 1
    arms = {
        arm: np.array([v for v in values if not math.isnan(v)])
        for arm, (_, values) in values_by_arm(trials, metric).items()
    }
    order = sorted(arms, key=lambda arm: sign * arms[arm].mean() if len(arms[arm]) else math.inf)
    return f"{metric}: " + "; ".join(f"{arm} {_spread(arms[arm])}" for arm in order)


def _spread(values: np.ndarray) -> str:
    if not len(values):
        return "failed"
    return spread(float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else math.nan)
