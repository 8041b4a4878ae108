"""How many automatic points a class has."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from mnist_course.grading.results import NotebookGrade, Verdict

__all__ = ["Bar", "PointsSummary", "counts_for_points", "points_summary"]

_MOST_BARS = 20
_STEPS = (1, 2, 3, 4, 5, 10, 20, 25, 50, 100)


@dataclass(frozen=True, slots=True)
class Bar:
    """How many students have ``low`` to under ``high`` points; the last bar has its end, too."""

    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class PointsSummary:
    """The automatic points of a class.

    Parameters
    ----------
    students : int
        Whose grades count, see `counts_for_points`.
    max_score : float
        Points of the automatic items.
    mean, median : float or None
        None without students.
    deviation : float or None
        Of the sample (divided by n - 1); None for fewer than two students.
    bars : tuple of Bar
        All points from 0 to ``max_score``, in at most 20 equal steps.
    """

    students: int
    max_score: float
    mean: float | None
    median: float | None
    deviation: float | None
    bars: tuple[Bar, ...]


def counts_for_points(grade: NotebookGrade) -> bool:
    """Tell whether a grade says anything about points.

    One where the grader broke, or could decide no item at all, does not.
    """
    return not grade.grader_failed and any(
        cell.verdict is not Verdict.NOT_GRADED for cell in grade.automatic
    )


def points_summary(grades: Sequence[NotebookGrade]) -> PointsSummary:
    """Summarise the automatic points; an item that was not graded counts as 0 points."""
    scores = [grade.score for grade in grades if counts_for_points(grade)]
    top = max((grade.max_score for grade in grades), default=0.0)
    return PointsSummary(
        students=len(scores),
        max_score=top,
        mean=statistics.fmean(scores) if scores else None,
        median=statistics.median(scores) if scores else None,
        deviation=statistics.stdev(scores) if len(scores) > 1 else None,
        bars=_bars(scores, top),
    )


def _bars(scores: Sequence[float], top: float) -> tuple[Bar, ...]:
    if not scores or top <= 0:
        return ()
    step = next((float(s) for s in _STEPS if s * _MOST_BARS >= top), top / _MOST_BARS)
    counts = [0] * math.ceil(top / step)
    edges = [*(index * step for index in range(len(counts))), top]
    for score in scores:
        counts[min(int(score / step), len(counts) - 1)] += 1
    return tuple(
        Bar(low, high, count)
        for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)
    )
