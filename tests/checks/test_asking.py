"""One call of a student's function, and what may be told of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mnist_course.checks.asking import ask, known_as, must_be_function, no_function, unless_hidden
from mnist_course.checks.score import CheckFailed
from mnist_course.exceptions import StudentError
from mnist_course.grading.results import Finding


def raises(error: BaseException) -> Callable[..., Any]:
    def function(*arguments: Any) -> Any:
        raise error

    return function


def test_a_value_comes_back_as_it_is() -> None:
    x = np.arange(3)
    answer = ask(lambda a, b: a + b, x, 1, name="add")
    assert answer.value.tolist() == [1, 2, 3]
    assert (answer.changed, answer.problem) == (False, None)
    assert answer.call == "`add(array([0, 1, 2]), 1)`"


def test_a_changed_input_is_noticed_and_the_caller_keeps_its_own() -> None:
    x = np.zeros(3)
    assert ask(lambda a: a.fill(1) or 0, x).changed
    assert not x.any()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("too short"), "raised ValueError: too short"),
        (NotImplementedError("`f` is not written yet."), "`f` is not written yet."),
        (NotImplementedError(), "is not written yet."),
        (StudentError("Your `f` took longer than 10 seconds."), "took longer"),
    ],
    ids=range(4),
)
def test_an_error_is_a_finding(error: BaseException, words: str) -> None:
    answer = ask(raises(error), 1)
    assert answer.value is None and answer.problem is not None
    assert words in answer.problem.saw
    assert answer.problem.why and answer.problem.next_step


@pytest.mark.parametrize(
    "value",
    [{1, 2}, {"dtype": np.dtype("uint8")}, [object()], np.array(["a"])],
    ids=range(4),
)
def test_what_the_grader_could_not_read_is_told_in_the_notebook(value: Any) -> None:
    problem = ask(lambda: value).problem
    assert problem is not None and "cannot be graded" in problem.saw


@pytest.mark.parametrize(
    "value",
    [
        None,
        3,
        "a",
        (1, [2.5, {"k": None}]),
        np.float32(2),
        pd.Series([1, 2]),
        len,
        np.zeros((2, 0)),
    ],
    ids=range(8),
)
def test_what_the_grader_reads_is_no_problem(value: Any) -> None:
    assert ask(lambda: value).problem is None


def test_what_is_no_function() -> None:
    assert no_function(len, "f") is None
    assert no_function(None, "f") is not None
    must_be_function(len, "f")
    with pytest.raises(CheckFailed, match="is a int; expected a function"):
        must_be_function(3, "f")
    assert known_as(len) == "len"


def test_outside_a_hidden_test_everything_is_told() -> None:
    found = Finding("saw 3", "why", "next")
    assert unless_hidden(found, "f") is found
