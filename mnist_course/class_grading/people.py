"""Put what people decided into the grades that the engine made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mnist_course.class_grading.records import GradedSubmission
from mnist_course.grading.results import CellGrade, Verdict

__all__ = ["Decided", "with_people"]


@dataclass(frozen=True, slots=True)
class Decided:
    """What a person decided about one submission.

    Parameters
    ----------
    points : mapping of str to float
        By grade id: of written answers, and of automatic items that a person gave other points.
    extra_credit : float
        Points beyond those of the items.
    """

    points: Mapping[str, float]
    extra_credit: float = 0.0


def with_people(
    graded: Sequence[GradedSubmission], decided: Mapping[str, Decided]
) -> tuple[list[GradedSubmission], dict[str, float]]:
    """Return the grades with the points of people in automatic items, and those of the others.

    Parameters
    ----------
    graded : sequence of GradedSubmission
    decided : mapping of str to Decided
        By student.

    Returns
    -------
    (list of GradedSubmission, dict of str to float)
        An automatic item has a person's points where a person gave some, also one that the engine
        could not decide. The dict holds, by student, the points of all other items together, of
        students in whom a person has decided each.
    """
    changed, by_hand = [], {}
    for one in graded:
        student = one.submission.student.id
        found = decided.get(student, Decided({})).points
        cells = tuple(_decided(cell, found.get(cell.grade_id)) for cell in one.grade.cells)
        changed.append(replace(one, grade=replace(one.grade, cells=cells)))
        manual = [cell.grade_id for cell in one.grade.manual]
        if manual and all(grade_id in found for grade_id in manual):
            by_hand[student] = sum(found[grade_id] for grade_id in manual)
    return changed, by_hand


def _decided(cell: CellGrade, points: float | None) -> CellGrade:
    if points is None or cell.verdict is Verdict.MANUAL:
        return cell
    score = min(max(points, 0.0), cell.max_score)
    if score == cell.max_score:
        verdict = Verdict.PASSED
    else:
        verdict = Verdict.PARTIAL if score > 0 else Verdict.FAILED
    return replace(cell, score=score, verdict=verdict)
