"""Draw a digit for when there is no photo of one."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

__all__ = ["synthetic_digit"]

Points = NDArray[np.float64]

# Strokes as a hand draws them: points (x, y) on a unit square, y downwards, joined by a smooth
# curve. A corner is a stroke's end, so a digit with corners has several strokes.
_STROKES: dict[int, tuple[tuple[tuple[float, float], ...], ...]] = {
    0: (((0.55, 0.0), (0.2, 0.15), (0.1, 0.5), (0.22, 0.87), (0.5, 1.0), (0.78, 0.85),
         (0.9, 0.48), (0.78, 0.12), (0.5, 0.0)),),
    1: (((0.3, 0.2), (0.45, 0.1), (0.55, 0.0)), ((0.55, 0.0), (0.53, 0.5), (0.5, 1.0))),
    2: (((0.15, 0.25), (0.3, 0.04), (0.6, 0.0), (0.82, 0.22), (0.68, 0.52), (0.4, 0.77),
         (0.12, 1.0)), ((0.12, 1.0), (0.5, 0.97), (0.9, 0.98))),
    3: (((0.15, 0.12), (0.45, 0.0), (0.78, 0.12), (0.74, 0.36), (0.42, 0.48)),
        ((0.42, 0.48), (0.78, 0.58), (0.84, 0.82), (0.5, 1.0), (0.12, 0.88))),
    4: (((0.3, 0.0), (0.2, 0.3), (0.1, 0.6)), ((0.1, 0.6), (0.5, 0.59), (0.92, 0.57)),
        ((0.7, 0.05), (0.68, 0.5), (0.66, 1.0))),
    5: (((0.8, 0.0), (0.5, 0.01), (0.22, 0.02)), ((0.22, 0.02), (0.2, 0.2), (0.18, 0.42)),
        ((0.18, 0.42), (0.5, 0.36), (0.8, 0.52), (0.82, 0.8), (0.5, 1.0), (0.14, 0.9))),
    6: (((0.7, 0.0), (0.38, 0.22), (0.17, 0.6), (0.25, 0.92), (0.55, 1.0), (0.8, 0.82),
         (0.72, 0.58), (0.45, 0.53), (0.2, 0.7)),),
    7: (((0.1, 0.05), (0.5, 0.04), (0.88, 0.02)), ((0.88, 0.02), (0.62, 0.45), (0.42, 1.0))),
    8: (((0.52, 0.47), (0.24, 0.32), (0.28, 0.06), (0.55, 0.0), (0.78, 0.12), (0.7, 0.36),
         (0.46, 0.5), (0.2, 0.72), (0.28, 0.95), (0.55, 1.0), (0.8, 0.85), (0.74, 0.62),
         (0.52, 0.47)),),
    9: (((0.78, 0.28), (0.6, 0.46), (0.3, 0.44), (0.2, 0.2), (0.42, 0.0), (0.7, 0.06),
         (0.8, 0.3)), ((0.8, 0.3), (0.76, 0.65), (0.66, 1.0))),
}  # fmt: skip


def synthetic_digit(digit: int, *, seed: int = 0, size: int = 280) -> Image.Image:
    """Draw a digit that looks like pen on paper, photographed in uneven light.

    It stands in for a photo where there is none, and says so: ``image.info["synthetic"]`` holds
    the digit. Results on such pictures say nothing about a real hand; report them as synthetic.

    Parameters
    ----------
    digit : int
        0 to 9.
    seed : int
        The same seed draws the same picture. Shape, slant, size, place, pen, light and noise of
        the camera change with it.
    size : int
        Width and height in pixels, at least 56.

    Returns
    -------
    PIL.Image.Image
        Mode "L", (size, size), dark ink on light paper, with ``info["synthetic"] == digit``.

    Raises
    ------
    ValueError
        If the digit is not one of 0 to 9, or the size is below 56.

    Examples
    --------
    >>> image = synthetic_digit(7, seed=1)
    >>> image.info["synthetic"]
    7
    """
    if digit not in _STROKES:
        raise ValueError(f"synthetic_digit draws the digits 0 to 9, got {digit!r}.")
    if size < 56:
        raise ValueError(f"synthetic_digit draws on at least 56 × 56 pixels, got size={size!r}.")
    rng = np.random.default_rng([seed, int(digit)])
    ink = _draw(_hand(digit, rng), pen=rng.uniform(0.055, 0.1), size=size)
    image = Image.fromarray(_photograph(ink, rng))
    image.info["synthetic"] = int(digit)
    return image


def _hand(digit: int, rng: np.random.Generator) -> list[Points]:
    """Return the strokes of one try at the digit, on a unit square."""
    angle = rng.uniform(-0.12, 0.12)  # radians, about 7 degrees either way
    slant = rng.uniform(-0.05, 0.25)
    height = rng.uniform(0.5, 0.68)
    width = height * rng.uniform(0.6, 0.8)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    place = 0.5 + rng.uniform(-0.08, 0.08, size=2)
    # Points that two strokes share must stay shared: the tremor belongs to the place.
    tremor: dict[tuple[float, float], Points] = {}
    strokes = []
    for corners in _STROKES[digit]:
        moved = np.array(
            [np.add(p, tremor.setdefault(p, rng.normal(0, 0.018, size=2))) for p in corners]
        )
        points = _smooth(moved) - 0.5
        points[:, 0] -= slant * points[:, 1]
        strokes.append((points * (width, height)) @ turn.T + place)
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


def _draw(strokes: list[Points], *, pen: float, size: int) -> NDArray[np.float32]:
    """Return ink 0..1 (size, size); drawn at twice the size for smooth edges."""
    fine = 2 * size
    canvas = Image.new("L", (fine, fine), 0)
    brush = ImageDraw.Draw(canvas)
    radius = pen * fine / 2
    for stroke in strokes:
        dots = [(float(x), float(y)) for x, y in stroke * fine]
        for (x, y), after in pairwise(dots):
            brush.line([(x, y), after], fill=255, width=round(2 * radius))
            brush.ellipse([x - radius, y - radius, x + radius, y + radius], fill=255)
        x, y = dots[-1]
        brush.ellipse([x - radius, y - radius, x + radius, y + radius], fill=255)
    soft = canvas.filter(ImageFilter.GaussianBlur(fine / 300))
    return np.asarray(soft.reduce(2), dtype=np.float32) / np.float32(255)


def _photograph(ink: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return pixels of the drawing on paper: light from one side, noise of the camera."""
    size = ink.shape[0]
    y, x = np.mgrid[0:size, 0:size] / size - 0.5
    direction = rng.uniform(0, 2 * np.pi)
    light = 0.82 + rng.uniform(0.05, 0.25) * (x * np.cos(direction) + y * np.sin(direction))
    dark = rng.uniform(0.1, 0.3)
    shades = light * (1 - ink * (1 - dark)) + rng.normal(0, 0.012, ink.shape)
    pixels: NDArray[np.uint8] = (np.clip(shades, 0, 1) * 255).round().astype(np.uint8)
    return pixels
