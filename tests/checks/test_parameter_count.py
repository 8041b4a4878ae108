"""Parameters counted by hand: usual slips are recognised, usual forms accepted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from mnist_course.checks import check_parameter_count

RIGHT = {"hidden layer": 100_480, "output layer": 1_290, "total": 101_770}


@pytest.mark.parametrize(
    "counted",
    [
        RIGHT,
        {"Hidden": 100_480.0, "OUTPUT": np.int64(1_290), "the total": np.array([101_770])},
        (100_480, 1_290, 101_770),
        np.array([100_480, 1_290, 101_770]),
        pd.DataFrame([RIGHT]),
    ],
    ids=["dict", "other numbers", "tuple", "array", "frame"],
)
def test_right_in_any_form(counted: Any) -> None:
    score = check_parameter_count(counted)
    assert score == score.of == 5
    assert "100,480 + 1,290 = 101,770" in str(score)


@pytest.mark.parametrize(
    ("change", "points", "words"),
    [
        ({"hidden layer": 100_352}, 3, "also has a bias"),
        ({"hidden layer": 784 * 129}, 3, "the biases belong to the units"),
        ({"hidden layer": 784 * 128 + 784}, 3, "the biases belong to the units"),
        ({"output layer": 1_281}, 3, "Each unit has a bias of its own"),
        ({"output layer": 7_850}, 3, "10 units, and every unit is connected"),
        ({"output layer": None}, 3, "you count nothing"),
        ({"total": 101_632}, 4, "138 biases are missing"),
        ({"total": 102_554}, 4, "Flatten has no parameters"),
        ({"output layer": 1_280, "total": 101_760}, 2, "one of which is not right yet"),
        ({"total": "101,770"}, 4, "you count nothing"),
        ({"total": True}, 4, "you count nothing"),
    ],
)
def test_slips_are_named(change: dict[str, Any], points: float, words: str) -> None:
    score = check_parameter_count(RIGHT | change)
    assert score == points
    assert words in str(score)


def test_the_total_alone_is_one_part() -> None:
    score = check_parameter_count(101_770)
    assert score == 1
    assert "hidden layer" in str(score)


@pytest.mark.parametrize(
    ("counted", "words"),
    [
        (dict.fromkeys(RIGHT), "holds no number yet"),
        (None, "holds a value of type NoneType"),
        ([1, 2], "expected a dict with 'hidden', 'output', 'total'"),
        ("101770", "expected a dict"),
    ],
)
def test_what_is_no_answer(counted: Any, words: str) -> None:
    score = check_parameter_count(counted)
    assert (float(score), score.of) == (0, 5)
    assert words in str(score)


def test_other_sizes() -> None:
    assert check_parameter_count([30, 7], sizes=(9, 3), names=("only",), each=1) == 1
    assert check_parameter_count([30, 30], sizes=(9, 3), names=("only",), each=1) == 2
