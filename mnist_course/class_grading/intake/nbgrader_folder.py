"""Read nbgrader's ``submitted/<student>/<assignment>/``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from mnist_course.class_grading.intake.class_folder import entries_of, is_folder
from mnist_course.class_grading.intake.found import Problem, some_of
from mnist_course.class_grading.intake.student_ids import folder_name
from mnist_course.class_grading.intake.times import read_time
from mnist_course.class_grading.intake.uploads import Upload
from mnist_course.class_grading.records import Student
from mnist_course.exceptions import ClassError, SubmissionError
from mnist_course.grading.untrusted_file import open_regular

__all__ = ["read_nbgrader_folder"]

_TIME_FILE = "timestamp.txt"
_MOST_OF_TIME = 200  # bytes; the student's own machine may have written it


def read_nbgrader_folder(place: Path, assignment_id: str) -> tuple[list[Upload], list[Problem]]:
    """Find one folder per student.

    Raises
    ------
    ClassError
        If the folder cannot be read.
    """
    uploads: list[Upload] = []
    problems: list[Problem] = []
    for entry in entries_of(place):
        folder = Path(entry.path) / assignment_id
        if not entry.is_dir(follow_symlinks=False):
            kind = "a link, which is not followed" if entry.is_symlink() else "no folder"
            problems.append(
                Problem(entry.name, f"is {kind}: expected one folder per student. Not graded.")
            )
        elif not is_folder(folder):
            problems.append(
                Problem(
                    entry.name,
                    f"handed in nothing for {assignment_id}: expected a folder {assignment_id} "
                    f"here, found {_others(Path(entry.path))}. Not graded.",
                )
            )
        else:
            submitted, problem = _time(folder / _TIME_FILE, entry.name)
            problems += problem
            student = Student(folder_name(entry.name))
            uploads.append(Upload(entry.name, (student,), folder=folder, submitted=submitted))
    return uploads, problems


def _others(folder: Path) -> str:
    try:
        return some_of([entry.name for entry in entries_of(folder)]) or "nothing"
    except ClassError:  # one student's folder is no reason to stop
        return "a folder that cannot be read"


def _time(path: Path, who: str) -> tuple[datetime | None, list[Problem]]:
    text = ""
    try:
        path.lstat()
        with open_regular(path) as file:
            text = file.read(_MOST_OF_TIME).decode("utf-8", "replace")
    except FileNotFoundError:
        return None, []  # nobody said
    except (OSError, SubmissionError):
        pass  # the problem below says it
    submitted = read_time(text)
    if submitted is not None:
        return submitted, []
    return None, [
        Problem(
            who,
            f"{_TIME_FILE} holds no time: expected such as “2026-02-02 15:58:23 UTC”, got "
            f"“{text.strip()[:80]}”. Graded all the same; nobody knows when it was handed in.",
        )
    ]
