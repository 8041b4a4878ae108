"""Four rules of a function that normalises; each mistake is recognised by its numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mnist_course.checks import check_normalise

POINTS = {"values": 6, "dtype": 3, "unchanged": 3, "twice": 3}


def check(function: Any, seed: int = 1) -> Any:
    return check_normalise(function, seed=seed, **POINTS)


def right(images: np.ndarray) -> np.ndarray:
    values: np.ndarray = images.astype("float32")
    if images.dtype.kind in "iu" or values.max() > 1:
        values /= 255
    return values


def other_form(images: np.ndarray) -> np.ndarray:
    scale = 1.0 if images.dtype.kind == "f" and images.max() <= 1 else 255.0
    return np.divide(images, scale, dtype=np.float32)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("function", [right, other_form])
def test_who_is_right_gets_all_points(function: Any, seed: int) -> None:
    score = check(function, seed)
    assert (float(score), score.of) == (15, 15)


def by(number: float) -> Callable[[np.ndarray], np.ndarray]:
    def normalise(images: np.ndarray) -> np.ndarray:
        values: np.ndarray = images.astype("float32")
        return (
            values / np.float32(number) if values.max() > 1 or images.dtype != "float32" else values
        )

    return normalise


def with_flag() -> Callable[[np.ndarray], np.ndarray]:
    done = []

    def normalise(images: np.ndarray) -> np.ndarray:
        values: np.ndarray = images.astype("float32")
        if not done:
            values /= 255
            done.append(True)
        return values

    return normalise


def in_place(images: np.ndarray) -> np.ndarray:
    values: np.ndarray = images.astype("float32", copy=False)
    if images.dtype.kind in "iu" or values.max() > 1:
        values /= 255
    return values


def always(images: np.ndarray) -> np.ndarray:
    return images.astype("float32") / np.float32(255)


def by_maximum_only(images: np.ndarray) -> np.ndarray:
    values: np.ndarray = images.astype("float32")
    return values / np.float32(255) if values.max() > 1 else values


def by_type_only(images: np.ndarray) -> np.ndarray:
    values: np.ndarray = images.astype("float32")
    return values / np.float32(255) if images.dtype.kind in "iu" else values


@pytest.mark.parametrize(
    ("function", "left", "words"),
    [
        (by(225), 6, "255 / 225 = 1.133"),
        (by(256), 9, "the largest of them is 255"),
        (lambda x: (x / x.max()).astype("float32"), 6, "in every batch"),
        (with_flag(), 6, "came back as they were"),
        (lambda x: right(x).astype("float64"), 12, "expected float32"),
        (in_place, 12, "the caller's images are altered"),
        (always, 12, "second time"),
        (by_maximum_only, 9, "Whole numbers are levels"),
        (by_type_only, 6, "floats are levels if one is above"),
        (lambda x: x, 0, "came back as they were"),
        (lambda x: x.astype("float32"), 0, "came back as they were"),
        (lambda x: x // 255, 0, "cuts off all greys"),
        (lambda x: right(x) - 0.5, 0, "subtract nothing"),
        (lambda x: right(x).reshape(len(x), -1)[:, :700], 0, "of shape"),
        (lambda x: right(x).tolist(), 0, "expected an array"),
        (lambda x: None, 0, "gives None"),
        (lambda x: x["pixels"], 0, "raised IndexError"),
        (lambda x: np.full(x.shape, np.nan), 0, "NaN"),
        (lambda x: x * np.float32(1 / 300), 3, "by nothing else"),
        ("normalise", 0, "is a str; expected a function"),
    ],
    ids=range(20),
)
def test_mistakes_are_recognised(function: Any, left: float, words: str) -> None:
    score = check(function)
    assert words in str(score)
    assert float(score) == left
