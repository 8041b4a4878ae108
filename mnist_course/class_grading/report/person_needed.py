"""Which submissions a person has to look at, with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mnist_course.class_grading.report.diagnoses import Diagnosis, Words, grouped
from mnist_course.grading.results import NotebookGrade, Verdict

__all__ = ["PersonNeeded", "person_needed"]


@dataclass(frozen=True, slots=True)
class PersonNeeded:
    """Positions in the class of those that need a person.

    Parameters
    ----------
    grader_failed : tuple of int
        To be graded again.
    not_graded : tuple of int
        With an item that the grader could not decide.
    open_manual : tuple of int
        With an item that a person grades.
    reasons : tuple of Diagnosis
        Why items were not graded, in the words of the note for staff.
    """

    grader_failed: tuple[int, ...]
    not_graded: tuple[int, ...]
    open_manual: tuple[int, ...]
    reasons: tuple[Diagnosis, ...]

    @property
    def students(self) -> int:
        """How many submissions need a person, each counted once."""
        return len({*self.grader_failed, *self.not_graded, *self.open_manual})


def person_needed(grades: Sequence[NotebookGrade]) -> PersonNeeded:
    """Find what the grader left to people."""
    undecided = [
        Words(student, cell.grade_id, cell.staff_note or "No reason was written down.")
        for student, grade in enumerate(grades)
        for cell in grade.automatic
        if cell.verdict is Verdict.NOT_GRADED and not grade.grader_failed
    ]
    return PersonNeeded(
        grader_failed=tuple(i for i, grade in enumerate(grades) if grade.grader_failed),
        not_graded=tuple(sorted({words.student for words in undecided})),
        open_manual=tuple(i for i, grade in enumerate(grades) if grade.manual),
        reasons=grouped(undecided),
    )
