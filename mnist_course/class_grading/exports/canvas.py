"""Write grades as Canvas' gradebook imports them.

Source: ``GradebookImporter`` and ``GradebookExporter`` of canvas-lms. Canvas finds a student by ID,
then SIS User ID, then SIS Login ID, and an assignment by the number in parentheses. An empty cell
takes a grade away, ``EX`` excuses, and Points Possible changes the assignment's points.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from mnist_course.class_grading.exports.cells import number, own_text
from mnist_course.class_grading.exports.sheet import (
    Exported,
    rows_of,
    safe_template,
    write_sheet,
)
from mnist_course.class_grading.exports.totals import Totals, totals_of
from mnist_course.class_grading.intake.csv_table import Table, read_table
from mnist_course.class_grading.intake.found import Problem, some_of
from mnist_course.class_grading.intake.roster import is_canvas_gradebook
from mnist_course.class_grading.records import GradedSubmission, Student
from mnist_course.exceptions import ClassError

__all__ = ["write_canvas"]

_IDENTIFIERS = ("ID", "SIS User ID", "SIS Login ID")
_POINTS = "    Points Possible"  # the blanks are Canvas' own
_NUMBERED = re.compile(r"(?P<title>.*\S)\s*\((?P<id>[0-9]+)\)", re.DOTALL)
_NOT_ASSIGNMENTS = re.compile(r"(Current|Final|Override) (Score|Points|Grade|Status)")
_KEPT = {"EX": "is excused", "N/A": "is not assigned this"}


def write_canvas(
    graded: Sequence[GradedSubmission],
    path: Path,
    *,
    column: str,
    template: Path | None = None,
    manual_points: Mapping[str, float] | None = None,
) -> Exported:
    """Write a CSV file for Canvas' Grades > Import.

    Without a byte order mark: Canvas' reader takes a mark before quotes for damage.

    Parameters
    ----------
    graded : sequence of GradedSubmission
    path : Path
    column : str
        The assignment as Canvas heads its column, ``M5 (12345)``; with a template its title or its
        number alone will do.
    template : Path, optional
        Canvas' own export (Grades > Export). Its column of the assignment is filled in, all else
        stays as it is; a student without a total keeps what is there. Without it, a file with the
        graded students is made, in which who has no total has an empty cell.
    manual_points : mapping of str to float, optional
        By student's id, see :func:`totals_of`.

    Returns
    -------
    Exported

    Raises
    ------
    ClassError
        If the template is no gradebook, has no such column or other points, the points contradict
        each other, or the file cannot be written.
    """
    totals = totals_of(graded, manual_points)
    if template is None:
        return _write_new(totals, path, column)
    return _fill_in(totals, path, column, template)


def _write_new(totals: Totals, path: Path, column: str) -> Exported:
    header = ["Student", *_IDENTIFIERS, "Section", own_text(column)]
    rows = [[_POINTS, "", "", "", "", number(totals.out_of)]]
    problems = list(totals.problems)
    if not _NUMBERED.fullmatch(column):
        problems.append(
            Problem(
                column,
                "has no number in parentheses, as in “M5 (12345)”: Canvas may make a new "
                "assignment. Take the name from Canvas' own export.",
            )
        )
    written = 0
    for total in totals.totals:
        student = total.student
        if not any(student.identifiers.get(name) for name in _IDENTIFIERS):
            problems.append(
                Problem(
                    student.id,
                    "has no ID, SIS User ID or SIS Login ID, by which Canvas finds a student. Not "
                    "written; grade with Canvas' gradebook as the roster, or as the template.",
                )
            )
            continue
        known = [student.identifiers.get(name, "") for name in (*_IDENTIFIERS, "Section")]
        points = "" if total.points is None else number(total.points)
        rows.append([own_text(_sortable(student)), *map(own_text, known), points])
        written += total.points is not None
    write_sheet(path, header, rows, bom=False)
    return Exported(path, written, tuple(problems))


def _sortable(student: Student) -> str:
    return ", ".join(part for part in (student.last_name, student.first_name) if part) or student.id


def _fill_in(totals: Totals, path: Path, column: str, template: Path) -> Exported:
    table = read_table(template)
    if not is_canvas_gradebook(table):
        raise ClassError(
            f"{template.name} is no gradebook of Canvas: expected columns Student, ID, ..., got "
            f"{some_of(list(table.header))}. In Canvas choose Grades > Export."
        )
    place = _place(table, column, template.name)
    problems = [*totals.problems, *_compare_points(table, place, totals.out_of, template.name)]
    rows = rows_of(table, template.name, totals.totals)
    safe, changed = safe_template(table, template.name)
    problems += [*rows.problems, *changed]
    filled = [list(row) for row in safe.rows]
    written = 0
    for number_of_row, total in rows.by_place.items():
        cell = table.rows[number_of_row][place].strip()
        if cell in _KEPT:
            problems.append(
                Problem(
                    total.student.id, f"{_KEPT[cell]} in Canvas ({cell}), which was left alone."
                )
            )
        elif total.points is not None:
            filled[number_of_row][place] = number(total.points)
            written += 1
        elif cell not in {"", "-"}:
            problems.append(
                Problem(total.student.id, f"keeps the {cell} that Canvas has, which may be old.")
            )
    if rows.others:
        problems.append(
            Problem(
                template.name,
                f"{len(rows.others)} students in it have no graded submission; their cells were "
                f"left alone: {some_of(list(rows.others))}.",
            )
        )
    write_sheet(path, safe.header, filled, delimiter=table.delimiter, bom=False)
    return Exported(path, written, tuple(problems))


def _place(table: Table, column: str, name: str) -> int:
    """Return the place of the assignment's column."""
    wanted = column.strip()
    first = table.column("Section")
    places = {
        place: title.strip()
        for place, title in enumerate(table.header)
        if place > (first or 0) and not _NOT_ASSIGNMENTS.search(title)
    }
    exact = [place for place, title in places.items() if title == wanted]
    numbered = {place: m for place, t in places.items() if (m := _NUMBERED.fullmatch(t))}
    loose = [place for place, m in numbered.items() if wanted in {m["title"].strip(), m["id"]}]
    found = exact or loose
    if len(found) != 1:
        raise ClassError(
            f"{name} has {len(found)} columns for {wanted!r}; expected one of "
            f"{some_of(list(places.values())) or 'no assignment at all'}. Name the column as it "
            "stands there."
        )
    return found[0]


def _compare_points(table: Table, place: int, out_of: float, name: str) -> list[Problem]:
    for row in table.rows:
        if not row[0].strip().startswith("Points Possible"):
            continue
        cell = row[place].strip()
        if "read only" in cell:
            raise ClassError(
                f"{name}: the column {table.header[place]!r} is read only in Canvas; expected the "
                "column of an assignment. Name another one."
            )
        try:
            possible = float(cell.replace(",", "."))
        except ValueError:
            break
        if abs(possible - out_of) > 0.005 and out_of:
            raise ClassError(
                f"{name}: Canvas has {cell} points for {table.header[place]!r}, and these grades "
                f"are out of {number(out_of)}. Expected the same, so that no grade is on a wrong "
                "scale: change the points in Canvas, and export again."
            )
        return []
    return [
        Problem(
            name,
            f"does not say how many points {table.header[place]} has; these grades are out of "
            f"{number(out_of)}. Compare with Canvas.",
        )
    ]
