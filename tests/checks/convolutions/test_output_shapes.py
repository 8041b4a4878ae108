"""Sides and parameters of convolutions: Keras is the oracle, usual slips are recognised."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_course.checks import check_conv_parameters, check_output_side
from mnist_course.checks.convolutions.output_shapes import conv_parameters, output_side


@pytest.mark.keras
@settings(max_examples=40, deadline=None)
@given(
    side=st.integers(1, 40),
    kernel=st.integers(1, 7),
    stride=st.integers(1, 5),
    padding=st.sampled_from(["valid", "same"]),
    channels=st.integers(1, 5),
    filters=st.integers(1, 9),
)
def test_keras_says_the_same(
    side: int, kernel: int, stride: int, padding: str, channels: int, filters: int
) -> None:
    from keras.layers import Conv2D, MaxPooling2D

    side = max(side, kernel)
    layer = Conv2D(filters, kernel, strides=stride, padding=padding)
    layer.build((None, side, side, channels))
    shape = layer.compute_output_shape((None, side, side, channels))
    assert shape[1] == shape[2] == output_side(side, kernel, stride, padding)
    assert layer.count_params() == conv_parameters(kernel, channels, filters)
    pooled = MaxPooling2D(kernel, strides=stride, padding=padding)
    after = pooled.compute_output_shape((None, side, side, channels))
    assert after[1] == output_side(side, kernel, stride, padding)


WRONG_SIDES = [
    (lambda n, k, s, p: math.ceil(n / s) if p == "same" else (n - k) // s, "too small by one"),
    (lambda n, k, s, p: n // s if p == "same" else (n - k) // s + 1, "Round up"),
    (lambda n, k, s, p: n - k + 1 if p == "valid" else n, "does not depend on the stride"),
    (lambda n, k, s, p: (n - k) // s + 1, "does not depend on the padding"),
    (lambda n, k, s, p: n if p == "same" else (n - k) // s + 1, "only with stride 1"),
    (lambda n, k, s, p: n / s if p == "same" else (n - k) / s + 1, "fractions"),
]
WRONG_PARAMETERS = [
    (lambda k, c, f: k * k * c * f, "the biases are missing"),
    (lambda k, c, f: (k * k + 1) * f, "does not depend on the channels"),
    (lambda k, c, f: k * k * c * f + 1, "one bias for the whole layer"),
    (lambda k, c, f: (k * c + 1) * f, "taken for a line"),
    (lambda k, c, f: k * k * c * f + c, "a bias for each channel"),
]


@pytest.mark.parametrize(("formula", "words"), WRONG_SIDES)
def test_slips_of_sides_are_named(formula: Callable[..., Any], words: str) -> None:
    score = check_output_side(formula, points=6, of=10)
    assert (score, score.of) == (0, 10)
    assert words in str(score)


@pytest.mark.parametrize(("formula", "words"), WRONG_PARAMETERS)
def test_slips_of_parameters_are_named(formula: Callable[..., Any], words: str) -> None:
    score = check_conv_parameters(formula, points=4, of=10)
    assert score == 0
    assert words in str(score)


def test_a_right_function_in_another_form_earns_all() -> None:
    def seite(side: int, kernel: int, stride: int, padding: str) -> int:
        starts = range(0, side if padding == "same" else side - kernel + 1, stride)
        return len(starts)

    cases = [(28, 5, 3, "valid"), (9, 4, 2, "same")]
    assert check_output_side(seite, cases, points=6, of=10) == 6
    assert check_conv_parameters(lambda k, c, f: f + f * c * k**2, points=4, of=10) == 4


def test_an_unknown_mistake_is_told_by_its_values() -> None:
    score = check_output_side(lambda n, k, s, p: 1, points=6, of=10)
    assert score == 0
    assert "expected" in str(score)


def test_a_function_that_fits_the_visible_cases_alone_earns_nothing() -> None:
    known = {(28, 3, 1, "valid"): 26, (28, 3, 2, "valid"): 13, (7, 3, 2, "same"): 4}
    known |= {(13, 2, 2, "valid"): 6, (10, 5, 3, "same"): 4}
    score = check_output_side(
        lambda *asked: known.get(asked, 0), [(9, 4, 2, "valid")], points=6, of=10
    )
    assert score == 0


@pytest.mark.parametrize("answer", [None, 3, "output_side"])
def test_what_is_no_function_earns_nothing_and_stops_nothing(answer: Any) -> None:
    score = check_output_side(answer, points=6, of=10)
    assert (score, score.of) == (0, 10)
    assert "function" in str(score)


def test_what_is_not_written_yet_is_told_so() -> None:
    def output_side(side: int, kernel: int, stride: int, padding: str) -> int:
        raise NotImplementedError("`output_side` is not written yet")

    score = check_output_side(output_side, points=6, of=10)
    assert score == 0
    assert "not written yet" in str(score)
