"""How each item of an assignment worked in a class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mnist_course.grading.results import CellGrade, NotebookGrade, Verdict

__all__ = ["FEWEST", "ItemStatistics", "item_statistics", "items_in_order"]

FEWEST = 10
"""Students without whom no discrimination is calculated."""


@dataclass(frozen=True, slots=True)
class ItemStatistics:
    """What a class made of one item.

    Parameters
    ----------
    grade_id, title : str
    max_score : float
    is_manual : bool
        True for one that a person grades: then there are no numbers below.
    full, some, none : int
        Students with all, some and no points.
    not_graded : int
        Students whose item the grader could not decide, and all whose grader failed.
    mean_share : float or None
        Mean of points / ``max_score`` where the item was decided, 0..1.
    discrimination : float or None
        Corrected item-total correlation, -1..1: Pearson's, of the item's points with the points
        of all other automatic items together, over the students of whom every automatic item was
        decided. None for fewer than 10 of them, or where one of the two never varies.
    """

    grade_id: str
    title: str
    max_score: float
    is_manual: bool
    full: int = 0
    some: int = 0
    none: int = 0
    not_graded: int = 0
    mean_share: float | None = None
    discrimination: float | None = None

    @property
    def decided(self) -> int:
        """Students whose item the grader decided."""
        return self.full + self.some + self.none

    @property
    def pass_rate(self) -> float | None:
        """Share of the decided ones that have all points, 0..1; None without any."""
        return self.full / self.decided if self.decided else None


def items_in_order(grades: Sequence[NotebookGrade]) -> tuple[CellGrade, ...]:
    """Return one cell for each item, in the order of the notebook.

    All grades of an assignment have the same items, unless it was changed between them: then the
    items of the longest grade come first.
    """
    known: dict[str, CellGrade] = {}
    for grade in sorted(grades, key=lambda grade: -len(grade.cells)):
        for cell in grade.cells:
            known.setdefault(cell.grade_id, cell)
    return tuple(known.values())


def item_statistics(grades: Sequence[NotebookGrade]) -> tuple[ItemStatistics, ...]:
    """Count verdicts and calculate shares, item by item in the order of the notebook."""
    items = items_in_order(grades)
    by_id = [{cell.grade_id: cell for cell in grade.cells} for grade in grades]
    correlations = _discriminations(grades)
    found = []
    for item in items:
        if item.verdict is Verdict.MANUAL:
            found.append(
                ItemStatistics(item.grade_id, item.title or item.grade_id, item.max_score, True)
            )
            continue
        cells = [
            (cells[item.grade_id], grade.grader_failed)
            for cells, grade in zip(by_id, grades, strict=True)
            if item.grade_id in cells
        ]
        decided = [c for c, failed in cells if not failed and c.verdict is not Verdict.NOT_GRADED]
        verdicts = [cell.verdict for cell in decided]
        shares = [(cell.score or 0.0) / cell.max_score for cell in decided if cell.max_score]
        found.append(
            ItemStatistics(
                item.grade_id,
                item.title or item.grade_id,
                item.max_score,
                False,
                full=verdicts.count(Verdict.PASSED),
                some=sum(c.verdict is Verdict.PARTIAL and bool(c.score) for c in decided),
                none=sum(c.verdict is not Verdict.PASSED and not c.score for c in decided),
                not_graded=len(cells) - len(decided),
                mean_share=float(np.mean(shares)) if shares else None,
                discrimination=correlations.get(item.grade_id),
            )
        )
    return tuple(found)


def _discriminations(grades: Sequence[NotebookGrade]) -> dict[str, float]:
    """Return the corrected item-total correlation of the items that have one."""
    ids = [c.grade_id for c in items_in_order(grades) if c.verdict is not Verdict.MANUAL]
    rows = []
    for grade in grades:
        points = {
            cell.grade_id: cell.score or 0.0
            for cell in grade.automatic
            if cell.verdict is not Verdict.NOT_GRADED
        }
        if not grade.grader_failed and all(name in points for name in ids):
            rows.append([points[name] for name in ids])
    if len(rows) < FEWEST:
        return {}
    table = np.array(rows)  # (students, items)
    found = {}
    for index, name in enumerate(ids):
        item = table[:, index]
        rest = np.delete(table, index, axis=1).sum(axis=1)
        # Sums of points differ in the last bit; that is no variance.
        if np.ptp(item) > 1e-9 and np.ptp(rest) > 1e-9:
            found[name] = float(np.corrcoef(item, rest)[0, 1])
    return found
