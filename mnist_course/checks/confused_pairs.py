"""Points for the most confused pairs of a student's model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mnist_course.checks.comparison import in_words
from mnist_course.checks.no_points import or_no_points
from mnist_course.checks.plain_values import as_number
from mnist_course.checks.predictions import confusion_of, predictions_of
from mnist_course.checks.score import CheckFailed, Score
from mnist_course.grading.results import Finding

if TYPE_CHECKING:
    from mnist_course.experiments.recording.log import ExperimentLog

__all__ = ["check_confused_pairs", "wrong_with_pairs"]

Counts = npt.NDArray[np.int64]
Row = tuple[int, int, int]

_WHY = "The largest numbers beside the diagonal say which digits are mixed up most often."


@or_no_points("points")
def check_confused_pairs(
    pairs: Any,
    model: Any,
    log: ExperimentLog,
    *,
    k: int = 10,
    points: float = 10,
    unsorted: float = 7,
    swapped: float = 5,
    moved: int = 2,
    name: str = "most_confused",
) -> Score:
    """Compare the most confused pairs with those of the grader's confusion matrix of the model.

    Where counts are equal, any order is right, and so is any choice at the end of the list.

    Parameters
    ----------
    pairs : list, array of shape (k, 3) or DataFrame
        Rows ``(true digit, answer, count)``, the largest count first.
    model : keras.Model
    log : ExperimentLog
    k : int
        How many pairs are asked for; those that never occur may be left out.
    points, unsorted, swapped : float
        For the right pairs; in another order; with the answer in front of the true digit.
    moved : int
        Images by which a count may differ: float32 sums in another order tip a borderline image.
    name : str
        The student's variable.

    Returns
    -------
    Score
        With no points, and the reason, if there are no such rows or no model to compare with.
    """
    rows = _rows(pairs, name)
    matrix = confusion_of(predictions_of(model, log))
    found = wrong_with_pairs(rows, matrix, k, moved=moved, name=name)
    if found is None:
        true, said, count = rows[0]
        words = f"The most frequent mistake: a {true} read as a {said}, {count} times."
        return Score(points, points, f"These are the {len(rows)} most confused pairs. {words}")
    ordered = sorted(rows, key=lambda row: -row[2])
    turned = [(said, true, count) for true, said, count in rows]
    earned = 0.0
    if wrong_with_pairs(ordered, matrix, k, moved=moved, name=name) is None:
        earned = unsorted
    elif wrong_with_pairs(turned, matrix, k, moved=moved, name=name) is None:
        earned = swapped
    return Score(earned, points, findings=(found,))


def wrong_with_pairs(
    rows: list[Row], matrix: Counts, k: int, *, moved: int = 0, name: str = "most_confused"
) -> Finding | None:
    """Say what is wrong with a list of most confused pairs; None when it is right.

    Parameters
    ----------
    rows : list of (true, answer, count)
    matrix : array of shape (classes, classes), int
        Rows true classes, columns answers.
    k, moved, name
        See ``check_confused_pairs``.
    """
    off = matrix.copy()
    np.fill_diagonal(off, 0)
    best = np.sort(off[~np.eye(len(off), dtype=bool)])[::-1][:k].tolist()
    # What never occurs may be left out or not; with the diagonal set to 0, that too holds zeros.
    classes = range(len(off))
    rows = [r for r in rows if r[2] or r[0] not in classes or r[1] not in classes or off[r[:2]]]
    for place, row in enumerate(rows):
        found = _wrong_with_row(row, f"Row {place + 1} of `{name}` is {row}", matrix, best, moved)
        if found is not None:
            return found
    if len({row[:2] for row in rows}) < len(rows):
        return Finding(f"`{name}` names a pair twice.", _WHY, "Leave out what you have found.")
    counts = [row[2] for row in rows]
    needed = sum(count > moved for count in best)
    if not needed <= len(counts) <= k:
        return Finding(
            f"`{name}` holds {len(counts)} pairs; expected {k}.",
            _WHY,
            f"Cut the sorted list off with [:{k}].",
        )
    if any(abs(a - b) > moved for a, b in zip(counts, best, strict=False)):
        told = f"`{name}` holds the counts {counts}; the largest beside the diagonal are {best}."
        if sorted(counts, reverse=True) == best[: len(counts)]:
            return Finding(told, _WHY, "Sort by the count, the largest first.")
        return Finding(told, _WHY, "Compare with the matrix: which of its numbers are missing?")
    return None


def _rows(pairs: Any, name: str) -> list[Row]:
    """Return rows of three whole numbers."""
    given = pairs.to_numpy() if type(pairs).__name__ == "DataFrame" else pairs
    rows = [_row(row) for row in given] if isinstance(given, (list, tuple, np.ndarray)) else []
    known = [row for row in rows if row is not None]
    if known and len(known) == len(rows):
        return known
    raise CheckFailed(
        f"`{name}` is still None."
        if pairs is None
        else f"`{name}` is {in_words(pairs)}; expected rows (true digit, answer, count).",
        "Each row says: this digit was taken for that one, so many times.",
        "Make a list such as [(4, 9, 12), (7, 2, 9)].",
    )


def _row(row: Any) -> Row | None:
    if not isinstance(row, (list, tuple, np.ndarray)) or len(row) != 3:
        return None
    numbers = [as_number(value) for value in row]
    whole = [int(number) for number in numbers if number is not None and number == round(number)]
    return (whole[0], whole[1], whole[2]) if len(whole) == 3 else None


def _wrong_with_row(
    row: Row, shown: str, matrix: Counts, best: list[int], moved: int
) -> Finding | None:
    true, said, count = row
    if not (0 <= true < len(matrix) and 0 <= said < len(matrix)):
        return Finding(
            f"{shown}; the classes are 0 to {len(matrix) - 1}.",
            "The order in a row is: true digit, answer, count.",
            "np.unravel_index turns the place in a flattened matrix into row and column.",
        )
    if true == said:
        return Finding(
            f"{shown}: {count} times a {true} was read as a {said}.",
            "On the diagonal stand the right answers, not confusions.",
            "Leave the diagonal out: set it to 0 in a copy (np.fill_diagonal), or skip i == j.",
        )
    here, there = int(matrix[true, said]), int(matrix[said, true])
    if abs(count - here) <= moved:
        return None
    if abs(count - there) <= moved and count + moved >= min(best):
        return Finding(
            f"{shown}; but a {true} is read as a {said} in {here} images, and a {said} as a {true} "
            f"in {there}.",
            "The true digit comes first, as the rows of the matrix do.",
            "Swap the first two numbers of each row.",
        )
    if abs(count - here - there) <= moved:
        return Finding(
            f"{shown}: that is {here} + {there}, both directions together.",
            "Taking a 4 for a 9 and taking a 9 for a 4 are two mistakes with two causes.",
            "Keep the two directions apart.",
        )
    return Finding(
        f"{shown}; but your network reads a {true} as a {said} in {here} images.",
        "The third number is how often this pair occurs.",
        "Take it from the confusion matrix of `model` as it is now: matrix[true, answer].",
    )
