"""Points for two support vector machines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mnist_course.checks.asking import no_function
from mnist_course.checks.baselines.reading import Reading, points_for, read_new
from mnist_course.checks.score import Score, note
from mnist_course.grading.results import Finding

__all__ = ["check_svm"]

ALIKE = 0.985
"""Share of equal answers above which two methods are taken for one and the same."""


def check_svm(
    linear_svm: Any,
    rbf_svm: Any,
    *,
    linear: Mapping[float, float],
    rbf: Mapping[float, float],
    rows: int,
    seed: int,
) -> Score:
    """Give points for what both read of new test images.

    Parameters
    ----------
    linear_svm, rbf_svm : callable or None
        Take rows, give digits.
    linear, rbf : mapping of float to float
        Accuracy to points.
    rows : int
        New test images to ask about.
    seed : int
        Which ones.
    """
    of = max(linear.values()) + max(rbf.values())
    score, readings = Score(0, of), []
    for reader, name, points in ((linear_svm, "linear_svm", linear), (rbf_svm, "rbf_svm", rbf)):
        found = no_function(reader, name) or read_new(reader, name, rows=rows, seed=seed)
        if isinstance(found, Finding):
            score = score.plus(Score(0, of, findings=(found,)))
            continue
        readings.append(found)
        note(**{f"{name}_accuracy": found.accuracy})
        score = score.plus(points_for(found, name, points, of=of))
    if len(readings) == 2 and float(score) > 0:
        return _once_only(score, *readings, linear=max(linear.values()))
    return score


def _once_only(score: Score, one: Reading, other: Reading, *, linear: float) -> Score:
    """Take the points of the linear machine back when both are the same machine."""
    same = float((one.digits == other.digits).mean())
    if same < ALIKE:
        return score
    return Score(
        max(0.0, float(score) - linear),
        score.of,
        f"`linear_svm` and `rbf_svm` give the same answer for {same:.1%} of {len(one.digits):,} "
        "new images.",
        "Flat and curved borders part many images differently: these two are the same machine.",
        'SVC() means kernel="rbf"; the linear one is SVC(kernel="linear").',
        findings=score.findings,
    )
