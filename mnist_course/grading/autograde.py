"""Grade one notebook: read, execute, capture, judge."""

from __future__ import annotations

import contextlib
import logging
import re
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mnist_course.exceptions import AssignmentError, SubmissionError
from mnist_course.grading.assignment import Assignment, read_assignment
from mnist_course.grading.deadline import Deadline
from mnist_course.grading.evaluator import Evaluator
from mnist_course.grading.executed_notebook import write_executed
from mnist_course.grading.execution import Execution, TimeLimits
from mnist_course.grading.grade_cells import Judgement, Services, judge_cells
from mnist_course.grading.integrity import execution_signals
from mnist_course.grading.known import NOTHING, Known
from mnist_course.grading.left_behind import held_folder, remove_once
from mnist_course.grading.memory import available_memory
from mnist_course.grading.notebook_file import read
from mnist_course.grading.results import NotebookGrade, Signal
from mnist_course.grading.sandbox import SandboxOptions
from mnist_course.grading.source_signals import source_signals
from mnist_course.grading.student_notebook import StudentNotebook
from mnist_course.grading.submission import AlignedNotebook, align
from mnist_course.grading.ungraded import items, zero_grade

__all__ = ["GradeOutcome", "autograde", "failed_grade"]

# Two processes with TensorFlow at the same time: student's run with room for its data, evaluator.
OVERLAP_BYTES = 4 << 30
_log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]

_SETUP = "from mnist_course.grading.kernel_setup import prepare as _; _(); del _"
_CAPTURE = (
    "from mnist_course.grading.kernel_setup import spare_files as _mnist_course_spare_files\n"
    "_mnist_course_spare_files()\n"
    "from mnist_course.grading.namespace import export as _mnist_course_export\n"
    "_mnist_course_export(globals(), {names!r}, {{path!r}})"
)
_SERVE = "from mnist_course.grading.student_calls import serve as _; _({fd})"
_CAPTURED = "captured.frame"
# What a package may look up while it loads: it must not be loaded before the student's cells.
_SETTINGS = re.compile(r"environ|putenv|%(?:set_)?env\b|KERAS_BACKEND")
_HANDING_OVER = 2.0  # seconds of judging that a replay leaves


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
    options: SandboxOptions | None = None,
    on_item: Callable[[NotebookGrade], None] | None = None,
    known: Known = NOTHING,
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
        Start the evaluator, a second process with TensorFlow, while the student's cells run, if
        the assignment is about Keras. Default: when at least ``OVERLAP_BYTES`` of memory are left.
        Otherwise it starts when a test first asks it something.
    options : SandboxOptions, optional
        Of both sandboxes.
    on_item : callable, optional
        Called whenever an item is done, with the grade so far: what is not decided yet is "not
        graded". An error in it is logged and costs nothing.
    known : Known, optional
        What was worked out before for the same cells, and a place for what is worked out now.

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
    SandboxError
        If ``options.require`` and a layer of the sandbox is missing.
    """
    start = time.monotonic()
    deadline = Deadline(deadline_seconds, start=start)
    trusted = read_assignment(assignment)
    try:
        aligned = align(read(submission), trusted)
    except SubmissionError as error:
        grade = zero_grade(trusted, str(error))
        return GradeOutcome(replace(grade, seconds=time.monotonic() - start))
    tell = progress or (lambda step, done, of: None)
    remove_once()
    with held_folder("judge") as private:
        options = _protecting(options or SandboxOptions(), assignment, private, work)
        with (
            _evaluators(options) as evaluator,
            _notebook(aligned, trusted, private, deadline, cell_seconds, tell, options) as notebook,
        ):
            names = trusted.names_needed()
            snapshot = known.run(aligned.cells, names, private / _CAPTURED)
            if snapshot is not None:
                execution = notebook.resume(snapshot)
            else:
                if trusted.wants_keras and (
                    overlap if overlap is not None else available_memory() >= OVERLAP_BYTES
                ):
                    evaluator()  # imports TensorFlow while the student's cells run
                tell("run your cells", 0, 1)
                execution = notebook.run()
                known.keep_run(notebook.snapshot(execution, names))
            tell("judge", 0, 1)
            judging = Deadline(deadline.left(but=_margin(deadline)))

            def kernel(broken: bool) -> socket.socket | str:
                seconds = judging.at_most(20.0 + 1.5 * execution.seconds, but=_HANDING_OVER)
                return notebook.connection(seconds, broken=broken) or notebook.gone

            def so_far(judgement: Judgement) -> None:
                if on_item is not None:
                    try:
                        on_item(_grade(trusted, aligned, execution, judgement))
                    except Exception:
                        _log.exception("the grade so far could not be handed over")

            judgement = judge_cells(
                trusted.grade_cells,
                captured=execution.captured,
                execution=_as_data(execution),
                folder=private,
                deadline=judging,
                services=Services(evaluator, kernel, notebook.interrupt),
                pictures=pictures,
                on_report=so_far,
                known=known.verdicts(trusted.grade_cells),
                answers=known.answers(),
            )
        known.keep_verdicts(trusted.grade_cells, judgement.verdicts)
        execution = replace(execution, refused=notebook.refused)
    grade = replace(
        _grade(trusted, aligned, execution, judgement),
        signals=_signals(aligned, execution, judgement),
    )
    executed = write_executed(aligned, execution, grade, work) if work is not None else None
    return GradeOutcome(replace(grade, seconds=time.monotonic() - start), executed)


def _protecting(options: SandboxOptions, *paths: Path | None) -> SandboxOptions:
    """Return the options with the grader's own paths among those that are tried from inside."""
    own = tuple(path for path in paths if path is not None and path.exists())
    return replace(options, protected=(*options.protected, *own))


