"""Find students whose own work overlaps strongly.

A notebook is read in two ways. As code, passages are found as MOSS does it, with copydetect: names
become single letters, comments and spaces go, and what is left is cut into overlapping stretches.
As words, text is compared as it stands, because much of what a course asks for is reasons.

copydetect's own comparison looks at every pair, and takes a stretch that a student repeats for
starter code; here a table from each stretch to its students is made instead, so that only pairs
with something in common cost time. Every stretch counts, none is thinned out by winnowing: which
ones that keeps depends on Python's hash seed, and a page must say the same twice.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_course.class_grading.records import Submission
from mnist_course.exceptions import SubmissionError
from mnist_course.grading.assignment import Assignment, visible_source
from mnist_course.grading.notebook_file import read

__all__ = ["CODE", "WORDS", "Comparison", "Reading", "SimilarGroup", "SimilarPair", "compare"]


@dataclass(frozen=True, slots=True)
class Reading:
    """A way to read a notebook, with what is similar in it.

    Parameters
    ----------
    stretch : int
        Characters in one stretch.
    least_stretches : int
        How many different ones two students must have in common, however little they wrote.
    least_share : float
        How many of the smaller one's own ones the other one must have, 0..1.
    is_code : bool
        Shortened code of code cells; else the words of all cells.
    """

    stretch: int
    least_stretches: int
    least_share: float
    is_code: bool


# A line or two of shortened code, some twenty lines in all. Solutions of different people have
# next to nothing of it in common, copies with other names everything.
CODE = Reading(25, 120, 0.7, True)
# Half a line of text, a paragraph in all.
WORDS = Reading(40, 200, 0.6, False)

_FEW = 5  # students: what fewer have is never taken for common knowledge
_PART = 3  # what more than a third of the class has, the assignment asks for
_LONGEST = 20_000  # characters of one submission that are read
_MOST_PAIRS = 20

# What stands in a release where an answer is missing (nbgrader_config.py).
_STUB = re.compile(r"^[ \t]*(?:# )?YOUR (?:CODE|ANSWER) HERE[ \t]*\n?", re.MULTILINE)

_Pairs = dict[tuple[int, int], float]


@dataclass(frozen=True, slots=True)
class SimilarPair:
    """Two students with the same passages.

    Parameters
    ----------
    first, second : str
        Their ids, in order.
    code, words : float or None
        How much of what the smaller one wrote is the other one's, too, 0..1; None where that is
        less than counts as similar.
    """

    first: str
    second: str
    code: float | None = None
    words: float | None = None


@dataclass(frozen=True, slots=True)
class SimilarGroup:
    """Students who are connected by similar work.

    Two of a group need not be similar themselves: each is similar to one of the others.

    Parameters
    ----------
    students : tuple of str
        Ids, in order.
    pairs : tuple of SimilarPair
        The 20 most similar pairs, the most similar first.
    pair_count : int
        How many pairs of the group are similar.
    """

    students: tuple[str, ...]
    pairs: tuple[SimilarPair, ...]
    pair_count: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """What comparing a class gave.

    Parameters
    ----------
    groups : tuple of SimilarGroup
        The largest first; empty where nobody is similar to anybody.
    too_short : int
        Submissions with too little of their own to be similar to any other, those that are no
        notebooks among them.
    """

    groups: tuple[SimilarGroup, ...]
    too_short: int


def compare(submissions: Sequence[Submission], assignment: Assignment) -> Comparison:
    """Compare what students wrote themselves; runs nothing.

    A stretch of what was given out is nobody's own, and neither is one that more than a third of
    the class has (and more than five students): the assignment asks for it.

    Parameters
    ----------
    submissions : sequence of Submission
        Of each, 20,000 characters are read. A cell of less than a stretch is left out.
    assignment : Assignment
        The instructor's copy, of which students got all but solutions and hidden tests.

    Returns
    -------
    Comparison
    """
    given = list(_given(assignment))
    known = {source for _, source in given}
    ids = [submission.student.id for submission in submissions]
    written = [_cells(submission, known) for submission in submissions]
    found: list[_Pairs] = []
    judged = np.zeros(len(ids), dtype=bool)
    for reading in (CODE, WORDS):
        starter = _stretches(given, reading)
        own = [_array(_stretches(cells, reading) - starter) for cells in written]
        pairs, sizes = _similar(own, reading)
        judged |= sizes >= reading.least_stretches
        found.append(pairs)
    return Comparison(_groups(ids, *found), int((~judged).sum()))


def _given(assignment: Assignment) -> Iterable[tuple[str, str]]:
    """Yield (type, source) of the cells as they were given out."""
    for cell in assignment.cells:
        source = visible_source(cell.source)
        # A solution without a marked region is replaced as a whole.
        if not (cell.solution and source == cell.source):
            yield cell.cell_type, source.strip()


def _cells(submission: Submission, given: set[str]) -> list[tuple[str, str]]:
    """Return (type, source) of a submission's changed or added cells, up to the limit."""
    try:
        cells = read(submission.path).cells
    except SubmissionError:
        return []
    kept, left = [], _LONGEST
    for cell in cells:
        source = _STUB.sub("", cell.source).strip()
        if source and source not in given and left > 0:
            kept.append((cell.cell_type, source[:left]))
            left -= len(source)
    return kept


