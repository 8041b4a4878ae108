"""What people decided counts, item by item."""

from __future__ import annotations

from pathlib import Path

from mnist_course.class_grading.people import Decided, with_people
from mnist_course.class_grading.records import GradedSubmission, Student, Submission
from mnist_course.grading.results import CellGrade, NotebookGrade, Verdict


def graded(student: str) -> GradedSubmission:
    cells = (
        CellGrade("a", "A", 4, 3, Verdict.PARTIAL),
        CellGrade("b", "B", 6, 0, Verdict.NOT_GRADED),
        CellGrade("c", "C", 5, None, Verdict.MANUAL),
        CellGrade("d", "D", 2, None, Verdict.MANUAL),
    )
    submission = Submission(Student(student), Path("m.ipynb"))
    return GradedSubmission(submission, "0" * 64, NotebookGrade("m", cells), Path())


def test_an_item_that_nobody_could_decide_is_decided_by_a_person():
    decided = {
        "ada": Decided({"b": 2.5, "c": 5.0, "d": 0.0}),
        "bob": Decided({"a": 4.0, "b": 99.0, "c": 1.0}),
        "cleo": Decided({"a": 0.0}),
        "eve": Decided({"a": 1.0}),
    }
    found, by_hand = with_people([graded(name) for name in ("ada", "bob", "cleo", "dan")], decided)
    states = {
        one.submission.student.id: [(cell.score, str(cell.verdict)) for cell in one.grade.automatic]
        for one in found
    }
    assert states == {
        "ada": [(3, "partial"), (2.5, "partial")],
        "bob": [(4, "passed"), (6, "passed")],
        "cleo": [(0, "failed"), (0, "not graded")],
        "dan": [(3, "partial"), (0, "not graded")],
    }
    assert by_hand == {"ada": 5.0}  # of bob, one answer waits
    assert all(cell.score is None for one in found for cell in one.grade.manual)
