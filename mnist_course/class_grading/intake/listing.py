"""The files of a class, in a folder or in a zip, behind one form."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from mnist_course.class_grading.intake.found import Problem
from mnist_course.grading.notebook_outline import Readable

__all__ = ["ClassFile", "Listing", "is_meant"]


@dataclass(frozen=True, slots=True)
class ClassFile:
    """One file that somebody handed in.

    Parameters
    ----------
    parts : tuple of str
        Its place below the folder or in the zip: untrusted text, never opened as a path.
    open : callable
        Opens it for reading; raises SubmissionError, also while it is read.
    path : Path, optional
        Where it is; None in a zip.
    """

    parts: tuple[str, ...]
    open: Callable[[], AbstractContextManager[Readable]]
    path: Path | None = None

    @property
    def name(self) -> str:
        """The last part."""
        return self.parts[-1]


@dataclass(frozen=True, slots=True)
class Listing:
    """Regular files, with what else was there as problems."""

    files: tuple[ClassFile, ...]
    problems: tuple[Problem, ...] = ()


def is_meant(parts: tuple[str, ...]) -> bool:
    """Tell whether a person may have put a file there: not hidden, not added by macOS."""
    return not any(part.startswith(".") or part == "__MACOSX" for part in parts)
