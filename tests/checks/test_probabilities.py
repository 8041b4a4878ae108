"""Tables of probabilities: of this model, in any form, or why not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from mnist_course.checks import check_probabilities
from mnist_course.checks.measurement import held_out
from mnist_course.checks.predictions import confusion_of, predictions_of, softmax


def scores(seed: int = 0) -> np.ndarray:
    """Return scores (10000, 10) of a network that reads most images."""
    _, labels = held_out()
    rng = np.random.default_rng(seed)
    return (rng.normal(0, 1, (len(labels), 10)) + 6 * np.eye(10)[labels]).astype(np.float32)


@pytest.fixture
def check(known: Any, make_model: Any, make_log: Any) -> Any:
    def run(answer: Any, outputs: np.ndarray, output: str = "softmax") -> tuple[float, str]:
        known.outputs = outputs
        score = check_probabilities(
            answer, make_model(output=output), make_log(), sums=2, of_model=3
        )
        assert score.of == 5
        return float(score), str(score)

    return run


SHARES = softmax(scores())


def test_softmax_is_that_of_the_definition() -> None:
    e = np.exp(scores()[:5].astype(np.float64))
    assert softmax(scores()[:5]) == pytest.approx(e / e.sum(axis=1, keepdims=True), abs=1e-6)
    assert np.isfinite(softmax(np.array([[1000.0, 0.0]]))).all()


@pytest.mark.parametrize(
    "form",
    [
        SHARES,
        SHARES.astype(np.float64),
        SHARES.tolist(),
        pd.DataFrame(SHARES),
        SHARES.round(2),
        SHARES + np.float32(1e-6),
    ],
    ids=["array", "float64", "list", "frame", "rounded", "other sums"],
)
def test_right_in_any_form(form: Any, check: Any) -> None:
    assert check(form, SHARES)[0] == 5


def test_scores_need_a_softmax(check: Any) -> None:
    raw = scores()
    assert check(SHARES, raw, "linear")[0] == 5
    earned, told = check(raw, raw, "linear")
    assert earned == 3
    assert "no softmax at its output" in told


def test_a_sigmoid_rates_each_class_by_itself(check: Any) -> None:
    rates = 1 / (1 + np.exp(-scores()))
    assert check(rates / rates.sum(axis=1, keepdims=True), rates, "sigmoid")[0] == 5
    earned, told = check(rates, rates, "sigmoid")
    assert earned == 3
    assert "activation='softmax'" in told


@pytest.mark.parametrize(
    ("wrong", "points", "words"),
    [
        (softmax(scores(1)), 2, "They belong to another network"),
        (SHARES[::-1], 2, "They belong to another network"),
        (softmax(SHARES), 2, "softmax was applied twice"),
        (np.eye(10)[SHARES.argmax(axis=1)], 2, "a single 1 and nine 0"),
        (100 * SHARES, 3, "percentages"),
        (SHARES / 2, 0, "sum to between 0.5 and 0.5"),
        (1 - SHARES, 0, "sum to between 9 and 9"),
    ],
    ids=["network", "order", "twice", "hard", "percent", "halves", "inverted"],
)
def test_what_is_wrong_is_said(wrong: np.ndarray, points: float, words: str, check: Any) -> None:
    earned, told = check(wrong, SHARES)
    assert earned == points
    assert words in told


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "still None"),
        (SHARES.argmax(axis=1), "not its probabilities"),
        (SHARES[:5000], "5,000 rows belong to other images"),
        (SHARES.T, "has images as rows"),
        (SHARES[0, 0], "the shape ()"),
        (["seven"], "no table of numbers"),
    ],
)
def test_what_is_no_table(value: Any, words: str, check: Any) -> None:
    earned, told = check(value, SHARES)
    assert earned == 0
    assert words in told


def test_the_grader_counts_what_the_model_answers(
    known: Any, make_model: Any, make_log: Any
) -> None:
    known.outputs = SHARES
    predictions = predictions_of(make_model(), make_log())
    matrix = confusion_of(predictions)
    _, labels = held_out()
    assert matrix.sum() == 10_000
    assert matrix.sum(axis=1).tolist() == np.bincount(labels).tolist()
    assert matrix[3, 8] == ((labels == 3) & (SHARES.argmax(axis=1) == 8)).sum()
