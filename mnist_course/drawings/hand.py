"""Write a shape the way one hand does at one try: no two are alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnist_course.drawings.shapes import Shape

__all__ = ["Points", "write"]

Points = NDArray[np.float64]  # (n, 2): x, y

_TREMOR = 0.026  # of the shape's height, standard deviation of every point
_TURN = 0.16  # radians either way, about 9 degrees
_SLANT = (-0.1, 0.35)  # to the right, of the height
_WIDTH = (0.5, 0.85)  # of the height


def write(shape: Shape, rng: np.random.Generator) -> list[Points]:
    """Return the strokes of one try at a shape.

    Parameters
    ----------
    shape : tuple of strokes
        As in ``shapes.py``.
    rng : numpy.random.Generator
        Decides on slant, turn, width and tremor.

    Returns
    -------
    list of ndarray (n, 2)
        Points x, y of each stroke, y downwards, about 1 high, around (0, 0).
    """
    angle = rng.uniform(-_TURN, _TURN)
    slant, width = rng.uniform(*_SLANT), rng.uniform(*_WIDTH)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    # Points that two strokes share must stay shared: the tremor belongs to the place.
    tremor: dict[tuple[float, float], Points] = {}
    strokes = []
    for corners in shape:
        moved = np.array(
            [np.add(p, tremor.setdefault(p, rng.normal(0, _TREMOR, size=2))) for p in corners]
        )
        points = _smooth(moved) - 0.5
        points[:, 0] -= slant * points[:, 1]
        strokes.append((points * (width, 1.0)) @ turn.T)
    return strokes


def _smooth(points: Points, steps: int = 24) -> Points:
    """Join points by a Catmull-Rom curve."""
    ends = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    t = np.linspace(0, 1, steps)[:, np.newaxis]
    pieces = []
    for i in range(len(points) - 1):
        a, b, c, d = ends[i : i + 4]
        pieces.append(
            0.5
            * (
                2 * b
                + (c - a) * t
                + (2 * a - 5 * b + 4 * c - d) * t**2
                + (3 * (b - c) + d - a) * t**3
            )
        )
    return np.vstack(pieces)
