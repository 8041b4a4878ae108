"""Put what was handed in elsewhere where nbgrader's gradebook expects it: into ``submitted/``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mnist_course.atomic_write import write_bytes
from mnist_course.class_grading.records import GradedSubmission
from mnist_course.exceptions import SubmissionError
from mnist_course.grading.untrusted_file import open_regular

__all__ = ["collect"]

_MOST_BYTES = 1 << 30


def collect(
    graded: Sequence[GradedSubmission], root: Path, assignment: str
) -> tuple[dict[str, Path], dict[str, str]]:
    """Copy each submitted file to ``submitted/<student>/<assignment>/<assignment>.ipynb``.

    A file that is there already and is another one stays: nobody's work is overwritten.

    Parameters
    ----------
    graded : sequence of GradedSubmission
    root : Path
        The folder of an nbgrader course.
    assignment : str
        Its id.

    Returns
    -------
    (dict of str to Path, dict of str to str)
        By student, the file in ``submitted/``; or, in words, why there is none.
    """
    files: dict[str, Path] = {}
    refused: dict[str, str] = {}
    for one in graded:
        student = one.submission.student.id
        target = root / "submitted" / student / assignment / f"{assignment}.ipynb"
        try:
            content = _content(one.submission.path)
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                write_bytes(target, content)
            elif _content(target) != content:
                refused[student] = (
                    f"{target} is another file than the one that was graded. Move one of them "
                    "away, or grade submitted/ itself."
                )
                continue
        except (OSError, SubmissionError) as error:
            refused[student] = f"it cannot be copied to {target}: {error}"
            continue
        files[student] = target
    return files, refused


def _content(path: Path) -> bytes:
    with open_regular(path) as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise SubmissionError("The file is too large.")
    return content
