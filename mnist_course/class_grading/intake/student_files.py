"""Read a folder with one notebook, zip or folder per student."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from pathlib import Path

from mnist_course.class_grading.intake.class_folder import entries_of
from mnist_course.class_grading.intake.found import Problem
from mnist_course.class_grading.intake.listing import ClassFile
from mnist_course.class_grading.intake.student_ids import folder_name
from mnist_course.class_grading.intake.uploads import Upload
from mnist_course.class_grading.records import Student
from mnist_course.grading.submitted_zip import NOTEBOOK_NAME
from mnist_course.grading.untrusted_file import open_regular

__all__ = ["read_student_files"]


def read_student_files(place: Path) -> tuple[list[Upload], list[Problem]]:
    """Find one file or folder per student; the name without its suffix is the student's id.

    A notebook and a zip of the same name are taken for two files of one student.

    Raises
    ------
    ClassError
        If the folder cannot be read.
    """
    uploads: list[Upload] = []
    problems: list[Problem] = []
    files: dict[str, list[ClassFile]] = defaultdict(list)
    for entry in entries_of(place):
        path = Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            uploads.append(
                Upload(f"{entry.name}/", (Student(folder_name(entry.name)),), folder=path)
            )
        elif not entry.is_file(follow_symlinks=False):
            problems.append(
                Problem(
                    entry.name,
                    "is a link or a device, and neither is followed: expected a notebook, a zip or "
                    "a folder. Not graded; put the file itself there.",
                )
            )
        elif stem := _stem(entry.name):
            files[stem].append(ClassFile((entry.name,), partial(open_regular, path), path))
        else:
            problems.append(
                Problem(
                    entry.name,
                    "is neither a notebook nor a zip: expected one file such as alice.ipynb per "
                    "student. Not graded.",
                )
            )
    uploads += [
        Upload(stem, (Student(folder_name(stem)),), files=tuple(of_one))
        for stem, of_one in files.items()
    ]
    return uploads, problems


def _stem(name: str) -> str:
    """Return a name without its suffix; empty where the suffix is none of ours."""
    if NOTEBOOK_NAME.search(name):
        return NOTEBOOK_NAME.sub("", name).strip()
    return name[: -len(".zip")].strip() if name.lower().endswith(".zip") else ""