def _margin(deadline: Deadline) -> float:
    """Return the seconds that are kept to end every process, and to write the grade."""
    return min(10.0, 0.05 * deadline.seconds)


@contextlib.contextmanager
def _evaluators(options: SandboxOptions) -> Iterator[Callable[[], socket.socket]]:
    """Give a function that starts the evaluator the first time it is called."""
    with contextlib.ExitStack() as stack:
        running: list[Evaluator] = []

        def make() -> socket.socket:
            if not running:
                running.append(stack.enter_context(Evaluator(options=options)))
            connection = running[0].connection
            assert connection is not None
            return connection

        yield make


def _notebook(
    aligned: AlignedNotebook,
    trusted: Assignment,
    folder: Path,
    deadline: Deadline,
    cell_seconds: float | None,
    tell: Progress,
    options: SandboxOptions,
) -> StudentNotebook:
    names = sorted(trusted.names_needed())
    whole = deadline.seconds
    if any(cell.runs and _SETTINGS.search(cell.source) for cell in aligned.cells):
        options = replace(options, forkserver=None)
    # What is kept for judging: the evaluator's start, two short retrainings, the pictures.
    total = deadline.left(but=min(180.0, 0.4 * whole))
    cell = min(cell_seconds if cell_seconds is not None else 0.6 * whole, total)
    return StudentNotebook(
        aligned.cells,
        setup=_SETUP,
        capture=_CAPTURE.format(names=names),
        serve=_SERVE,
        destination=folder / _CAPTURED,
        time_limits=TimeLimits(
            cell=cell, total=total, capture=min(60.0, 0.1 * whole), grace=min(10.0, 0.05 * whole)
        ),
        options=options,
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


def _signals(
    aligned: AlignedNotebook, execution: Execution, judgement: Judgement
) -> tuple[Signal, ...]:
    """Return what staff should look at; never an error, the grade is made."""
    try:
        return (
            *judgement.signals,
            *source_signals(aligned.cells),
            *execution_signals(execution.refused, execution.errors),
        )
    except Exception:
        _log.exception("the signals for staff could not be gathered")
        return judgement.signals


def failed_grade(assignment: Path, words: str) -> NotebookGrade:
    """Return the grade to write when the grader itself broke; reads what it can of the points."""
    try:
        cells = items(read_assignment(assignment))
    except AssignmentError:
        cells = ()
    return NotebookGrade(assignment.stem, cells, headline=words, grader_failed=True)
