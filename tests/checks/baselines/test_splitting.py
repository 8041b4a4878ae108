"""Five rules of a split; the parts are known by their pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.model_selection import train_test_split

from mnist_course.checks import check_split

POINTS = {"complete": 4, "labels": 3, "stratified": 4, "seeded": 2, "unchanged": 2}


def check(function: Any, seed: int = 1) -> Any:
    return check_split(function, seed=seed, **POINTS)


def parts(images: Any, labels: Any, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    aside = np.zeros(len(labels), dtype=bool)
    for digit in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == digit))
        aside[rows[: round(share * len(rows))]] = True
    return np.flatnonzero(~aside), np.flatnonzero(aside)


def right(images: Any, labels: Any, share: float, seed: int) -> Any:
    first, second = parts(images, labels, share, seed)
    return (images[first], labels[first]), (images[second], labels[second])


def of_a_library(images: Any, labels: Any, share: float, seed: int) -> Any:
    x, x_val, y, y_val = train_test_split(
        images, labels, test_size=share, random_state=seed, stratify=labels
    )
    return [[x, y], [x_val, y_val]]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("function", [right, of_a_library])
def test_who_is_right_gets_all_points(function: Any, seed: int) -> None:
    score = check(function, seed)
    assert (float(score), score.of) == (15, 15), str(score)


def not_stratified(images: Any, labels: Any, share: float, seed: int) -> Any:
    order = np.random.default_rng(seed).permutation(len(labels))
    cut = round(share * len(labels))
    return (images[order[cut:]], labels[order[cut:]]), (images[order[:cut]], labels[order[:cut]])


def overlapping(images: Any, labels: Any, share: float, seed: int) -> Any:
    return (images, labels), right(images, labels, share, seed)[1]


def with_replacement(images: Any, labels: Any, share: float, seed: int) -> Any:
    first, second = parts(images, labels, share, seed)
    first = np.random.default_rng(seed).choice(first, len(first))
    return (images[first], labels[first]), (images[second], labels[second])


def losing(images: Any, labels: Any, share: float, seed: int) -> Any:
    (x, y), second = right(images, labels, share, seed)
    return (x[5:], y[5:]), second


def mislabelled(images: Any, labels: Any, share: float, seed: int) -> Any:
    (x, y), second = right(images, labels, share, seed)
    return (x, y[::-1]), second


def always_the_same(images: Any, labels: Any, share: float, seed: int) -> Any:
    return right(images, labels, share, 0)


def never_the_same(images: Any, labels: Any, share: float, seed: int) -> Any:
    return right(images, labels, share, int(np.random.default_rng().integers(1 << 30)))


def first_rows(images: Any, labels: Any, share: float, seed: int) -> Any:
    cut = round(share * len(labels))
    return (images[cut:], labels[cut:]), (images[:cut], labels[:cut])


def in_place(images: Any, labels: Any, share: float, seed: int) -> Any:
    order = np.random.default_rng(seed).permutation(len(labels))
    images[:], labels[:] = images[order], labels[order]
    return right(images, labels, share, seed)


def scaled(images: Any, labels: Any, share: float, seed: int) -> Any:
    (x, y), (x_val, y_val) = right(images, labels, share, seed)
    return (x / 255, y), (x_val / 255, y_val)


def swapped(images: Any, labels: Any, share: float, seed: int) -> Any:
    return right(images, labels, share, seed)[::-1]


@pytest.mark.parametrize(
    ("function", "left", "words"),
    [
        (not_stratified, 11, "stratified means the same share"),
        (overlapping, 7, "are in both parts"),
        (with_replacement, 7, "more than once"),
        (losing, 7, "are in neither part"),
        (mislabelled, 12, "have another label than before"),
        (always_the_same, 13, "two different seeds"),
        (never_the_same, 13, "two different splits"),
        (first_rows, 9, "same split"),
        (in_place, 13, "in another order, or altered"),
        (scaled, 4, "none of those that went in"),
        (swapped, 11, "the larger one comes first"),
        (lambda i, y, s, r: train_test_split(i, y, test_size=s), 0, "four arrays in a row"),
        (lambda i, y, s, r: None, 0, "gives None"),
        (lambda i, y, s, r: (i, y), 0, "not a pair of images and labels"),
        (lambda i, y, s, r: ((i, y[:5]), (i, y)), 0, "of shape"),
        (lambda i, y, s, r: ((i[:0], y[:0]), (i, y)), 9, "second part has"),
    ],
    ids=range(16),
)
def test_mistakes_are_recognised(function: Any, left: float, words: str) -> None:
    score = check(function)
    assert words in str(score)
    assert float(score) <= left
    if left:
        assert float(score) >= left - 4


def test_images_that_were_not_moved_keep_their_points_only_with_a_split() -> None:
    # Whoever returns everything twice keeps input and seed by doing nothing.
    score = check(lambda i, y, s, r: ((i, y), (i, y)))
    assert float(score) == POINTS["labels"]
