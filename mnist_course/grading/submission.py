"""Align a submitted notebook to the instructor's, cell by cell; runs nothing.

Metadata gets lost (Colab, VS Code), files get renamed, cells get copied, deleted and moved. A cell
is recognised by its grade id, else by its first line (``# m5-accuracy (20 points)``), else by its
text. What the student claims about points or types is never read.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from mnist_course.exceptions import SubmissionError
from mnist_course.grading.assignment import (
    Assignment,
    AssignmentCell,
    header_id,
    visible_source,
)
from mnist_course.grading.escaping import plain_text
from mnist_course.grading.notebook_file import SubmittedCell, SubmittedNotebook, parse

__all__ = ["AlignedCell", "AlignedNotebook", "align"]

# What nbgrader calls a cell whose author gave it no id.
_DEFAULT_ID = re.compile(r"cell-[0-9a-f]{4,32}")
# Below this share of equal text two cells are not the same cell.
_SIMILAR = 0.75
_COMPARED = 2000  # characters of a cell that are compared
# Character comparisons for one notebook: a few seconds. A notebook made of thousands of nearly
# equal cells must not keep the grader busy for hours.
_MOST_COMPARISONS = 100_000_000


@dataclass(frozen=True, slots=True)
class AlignedCell:
    """A cell of the submission with the instructor's cell that it stands for, if any.

    ``number`` counts the submitted cells from 1; 0 for one that was put back.
    """

    number: int
    cell_type: str
    source: str
    original: AssignmentCell | None = None

    @property
    def grade_id(self) -> str | None:
        """Nbgrader's id, or None for a cell that is the student's own."""
        return self.original.grade_id if self.original is not None else None

    @property
    def runs(self) -> bool:
        """True for what the engine executes: code, but no grade cell."""
        tested = self.original is not None and self.original.is_grade_cell
        return self.cell_type == "code" and not tested and bool(self.source.strip())


@dataclass(frozen=True, slots=True)
class AlignedNotebook:
    """A submission whose cells are matched to the assignment, with what was repaired."""

    cells: tuple[AlignedCell, ...]
    repairs: tuple[str, ...]
    recognised: int  # how many of the assignment's cells were found

    def answer(self, grade_id: str) -> str | None:
        """Return the student's text for a cell, or None where it is missing."""
        for cell in self.cells:
            if cell.grade_id == grade_id:
                return cell.source
        return None


def align(submitted: SubmittedNotebook | bytes, assignment: Assignment) -> AlignedNotebook:
    """Match a submission to an assignment.

    Parameters
    ----------
    submitted : SubmittedNotebook or bytes
        The parsed notebook, or its file's bytes.
    assignment : Assignment
        The instructor's copy, which decides about points and types.

    Returns
    -------
    AlignedNotebook
        Given cells hold the instructor's text; grade cells appear once each, with the
        instructor's visible text; everything else is the student's, in the student's order.

    Raises
    ------
    SubmissionError
        If the bytes are no notebook, or nothing in it belongs to this assignment.
    """
    if isinstance(submitted, bytes):
        submitted = parse(submitted)
    repairs = list(submitted.repairs)
    matches = _match(submitted.cells, assignment, repairs)
    cells: list[AlignedCell] = []
    for index, cell in enumerate(submitted.cells):
        original = matches.get(index)
        source, kind = cell.source, cell.cell_type
        if original is not None and (original.is_given or original.is_grade_cell):
            text = visible_source(original.source)
            if kind == "code" and not _same(text, source) and not _same(original.source, source):
                repairs.append(
                    f"Cell {index + 1} ({original.grade_id}) is given; your change was undone."
                )
            source, kind = text, original.cell_type
        elif original is not None:
            kind = original.cell_type
        cells.append(AlignedCell(index + 1, kind, source, original))
    found = {c.original.grade_id for c in cells if c.original is not None}
    if not found & {c.grade_id for c in assignment.graded}:
        _check_that_it_can_be_meant(submitted.cells, assignment)
        repairs.append(
            f"No cell of assignment {assignment.id} was found; the code was run all the same. "
            "Is this the right file?"
        )
    missing = [c for c in assignment.graded if c.grade_id not in found]
    for original in missing:
        cells.append(
            AlignedCell(0, original.cell_type, visible_source(original.source), original)
            if original.is_grade_cell
            else AlignedCell(0, original.cell_type, "", original)
        )
    if missing:
        names = ", ".join(c.grade_id for c in missing)
        repairs.append(f"These cells were missing and were put back: {names}.")
    return AlignedNotebook(tuple(cells), tuple(repairs), len(found))


def _check_that_it_can_be_meant(cells: Sequence[SubmittedCell], assignment: Assignment) -> None:
    """Refuse a notebook of another assignment, or one without any code."""
    headers = (header_id(c.source) for c in cells if c.cell_type == "code")
    named = {h[0] for h in headers if h} | {c.claimed_id for c in cells if c.claimed_id}
    # nbgrader's own ids (cell-0123abcd) say that it is an assignment, but not which.
    telling = {n for n in named if "-" in n and not _DEFAULT_ID.fullmatch(n)}
    others = sorted({plain_text(n.split("-")[0], limit=20) for n in telling} - {assignment.id, ""})
    if others:
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        raise SubmissionError(
            f"This is a notebook of assignment {', '.join(others[:3])}{more}, but {assignment.id} "
            "is graded here. Submit the right file."
        )
    if named and not telling:
        raise SubmissionError(
            f"This is a notebook of another assignment: none of its cells is one of {assignment.id}"
            ", which is graded here. Submit the right file."
        )
    if not any(c.cell_type == "code" and c.source.strip() for c in cells):
        raise SubmissionError(
            f"The notebook holds no cell of assignment {assignment.id} and no code. "
            "Did you submit the right file?"
        )


