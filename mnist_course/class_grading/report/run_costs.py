"""How much time and memory the grades of a class took."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mnist_course.class_grading.records import GradedSubmission

__all__ = ["RunCost", "run_costs"]


@dataclass(frozen=True, slots=True)
class RunCost:
    """Percentiles of one measurement.

    Parameters
    ----------
    name : str
        What was measured.
    unit : str
        ``s`` or ``MiB``.
    students : int
        Of how many it is known.
    median, ninetieth, ninety_ninth, most : float or None
        In ``unit``, interpolated between neighbours; None where it is known of nobody.
    who : int or None
        Position in the class of the one that took the most.
    """

    name: str
    unit: str
    students: int
    median: float | None = None
    ninetieth: float | None = None
    ninety_ninth: float | None = None
    most: float | None = None
    who: int | None = None


def run_costs(graded: Sequence[GradedSubmission]) -> tuple[RunCost, ...]:
    """Summarise processor time, wall time and memory; 0 means that it was not measured."""
    return (
        _cost("Processor time", "s", [one.cpu_seconds for one in graded]),
        _cost("Wall time", "s", [one.grade.seconds for one in graded]),
        _cost("Peak memory", "MiB", [one.peak_bytes / 2**20 for one in graded]),
    )


def _cost(name: str, unit: str, values: Sequence[float]) -> RunCost:
    known = {i: value for i, value in enumerate(values) if value > 0 and math.isfinite(value)}
    if not known:
        return RunCost(name, unit, 0)
    median, ninetieth, ninety_ninth = np.percentile(list(known.values()), [50, 90, 99])
    who = max(known, key=lambda index: known[index])
    return RunCost(
        name,
        unit,
        len(known),
        float(median),
        float(ninetieth),
        float(ninety_ninth),
        known[who],
        who,
    )
