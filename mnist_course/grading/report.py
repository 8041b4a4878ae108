"""Grade a notebook into a folder: results.json, feedback.html, executed.ipynb."""

from __future__ import annotations

import logging
import traceback
from dataclasses import replace
from pathlib import Path

from mnist_course.exceptions import MnistCourseError
from mnist_course.grading import feedback, gradescope
from mnist_course.grading.autograde import Progress, autograde, failed_grade
from mnist_course.grading.known import NOTHING, Known
from mnist_course.grading.results import NotebookGrade
from mnist_course.grading.sandbox import SandboxOptions

__all__ = ["assignment_path", "grade_to_folder"]

_UNFINISHED = "Grading did not come to its end: some items have no verdict yet."
_log = logging.getLogger(__name__)


def assignment_path(assignment: str, root: Path) -> Path:
    """Return the instructor's notebook of an assignment: ``source/<id>/<id>.ipynb``."""
    return root / "source" / assignment / f"{assignment}.ipynb"


def grade_to_folder(
    notebook: Path,
    assignment: Path,
    output: Path,
    *,
    deadline_seconds: float = 540.0,
    cell_seconds: float | None = None,
    progress: Progress | None = None,
    options: SandboxOptions | None = None,
    known: Known = NOTHING,
) -> NotebookGrade:
    """Grade a notebook and write every form of the result.

    Parameters
    ----------
    notebook : Path
        Untrusted file.
    assignment : Path
        The instructor's notebook.
    output : Path
        Folder; made if it is not there. Files of an earlier grade are replaced one by one.
    deadline_seconds, cell_seconds, progress, options, known
        See ``autograde``.

    Returns
    -------
    NotebookGrade
        ``grader_failed`` is True when the grader itself broke; then results.json says so, and the
        headline here, for who runs the command, says why.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    output.mkdir(mode=0o700, parents=True, exist_ok=True)
    (output / "executed.ipynb").unlink(missing_ok=True)
    try:
        outcome = autograde(
            notebook,
            assignment,
            deadline_seconds=deadline_seconds,
            cell_seconds=cell_seconds,
            work=output,
            progress=progress,
            options=options,
            on_item=lambda so_far: gradescope.write_results(
                replace(so_far, headline=_UNFINISHED), output / "results.json"
            ),
            known=known,
        )
        grade = outcome.grade
    except Exception as error:
        # A bug of ours must not leave a student without a result. What happened is for staff: an
        # exception's text can hold the instructor's code or a path.
        _log.exception("the grader failed")
        failed = failed_grade(assignment, "")
        gradescope.write_failure(
            output / "results.json",
            assignment=failed.assignment,
            cells=failed.cells,
            staff_note=f"{error!r}\n{traceback.format_exc()}",
        )
        feedback.write_feedback(failed, output / "feedback.html")
        ours = isinstance(error, MnistCourseError)
        words = str(error) if ours else "".join(traceback.format_exception_only(error)).strip()
        return replace(failed, headline=f"The grader itself failed: {words}")
    gradescope.write_results(grade, output / "results.json")
    feedback.write_feedback(grade, output / "feedback.html")
    return grade
