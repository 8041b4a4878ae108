"""What was found of a class: its submissions, with everything that a person must look at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mnist_course.class_grading.records import Submission
from mnist_course.grading.escaping import plain_text

__all__ = ["Found", "Kind", "Problem", "some_of"]

_NAMES_SHOWN = 5


class Kind(StrEnum):
    """Where the submissions come from."""

    NBGRADER = "nbgrader"  # submitted/<student>/<assignment>/<notebook>
    FILES = "files"  # one notebook, zip or folder per student
    GRADESCOPE = "gradescope"  # "Export Submissions"
    CANVAS = "canvas"  # "Download Submissions"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that a person must look at, in one line that is safe to print.

    Parameters
    ----------
    who : str
        The student, file or folder that it is about.
    what : str
        What happened, and what to do.
    """

    who: str
    what: str

    def __post_init__(self) -> None:
        # Names come from students: no terminal may take them for commands.
        object.__setattr__(self, "who", plain_text(self.who, limit=200) or "(a name of no letters)")
        object.__setattr__(self, "what", plain_text(self.what))

    def __str__(self) -> str:
        return f"{self.who}: {self.what}"


@dataclass(frozen=True, slots=True)
class Found:
    """The submissions of a class.

    Parameters
    ----------
    kind : Kind
    submissions : tuple of Submission
        Sorted by student; no two of them would share a folder, on any system.
    problems : tuple of Problem
        Whoever is not among the submissions is named here, and whoever is but needs a look.
    """

    kind: Kind
    submissions: tuple[Submission, ...]
    problems: tuple[Problem, ...]


def some_of(names: list[str]) -> str:
    """Return the first few names in quotation marks, then how many more there are."""
    shown = [f"“{plain_text(name, limit=80)}”" for name in names[:_NAMES_SHOWN]]
    if len(names) > _NAMES_SHOWN:
        shown.append(f"{len(names) - _NAMES_SHOWN:,} more")
    return ", ".join(shown)
