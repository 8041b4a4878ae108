"""What another grade changes, for whom, and why."""

from __future__ import annotations

from dataclasses import dataclass

from mnist_course.class_grading.audit_log import AuditLine, ItemScore
from mnist_course.grading.results import NotebookGrade

__all__ = ["Change", "ItemChange", "changes_of"]


@dataclass(frozen=True, slots=True)
class ItemChange:
    """One item with other points than before.

    Parameters
    ----------
    grade_id : str
    before, after : float or None
        Points; None where the item was not there.
    of : float
    why : str
        What the new verdict says first, and what is different: the test, or the submission.
    """

    grade_id: str
    before: float | None
    after: float | None
    of: float
    why: str


@dataclass(frozen=True, slots=True)
class Change:
    """The grade of one student, before and after."""

    student: str
    before: float
    after: float
    of: float
    items: tuple[ItemChange, ...]


def changes_of(old: AuditLine, new: AuditLine, grade: NotebookGrade) -> Change | None:
    """Compare two grades of one student.

    Parameters
    ----------
    old, new : AuditLine
    grade : NotebookGrade
        The new one.

    Returns
    -------
    Change or None
        None where every item has the points and the maximum that it had.
    """
    said = {cell.grade_id: cell.findings[0].saw for cell in grade.automatic if cell.findings}
    items = []
    for grade_id in dict.fromkeys([*old.items, *new.items]):
        before, after = old.items.get(grade_id), new.items.get(grade_id)
        if before is None or after is None or (before.score, before.of) != (after.score, after.of):
            items.append(
                ItemChange(
                    grade_id,
                    None if before is None else before.score,
                    None if after is None else after.score,
                    after.of if after is not None else before.of if before is not None else 0.0,
                    _why(before, after, old, new, said.get(grade_id, "")),
                )
            )
    if not items:
        return None
    return Change(new.student, old.score, new.score, new.of, tuple(items))


def _why(
    before: ItemScore | None, after: ItemScore | None, old: AuditLine, new: AuditLine, saw: str
) -> str:
    if after is None:
        return "The item is no longer there."
    if before is None:
        reason = "The item is new."
    elif old.submission != new.submission:
        reason = "The submission is another one."
    elif before.test != after.test:
        reason = "The test is another one."
    else:
        reason = "The same test; the course's code is another one, or it was tried again."
    return f"{reason} {saw}".strip()
