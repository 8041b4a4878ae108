"""Grade one notebook: read, execute, capture, judge."""

from __future__ import annotations

import contextlib
import logging
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mnist_course.exceptions import AssignmentError, SubmissionError
from mnist_course.grading.assignment import Assignment, read_assignment
from mnist_course.grading.evaluator import Evaluator
from mnist_course.grading.executed_notebook import write_executed
from mnist_course.grading.execution import Execution, TimeLimits, execute
from mnist_course.grading.grade_cells import Judgement, judge_cells
from mnist_course.grading.memory import available_memory
from mnist_course.grading.notebook_file import read
from mnist_course.grading.results import NotebookGrade
from mnist_course.grading.submission import AlignedNotebook, align
from mnist_course.grading.ungraded import items, zero_grade

__all__ = ["GradeOutcome", "autograde", "failed_grade"]

# Two processes with TensorFlow at the same time: student's run with room for its data, evaluator.
OVERLAP_BYTES = 4 << 30
_log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]

_SETUP = "from mnist_course.grading.namespace import prepare as _; _(); del _"
_CAPTURE = (
    "from mnist_course.grading.namespace import export as _mnist_course_export\n"
    "_mnist_course_export(globals(), {names!r}, {{path!r}})"
)


@dataclass(frozen=True, slots=True)
class GradeOutcome:
    """A grade, with the notebook as it ran (None where nothing ran or no folder was given)."""

    grade: NotebookGrade
    executed_notebook: Path | None = None


def autograde(
    submission: Path,
    assignment: Path,
    *,
    deadline_seconds: float = 540.0,
    cell_seconds: float | None = None,
    work: Path | None = None,
    progress: Progress | None = None,
    pictures: bool = True,
    overlap: bool | None = None,
) -> GradeOutcome:
    """Grade a submitted notebook against the instructor's.

    Parameters
    ----------
    submission : Path
        Untrusted file of any name.
    assignment : Path
        ``source/<id>/<id>.ipynb``, hidden tests included.
    deadline_seconds : float
        Wall time after which the grade is there, whatever the submission does.
    cell_seconds : float, optional
        Wall time for one cell of the student. Default: 60 % of the deadline.
    work : Path, optional
        Existing folder for the executed notebook; nothing else is kept.
    progress : callable, optional
        Called with (step, done, of).
    pictures : bool
        Draw confusion matrix and learning curves.
    overlap : bool, optional
        Start the evaluator, a second process with TensorFlow, while the student's cells run.
        Default: when at least ``OVERLAP_BYTES`` of memory are left.

    Returns
    -------
    GradeOutcome
        Also for a file that is no notebook: then every item has 0 points and the headline says why.

    Raises
    ------
    AssignmentError
        If the instructor's notebook cannot be read.
    KernelStartError
        If no kernel can be started: the submission is not to blame.
    """
    start = time.monotonic()
    trusted = read_assignment(assignment)
    try:
        aligned = align(read(submission), trusted)
    except SubmissionError as error:
        grade = zero_grade(trusted, str(error))
        return GradeOutcome(replace(grade, seconds=time.monotonic() - start))
    tell = progress or (lambda step, done, of: None)
    with tempfile.TemporaryDirectory(prefix="mnist-course-judge-") as folder, _evaluators() as make:
        private = Path(folder)
        if overlap if overlap is not None else available_memory() >= OVERLAP_BYTES:
            make()  # imports TensorFlow while the student's cells run
        tell("run your cells", 0, 1)
        execution = _execute(aligned, trusted, private, deadline_seconds, cell_seconds, tell)
        tell("judge", 0, 1)
        left = max(15.0, deadline_seconds - (time.monotonic() - start) - 5.0)
        judgement = judge_cells(
            trusted.grade_cells,
            captured=execution.captured,
            execution=_as_data(execution),
            evaluator=make() if execution.captured is not None else None,
            folder=private,
            seconds=left,
            pictures=pictures,
        )
    grade = _grade(trusted, aligned, execution, judgement)
    executed = write_executed(aligned, execution, grade, work) if work is not None else None
    return GradeOutcome(replace(grade, seconds=time.monotonic() - start), executed)


@contextlib.contextmanager
def _evaluators() -> Iterator[Callable[[], Any]]:
    """Give a function that starts the evaluator the first time it is called."""
    with contextlib.ExitStack() as stack:
        running: list[Evaluator] = []

        def make() -> Any:
            if not running:
                running.append(stack.enter_context(Evaluator()))
            return running[0].connection

        yield make


def _execute(
    aligned: AlignedNotebook,
    trusted: Assignment,
    folder: Path,
    deadline: float,
    cell_seconds: float | None,
    tell: Progress,
) -> Execution:
    names = sorted(trusted.names_needed())
    # What is kept for judging: the evaluator's start, two short retrainings, the pictures.
    reserve = min(180.0, 0.35 * deadline)
    total = deadline - reserve
    cell = min(cell_seconds if cell_seconds is not None else 0.6 * deadline, total)
    return execute(
        aligned.cells,
        setup=_SETUP,
        capture=_CAPTURE.format(names=names),
        destination=folder / "captured.frame",
        time_limits=TimeLimits(cell=cell, total=total),
        progress=lambda done, of, what: tell(f"run {what}", done, of),
    )


def _as_data(execution: Execution) -> dict[str, Any]:
    """Return what the grade cells see as ``execution``."""
    return {
        "cells": execution.cells,
        "errors": [
            {"cell": e.cell, "kind": e.kind, "message": e.message} for e in execution.errors
        ],
    }


def _grade(
    trusted: Assignment, aligned: AlignedNotebook, execution: Execution, judgement: Judgement
) -> NotebookGrade:
    repairs = list(aligned.repairs)
    stand_ins = {
        "model": "There was no variable `model`; the network that you trained last was graded.",
        "log": "There was no variable `log`; the grader's own record of your fits was used.",
    }
    repairs += [words for n, words in stand_ins.items() if n in judgement.substituted]
    return NotebookGrade(
        trusted.id,
        tuple(judgement.grades.get(cell.grade_id, cell) for cell in items(trusted)),
        repairs=tuple(repairs),
        errors=execution.errors,
        measurements=dict(judgement.measurements),
        pictures=judgement.pictures,
        layers=execution.layers,
    )


def failed_grade(assignment: Path, words: str) -> NotebookGrade:
    """Return the grade to write when the grader itself broke; reads what it can of the points."""
    try:
        cells = items(read_assignment(assignment))
    except AssignmentError:
        cells = ()
    return NotebookGrade(assignment.stem, cells, headline=words, grader_failed=True)
