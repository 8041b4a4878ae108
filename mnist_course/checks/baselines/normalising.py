"""Points for a function that brings pixels into the range from 0 to 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_course.checks.asking import Answer, ask, known_as, no_function, unless_hidden
from mnist_course.checks.comparison import difference, in_words
from mnist_course.checks.score import Score
from mnist_course.datasets import mnist
from mnist_course.grading.results import Finding

__all__ = ["check_normalise"]

WHITE = 255
_CLOSE = 1e-5
_SCALED = 1.5  # whoever divided by something near 255 stays below

Array = npt.NDArray[Any]


def check_normalise(
    function: Callable[..., Any],
    *,
    seed: int,
    values: float,
    dtype: float,
    unchanged: float,
    twice: float,
) -> Score:
    """Give points for each law that a normalising function keeps.

    Parameters
    ----------
    function : callable
        Takes levels (whole numbers, or floats above 1) or an array that is normalised already.
    seed : int
        Of the arrays that it is asked about.
    values : float
        For levels / 255, of whatever type and brightness the levels are.
    dtype : float
        For float32.
    unchanged : float
        For leaving the input as it was.
    twice : float
        For leaving alone what is normalised already.
    """
    of = values + dtype + unchanged + twice
    found = no_function(function, "normalise")
    if found is not None:
        return Score(0, of, findings=(found,))
    name = known_as(function)
    answers: list[tuple[Array, Answer]] = []
    for levels in _levels(seed):
        answer = ask(function, levels)
        found = answer.problem or _no_array(answer, levels)
        if found is not None:
            return Score(0, of, findings=(unless_hidden(found, name),))
        answers.append((levels, answer))
    lost = [
        (values, _values(answers)),
        (dtype, _dtype(answers)),
        (unchanged, _unchanged(answers)),
        (twice, _twice(function, [answer.value for _, answer in answers], seed)),
    ]
    findings = [unless_hidden(f, name, _rule(f)) for _, f in lost if f is not None]
    if not findings:
        return Score(of, of, f"`{name}` keeps all four rules, for {len(answers)} kinds of levels.")
    earned = sum(points for points, found in lost if found is None)
    if not _is_scaled(answers):
        return Score(0, of, findings=findings[:1])
    return Score(earned, of, findings=findings)


def _rule(found: Finding) -> str:
    """Return what may be said of a hidden case: the rule, not the numbers."""
    return found.why


def _levels(seed: int) -> list[Array]:
    """Return levels of every kind, 0 always among them."""
    rng = np.random.default_rng(seed)
    (images, _), _ = mnist.load_data()
    some = images[rng.choice(len(images), 12, replace=False)]
    faint = np.zeros((2, 28, 28), np.uint8)  # one speck that can hardly be seen
    faint[0, rng.integers(28), rng.integers(28)] = 1
    grey = (some[:3] * rng.uniform(0.4, 0.8)).astype(np.uint8)  # no white pixel at all
    return [
        some,
        grey,
        faint,
        some[:4].reshape(4, -1).astype(np.int64),
        some[4:6].astype(np.float32),
        some[6:8].astype(np.float64),
    ]


def _no_array(answer: Answer, levels: Array) -> Finding | None:
    """Return why a value is no array of numbers of the shape of the input."""
    value = answer.value
    if value is None:
        return difference(None, 0, tolerance=0, call=answer.call)
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "biuf":
        return Finding(
            f"{answer.call} gives a {type(value).__name__}; expected an array of numbers.",
            "What comes next computes with whole arrays.",
            "Compute with the array itself, without a loop: images / 255.",
        )
    if value.shape != levels.shape:
        return Finding(
            f"{answer.call} gives an array of shape {value.shape}; expected {levels.shape}.",
            "Normalising changes the numbers, not how they are arranged.",
            "Leave reshape for later.",
        )
    return None


def _is_scaled(answers: list[tuple[Array, Answer]]) -> bool:
    _, answer = answers[0]
    low, high = float(answer.value.min()), float(answer.value.max())
    return answer.value.dtype.kind == "f" and low >= -_SCALED and 0.5 < high < _SCALED


def _values(answers: list[tuple[Array, Answer]]) -> Finding | None:
    for levels, answer in answers:
        wanted = levels.astype(np.float64) / WHITE
        if not np.allclose(answer.value, wanted, rtol=0, atol=_CLOSE):
            return _why_wrong(levels, answer, float(wanted.max()))
    return None


@np.errstate(all="ignore")
def _why_wrong(levels: Array, answer: Answer, wanted: float) -> Finding:
    """Recognise how levels were scaled; ``wanted`` is the largest value that should come out."""
    got, top = answer.value, float(levels.max())
    high, low = float(got.max()), float(got.min())
    saw = f"The largest of the levels is {top:g}, the largest value after it {high:.4g}"
    kind = "whole numbers" if levels.dtype.kind in "ui" else "floats"
    if not np.isfinite(got).all():
        return Finding(
            f"{int((~np.isfinite(got)).sum())} values are NaN or infinite.",
            "Dividing by a number that comes from the image fails for a black image.",
            "Divide by 255, which is the same for all.",
        )
    if got.dtype.kind != "f" and high <= 1:
        return Finding(
            f"{saw}, and its type is {got.dtype}: everything between black and white is gone.",
            "Whole-number division, or a conversion to whole numbers, cuts off all greys.",
            "Convert to float32 first, then divide.",
        )
    if low < -_CLOSE:
        return Finding(
            f"The smallest value after it is {low:.4g}.",
            "Values are to lie within 0 and 1; paper, level 0, stays 0.",
            "Divide only; subtract nothing.",
        )
    if abs(high - top / 225) < 1e-3 * high and top > 1:
        return Finding(
            f"{saw}: {top:g} / 225.",
            "Levels go up to 255, so values above 1 are left: 255 / 225 = 1.133.",
            "Divide by 255.",
        )
    if abs(high - top / 256) < 1e-4 and top > 1:
        return Finding(
            f"{saw}: {top:g} / 256.",
            "There are 256 levels, but the largest of them is 255, and it should become 1.",
            "Divide by 255.",
        )
    if abs(high - 1) < _CLOSE and wanted < 1 - _CLOSE and top > 1:
        return Finding(
            f"{saw}, where {wanted:.4g} is expected.",
            "Divided by its own largest value, the same grey comes out differently in every batch.",
            "Divide by 255, whatever the image holds.",
        )
    if abs(high - top) < _CLOSE:
        return Finding(
            f"{saw}: these {kind} ({levels.dtype}) came back as they were.",
            "Whole numbers are levels, however small they are; floats are levels if one is above "
            "1.",
            "Ask for the type first: images.dtype.kind is 'u' or 'i' for whole numbers.",
        )
    return Finding(
        f"{saw}, where {wanted:.4g} is expected ({in_words(levels)} of {levels.dtype}).",
        "Every level is to be divided by 255, and by nothing else.",
        "Print images.dtype, images.min() and images.max() before and after.",
    )


def _dtype(answers: list[tuple[Array, Answer]]) -> Finding | None:
    for levels, answer in answers:
        if answer.value.dtype != np.float32:
            return Finding(
                f"{levels.dtype} comes back as {answer.value.dtype}; expected float32.",
                "float64 needs twice the memory (60,000 images: 376 MB instead of 188), and no "
                "network uses the digits that it adds.",
                'images.astype("float32") before dividing.',
            )
    return None


def _unchanged(answers: list[tuple[Array, Answer]]) -> Finding | None:
    for levels, answer in answers:
        if answer.changed:
            return Finding(
                f"After {answer.call} the array that went in ({levels.dtype}) is a different one.",
                "An array is handed over as it is, not as a copy: the caller's images are altered.",
                "astype makes a copy (unless you say copy=False); /= on the input does not.",
            )
    return None


def _twice(function: Callable[..., Any], once: list[Array], seed: int) -> Finding | None:
    """Return what is wrong with a second normalisation, of the results and of other values."""
    rng = np.random.default_rng([seed, 1])
    dark = (rng.integers(0, 3, (3, 28, 28)) / WHITE).astype(np.float32)
    for values in (*once, dark):
        if values.dtype.kind != "f" or values.max() > 1 + _CLOSE:
            return Finding(
                f"What comes out goes up to {values.max():.4g}, so a second time it is taken for "
                "levels again.",
                "Doing it twice must be the same as doing it once.",
                "Get the values right first.",
            )
        again = ask(function, values)
        if again.problem is not None:
            return again.problem
        if not isinstance(again.value, np.ndarray) or again.value.shape != values.shape:
            return _no_array(again, values)
        if not np.allclose(again.value, values, rtol=0, atol=_CLOSE):
            return Finding(
                f"Values up to {values.max():.4g} came back as values up to "
                f"{again.value.max():.4g} when they were normalised a second time.",
                "In a notebook a cell is easily run twice; dividing twice makes all images black.",
                "Floats that are all within 0 and 1 are normalised already: return a copy of them.",
            )
    return None
