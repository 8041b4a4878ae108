"""The items of an assignment before, or without, a grade."""

from __future__ import annotations

from dataclasses import replace

from mnist_course.grading.assignment import Assignment
from mnist_course.grading.results import CellGrade, Finding, NotebookGrade, Verdict

__all__ = ["items", "zero_grade"]


def items(assignment: Assignment) -> tuple[CellGrade, ...]:
    """Return every item of an assignment, not graded: 0 points, or a person's without a score."""
    return tuple(
        CellGrade(cell.grade_id, cell.title, cell.points, None, Verdict.MANUAL)
        if cell.is_manual
        else CellGrade(cell.grade_id, cell.title, cell.points, 0.0, Verdict.NOT_GRADED)
        for cell in assignment.graded
    )


def zero_grade(assignment: Assignment, headline: str) -> NotebookGrade:
    """Return a grade of 0 points for a submission in which there is nothing to grade."""
    cells = tuple(
        cell
        if cell.verdict is Verdict.MANUAL
        else replace(cell, verdict=Verdict.FAILED, findings=(Finding(headline),))
        for cell in items(assignment)
    )
    return NotebookGrade(assignment.id, cells, headline=headline)
