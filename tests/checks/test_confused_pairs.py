"""The most confused pairs: ties, unusual forms, usual mistakes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mnist_course.checks import check_confused_pairs
from mnist_course.checks.confused_pairs import wrong_with_pairs
from mnist_course.checks.measurement import held_out

Matrix = np.ndarray
Pairs = list[tuple[int, int, int]]
K = 4

TIED = np.array([[5, 3, 3], [3, 5, 0], [1, 3, 5]])


def answers() -> np.ndarray:
    """Return classes (10000,) with some wrong: 4 as 9 in 14 images, 9 as 4 in 5, and so on."""
    _, labels = held_out()
    said = labels.copy()
    for true, answer, count in [(4, 9, 14), (7, 2, 11), (3, 5, 11), (9, 4, 5), (8, 3, 2)]:
        said[np.flatnonzero(labels == true)[:count]] = answer
    return said


def counted() -> Matrix:
    from sklearn.metrics import confusion_matrix

    matrix: Matrix = confusion_matrix(held_out()[1], answers(), labels=range(10))
    return matrix


def pairs_of(matrix: Matrix, k: int = K) -> Pairs:
    """Return the pairs by a plain loop."""
    size = range(len(matrix))
    found = [(i, j, int(matrix[i, j])) for i in size for j in size if i != j and matrix[i, j]]
    return sorted(found, key=lambda row: -row[2])[:k]


@pytest.fixture
def check(known: Any, make_model: Any, make_log: Any) -> Any:
    known.outputs = np.eye(10, dtype=np.float32)[answers()]

    def run(pairs: Any, k: int = K) -> tuple[float, str]:
        score = check_confused_pairs(pairs, make_model(), make_log(), k=k)
        assert score.of == 10
        return float(score), str(score)

    return run


def test_the_expected_value_of_the_loop() -> None:
    assert pairs_of(counted()) == [(4, 9, 14), (3, 5, 11), (7, 2, 11), (9, 4, 5)]


def with_numpy(matrix: Matrix, k: int) -> Matrix:
    off = matrix - np.diag(np.diag(matrix))
    order = np.argsort(off, axis=None)[::-1][:k]  # equal counts in another order, zeros last
    true, said = np.unravel_index(order, off.shape)
    return np.stack([true, said, off[true, said]], axis=1)


@pytest.mark.parametrize(
    "form",
    [
        pairs_of,
        lambda m: [list(row) for row in pairs_of(m)],
        lambda m: tuple(sorted(pairs_of(m, 99), key=lambda row: (-row[2], -row[0]))[:K]),
        lambda m: pd.DataFrame(pairs_of(m), columns=["true", "said", "count"]),
        lambda m: [(np.int64(i), float(j), np.array([n])) for i, j, n in pairs_of(m)],
        lambda m: with_numpy(m, K),
        lambda m: [(4, 9, 13), (3, 5, 11), (7, 2, 12), (9, 4, 5)],  # a borderline image moved
    ],
    ids=["tuples", "lists", "other order of ties", "frame", "numbers", "numpy", "borderline"],
)
def test_right_in_any_form(form: Callable[[Matrix], Any], check: Any) -> None:
    earned, told = check(form(counted()))
    assert earned == 10
    assert "The most frequent mistake: a 4 read as a 9" in told


def test_pairs_that_never_occur_may_be_left_out(check: Any) -> None:
    for pairs in (pairs_of(counted(), 20), with_numpy(counted(), 20)):
        assert check(pairs, k=20)[0] == 10


@pytest.mark.parametrize(
    ("wrong", "points", "words"),
    [
        (lambda m: [(i, i, m[i, i]) for i in range(K)], 0, "On the diagonal stand the right"),
        (lambda m: [(j, i, n) for i, j, n in pairs_of(m)], 5, "The true digit comes first"),
        (lambda m: [(i, j, m[i, j] + m[j, i]) for i, j, _ in pairs_of(m)], 0, "both directions"),
        (lambda m: [(i, j, n + 9) for i, j, n in pairs_of(m)], 0, "a 4 as a 9 in 14 images"),
        (lambda m: [(n, i, j) for i, j, n in pairs_of(m)], 0, "true digit, answer, count"),
        (lambda m: pairs_of(m)[::-1], 7, "the largest first"),
        (lambda m: pairs_of(m, 5)[1:], 0, "which of its numbers are missing"),
        (lambda m: list({n: (i, j, n) for i, j, n in pairs_of(m)}.values()), 0, "holds 3 pairs"),
        (lambda m: pairs_of(m, 5), 0, "holds 5 pairs; expected 4"),
        (lambda m: pairs_of(m)[:1] * K, 0, "names a pair twice"),
        (lambda m: [row[:2] for row in pairs_of(m)], 0, "expected rows (true digit"),
        (lambda m: pairs_of(m)[0], 0, "expected rows (true digit"),
        (lambda m: [("four", "nine", 14)], 0, "expected rows (true digit"),
        (lambda m: [(4, 9, 13.5)], 0, "expected rows (true digit"),
        (lambda m: 14, 0, "is 14; expected rows"),
        (lambda m: [], 0, "expected rows (true digit"),
        (lambda m: None, 0, "still None"),
    ],
)
def test_what_is_wrong_is_said(
    wrong: Callable[[Matrix], Any], points: float, words: str, check: Any
) -> None:
    earned, told = check(wrong(counted()))
    assert words in told
    assert earned == points


def test_a_tie_at_the_end_may_be_cut_anywhere() -> None:
    for row in ((0, 1, 3), (0, 2, 3), (1, 0, 3), (2, 1, 3)):
        assert wrong_with_pairs([row], TIED, 1) is None
    assert wrong_with_pairs([(2, 0, 1)], TIED, 1) is not None
