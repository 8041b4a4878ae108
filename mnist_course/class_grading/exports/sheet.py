"""Write a table for a platform, and find the student's row in one that the platform gave."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mnist_course.atomic_write import write_text
from mnist_course.class_grading.exports.cells import safe_cell
from mnist_course.class_grading.exports.totals import Total
from mnist_course.class_grading.intake.csv_table import Table
from mnist_course.class_grading.intake.found import Problem, some_of
from mnist_course.class_grading.intake.matching import People
from mnist_course.class_grading.intake.roster import people_of
from mnist_course.exceptions import ClassError

__all__ = ["Exported", "Rows", "rows_of", "safe_template", "write_sheet"]

_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Parameters
    ----------
    path : Path
    written : int
        Students who got points in it.
    problems : tuple of Problem
        Everybody who did not, and whatever else a person must look at before importing the file.
    """

    path: Path
    written: int
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """Which row of the platform's table is whose.

    Parameters
    ----------
    by_place : dict of int to Total
        For each row that belongs to a graded student.
    others : tuple of str
        Students of the table without a submission.
    problems : tuple of Problem
        Graded students who are not in the table, or not surely.
    """

    by_place: dict[int, Total]
    others: tuple[str, ...]
    problems: tuple[Problem, ...]


def rows_of(table: Table, name: str, totals: Sequence[Total]) -> Rows:
    """Find each student's row.

    Raises
    ------
    ClassError
        If the table is no platform's, or a row in it names nobody.
    """
    listed = people_of(table, name)
    places = {id(student): place for place, student in listed}
    people = People(student for _, student in listed)
    claimed: dict[int, list[Total]] = {}
    problems: list[Problem] = []
    for total in totals:
        match = people.find(total.student)
        if match.student is None:
            problems.append(
                Problem(
                    total.student.id,
                    f"is not in {name}: {match.doubt}. Not written; enter the grade by hand, or "
                    "grade with a roster that has the platform's ids.",
                )
            )
            continue
        if match.doubt:
            problems.append(Problem(total.student.id, f"{match.doubt}. Check the row in {name}."))
        claimed.setdefault(places[id(match.student)], []).append(total)
    by_place: dict[int, Total] = {}
    for place, of_row in claimed.items():
        if len(of_row) == 1:
            by_place[place] = of_row[0]
        else:
            ids = [total.student.id for total in of_row]
            problems.append(
                Problem(
                    ", ".join(ids),
                    f"fit the same line {table.lines[place]} of {name}. None of their grades was "
                    "written; enter the right one by hand.",
                )
            )
    others = [student.id for place, student in listed if place not in claimed]
    return Rows(by_place, tuple(others), tuple(problems))


def safe_template(table: Table, name: str) -> tuple[Table, list[Problem]]:
    """Return the platform's table with its formulas as text, and say which cells that changed."""
    changed: list[str] = []

    def safe(cell: str) -> str:
        made = safe_cell(cell)
        if made != cell:
            changed.append(cell)
        return made

    header = tuple(safe(cell) for cell in table.header)
    rows = tuple(tuple(safe(cell) for cell in row) for row in table.rows)
    problems = []
    if changed:
        problems.append(
            Problem(
                name,
                f"{len(changed)} cells begin like a formula and got an apostrophe in front: "
                f"{some_of(changed)}. Look at them before you import the file.",
            )
        )
    return Table(header, rows, table.lines, table.delimiter), problems


def write_sheet(
    path: Path,
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    delimiter: str = ",",
    bom: bool,
) -> None:
    """Write a CSV file in UTF-8, every cell in quotes, so that none can start another one.

    Parameters
    ----------
    path : Path
    header : sequence of str
    rows : iterable of sequence of str
        Cells that are safe already.
    delimiter : str
    bom : bool
        Begin with a byte order mark. Excel takes the file for UTF-8 only with it.

    Raises
    ------
    ClassError
        If the file cannot be written; an old one is then untouched.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    try:
        # Grades are for staff: nobody else on this machine may read them.
        write_text(path, (_BOM if bom else "") + text.getvalue(), mode=0o600)
    except OSError as error:
        raise ClassError(
            f"cannot write {path}: {error.strerror or error}. Expected a folder that is there and "
            "can be written to; make it, or name another one."
        ) from error
