"""Add up a student's points, or say why nobody knows them yet."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mnist_course.class_grading.exports.cells import number
from mnist_course.class_grading.intake.found import Problem, some_of
from mnist_course.class_grading.records import GradedSubmission, Student
from mnist_course.exceptions import ClassError
from mnist_course.grading.results import CellGrade, NotebookGrade, Verdict

__all__ = ["Total", "Totals", "totals_of"]


@dataclass(frozen=True, slots=True)
class Total:
    """What one student has.

    Parameters
    ----------
    graded : GradedSubmission
    points : float, optional
        Of all items, those that a person graded too; None as long as one of them is unknown.
    by_hand : float, optional
        Points of the items that a person grades, all together.
    unknown : str
        Why there are no points, in words; empty where there are.
    """

    graded: GradedSubmission
    points: float | None
    by_hand: float | None = None
    unknown: str = ""

    @property
    def student(self) -> Student:
        """Whose they are."""
        return self.graded.submission.student

    @property
    def grade(self) -> NotebookGrade:
        """The automatic part."""
        return self.graded.grade


@dataclass(frozen=True, slots=True)
class Totals:
    """What a class has.

    Parameters
    ----------
    totals : tuple of Total
        Sorted by student.
    items : tuple of CellGrade
        The items of the assignment; their scores are some student's and mean nothing.
    out_of : float
        Points of all items.
    problems : tuple of Problem
        Whoever has no total, and why.
    """

    totals: tuple[Total, ...]
    items: tuple[CellGrade, ...]
    out_of: float
    problems: tuple[Problem, ...]


def totals_of(
    graded: Sequence[GradedSubmission], manual_points: Mapping[str, float] | None = None
) -> Totals:
    """Add up the points of a class.

    An item that could not be graded, and one that still waits for a person, leave the student
    without a total: an unknown is no pass, and no zero.

    Parameters
    ----------
    graded : sequence of GradedSubmission
        Of one assignment, at most one for each student.
    manual_points : mapping of str to float, optional
        By student's id, the points of all items that a person grades.

    Raises
    ------
    ClassError
        If a student occurs twice, the submissions are of different assignments, or points by hand
        are no number between 0 and what these items can give.
    """
    by_hand = dict(manual_points or {})
    items = _items(graded)
    most_by_hand = math.fsum(item.max_score for item in items if item.verdict is Verdict.MANUAL)
    totals: dict[str, Total] = {}
    for one in sorted(graded, key=lambda one: one.submission.student.id):
        student = one.submission.student.id
        if student in totals:
            raise ClassError(
                f"there are two grades for {student}; expected one for each student. Take out one."
            )
        totals[student] = _total(one, by_hand.pop(student, None), most_by_hand)
    problems = [
        Problem(total.student.id, f"has no total: {total.unknown}. Left without points.")
        for total in totals.values()
        if total.unknown
    ]
    problems += [
        Problem(student, "has points by hand, and no graded submission. Not written; check the id.")
        for student in sorted(by_hand)
    ]
    return Totals(
        tuple(totals.values()),
        items,
        math.fsum(item.max_score for item in items),
        tuple(problems),
    )


def _items(graded: Sequence[GradedSubmission]) -> tuple[CellGrade, ...]:
    """Return the items that all grades share; one that broke off may have none."""
    shared: tuple[CellGrade, ...] = ()
    first: GradedSubmission | None = None
    for one in graded:
        cells = one.grade.cells
        if not cells and one.grade.grader_failed:
            continue
        if first is None:
            first, shared = one, cells
        elif _points(cells) != _points(shared) or one.grade.assignment != first.grade.assignment:
            raise ClassError(
                f"the grades of {first.submission.student.id} and {one.submission.student.id} are "
                f"of different assignments or versions ({first.grade.assignment}: "
                f"{len(shared)} items, {one.grade.assignment}: {len(cells)} items); expected the "
                "same items with the same points. Grade the class again with one notebook."
            )
    return shared


def _points(cells: Sequence[CellGrade]) -> list[tuple[str, float, bool]]:
    return [(cell.grade_id, cell.max_score, cell.verdict is Verdict.MANUAL) for cell in cells]


def _total(one: GradedSubmission, by_hand: float | None, most: float) -> Total:
    grade = one.grade
    if by_hand is not None and not (math.isfinite(by_hand) and 0 <= by_hand <= most):
        raise ClassError(
            f"points by hand of {one.submission.student.id}: expected a number from 0 to "
            f"{number(most)}, which all items that a person grades can give, got {by_hand!r}. "
            "Correct it."
        )
    why: list[str] = []
    if grade.grader_failed:
        why.append("the grader failed on this submission, grade it again")
    undecided = [cell.grade_id for cell in grade.cells if cell.verdict is Verdict.NOT_GRADED]
    if undecided:
        why.append(f"the grader could not decide {some_of(undecided)}, look at the staff notes")
    waiting = [cell.grade_id for cell in grade.manual]
    if waiting and by_hand is None:
        why.append(f"a person has not graded {some_of(waiting)}")
    if why:
        return Total(one, None, by_hand, "; ".join(why))
    return Total(one, grade.score + (by_hand or 0.0), by_hand)
