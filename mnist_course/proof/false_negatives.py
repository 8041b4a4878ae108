"""How often chance may cost a right answer its points."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from mnist_course.proof.proof import Margin

__all__ = ["CONFIDENCE", "Distance", "distance", "upper_bound"]

CONFIDENCE = 0.95


def upper_bound(lost: int, of: int, *, confidence: float = CONFIDENCE) -> float:
    """Return the one-sided upper bound of Clopper and Pearson for a rate.

    Parameters
    ----------
    lost, of : int
        How many of how many independent trials lost points.
    confidence : float
        With which the true rate is below the bound.

    Returns
    -------
    float
        0..1. Without a loss it is close to 3 / of, the "rule of three".

    Raises
    ------
    ValueError
        Unless ``0 <= lost <= of`` and there is a trial.
    """
    if not 0 <= lost <= of or of == 0:
        raise ValueError(f"expected 0 <= lost <= of with of > 0, got {lost} of {of}")
    if lost == of:
        return 1.0
    from scipy.stats import beta

    return float(beta.ppf(confidence, lost + 1, of - lost))


@dataclass(frozen=True, slots=True)
class Distance:
    """How far a measured number stays from where points are lost.

    Parameters
    ----------
    item, measured : str
        Grade id; name of the number.
    mean, sd : float
        Over the seeds; the sd is that of a sample.
    threshold : float
        Where points are lost.
    in_sd : float or None
        From the mean to the threshold, positive on the safe side; None when every seed gave the
        same number.
    """

    item: str
    measured: str
    mean: float
    sd: float
    threshold: float
    in_sd: float | None


def distance(margin: Margin, values: Sequence[float]) -> Distance:
    """Return how far measured numbers stay from a threshold.

    Parameters
    ----------
    margin : Margin
    values : sequence of float
        One for each seed, at least two.

    Raises
    ------
    ValueError
        If there are fewer than two.
    """
    if len(values) < 2:
        raise ValueError(f"{margin.item}: two seeds or more give a spread, got {len(values)}")
    mean, sd = statistics.fmean(values), statistics.stdev(values)
    away = mean - margin.threshold if margin.lowest else margin.threshold - mean
    in_sd = away / sd if sd > 0 else None
    return Distance(margin.item, margin.measured, mean, sd, margin.threshold, in_sd)
