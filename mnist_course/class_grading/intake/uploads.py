"""What was handed in together: files, by whom, when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mnist_course.class_grading.intake.listing import ClassFile
from mnist_course.class_grading.records import Student

__all__ = ["Upload", "first_and_last"]


@dataclass(frozen=True, slots=True)
class Upload:
    """Files that were handed in together.

    Parameters
    ----------
    key : str
        How a person finds them again: the name of their folder, or the student.
    people : tuple of Student
        One, or all of a group.
    files : tuple of ClassFile
        Empty where ``folder`` holds them.
    folder : Path, optional
        A folder with these files and no others.
    submitted : datetime, optional
    """

    key: str
    people: tuple[Student, ...]
    files: tuple[ClassFile, ...] = ()
    folder: Path | None = None
    submitted: datetime | None = None


def first_and_last(name: str) -> tuple[str, str]:
    """Split a full name: at its comma, else before its last word, which is a guess."""
    name = " ".join(name.split())
    if "," in name:
        last, _, first = name.partition(",")
        return first.strip(), last.strip()
    first, _, last = name.rpartition(" ")
    return first, last
