"""Grade a notebook into a folder: results.json, feedback.html, executed.ipynb."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

from mnist_course.exceptions import MnistCourseError
from mnist_course.grading import feedback, gradescope
from mnist_course.grading.autograde import Progress, autograde, failed_grade
from mnist_course.grading.results import NotebookGrade

__all__ = ["assignment_path", "grade_to_folder"]

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
    deadline_seconds, cell_seconds, progress
        See ``autograde``.

    Returns
    -------
    NotebookGrade
        ``grader_failed`` is True when the grader itself broke; then results.json says so.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    output.mkdir(parents=True, exist_ok=True)
    (output / "executed.ipynb").unlink(missing_ok=True)
    try:
        outcome = autograde(
            notebook,
            assignment,
            deadline_seconds=deadline_seconds,
            cell_seconds=cell_seconds,
            work=output,
            progress=progress,
        )
        grade = outcome.grade
    except Exception as error:
        # A bug of ours must not leave a student without a result.
        _log.exception("the grader failed")
        known = isinstance(error, MnistCourseError)
        words = str(error) if known else "".join(traceback.format_exception_only(error)).strip()
        grade = failed_grade(assignment, f"The grader itself failed: {words}")
    gradescope.write_results(grade, output / "results.json")
    feedback.write_feedback(grade, output / "feedback.html")
    return grade
