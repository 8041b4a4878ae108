"""Write grades as Moodle imports them.

Source: ``assignfeedback_offline_grade_importer`` of Moodle. The assignment's offline grading
worksheet is found by Identifier, with Grade and Last modified (grade) beside it; Moodle passes over
a grade that is empty or out of range without a word. The gradebook's own import (Grades > Import >
CSV file) takes any table, and asks which column says who somebody is.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from pathlib import Path

from mnist_course.class_grading.exports.cells import number, own_text, safe_cell
from mnist_course.class_grading.exports.sheet import (
    Exported,
    rows_of,
    safe_template,
    write_sheet,
)
from mnist_course.class_grading.exports.totals import Total, Totals, totals_of
from mnist_course.class_grading.intake.csv_table import Table, read_table
from mnist_course.class_grading.intake.found import Problem, some_of
from mnist_course.class_grading.records import GradedSubmission
from mnist_course.exceptions import ClassError
from mnist_course.grading.escaping import student_text

__all__ = ["write_moodle"]

_GRADE, _COMMENTS = "Grade", "Feedback comments"
_NEEDED = ("Identifier", _GRADE, "Last modified (grade)")
_MOST_COMMENT = 2_000  # characters


def write_moodle(
    graded: Sequence[GradedSubmission],
    path: Path,
    *,
    template: Path | None = None,
    manual_points: Mapping[str, float] | None = None,
) -> Exported:
    """Write a CSV file for Moodle.

    With a byte order mark, without which Excel shows letters such as é as two others; Moodle takes
    it off.

    Parameters
    ----------
    graded : sequence of GradedSubmission
    path : Path
    template : Path, optional
        The assignment's offline grading worksheet, in English (Submissions > Download grading
        worksheet). Its Grade is filled in, and its Feedback comments where they are empty; all else
        stays as it is, and so does the row of a student without a total. Without it, a table for
        Grades > Import > CSV file is made, in which who has no total has an empty cell.
    manual_points : mapping of str to float, optional
        By student's id, see :func:`totals_of`.

    Returns
    -------
    Exported

    Raises
    ------
    ClassError
        If the template is no grading worksheet or has other points, the points contradict each
        other, or the file cannot be written.
    """
    totals = totals_of(graded, manual_points)
    return _write_new(totals, path) if template is None else _fill_in(totals, path, template)


def _write_new(totals: Totals, path: Path) -> Exported:
    header = ["Full name", "Username", "ID number", "Email address"]
    problems = list(totals.problems)
    rows: list[list[str]] = []
    written = 0
    for total in totals.totals:
        student = total.student
        keys = [
            student.identifiers.get("Username", ""),
            student.identifiers.get("ID number", ""),
            student.identifiers.get("Email address", "") or student.email,
        ]
        if not any(keys):
            problems.append(
                Problem(
                    student.id,
                    "has no username, ID number or e-mail address, by which Moodle finds a student."
                    " Not written; grade with Moodle's grade export as the roster.",
                )
            )
            continue
        problems += [
            Problem(
                student.id,
                f"is called {key} in Moodle, which begins like a formula and got an apostrophe in "
                "front. Moodle will not find it; enter the grade by hand.",
            )
            for key in keys
            if own_text(key) != key
        ]
        name = f"{student.first_name} {student.last_name}".strip()
        points = "" if total.points is None else number(total.points)
        rows.append(
            [
                *map(own_text, (name, *keys)),
                *(points, number(totals.out_of), _comment(total)),
            ]
        )
        written += total.points is not None
    write_sheet(path, [*header, _GRADE, "Maximum Grade", _COMMENTS], rows, bom=True)
    return Exported(path, written, tuple(problems))


def _fill_in(totals: Totals, path: Path, template: Path) -> Exported:
    name = template.name
    table = read_table(template)
    if not all(table.has(column) for column in _NEEDED):
        raise ClassError(
            f"{name} is no grading worksheet of Moodle: expected columns {', '.join(_NEEDED)}, got "
            f"{some_of(list(table.header))}. Set Moodle to English, then download it from the "
            "assignment's submissions."
        )
    rows = rows_of(table, name, totals.totals)
    safe, changed = safe_template(table, name)
    problems = [*totals.problems, *rows.problems, *changed]
    filled = [list(row) for row in safe.rows]
    grade, comments = table.column(_GRADE), table.column(_COMMENTS)
    assert grade is not None
    written = 0
    for place, total in rows.by_place.items():
        row = table.rows[place]
        _compare_points(table, row, totals.out_of, f"{name}, line {table.lines[place]}")
        if table.cell(row, "Grade can be changed").casefold() == "no":
            problems.append(
                Problem(total.student.id, "has a locked grade in Moodle, which was left alone.")
            )
        elif total.points is None:
            if table.cell(row, _GRADE) not in {"", "-"}:
                problems.append(
                    Problem(
                        total.student.id,
                        f"keeps the {table.cell(row, _GRADE)} that Moodle has, which may be old.",
                    )
                )
        else:
            filled[place][grade] = number(total.points)
            if comments is not None and not row[comments].strip():
                filled[place][comments] = _comment(total)
            written += 1
    if rows.others:
        problems.append(
            Problem(
                name,
                f"{len(rows.others)} students in it have no graded submission; their rows were "
                f"left alone: {some_of(list(rows.others))}.",
            )
        )
    write_sheet(path, safe.header, filled, delimiter=table.delimiter, bom=True)
    return Exported(path, written, tuple(problems))


def _compare_points(table: Table, row: tuple[str, ...], out_of: float, where: str) -> None:
    cell = table.cell(row, "Maximum Grade")
    try:
        most = float(cell.replace(",", "."))
    except ValueError:
        return  # a scale, or a worksheet without this column: nothing to compare with
    if abs(most - out_of) > 0.005:
        raise ClassError(
            f"{where}: Moodle has a maximum grade of {cell}, and these grades are out of "
            f"{number(out_of)}. Expected the same, so that no grade is on a wrong scale: change "
            "the maximum grade in Moodle, and download the worksheet again."
        )


def _comment(total: Total) -> str:
    """Return the items with their points, as Moodle's HTML; nothing where something is unknown."""
    if total.points is None:
        return ""
    items = [
        f"{student_text(cell.title or cell.grade_id, limit=80)}: {number(cell.score or 0.0)} of "
        f"{number(cell.max_score)}"
        for cell in total.grade.automatic
    ]
    if total.by_hand is not None and total.grade.manual:
        most = sum(cell.max_score for cell in total.grade.manual)
        items.append(f"Graded by a person: {number(total.by_hand)} of {number(most)}")
    comment = "; ".join(items)
    if len(comment) > _MOST_COMMENT:
        comment = comment[: _MOST_COMMENT - 1] + "…"
    return safe_cell(html.escape(comment, quote=False))
