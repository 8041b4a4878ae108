"""Who is in the class: names that are safe to show, links, and the state of every item."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from mnist_course.class_grading.records import GradedSubmission
from mnist_course.grading.escaping import plain_text
from mnist_course.grading.results import CellGrade, NotebookGrade, Verdict
from mnist_course.grading.wording import points

__all__ = ["ItemState", "RosterRow", "by_id", "roster"]

_LONGEST_ID, _LONGEST_NAME = 40, 60


@dataclass(frozen=True, slots=True)
class ItemState:
    """What one field of the table says: ``text`` for reading, ``kind`` for its look."""

    text: str
    kind: str


_MISSING = ItemState("–", "missing")
_UNDECIDED = ItemState("?", "undecided")
_BY_HAND = ItemState("…", "by-hand")


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One student of the table.

    Parameters
    ----------
    anchor : str
        Id of the row, ``s12``.
    id, name : str
        One line each, cut; still text that has to be escaped.
    link : str
        To the feedback, relative to the page, quoted as a URL; empty where there is no such path.
    score : str
        Automatic points; ``grade again`` where the grader failed.
    states : tuple of ItemState
        In the order of the items.
    """

    anchor: str
    id: str
    name: str
    link: str
    score: str
    states: tuple[ItemState, ...]


def by_id(graded: Sequence[GradedSubmission]) -> tuple[GradedSubmission, ...]:
    """Return the class in the order of the page."""
    return tuple(sorted(graded, key=lambda one: (one.submission.student.id, str(one.folder))))


def roster(
    graded: Sequence[GradedSubmission], items: Sequence[str], folder: Path
) -> tuple[RosterRow, ...]:
    """Make the rows of the table.

    Parameters
    ----------
    graded : sequence of GradedSubmission
        In the order of the page.
    items : sequence of str
        Grade ids, in the order of the columns.
    folder : Path
        Where the page will lie.
    """
    rows = []
    for number, one in enumerate(graded, 1):
        student = one.submission.student
        cells = {cell.grade_id: cell for cell in one.grade.cells}
        rows.append(
            RosterRow(
                anchor=f"s{number}",
                id=plain_text(student.id, limit=_LONGEST_ID) or f"student {number}",
                name=plain_text(
                    f"{student.first_name[:1000]} {student.last_name[:1000]}", limit=_LONGEST_NAME
                ),
                link=_link(one.folder, folder),
                score="grade again" if one.grade.grader_failed else points(one.grade.score),
                states=tuple(_state(cells.get(item), one.grade) for item in items),
            )
        )
    return tuple(rows)


def _state(cell: CellGrade | None, grade: NotebookGrade) -> ItemState:
    if cell is None:
        return _MISSING
    if cell.verdict is Verdict.MANUAL:
        return _BY_HAND
    if grade.grader_failed or cell.verdict is Verdict.NOT_GRADED:
        return _UNDECIDED
    kind = "full" if cell.verdict is Verdict.PASSED else "some" if cell.score else "none"
    return ItemState(points(cell.score or 0.0), kind)


def _link(target: Path, folder: Path) -> str:
    try:
        relative = os.path.relpath(target / "feedback.html", folder).replace(os.sep, "/")
        return quote(os.fsencode(relative), safe="/")  # bytes: a file's name need not be text
    except ValueError:  # another drive; a name that no file can have
        return ""
