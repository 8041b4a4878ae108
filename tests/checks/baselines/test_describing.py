"""A dict of facts, judged key by key."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mnist_course.checks import check_description
from mnist_course.checks.baselines.describing import facts

POINTS = {"images": 1, "shape": 1, "dtype": 1, "range": 2, "counts": 3, "majority": 2}


def check(function: Any, seed: int = 1) -> Any:
    return check_description(function, seed=seed, points=POINTS)


def changed(key: str, value: Any) -> Any:
    def describe(images: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
        return {**facts(images, labels), key: value(images, labels)}

    return describe


@pytest.mark.parametrize("seed", range(8))
def test_who_is_right_gets_all_points(seed: int) -> None:
    score = check(facts, seed)
    assert (float(score), score.of) == (10, 10)


def test_other_forms_of_the_same_facts_count() -> None:
    def describe(images: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
        counts = np.array([(labels == digit).sum() for digit in range(10)])
        return {
            "images": images.shape[0], "shape": list(images.shape[1:]), "dtype": images.dtype.name,
            "range": np.array([images.min(), images.max()]), "counts": counts,
            "majority": np.float32(counts.max() / counts.sum()), "more": "than was asked for",
        }  # fmt: skip

    assert float(check(describe)) == 10


@pytest.mark.parametrize(
    ("key", "value", "left", "words"),
    [
        ("counts", lambda i, y: np.unique(y, return_counts=True)[1], 7, "minlength=10"),
        ("majority", lambda i, y: np.bincount(y).max(), 8, "Divide the largest"),
        ("shape", lambda i, y: i.shape, 9, "shape of one image"),
        ("dtype", lambda i, y: "uint8", 9, "dtype"),
        ("range", lambda i, y: (0, 255), 8, "range"),
        ("images", lambda i, y: 60_000, 9, "len(images)"),
        ("counts", lambda i, y: None, 7, "missing or still None"),
    ],
    ids=range(7),
)
def test_each_fact_has_its_points(key: str, value: Any, left: float, words: str) -> None:
    score = check(changed(key, value))
    assert float(score) == left and words in str(score)


def unfinished(images: np.ndarray, labels: np.ndarray) -> None:
    raise NotImplementedError("`describe` is not written yet.")


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (unfinished, "is not written yet"),
        (None, "still None"),
        (7, "is a int; expected a function"),
        (lambda images, labels: None, "gives None"),
        (lambda images, labels: [1, 2], "expected a dict"),
        # The grader could not read it: the self-check says so already.
        (changed("dtype", lambda i, y: i.dtype), "cannot be graded"),
    ],
    ids=range(6),
)
def test_what_is_no_dict_of_facts_gives_nothing(function: Any, words: str) -> None:
    score = check(function)
    assert float(score) == 0 and words in str(score)
