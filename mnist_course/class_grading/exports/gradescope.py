"""Write grades in the form of Gradescope's own export ("Download Grades").

Gradescope imports no grades; whatever reads its export, reads this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mnist_course.class_grading.exports.cells import number, own_text
from mnist_course.class_grading.exports.sheet import Exported, write_sheet
from mnist_course.class_grading.exports.totals import Total, totals_of
from mnist_course.class_grading.intake.found import Problem
from mnist_course.class_grading.records import GradedSubmission
from mnist_course.grading.results import CellGrade, Verdict

__all__ = ["write_gradescope"]

_HEADER = (
    *("First Name", "Last Name", "SID", "Email"),
    *("Total Score", "Max Points", "Status", "Submission Time"),
)


def write_gradescope(
    graded: Sequence[GradedSubmission],
    path: Path,
    *,
    manual_points: Mapping[str, float] | None = None,
) -> Exported:
    """Write a CSV file as Gradescope exports one, with a column for each item.

    With a byte order mark, without which Excel shows letters such as é as two others. A student
    without a total is ``Ungraded``; cells of what nobody has decided are empty.

    Parameters
    ----------
    graded : sequence of GradedSubmission
    path : Path
    manual_points : mapping of str to float, optional
        By student's id, see :func:`totals_of`. They go into the total; into an item's own column
        only where there is a single item that a person grades.

    Returns
    -------
    Exported

    Raises
    ------
    ClassError
        If the points contradict each other, or the file cannot be written.
    """
    totals = totals_of(graded, manual_points)
    columns = [
        f"{place}: {item.title or item.grade_id} ({float(item.max_score)} pts)"
        for place, item in enumerate(totals.items, start=1)
    ]
    problems = list(totals.problems)
    rows: list[list[str]] = []
    for total in totals.totals:
        student = total.student
        sid = student.identifiers.get("SID", "")
        email = student.email or student.identifiers.get("Email", "")
        if not (sid or email):
            problems.append(
                Problem(
                    student.id,
                    "has no SID and no e-mail address, by which Gradescope knows a student. "
                    "Written with the name alone; grade with Gradescope's roster.",
                )
            )
        time = total.graded.submission.submitted
        cells = {cell.grade_id: _points(cell, total) for cell in total.grade.cells}
        rows.append(
            [
                *map(own_text, (student.first_name, student.last_name or student.id, sid, email)),
                "" if total.points is None else number(total.points),
                number(totals.out_of),
                "Ungraded" if total.points is None else "Graded",
                "" if time is None else time.strftime("%Y-%m-%d %H:%M:%S %z"),
                *(cells.get(item.grade_id, "") for item in totals.items),
            ]
        )
    write_sheet(path, [*_HEADER, *map(own_text, columns)], rows, bom=True)
    written = sum(total.points is not None for total in totals.totals)
    return Exported(path, written, tuple(problems))


def _points(cell: CellGrade, total: Total) -> str:
    if total.grade.grader_failed or cell.verdict is Verdict.NOT_GRADED:
        return ""
    if cell.verdict is Verdict.MANUAL:
        alone = len(total.grade.manual) == 1 and total.by_hand is not None
        return number(total.by_hand or 0.0) if alone else ""
    return number(cell.score or 0.0)
