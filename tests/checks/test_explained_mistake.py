"""Explained mistakes: checked against what the model really says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from mnist_course.checks import check_mistake
from mnist_course.checks.measurement import held_out

WHY = "The lower loop is open, so it looks like the tail of another digit."
MISREAD, CLOSE = 7, 11  # test images 9 and 6


@pytest.fixture
def check(known: Any, make_model: Any, make_log: Any) -> Any:
    _, labels = held_out()
    shares = np.full((len(labels), 10), 0.01, np.float32)
    shares[np.arange(len(labels)), labels] = 0.91
    shares[MISREAD, [9, 4]] = 0.2, 0.72
    shares[CLOSE, [6, 0]] = 0.8, 0.12
    known.outputs = shares / shares.sum(axis=1, keepdims=True)

    def run(mistake: Any) -> tuple[float, str]:
        score = check_mistake(mistake, make_model(), make_log())
        assert score.of == 5
        return float(score), str(score)

    return run


RIGHT = {"index": MISREAD, "true": 9, "said": 4, "probability": 0.72, "why": WHY}


@pytest.mark.parametrize(
    "form",
    [
        RIGHT,
        RIGHT | {"index": np.int64(MISREAD), "true": 9.0, "probability": np.float32(0.72)},
        RIGHT | {"probability": 0.8},
        RIGHT | {"note": "extra"},
        [RIGHT | {"index": 3}, RIGHT],
        (RIGHT,),
        pd.DataFrame([RIGHT]),
        RIGHT | {"why": "九" * 20},
    ],
    ids=["dict", "numbers", "typed", "extra", "list", "tuple", "frame", "language"],
)
def test_right_in_any_form(form: Any, check: Any) -> None:
    earned, told = check(form)
    assert earned == 5
    assert f"Test image {MISREAD} is a 9" in told


def test_a_close_one_still_counts_after_training_again(check: Any) -> None:
    close = {"index": CLOSE, "true": 6, "said": 0, "probability": 0.2, "why": WHY}
    assert check(close)[0] == 5
    assert check(close | {"said": 3})[0] == 0
    assert check(close | {"said": 6})[0] == 0
    assert check(close | {"probability": 0.9})[0] == 4


@pytest.mark.parametrize(
    ("change", "points", "words"),
    [
        ({"index": 3}, 0, "that is no mistake"),
        ({"index": 10_000}, 0, "expected a whole number from 0 to 9,999"),
        ({"index": "seven"}, 0, "expected a whole number"),
        ({"index": 7.5}, 0, "expected a whole number"),
        ({"true": 4, "said": 9}, 4, "the other way round"),
        ({"said": 5}, 4, "the network says 4"),
        ({"true": None}, 4, "label of this image is 9"),
        ({"probability": 0.2}, 4, "gives 0.720 to its answer"),
        ({"probability": 72}, 4, "Write 0.72 instead of 72"),
        ({"probability": None}, 4, "its largest number"),
        ({"why": "unclear"}, 4, "has 7 characters"),
        ({"why": None}, 4, "There is no explanation yet"),
    ],
)
def test_what_is_wrong_is_said(
    change: dict[str, Any], points: float, words: str, check: Any
) -> None:
    earned, told = check(RIGHT | change)
    assert earned == points
    assert words in told


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "type NoneType; expected a dict"),
        ([], "expected a dict"),
        ([7, 9], "expected a dict"),
        (RIGHT | {"index": None}, "not filled in yet"),
        ({"true": 9}, "has no 'index'"),
    ],
)
def test_what_is_no_answer(value: Any, words: str, check: Any) -> None:
    earned, told = check(value)
    assert earned == 0
    assert words in told
