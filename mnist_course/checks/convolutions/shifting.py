"""Points for moving pictures by whole pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_course.checks.convolutions.wrong_formulas import Slip, explained
from mnist_course.checks.functions import check_function
from mnist_course.checks.no_points import or_no_points
from mnist_course.checks.score import Score
from mnist_course.grading.results import Finding

__all__ = ["check_shift", "shifted"]

Array = npt.NDArray[Any]

_MOVES = ((1, 0), (0, 2), (-2, 1), (0, 0), (3, -3))


def shifted(images: Array, right: int, down: int) -> Array:
    """Move pictures; what leaves them is gone, what comes in is 0.

    Parameters
    ----------
    images : array of shape (n, height, width) or (n, height, width, channels)
    right, down : int
        Pixels; negative ones to the left, upwards.

    Returns
    -------
    array
        A new one, of the same shape and type.
    """
    images = np.asarray(images)
    moved = np.zeros_like(images)
    height, width = images.shape[1:3]
    if abs(right) >= width or abs(down) >= height:
        return moved
    to_rows, of_rows = _overlap(down, height)
    to_columns, of_columns = _overlap(right, width)
    moved[:, to_rows, to_columns] = images[:, of_rows, of_columns]
    return moved


def _overlap(move: int, size: int) -> tuple[slice, slice]:
    """Return where the picture goes along one side, and which part of it."""
    inside = size - abs(move)
    return slice(max(move, 0), max(move, 0) + inside), slice(max(-move, 0), max(-move, 0) + inside)


def _kept_edge(images: Array, right: int, down: int) -> Array:
    """Move pictures on a canvas that repeats their edges."""
    reach = max(abs(right), abs(down))
    rest = ((0, 0),) * (images.ndim - 3)
    wide = np.pad(images, ((0, 0), (reach, reach), (reach, reach), *rest), mode="edge")
    height, width = images.shape[1:3]
    return wide[:, reach - down : reach - down + height, reach - right : reach - right + width]


_SLIPS = (
    Slip(
        lambda x, right, down: np.roll(x, (down, right), axis=(1, 2)),
        Finding(
            "`shift` brings what leaves the picture on one side back on the other.",
            "That is what np.roll does. Ink that comes back at the opposite edge makes a new "
            "picture, not a moved one.",
            "After np.roll, set the rows and columns that came round to 0; or copy the part that "
            "stays into an array of zeros.",
        ),
    ),
    Slip(
        lambda x, right, down: shifted(x, down, right),
        Finding(
            "`shift` takes right for down.",
            "Axis 1 counts rows (downwards), axis 2 counts columns (to the right).",
            "Move axis 2 by `right` and axis 1 by `down`.",
        ),
    ),
    Slip(
        lambda x, right, down: shifted(x, -right, -down),
        Finding(
            "`shift` moves the other way: positive numbers mean to the right and downwards.",
            "Column c of the new picture shows column c - right of the old one.",
            "Swap the two sides of the assignment.",
        ),
    ),
    Slip(
        _kept_edge,
        Finding(
            "`shift` repeats the edge of the picture where nothing is left to move in.",
            "Paper is 0; a repeated edge draws lines wherever ink touches it.",
            "Start from np.zeros_like(images).",
        ),
    ),
)


def _examples() -> list[tuple[Any, ...]]:
    images = np.arange(1, 51, dtype=np.float32).reshape(2, 5, 5)
    return [(images, right, down) for right, down in _MOVES]


@or_no_points("of")
def check_shift(
    function: Callable[..., Any], *, points: float, of: float, seed: int | None = None
) -> Score:
    """Check ``shift(images, right, down)``.

    Parameters
    ----------
    function : callable
        The student's.
    points : float
        For a function that is right everywhere.
    of : float
        Points of the whole item.
    seed : int, optional
        Of the pictures and moves of a hidden test; only the visible ones without it.
    """
    examples = _examples()
    cases = examples if seed is None else _hidden(seed)
    score = check_function(
        function, cases, expected=shifted, points=points, of=of, known=examples,
        hint="It is called with small and large pictures, with and without an axis of channels, "
        "and with moves to all sides.",
    )  # fmt: skip
    return explained(score, function, "shift", examples, _SLIPS)


def _hidden(seed: int) -> list[tuple[Any, ...]]:
    rng = np.random.default_rng(seed)
    shapes = [(3, 28, 28, 1), (2, 8, 11), (1, 6, 6, 2)]
    cases: list[tuple[Any, ...]] = []
    for shape in shapes:
        images = rng.random(shape).astype(np.float32)
        for _ in range(2):
            right, down = (int(m) for m in rng.integers(-4, 5, size=2))
            cases.append((images, right, down))
    return cases
