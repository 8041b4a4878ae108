"""A student's function against a reference: what is wrong is said in three sentences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mnist_course.checks import CheckFailed, Score, allow_seconds, check_function
from mnist_course.checks.comparison import difference


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max())
    result: np.ndarray = e / e.sum()
    return result


CASES = [np.array([1.0, 2.0, 3.0]), np.array([1000.0, 0.0]), np.zeros(4)]


def check(function: Callable[..., Any], **options: Any) -> tuple[float, str]:
    given = {"cases": CASES, "expected": softmax, "points": 4} | options
    score = check_function(function, **given)
    return float(score), str(score)


def overflowing(x: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        e = np.exp(x)
        result: np.ndarray = e / e.sum()
        return result


def in_place(x: np.ndarray) -> np.ndarray:
    x -= x.max()
    return softmax(x)


def raising(x: np.ndarray) -> None:
    raise KeyError("no such digit")


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x: None, "gives None. A function without `return`"),
        (lambda x: softmax(x)[None], "shape (1, "),
        (lambda x: softmax(x).tolist()[0], "a single number; expected an array of shape"),
        (overflowing, "NaN"),
        (in_place, "changes its input"),
        (raising, "raised KeyError"),
        (lambda x: softmax(x) * 1.01, "is away from the expected values by up to"),
        (lambda x: "0.5", "expected numbers"),
        (lambda x: np.array(["a"] * len(x)), "expected numbers"),
        (lambda x: {1}, "gives a set, which cannot be graded"),
    ],
    ids=range(10),
)
def test_what_is_wrong_is_said(function: Callable[..., Any], words: str) -> None:
    earned, told = check(function)
    assert earned == 0 and words in told


def test_who_is_right_gets_all_points() -> None:
    assert check(softmax) == (4, "4 of 4 points\n`softmax` is right in all 4 cases.")
    assert check(lambda x: softmax(x).tolist())[0] == 4
    assert check(lambda x: softmax(x).astype(np.float32), tolerance=1e-4)[0] == 4
    assert check_function(softmax, CASES, expected=softmax, points=4, of=10).of == 10
    assert check(in_place, may_change_input=True)[0] == 4
    pairs = [(1, 2), (3.5, -1)]
    assert check_function(lambda a, b: a + b, pairs, expected=[3, 2.5], points=1) == 1


def by_number() -> Callable[[Any], Any]:
    """Answer the n-th call with the n-th right answer."""
    answers = iter([softmax(x) for x in CASES])
    return lambda x: next(answers, softmax(CASES[0]))


def by_shape() -> Callable[[Any], Any]:
    """Keep the first answer for each shape."""
    kept: dict[Any, Any] = {}
    return lambda x: kept.setdefault(np.shape(x), softmax(x))


def test_an_answer_that_was_kept_or_counted_is_found() -> None:
    rng = np.random.default_rng(0)
    many = [rng.normal(size=3) for _ in range(8)]
    assert {check(by_shape(), cases=many)[0] for _ in range(5)} == {0}
    answers = [softmax(x) for x in many]

    def counted() -> Callable[[Any], Any]:
        left = iter([*answers, answers[0]])
        return lambda x: next(left)

    # Eight cases stand in the order that was learnt once in 40,320 times.
    assert {check(counted(), cases=many)[0] for _ in range(5)} == {0}


def table(known: list[np.ndarray]) -> Callable[[Any], Any]:
    """Know the visible cases by heart, and nothing else."""
    return lambda x: softmax(x) if any(np.array_equal(x, k) for k in known) else np.zeros(len(x))


def test_knowing_the_visible_cases_is_not_enough() -> None:
    hidden = [np.array([2.0, 5.0]), np.array([-1.0, 1.0, 0.0])]
    assert check(table(CASES))[0] == 4
    assert check(table(CASES), cases=hidden, known=CASES)[0] == 0


def test_no_function_and_authors_mistakes() -> None:
    with pytest.raises(CheckFailed, match="int stands where a function"):
        check(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="as many expected values"):
        check(softmax, expected=[1])
    with pytest.raises(ValueError, match="one case at least"):
        check(softmax, cases=[])


def test_time_limits_suit_any_function() -> None:
    def mine() -> None: ...

    allow_seconds(mine, seconds=3)
    allow_seconds(len, seconds=3)
    assert mine.seconds == 3  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("got", "expected", "same"),
    [
        (1, 1.0, True),
        (True, True, True),
        (1, True, False),
        (True, 1, False),
        ("a", "a", True),
        ("a", "b", False),
        ([1, 2], (1, 2), True),
        ([1, 2], [1, 2, 3], False),
        ({"a": [1.0]}, {"a": [1.0 + 1e-9]}, True),
        ({"a": 1}, {"b": 1}, False),
        (np.array([1, 2]), [1, 2], True),
        (float("nan"), float("nan"), True),
        (float("nan"), 1.0, False),
        (float("inf"), float("inf"), True),
        (1e308, -1e308, False),
        ([[1], [2, 3]], np.zeros((2, 2)), False),
        (None, None, True),
        (3, None, False),
        (np.array([True]), np.array([True]), True),
        (np.array(["a"]), "a", False),
        (np.float32(2), 2, True),
        (2 + 1j, 2 + 1j, True),
    ],
    ids=range(22),
)
def test_values_agree_or_not(got: object, expected: object, same: bool) -> None:
    found = difference(got, expected, tolerance=1e-6, call="`f(x)`")
    assert (found is None) == same
    if found is not None:
        assert found.saw and found.why and found.next_step


def test_a_score_is_one() -> None:
    assert isinstance(check_function(softmax, CASES, expected=softmax, points=1), Score)
