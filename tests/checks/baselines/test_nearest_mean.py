"""Means, distances, and both together on new images."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mnist_course.checks import check_nearest_mean

POINTS: dict[str, Any] = {
    "means_points": 4, "distance_points": 3, "accuracy": {0.65: 1, 0.70: 2, 0.75: 3},
}  # fmt: skip


def class_means(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.stack([x[y == digit].mean(axis=0) for digit in range(10)])


def nearest_mean(x: np.ndarray, means: np.ndarray) -> np.ndarray:
    nearest: np.ndarray = np.stack([((x - m) ** 2).sum(axis=1) for m in means], axis=1).argmin(1)
    return nearest


def check(means: Any, mean_function: Any = class_means, nearest: Any = nearest_mean) -> Any:
    return check_nearest_mean(mean_function, nearest, means, rows=400, seed=1, **POINTS)


def test_who_is_right_gets_all_points(small: Any) -> None:
    score = check(class_means(small.x, small.y))
    assert (float(score), score.of) == (10, 10)


def by_product(x: np.ndarray, means: np.ndarray) -> np.ndarray:
    best: np.ndarray = (x @ means.T).argmax(axis=1)
    return best


@pytest.mark.parametrize(
    ("means", "functions", "left", "words"),
    [
        (1.0, (class_means, by_product), 6, "long means win"),
        (1.0, (lambda x, y: 255 * class_means(x, y), nearest_mean), 6, "is away from the expected"),
        (255.0, (class_means, nearest_mean), 7, "holds values up to"),
        (None, (class_means, nearest_mean), 7, "still None"),
        (1.0, (None, nearest_mean), 0, "`class_means` is still None"),
        (1.0, (class_means, lambda x, m: (x - m[0]).sum(axis=1)), 4, "no digits from 0 to 9"),
        (1.0, (class_means, lambda x, m: np.full(len(x), 3)), 4, "answers 3 for every image"),
    ],
    ids=range(7),
)
def test_mistakes_cost_their_part(
    small: Any, means: float | None, functions: Any, left: float, words: str
) -> None:
    computed = None if means is None else means * class_means(small.x, small.y)
    score = check(computed, *functions)
    assert words in str(score)
    assert float(score) <= left
