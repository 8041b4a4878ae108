"""One submission graded by the real engine, with what that cost."""

from __future__ import annotations

import dataclasses
import logging
import resource
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import psutil

from mnist_course.grading import feedback, gradescope
from mnist_course.grading.autograde import autograde, failed_grade
from mnist_course.grading.peak_memory import PeakMemory
from mnist_course.grading.results import NotebookGrade, Verdict

__all__ = ["Trial", "grade"]

# Time is judged by CPU seconds: a busy machine must not turn a right answer into a wrong one.
_DEADLINE = 1500.0
_CELL = 324.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trial:
    """The outcome of one graded submission.

    Parameters
    ----------
    scores : mapping of str to float
        Points of each automatic item by its grade id.
    cpu_seconds, wall_seconds : float
        Of the whole command, start-up included, with every process it started; of the clock.
    peak_mb : int
        Peak of the memory of all these processes together, in MB (10^6 bytes).
    measurements : mapping of str to float
        What the checks measured, ``accuracy`` for instance.
    not_graded : tuple of str
        Items that the grader could not decide.
    errors : tuple of str
        Cells that did not end well: ``cell 12: NameError``.
    failed : str
        Why there is no grade at all; empty when there is one.
    date : str
        When it was graded, ``2026-01-31``.
    """

    scores: Mapping[str, float]
    cpu_seconds: float
    wall_seconds: float
    peak_mb: int
    measurements: Mapping[str, float] = field(default_factory=dict)
    not_graded: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    failed: str = ""
    date: str = ""

    @property
    def score(self) -> float:
        """Points of the automatic items."""
        return round(sum(self.scores.values()), 6)

    def as_json(self) -> dict[str, Any]:
        """Return the trial as plain data."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return a trial from what ``as_json`` gave.

        Raises
        ------
        TypeError, KeyError
            If the data are not those of a trial.
        """
        fields = {**data, "scores": dict(data["scores"])}
        fields |= {name: tuple(fields.get(name, ())) for name in ("not_graded", "errors")}
        return cls(**fields)


def grade(submission: Path, assignment: Path, folder: Path) -> Trial:
    """Grade a submission in this process, and measure.

    Parameters
    ----------
    submission, assignment : Path
        Notebooks.
    folder : Path
        Gets results.json, feedback.html and the executed notebook.
    """
    failed = ""
    with PeakMemory() as peak:
        try:
            found = autograde(
                submission,
                assignment,
                deadline_seconds=_DEADLINE,
                cell_seconds=_CELL,
                work=folder,
                overlap=False,  # as in a small container
            ).grade
        except Exception as error:
            _log.exception("the grader failed")
            failed = "".join(traceback.format_exception_only(error)).strip()
            found = failed_grade(assignment, failed)
        gradescope.write_results(found, folder / "results.json")
        feedback.write_feedback(found, folder / "feedback.html")
    wall = time.time() - psutil.Process().create_time()
    return _trial(found, failed, cpu_seconds=_cpu_seconds(), wall_seconds=wall, peak=peak.bytes)


def _cpu_seconds() -> float:
    """Return the CPU seconds of this process since it began, and of all that it started."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    usage = [resource.getrusage(kind) for kind in kinds]
    return sum(one.ru_utime + one.ru_stime for one in usage)


def _trial(
    found: NotebookGrade, failed: str, *, cpu_seconds: float, wall_seconds: float, peak: int
) -> Trial:
    automatic = [cell for cell in found.cells if cell.verdict is not Verdict.MANUAL]
    return Trial(
        {cell.grade_id: float(cell.score or 0.0) for cell in automatic},
        round(cpu_seconds, 2),
        round(wall_seconds, 2),
        round(peak / 1e6),
        {name: float(value) for name, value in found.measurements.items()},
        tuple(cell.grade_id for cell in automatic if cell.verdict is Verdict.NOT_GRADED),
        tuple(f"cell {error.cell}: {error.kind}" for error in found.errors),
        failed,
        time.strftime("%Y-%m-%d"),
    )