def _normal(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def _same(one: str, other: str) -> bool:
    return _normal(one) == _normal(other)


def _match(
    cells: Sequence[SubmittedCell], assignment: Assignment, repairs: list[str]
) -> dict[int, AssignmentCell]:
    """Return submitted index → instructor's cell, each instructor's cell at most once."""
    by_id = assignment.by_grade_id
    candidates: dict[str, list[int]] = {}
    for index, cell in enumerate(cells):
        header = header_id(cell.source) if cell.cell_type == "code" else None
        if header is not None and header[0] in by_id and by_id[header[0]].is_grade_cell:
            candidates.setdefault(header[0], []).append(index)
        elif cell.claimed_id in by_id and not _disguised(cell, by_id[cell.claimed_id]):
            candidates.setdefault(cell.claimed_id, []).append(index)
    matches: dict[int, AssignmentCell] = {}
    extra_tests: dict[int, str] = {}
    for grade_id, indices in candidates.items():
        original = by_id[grade_id]
        text = visible_source(original.source)
        # Of several copies the unchanged one stands for ours; another was made to be worked in.
        best = next((i for i in indices if _same(cells[i].source, text)), indices[0])
        matches[best] = original
        if len(indices) > 1:
            repairs.append(f"The cell {grade_id} is there {len(indices)} times.")
        if original.is_grade_cell:
            extra_tests |= {i: grade_id for i in indices if i != best}
    _match_by_text(cells, assignment, matches)
    if any(i not in candidates.get(o.grade_id, ()) for i, o in matches.items()):
        repairs.append(
            "The notebook had lost its nbgrader metadata; cells were found by their text."
        )
    for index, grade_id in extra_tests.items():
        # A copy of a test is a test: never run beside the student's code.
        matches[index] = by_id[grade_id]
    return matches


def _disguised(cell: SubmittedCell, original: AssignmentCell) -> bool:
    """Tell whether a cell carries a test's id but holds something else.

    The id of a test must not make a student's own code vanish (a copied cell keeps the id), nor
    may other code run as if it were a test. Such a cell is the student's.
    """
    return original.is_grade_cell and header_id(cell.source) is None


def _match_by_text(
    cells: Sequence[SubmittedCell], assignment: Assignment, matches: dict[int, AssignmentCell]
) -> None:
    """Find instructor's cells that neither id nor first line found, by text and position."""
    taken = {c.grade_id for c in matches.values()}
    wanted = [c for c in assignment.cells if c.grade_id and c.grade_id not in taken]
    # Each text is brought into form once: a notebook may have thousands of cells.
    free = {i: _normal(cells[i].source) for i in range(len(cells)) if i not in matches}
    by_text: dict[str, list[int]] = {}
    for i, written in free.items():
        by_text.setdefault(written, []).append(i)
    effort = [_MOST_COMPARISONS]
    for original in wanted:
        text = _normal(visible_source(original.source))
        exact = next((i for i in by_text.get(text, ()) if i in free), None)
        if exact is not None:
            matches[exact] = original
            del free[exact]
            continue
        scored = [
            (_similarity(text, written, effort), i)
            for i, written in free.items()
            if cells[i].cell_type == original.cell_type
        ]
        score, index = max(scored, default=(0.0, -1))
        if score >= _SIMILAR:
            matches[index] = original
            del free[index]
    _match_between_neighbours(cells, assignment, matches)


def _similarity(one: str, other: str, effort: list[int]) -> float:
    if not one or not other or len(other) > 20 * len(one) + 2000 or effort[0] < 0:
        return 0.0
    one, other = one[:_COMPARED], other[:_COMPARED]
    effort[0] -= 20 * (len(one) + len(other))
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    if matcher.real_quick_ratio() < _SIMILAR or matcher.quick_ratio() < _SIMILAR:
        return 0.0
    effort[0] -= len(one) * len(other)
    return matcher.ratio()


def _match_between_neighbours(
    cells: Sequence[SubmittedCell], assignment: Assignment, matches: dict[int, AssignmentCell]
) -> None:
    """Match an answer that was rewritten whole: the one free cell between found neighbours."""
    position = {o.index: i for i, o in matches.items()}
    if not position:
        return  # not one cell is ours: a position among none says nothing
    for original in assignment.cells:
        if original.index in position or original.is_grade_cell or original.is_given:
            continue  # only an answer may be anything; a given cell must look like ours
        if not original.grade_id:
            continue
        before = max((i for k, i in position.items() if k < original.index), default=-1)
        after = min((i for k, i in position.items() if k > original.index), default=len(cells))
        between = [
            i
            for i in range(before + 1, after)
            if i not in matches and cells[i].cell_type == original.cell_type
        ]
        if len(between) == 1:
            matches[between[0]] = original
            position[original.index] = between[0]
