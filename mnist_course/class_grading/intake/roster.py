"""Read who is in the class from what a learning platform exports.

Which columns each platform writes: nbgrader's ``db student import``; ``GradebookExporter`` of
canvas-lms; Moodle's grade export and its offline grading worksheet; Gradescope's roster.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mnist_course.class_grading.intake.csv_table import Table, read_table
from mnist_course.class_grading.intake.found import some_of
from mnist_course.class_grading.intake.student_ids import folder_name, same_folder
from mnist_course.class_grading.intake.uploads import first_and_last
from mnist_course.class_grading.records import Student
from mnist_course.exceptions import ClassError

__all__ = ["is_canvas_gradebook", "is_moodle", "people_of", "read_roster"]

_IDENTIFIERS = (
    *("ID", "SIS User ID", "SIS Login ID", "Integration ID", "Section"),  # Canvas
    *("Identifier", "Full name", "Username", "ID number", "Email address"),  # Moodle
    *("SID", "Email"),  # Gradescope
    "lms_user_id",  # nbgrader
)
_ROW_OF_CANVAS = re.compile(r"\s*(Points Possible\b.*)?", re.IGNORECASE)
_TEST_LOGIN = re.compile(r"[0-9a-f]{16,40}")


@dataclass(frozen=True, slots=True)
class _Platform:
    """How one platform's columns say who somebody is."""

    id: tuple[str, ...]
    fits: Callable[[Table], bool]
    is_person: Callable[[Table, tuple[str, ...]], bool] = lambda table, row: True


def read_roster(path: Path) -> dict[str, Student]:
    """Read the students of a class.

    Parameters
    ----------
    path : Path
        A CSV file from nbgrader (``id, first_name, last_name, email, lms_user_id``), Canvas
        (gradebook), Moodle (grades or grading worksheet) or Gradescope (roster), told apart by
        their columns.

    Returns
    -------
    dict of str to Student
        By id, in the file's order. The id is nbgrader's, Canvas' SIS Login ID, Moodle's username
        or ID number, Gradescope's SID; where that is empty, the platform's next best.

    Raises
    ------
    ClassError
        If the file is no such table, or somebody in it has no id or that of somebody else.
    """
    table = read_table(path)
    roster: dict[str, Student] = {}
    taken: dict[str, int] = {}
    for place, student in people_of(table, path.name):
        line = table.lines[place]
        key = same_folder(student.id)
        if key in taken:
            raise ClassError(
                f"{path.name}: lines {taken[key]} and {line} both name {student.id!r}; expected "
                "one line per student, with ids that differ in more than capitals. Correct one."
            )
        taken[key] = line
        roster[student.id] = student
    if not roster:
        raise ClassError(f"{path.name} names no student. Check that it is the whole export.")
    return roster


def is_canvas_gradebook(table: Table) -> bool:
    """Tell whether the columns are those of Canvas' gradebook."""
    return table.has("ID") and (table.has("Student") or table.has("LastName"))


def is_moodle(table: Table) -> bool:
    """Tell whether the columns are those of Moodle's grades or of its grading worksheet."""
    return table.has("Identifier") or (
        table.has("Email address", "ID number", "Username")
        and table.has("First name", "Last name", "Surname", "Full name")
    )


def people_of(table: Table, name: str) -> list[tuple[int, Student]]:
    """Return each student of a platform's table, with the place of the row.

    Raises
    ------
    ClassError
        If the columns are no platform's, or somebody has no id.
    """
    platform = next((platform for platform in _PLATFORMS if platform.fits(table)), None)
    if platform is None:
        raise ClassError(
            f"{name} is no list of students that is known here: expected the columns of nbgrader "
            "(id, first_name, last_name, email), of Canvas (Student, ID, ...), of Moodle (First "
            f"name, Last name, Email address, ...) or of Gradescope (Name, SID, Email), got "
            f"{some_of([c for c in table.header if c.strip()])}. Export it again, or rename the "
            "columns."
        )
    people: list[tuple[int, Student]] = []
    for place, row in enumerate(table.rows):
        if platform.is_person(table, row):
            people.append(
                (place, _student(table, row, platform, f"{name}, line {table.lines[place]}"))
            )
    return people


def _student(table: Table, row: tuple[str, ...], platform: _Platform, where: str) -> Student:
    known = next((cell for column in platform.id if (cell := table.cell(row, column))), "")
    if not known:
        raise ClassError(
            f"{where}: a student has no id; expected something in {', '.join(platform.id)}, got "
            "nothing there. Add it, or take the line out."
        )
    first = table.cell(row, "first_name", "First name", "FirstName")
    last = table.cell(row, "last_name", "Last name", "Surname", "LastName")
    if not (first or last):
        first, last = first_and_last(table.cell(row, "Student", "Full name", "Name"))
    given = {column: table.cell(row, column) for column in _IDENTIFIERS}
    if platform is _NBGRADER:
        del given["ID"]  # the same letters as nbgrader's own id, and something else
    return Student(
        folder_name(known),
        first,
        last,
        table.cell(row, "email", "Email address"),
        {column: value for column, value in given.items() if value},
    )


def _is_canvas_student(table: Table, row: tuple[str, ...]) -> bool:
    """Tell a student from the rows of points and of posting, and from Canvas' test student."""
    login = table.cell(row, "SIS Login ID")
    is_test = (
        table.cell(row, "Student") == "Student, Test"
        and not table.cell(row, "SIS User ID")
        and _TEST_LOGIN.fullmatch(login) is not None
    )
    numbered = any(table.cell(row, column) for column in ("ID", "SIS User ID", "SIS Login ID"))
    name = row[0] if row else ""
    return not is_test and (numbered or _ROW_OF_CANVAS.fullmatch(name) is None)


def _is_gradescope_student(table: Table, row: tuple[str, ...]) -> bool:
    return table.cell(row, "Role").casefold() in {"", "student"}


_NBGRADER = _Platform(
    ("id",),
    lambda table: table.has("id") and not is_canvas_gradebook(table) and not is_moodle(table),
)
_PLATFORMS = (
    _Platform(("SIS Login ID", "SIS User ID", "ID"), is_canvas_gradebook, _is_canvas_student),
    _Platform(("Username", "ID number", "Email address", "Identifier"), is_moodle),
    _NBGRADER,
    _Platform(
        ("SID", "Email"),
        lambda table: table.has("Email") and table.has("SID", "Name", "First Name", "Full Name"),
        _is_gradescope_student,
    ),
)
