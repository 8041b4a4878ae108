"""What is known of a student, of a submission, and of its grade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from mnist_course.grading.results import NotebookGrade

__all__ = ["GradedSubmission", "Student", "Submission"]


@dataclass(frozen=True, slots=True)
class Student:
    """Somebody who hands in notebooks.

    Parameters
    ----------
    id : str
        How the course knows this person: the folder in nbgrader's ``submitted/``. Names one folder
        in the results, so it has no slash.
    first_name, last_name, email : str
        Empty where nobody said.
    identifiers : mapping of str to str
        What learning platforms call this person, by the name of their own column, such as
        ``{"SIS Login ID": "alice"}``.
    """

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    identifiers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Submission:
    """What one student handed in for one assignment.

    Parameters
    ----------
    student : Student
    path : Path
        The notebook, or a zip with one: an untrusted file of any name.
    submitted : datetime, optional
        With a time zone; None where nobody said.
    note : str
        To the student, why this file of several was chosen; empty otherwise.
    """

    student: Student
    path: Path
    submitted: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class GradedSubmission:
    """A submission with its grade.

    Parameters
    ----------
    submission : Submission
    digest : str
        SHA-256 of the submitted file, 64 hexadecimal digits.
    grade : NotebookGrade
        Without pictures.
    folder : Path
        Where ``results.json``, ``feedback.html`` and ``executed.ipynb`` of this student are.
    cpu_seconds : float
        Processor time that the run of the notebook and all judging took, when it was done.
    peak_bytes : int
        The most memory that all its processes held together; 0 where it could not be measured.
    """

    submission: Submission
    digest: str
    grade: NotebookGrade
    folder: Path
    cpu_seconds: float = 0.0
    peak_bytes: int = 0
