"""Make a picture of ink: on paper under a lamp, on a blackboard, on a screen."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mnist_course.drawings.pen import Ink

__all__ = ["PAPERS", "Pixels", "put_on"]

Pixels = NDArray[np.uint8]
Colour = tuple[float, float, float]
Shades = NDArray[np.float64]

_PENS: tuple[Colour, ...] = (  # red, green, blue in 0..1: black, pencil, blue, red, green
    (0.1, 0.1, 0.12), (0.25, 0.25, 0.27), (0.1, 0.16, 0.5), (0.55, 0.08, 0.1), (0.05, 0.33, 0.16),
)  # fmt: skip


def put_on(paper: str, ink: Ink, rng: np.random.Generator) -> Pixels:
    """Return a picture of the ink.

    Parameters
    ----------
    paper : str
        One of ``PAPERS``.
    ink : ndarray of float32 (h, w)
        0 = none, 1 = covered.
    rng : numpy.random.Generator
        Decides on pen, light, lines and noise.

    Returns
    -------
    ndarray of uint8 (h, w), (h, w, 3) or (h, w, 4)
        Grey, RGB or RGBA, 0..255.

    Raises
    ------
    ValueError
        If there is no such paper.
    """
    if paper not in PAPERS:
        raise ValueError(f"paper is one of {', '.join(PAPERS)}; got {paper!r}.")
    pixels: Pixels = (np.clip(PAPERS[paper](ink, rng), 0, 1) * 255).round().astype(np.uint8)
    return pixels


def _across(ink: Ink, rng: np.random.Generator) -> Shades:
    """Return a plane -0.5..0.5 (h, w) that rises in a random direction."""
    height, width = ink.shape
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    direction = rng.uniform(0, 2 * np.pi)
    plane: Shades = (x - x.mean()) * np.cos(direction) + (y - y.mean()) * np.sin(direction)
    return plane / max(float(np.ptp(plane)), 1e-9)


def _noise(shape: tuple[int, ...], level: float, rng: np.random.Generator) -> Shades:
    return rng.normal(0, level, shape)


def _pen(rng: np.random.Generator) -> Shades:
    return np.array(_PENS[rng.integers(len(_PENS))])


def _mixed(ground: Shades, ink: Ink, colour: Shades) -> Shades:
    """Cover a ground (h, w, 3) with ink of one colour."""
    cover = ink[..., np.newaxis]
    return ground * (1 - cover) + colour * cover


def _tint(rng: np.random.Generator) -> Shades:
    """Return the colour of paper in lamp light: nearly white, a little warm or cool."""
    warm = rng.uniform(-0.04, 0.08)
    return np.array([1.0, 1.0 - abs(warm) / 3, 1.0 - max(warm, 0)])


def _scan(ink: Ink, rng: np.random.Generator) -> Shades:
    """Draw dark ink on even, white paper, in grey."""
    dark = rng.uniform(0.02, 0.3)
    return 0.97 * (1 - ink) + dark * ink + _noise(ink.shape, 0.01, rng)


def _photo(ink: Ink, rng: np.random.Generator) -> Shades:
    """Draw coloured ink on paper with a lamp on one side, and the noise of a camera."""
    light = rng.uniform(0.74, 0.86) + rng.uniform(0.04, 0.18) * _across(ink, rng)
    ground = light[..., np.newaxis] * _tint(rng)
    picture = _mixed(ground, ink, _pen(rng) * light.mean())
    return picture + _noise(picture.shape, rng.uniform(0.008, 0.025), rng)


def _ruled(ink: Ink, rng: np.random.Generator) -> Shades:
    """Draw on paper with thin blue lines."""
    height = ink.shape[0]
    light = rng.uniform(0.84, 0.93) + rng.uniform(0.0, 0.08) * _across(ink, rng)
    ground = light[..., np.newaxis] * _tint(rng)
    step = max(height / rng.uniform(5, 9), 6.0)
    rows = (np.arange(height) + rng.uniform(0, step)) % step
    line = np.exp(-0.5 * (rows / max(height / 280, 0.6)) ** 2)[:, np.newaxis, np.newaxis]
    ground = ground * (1 - line * rng.uniform(0.15, 0.3) * np.array([1.0, 0.7, 0.25]))
    picture = _mixed(ground, ink, _pen(rng))
    return picture + _noise(picture.shape, 0.012, rng)


def _shadow(ink: Ink, rng: np.random.Generator) -> Shades:
    """Draw on paper with the soft shadow of a hand across it."""
    edge = _across(ink, rng) - rng.uniform(-0.2, 0.2)
    shade = 1 / (1 + np.exp(-edge * rng.uniform(12, 25)))
    light = 0.9 - rng.uniform(0.1, 0.2) * shade
    ground = light[..., np.newaxis] * _tint(rng)
    picture = _mixed(ground, ink, 0.7 * _pen(rng))
    return picture + _noise(picture.shape, 0.012, rng)


def _dim(ink: Ink, rng: np.random.Generator) -> Shades:
    """Draw on paper in the evening: the ground itself is a medium grey."""
    light = rng.uniform(0.36, 0.46) + rng.uniform(0.02, 0.08) * _across(ink, rng)
    ground = light[..., np.newaxis] * _tint(rng)
    picture = _mixed(ground, ink, 0.35 * _pen(rng))
    return picture + _noise(picture.shape, 0.012, rng)


def _pencil(ink: Ink, rng: np.random.Generator) -> Shades:
    """Draw with a pencil: grey that lets the paper's grain through."""
    light = rng.uniform(0.85, 0.95) + rng.uniform(0, 0.06) * _across(ink, rng)
    grain = np.clip(0.85 + _noise(ink.shape, 0.1, rng), 0, 1)
    dark = rng.uniform(0.3, 0.45)
    return light * (1 - ink * grain * (1 - dark)) + _noise(ink.shape, 0.012, rng)


def _blackboard(ink: Ink, rng: np.random.Generator) -> Shades:
    """Draw with chalk on a dark board that was wiped before."""
    light = rng.uniform(0.12, 0.22) + rng.uniform(0, 0.08) * _across(ink, rng)
    ground = light[..., np.newaxis] * np.array([0.8, 1.0, rng.uniform(0.8, 1.0)])
    chalk = ink * np.clip(0.92 + _noise(ink.shape, 0.08, rng), 0, 1)
    picture = _mixed(ground, chalk.astype(np.float32), np.array([0.93, 0.93, 0.9]))
    return picture + _noise(picture.shape, 0.012, rng)


def _screen(ink: Ink, rng: np.random.Generator) -> Shades:
    """Draw white on black, exactly: a drawing program in its dark mode."""
    return ink.astype(np.float64)


def _transparent(ink: Ink, rng: np.random.Generator) -> Shades:
    """Draw one colour on nothing, RGBA: the shape is in the alpha channel alone."""
    colour = np.zeros(3) if rng.uniform() < 0.5 else _pen(rng)
    rgb = np.broadcast_to(colour, (*ink.shape, 3)) * (ink > 0)[..., np.newaxis]
    return np.dstack([rgb, ink])


PAPERS: dict[str, Callable[[Ink, np.random.Generator], Shades]] = {
    "scan": _scan,
    "photo": _photo,
    "ruled": _ruled,
    "shadow": _shadow,
    "dim": _dim,
    "pencil": _pencil,
    "blackboard": _blackboard,
    "screen": _screen,
    "transparent": _transparent,
}
"""What a drawing can be on."""
