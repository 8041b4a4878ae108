"""Confusion matrices of a model: right ones in any form, wrong ones with their reason."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from mnist_course.checks import check_confusion_matrix
from mnist_course.checks.measurement import held_out

Matrix = np.ndarray


def outputs(seed: int = 0, wrong: int = 240) -> np.ndarray:
    """Return probabilities (10000, 10) of a network that misreads so many images."""
    rng = np.random.default_rng(seed)
    _, labels = held_out()
    predicted = labels.copy()
    # Some pairs are confused far more often than others, and in one direction more.
    chosen = rng.choice(len(labels), wrong, replace=False)
    predicted[chosen] = (labels[chosen] + rng.choice([1, 2, 5], wrong, p=[0.6, 0.3, 0.1])) % 10
    shares = np.full((len(labels), 10), 0.01, np.float32)
    shares[np.arange(len(labels)), predicted] = 0.91
    return shares


def count(answers: np.ndarray) -> Matrix:
    from sklearn.metrics import confusion_matrix

    _, labels = held_out()
    matrix: Matrix = confusion_matrix(labels, answers, labels=range(10))
    return matrix


@pytest.fixture
def own(known: Any) -> Matrix:
    """The matrix of the model that the backend answers for."""
    known.outputs = outputs()
    return count(known.outputs.argmax(axis=1))


@pytest.fixture
def check(known: Any, make_model: Any, make_log: Any) -> Any:
    model, log = make_model(), make_log()

    def run(matrix: Any) -> tuple[float, str]:
        score = check_confusion_matrix(matrix, model, log, points=15, shares=10, swapped=5)
        assert score.of == 15
        return float(score), str(score)

    return run


def test_right_in_any_form(own: Matrix, check: Any) -> None:
    moved = own.copy()
    moved[4, 4] -= 3  # three borderline images, rounded the other way
    moved[4, 9] += 3
    bordered = np.zeros((11, 11))
    bordered[:10, :10] = own
    bordered[:10, 10], bordered[10, :10], bordered[10, 10] = own.sum(1), own.sum(0), own.sum()
    for form in (
        own,
        own.tolist(),
        own.astype(float),
        pd.DataFrame(own, index=list("abcdefghij")),
        moved,
        bordered,
    ):
        earned, told = check(form)
        assert earned == 15
        assert "9,760 images on the diagonal, 240 beside it" in told


def test_swapped_axes_have_their_own_sentence(own: Matrix, check: Any) -> None:
    earned, told = check(own.T)
    assert earned == 5
    assert "Rows and columns are swapped" in told
    assert "confusion_matrix(y_test, answers)" in told


@pytest.mark.parametrize(
    ("axis", "words"), [(1, "each row"), (0, "each column"), (None, "the whole matrix")]
)
def test_shares_are_told_from_counts(axis: Any, words: str, own: Matrix, check: Any) -> None:
    shares = own / own.sum(axis=axis, keepdims=True)
    for form in (shares, 100 * shares, shares.round(4)):
        earned, told = check(form)
        assert earned == 10
        assert f"shares of {words}" in told
    earned, told = check(shares.T)
    assert earned == 5
    assert "swapped" in told


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda m: count(outputs(1).argmax(1)), "answers of another network"),
        (lambda m: count(outputs(1).argmax(1)).T, "The columns of `confusion` sum to 980"),
        (lambda m: 5 * m, "sum to 50,000; there are 10,000"),
        (lambda m: m - np.diag(np.diag(m)), "counts 240 images: the mistakes"),
        (lambda m: np.roll(m, 3, axis=0), "of the test images 980, 1,135"),
        (lambda m: np.zeros((10, 10)), "sum to 0"),
    ],
    ids=["network", "network, swapped", "training data", "mistakes", "shuffled", "empty"],
)
def test_what_is_wrong_is_said(wrong: Any, words: str, own: Matrix, check: Any) -> None:
    earned, told = check(wrong(own))
    assert earned == 0
    assert words in told


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "still None"),
        ("a matrix", "no table of numbers"),
        ([[1, 2], [3]], "no table of numbers"),
        (np.full((10, 10), np.nan), "100 of the 100 numbers in `confusion` are NaN"),
        (np.zeros((10, 9)), "never occurs as an answer"),
        (np.zeros(10), "which digit was taken for which"),
        (np.zeros((11, 11)) + 1, "expected"),
    ],
)
def test_what_is_no_matrix(value: Any, words: str, own: Matrix, check: Any) -> None:
    earned, told = check(value)
    assert earned == 0
    assert words in told


def test_the_model_is_asked_once(own: Matrix, check: Any, known: Any) -> None:
    check(own)
    check(own.T)
    assert len(known.inputs) == 1
