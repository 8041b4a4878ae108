"""Compare two arms by their seeds: the test for "better", the test for "equal"."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["ALPHA", "Comparison", "compare", "holm"]

ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Comparison:
    """The best arm against another one.

    Parameters
    ----------
    best, other : str
        Names of the arms.
    test : str
        ``paired t``: both arms have the same seeds. ``Welch t``: they have not. ``sign``: paired,
        and all differences are the same number, so that there is no spread to measure.
        ``none``: an arm has fewer than two values. ``failed``: at least half of the other arm's
        trials failed.
    gap : float
        Mean advantage of the best arm, in the measure's unit, positive whichever way is better.
    low, high : float
        95 % confidence interval of the gap; NaN for the tests ``none`` and ``failed``.
    p : float
        Two-sided, that the arms do not differ; NaN without a test.
    p_holm : float
        ``p`` corrected for the number of comparisons (`holm`).
    p_equal : float
        Of two one-sided tests (TOST), that the arms differ by the margin or more.
    failed : int
        Trials of the other arm that failed.
    """

    best: str
    other: str
    test: str
    gap: float
    low: float
    high: float
    p: float
    p_holm: float
    p_equal: float
    failed: int = 0

    @property
    def beaten(self) -> bool:
        """The other arm is worse by the corrected test."""
        return (self.p_holm < ALPHA and self.gap > 0) or self.test == "failed"

    @property
    def equal(self) -> bool:
        """The other arm differs by less than the margin; never where a trial failed."""
        return self.p_equal < ALPHA and not self.failed


def compare(
    best: tuple[str, Sequence[int], Sequence[float]],
    other: tuple[str, Sequence[int], Sequence[float]],
    *,
    higher: bool,
    margin: float,
) -> Comparison:
    """Compare two arms.

    Parameters
    ----------
    best, other : tuple of str, sequence of int, sequence of float
        Name, seeds, values of an arm. NaN is a trial that failed. It counts as worse than any
        value: an arm in which at least half of the trials failed has lost; an arm in which fewer
        failed is compared by the others, which is in its favour, and is equal to none.
    higher : bool
        Whether more is better.
    margin : float
        A difference below it does not matter.

    Returns
    -------
    Comparison
        With ``p_holm`` equal to ``p``: the correction needs all comparisons.
    """
    name, seeds, values = other
    failed = sum(math.isnan(value) for value in values)
    sign = 1.0 if higher else -1.0
    one, two = _finite(best[1], best[2]), _finite(seeds, values)
    gap = sign * (_mean(one) - _mean(two))
    if failed and 2 * failed >= len(values):
        return _untested(best[0], name, "failed", gap, failed)
    if len(one) < 2 or len(two) < 2:
        return _untested(best[0], name, "none", gap, failed)
    paired = _same_seeds(one, two)
    if paired:
        by_seed = dict(two)
        differences = sign * np.array([value - by_seed[seed] for seed, value in one])
        error, freedom = _error(differences), len(differences) - 1.0
        gap = float(differences.mean())
    else:
        error, freedom = _welch([value for _, value in one], [value for _, value in two])
    # An error at the level of rounding is none: 0.3 - 0.2 and 0.4 - 0.3 differ by 1e-16.
    if error <= 1e-12 * max(abs(_mean(one)), abs(_mean(two)), 1e-300):
        return _without_spread(best[0], name, gap, one, two, paired, margin, failed)
    from scipy.stats import t

    p = 2 * float(t.sf(abs(gap) / error, freedom))
    # TOST: the gap is above -margin, and it is below +margin; the weaker of the two counts.
    p_equal = max(
        float(t.sf((gap + margin) / error, freedom)), float(t.cdf((gap - margin) / error, freedom))
    )
    half = float(t.ppf(1 - ALPHA / 2, freedom)) * error
    test = "paired t" if paired else "Welch t"
    return Comparison(
        best[0], name, test, gap, gap - half, gap + half, p, p, p_equal, failed=failed
    )


def holm(p: Sequence[float]) -> list[float]:
    """Correct the p-values of several tests after Holm (1979).

    The smallest is multiplied by the number of tests, the next one by one less, and so on; none
    becomes smaller than the one before it, none larger than 1. NaN stays NaN and counts as a test.
    """
    order = sorted(range(len(p)), key=lambda i: (math.isnan(p[i]), p[i]))
    corrected = [math.nan] * len(p)
    largest = 0.0
    for rank, i in enumerate(order):
        if math.isnan(p[i]):
            continue
        largest = max(largest, min(1.0, (len(p) - rank) * p[i]))
        corrected[i] = largest
    return corrected


def _untested(best: str, other: str, why: str, gap: float, failed: int) -> Comparison:
    nothing = math.nan
    return Comparison(
        best, other, why, gap, nothing, nothing, nothing, nothing, nothing, failed=failed
    )


def _without_spread(
    best: str,
    other: str,
    gap: float,
    one: Sequence[tuple[int, float]],
    two: Sequence[tuple[int, float]],
    paired: bool,
    margin: float,
    failed: int,
) -> Comparison:
    """Compare where the t-test would divide by 0."""
    fixed = all(len({value for _, value in arm}) == 1 for arm in (one, two))
    if gap == 0:
        p = 1.0
    elif fixed:  # chance has no part in either arm: a number of parameters, of updates
        p = 0.0
    else:  # the same difference with every seed: as surprising as the same sign
        p = 2.0 ** (1 - len(one))
    test = "sign" if paired else "Welch t"
    p_equal = 0.0 if abs(gap) < margin else 1.0
    return Comparison(best, other, test, gap, gap, gap, p, p, p_equal, failed=failed)


def _finite(seeds: Sequence[int], values: Sequence[float]) -> list[tuple[int, float]]:
    pairs = zip(seeds, values, strict=True)
    return sorted((seed, value) for seed, value in pairs if not math.isnan(value))


def _same_seeds(one: Sequence[tuple[int, float]], two: Sequence[tuple[int, float]]) -> bool:
    first, second = [seed for seed, _ in one], [seed for seed, _ in two]
    return first == second and len(set(first)) == len(first)


def _mean(pairs: Sequence[tuple[int, float]]) -> float:
    return float(np.mean([value for _, value in pairs])) if pairs else math.nan


def _error(values: np.ndarray) -> float:
    """Return the standard error of a mean."""
    return float(values.std(ddof=1) / math.sqrt(len(values)))


def _welch(one: Sequence[float], two: Sequence[float]) -> tuple[float, float]:
    """Return the standard error of a difference of means with its degrees of freedom."""
    a, b = _error(np.array(one)) ** 2, _error(np.array(two)) ** 2
    if a + b == 0:
        return 0.0, math.nan
    freedom = (a + b) ** 2 / (a**2 / (len(one) - 1) + b**2 / (len(two) - 1))
    return math.sqrt(a + b), freedom
