"""Write down a graded class, and read it again: who handed in what, and which grade it has."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from mnist_course.atomic_write import write_text
from mnist_course.class_grading.grading_job import GRADES, graded_submission
from mnist_course.class_grading.records import GradedSubmission, Student, Submission
from mnist_course.class_grading.store import Store
from mnist_course.exceptions import ClassError, RecordError

__all__ = ["FILE", "GradedClass", "read_class", "write_class"]

FILE = "class.json"
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class GradedClass:
    """A class as it was graded last.

    Parameters
    ----------
    assignment : str
    graded : tuple of GradedSubmission
    ungraded : mapping of str to str
        By student, why the grader itself failed.
    """

    assignment: str
    graded: tuple[GradedSubmission, ...]
    ungraded: Mapping[str, str]


def write_class(
    output: Path,
    assignment: str,
    graded: Sequence[GradedSubmission],
    keys: Mapping[str, str],
    ungraded: Mapping[str, str],
) -> None:
    """Write ``class.json`` into the folder of the results.

    Parameters
    ----------
    output : Path
    assignment : str
    graded : sequence of GradedSubmission
    keys : mapping of str to str
        By student, the key of the grade in the store.
    ungraded : mapping of str to str
        By student, why there is no grade.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    plain = {
        "format": _FORMAT,
        "assignment": assignment,
        "graded": [_plain(one, keys[one.submission.student.id]) for one in graded],
        "ungraded": dict(ungraded),
    }
    write_text(output / FILE, json.dumps(plain, indent=1) + "\n", mode=0o600)


def read_class(output: Path, store: Path) -> GradedClass:
    """Read the class that was graded into a folder.

    Parameters
    ----------
    output : Path
    store : Path
        Where its grades are.

    Raises
    ------
    ClassError
        If nothing was graded there, or a grade is no longer in the store.
    """
    path = output / FILE
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ClassError(
            f"There is no {path}. Grade the class first: mnist-course grade-class ID"
        ) from error
    except (OSError, ValueError) as error:
        raise ClassError(f"{path} cannot be read ({error}). Grade the class again.") from error
    kept = Store(store)
    try:
        if plain["format"] != _FORMAT:
            raise ClassError(f"{path} is of another version. Grade the class again.")
        graded = tuple(_read(one, kept, output) for one in plain["graded"])
        return GradedClass(str(plain["assignment"]), graded, dict(plain["ungraded"]))
    except (KeyError, TypeError, ValueError, RecordError) as error:
        if isinstance(error, ClassError):
            raise
        raise ClassError(f"{path} is damaged ({error!r}). Grade the class again.") from error


def _plain(one: GradedSubmission, key: str) -> dict[str, Any]:
    submission = one.submission
    student = submission.student
    return {
        "student": {
            "id": student.id,
            "first_name": student.first_name,
            "last_name": student.last_name,
            "email": student.email,
            "identifiers": dict(student.identifiers),
        },
        "path": str(submission.path),
        "submitted": None if submission.submitted is None else submission.submitted.isoformat(),
        "note": submission.note,
        "digest": one.digest,
        "key": key,
    }


def _read(plain: Mapping[str, Any], store: Store, output: Path) -> GradedSubmission:
    student = Student(**plain["student"])
    entry = store.get(GRADES, plain["key"])
    if entry is None:
        raise ClassError(f"The grade of {student.id} is not in the store. Grade the class again.")
    when = plain["submitted"]
    submission = Submission(
        student,
        Path(plain["path"]),
        None if when is None else datetime.fromisoformat(when),
        plain["note"],
    )
    return graded_submission(entry, submission, plain["digest"], output / student.id)
