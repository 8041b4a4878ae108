"""What a grade cell gets when a call of the student's code gave no value, hidden or not."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterator
from types import FrameType

from mnist_course.checks.score import note_for_staff
from mnist_course.exceptions import StudentError
from mnist_course.grading.student_line import CallFailed

__all__ = ["in_hidden_part", "judging", "no_attribute", "student_error"]

_BEGIN_HIDDEN = re.compile(r"^[ \t]*### BEGIN HIDDEN TESTS", re.MULTILINE)
# A grade cell may expect one of these of a student's function, as in the student's notebook.
_FAMILIAR: tuple[type[Exception], ...] = (
    ValueError, TypeError, ZeroDivisionError, KeyError, IndexError, AttributeError,
    NotImplementedError, OverflowError, AssertionError, NameError,
)  # fmt: skip
_KINDS: dict[str, type[StudentError]] = {
    familiar.__name__: type("StudentError", (StudentError, familiar), {"__doc__": ""})
    for familiar in _FAMILIAR
}

# Of a failure that is not the student's own exception.
_PYTHON = {"misfit": "ValueError", "late": "", "ended": "", "garbage": ""}

# The grade cell that this process judges: its file name with its first hidden line, 0 for none.
_JUDGED: list[tuple[str, int]] = []


@contextlib.contextmanager
def judging(name: str, source: str) -> Iterator[None]:
    """Tell hidden from visible calls while the code of a grade cell runs.

    Parameters
    ----------
    name : str
        Under which the cell is compiled.
    source : str
        The instructor's, hidden tests included.
    """
    begin = _BEGIN_HIDDEN.search(source)
    _JUDGED.append((name, source.count("\n", 0, begin.start()) + 1 if begin else 0))
    try:
        yield
    finally:
        _JUDGED.pop()


def in_hidden_part() -> bool:
    """Tell whether a hidden test of a grade cell is what runs now.

    Everything from the first hidden line on is hidden: what follows it may use what it made.
    """
    if not _JUDGED or not _JUDGED[-1][1]:
        return False
    name, first = _JUDGED[-1]
    lines: list[int] = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename == name:
            lines.append(frame.f_lineno)
        frame = frame.f_back
    return not lines or max(lines) >= first


def student_error(name: str, failed: CallFailed, *, hidden: bool) -> StudentError:
    """Return the error of a call as a grade cell sees it; a hidden one says nothing of the call."""
    if failed.kind == "late":
        words = f"Your `{name}` took longer than {max(1.0, failed.seconds):.0f} seconds."
    elif failed.kind == "ended":
        words = f"Your `{name}` ended the Python process of your notebook."
    elif failed.kind == "error":
        where = f" in line {failed.line} of the cell" if failed.line else ""
        words = f"Your `{name}` raised {failed.type_name}{where}: {failed.message}".rstrip(": ")
    elif failed.kind == "misfit":
        words = f"Your `{name}` gave {failed.message}."
    elif failed.type_name:
        words = f"Your `{name}` gave a {failed.type_name}: {failed.message}."
    else:
        words = f"Your `{name}` gave no value that can be graded."
    kind = _KINDS.get(_PYTHON.get(failed.kind, failed.type_name), StudentError)
    if not hidden:
        return kind(words, failed.type_name, failed.message, failed.line, False, words)
    note_for_staff(f"hidden: {words}")
    return kind(f"Your `{name}` gave no result for a hidden input.", hidden=True, staff=words)


def no_attribute(name: str, attribute: str) -> StudentError:
    """Return the error for a function that a grade cell takes for something else."""
    words = f"`{name}` is a function; this item looks for its `.{attribute}`."
    return _KINDS["AttributeError"](words, "AttributeError", words)
