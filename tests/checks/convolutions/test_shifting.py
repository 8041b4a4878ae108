"""Moved pictures: the reference against a slow one, and slips by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_course.checks import check_shift
from mnist_course.checks.convolutions.shifting import shifted


@given(
    seed=st.integers(0, 2**16),
    height=st.integers(1, 7),
    width=st.integers(1, 7),
    right=st.integers(-9, 9),
    down=st.integers(-9, 9),
)
def test_every_pixel_comes_from_its_place(
    seed: int, height: int, width: int, right: int, down: int
) -> None:
    images = np.random.default_rng(seed).integers(1, 9, (2, height, width))
    moved = shifted(images, right, down)
    for r in range(height):
        for c in range(width):
            inside = 0 <= r - down < height and 0 <= c - right < width
            expected = images[:, r - down, c - right] if inside else 0
            assert (moved[:, r, c] == expected).all()


def test_scipy_and_keras_forms_earn_all_points() -> None:
    def by_scipy(images: Any, right: int, down: int) -> Any:
        from scipy.ndimage import shift as move

        by = (0, down, right, *(0,) * (images.ndim - 3))
        return move(images, by, order=0)

    def by_padding(images: Any, right: int, down: int) -> Any:
        rest = ((0, 0),) * (images.ndim - 3)
        wide = np.pad(images, ((0, 0), (9, 9), (9, 9), *rest))
        h, w = images.shape[1:3]
        return wide[:, 9 - down : 9 - down + h, 9 - right : 9 - right + w]

    assert check_shift(by_scipy, points=4, of=10, seed=1) == 4
    assert check_shift(by_padding, points=4, of=10, seed=1) == 4


SLIPS = [
    (lambda x, right, down: np.roll(x, (down, right), axis=(1, 2)), "the other"),
    (lambda x, right, down: shifted(x, down, right), "takes right for down"),
    (lambda x, right, down: shifted(x, -right, -down), "the other way"),
]


@pytest.mark.parametrize(("function", "words"), SLIPS)
@pytest.mark.parametrize("seed", [None, 3])
def test_slips_are_named(function: Any, words: str, seed: int | None) -> None:
    score = check_shift(function, points=4, of=10, seed=seed)
    assert (score, score.of) == (0, 10)
    assert words in str(score)


def test_changing_the_given_images_is_a_mistake() -> None:
    def shift(images: Any, right: int, down: int) -> Any:
        moved = shifted(images, right, down)
        images[:] = moved
        return moved

    score = check_shift(shift, points=4, of=10)
    assert score == 0
    assert "changes its input" in str(score)


def test_right_for_three_axes_alone_is_not_enough() -> None:
    def shift(images: Any, right: int, down: int) -> Any:
        return shifted(images.reshape(images.shape[:3]), right, down)

    assert check_shift(shift, points=4, of=10) == 4
    assert check_shift(shift, points=4, of=10, seed=1) == 0