def _stretches(cells: Iterable[tuple[str, str]], reading: Reading) -> set[int]:
    """Return the hashes of the stretches; cell by cell, so that their order is nothing."""
    from copydetect import CodeFingerprint

    found: set[int] = set()
    for kind, source in cells:
        if reading.is_code and kind != "code":
            continue
        text = source if reading.is_code else " ".join(source.lower().split())
        made = CodeFingerprint(
            "cell.py",
            reading.stretch,
            1,  # a window of 1 keeps every stretch
            filter=reading.is_code,
            language="python",
            fp=io.StringIO(text),
        )
        found.update(int(value) for value in made.hashes)
    return found


def _array(stretches: set[int]) -> NDArray[np.int64]:
    return np.fromiter(stretches, dtype=np.int64, count=len(stretches))


def _similar(
    own: Sequence[NDArray[np.int64]], reading: Reading
) -> tuple[_Pairs, NDArray[np.int64]]:
    """Return the share of each similar pair of submissions, and how much each has of its own."""
    from scipy import sparse

    sizes = [len(stretches) for stretches in own]
    if not sum(sizes):
        return {}, np.zeros(len(own), dtype=np.int64)
    _, column, holders = np.unique(np.concatenate(own), return_inverse=True, return_counts=True)
    row = np.repeat(np.arange(len(own)), sizes)
    rare = holders[column] <= max(_FEW, len(own) // _PART)
    left = np.bincount(row[rare], minlength=len(own))
    shared = rare & (holders[column] > 1)
    ones = np.ones(int(shared.sum()), dtype=np.int32)
    table = sparse.csr_array((ones, (row[shared], column[shared])), shape=(len(own), len(holders)))
    both = sparse.triu(table @ table.T, k=1).tocoo()
    share = both.data / np.minimum(left[both.row], left[both.col])
    strong = (both.data >= reading.least_stretches) & (share >= reading.least_share)
    pairs = {
        (int(i), int(j)): float(part)
        for i, j, part in zip(both.row[strong], both.col[strong], share[strong], strict=True)
    }
    return pairs, left


def _groups(
    ids: Sequence[str],
    code: Mapping[tuple[int, int], float],
    words: Mapping[tuple[int, int], float],
) -> tuple[SimilarGroup, ...]:
    """Connect the pairs."""
    from scipy import sparse

    # Nobody copies from themselves.
    pairs = [pair for pair in {**code, **words} if ids[pair[0]] != ids[pair[1]]]
    if not pairs:
        return ()
    first, second = np.array(pairs).T
    graph = sparse.csr_array((np.ones(len(pairs)), (first, second)), shape=(len(ids), len(ids)))
    _, label = sparse.csgraph.connected_components(graph, directed=False)
    by_label: dict[int, list[SimilarPair]] = {}
    for pair in pairs:
        one, other = sorted((ids[pair[0]], ids[pair[1]]))
        made = SimilarPair(one, other, code.get(pair), words.get(pair))
        by_label.setdefault(int(label[pair[0]]), []).append(made)
    groups = []
    for found in by_label.values():
        found.sort(key=_most_similar_first)
        students = {pair.first for pair in found} | {pair.second for pair in found}
        groups.append(SimilarGroup(tuple(sorted(students)), tuple(found[:_MOST_PAIRS]), len(found)))
    return tuple(sorted(groups, key=lambda group: (-len(group.students), group.students)))


def _most_similar_first(pair: SimilarPair) -> tuple[float, float, str, str]:
    code, words = pair.code or 0.0, pair.words or 0.0
    return -max(code, words), -min(code, words), pair.first, pair.second
