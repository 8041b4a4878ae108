"""What is wrong with a 28 × 28 image of a digit, when we know what was drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["MIDDLE", "Look", "as_frame", "look"]

SIDE = 28
MIDDLE = (13.5, 14.0)  # (SIDE - 1) / 2, and where MNIST's own centres of mass lie
_INK = 0.3  # of the brightest: from here on a pixel is part of the digit
_ALIKE = 0.7  # correlation with the digit that was drawn
_TURNED = 0.85  # from here on it is that digit, mirrored or turned
_THREADS = 0.4  # enough for strokes that are thin, and where they should be
_THIN = 0.55  # less of the ink than this is too thin
_FRAME = 2  # empty pixels around a digit of 24 × 24 that is compared

Frame = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen in one converted image.

    Parameters
    ----------
    mistake : str
        A key of ``mistakes.MISTAKES``, the most telling one; empty when nothing is wrong.
    number : float
        The figure that goes with it.
    off : float
        Distance of the centre of mass from the middle in pixels, the larger of the two directions.
    ink_is_bright : bool
    """

    mistake: str
    number: float = 0.0
    off: float = float("nan")
    ink_is_bright: bool = False


def as_frame(value: Any) -> Frame | None:
    """Return 28 × 28 finite numbers in whatever shape they came, None for anything else."""
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "buif" or array.size != SIDE * SIDE:
            return None
        frame = array.astype(np.float64).reshape(SIDE, SIDE)
    except (TypeError, ValueError):
        return None
    return frame if bool(np.isfinite(frame).all()) else None


def look(
    value: Any,
    ink: NDArray[np.float32],
    *,
    within: float = 1.0,
    longest: tuple[int, int] = (17, 22),
) -> Look:
    """Compare a converted image with what was drawn.

    Parameters
    ----------
    value : object
        What the student's function gave.
    ink : ndarray of float32 (h, w)
        The truth about the drawing: 1 where the pen was.
    within : float
        How far the centre of mass may be from the middle, in pixels, each way.
    longest : (least, most)
        Pixels that the digit's longer side may have.

    Returns
    -------
    Look
    """
    frame = as_frame(value)
    if frame is None:
        return Look("form")
    ground = float(np.median(frame))
    above, below = float(frame.max()) - ground, ground - float(frame.min())
    if max(above, below) < 1e-3:
        return Look("empty", float(frame.max()))
    if below > above:
        return Look("inverted", float(np.clip(ground, 0, 1)))
    low = min(float(frame.min()), 0.0)  # nothing is darker than black
    scaled = (frame - low) / (float(frame.max()) - low)
    return _shape(scaled, _boxed(np.asarray(ink, dtype=np.float64)), within, longest)


def _shape(scaled: Frame, drawn: Frame, within: float, longest: tuple[int, int]) -> Look:
    """Look at an image with bright ink, 0..1; ``drawn`` is cropped to the digit."""
    ground = float(np.median(scaled))
    rows, columns = _extent(scaled)
    digit = scaled[rows[0] : rows[1], columns[0] : columns[1]]
    height, width = digit.shape
    off, box_off = _off(scaled), max(_away((sum(rows) - 1) / 2), _away((sum(columns) - 1) / 2))

    def found(mistake: str, number: float = 0.0) -> Look:
        return Look(mistake, number, off, ink_is_bright=True)

    same = _alike(digit, drawn)
    if ground > 0.05 or (same < _ALIKE and float(np.mean(scaled > 0.15)) > 0.5):
        return found("ground", max(ground, float(scaled.mean())))
    thin, share = _thin(digit, drawn)
    if same < _ALIKE and not (thin and same > _THREADS):
        turned = max(_alike(digit, other) for other in _turned(drawn))
        return found("turned" if turned > _TURNED else "other")
    if max(height, width) > longest[1]:
        return found("fills", max(height, width))
    if max(height, width) < longest[0]:
        return found("small", max(height, width))
    # The shorter side as it should be, in pixels; a narrow 1 has few, hence the second tolerance.
    scale = max(height, width) / max(drawn.shape)
    gap = max(abs(height - drawn.shape[0] * scale), abs(width - drawn.shape[1] * scale))
    if gap > max(2.5, 0.2 * max(height, width)):
        ratio = (height / width) / (drawn.shape[0] / drawn.shape[1])
        return found("stretched", max(ratio, 1 / ratio))
    if off > within:
        return found("box" if box_off <= 1.0 else "off", off)
    if thin:
        return found("thin", share)
    return found("")


def _thin(digit: Frame, drawn: Frame) -> tuple[bool, float]:
    """Tell whether only part of the strokes is left, and nothing else; also how much of it."""
    expected = _resized(drawn, digit.shape)
    share = float(digit.sum()) / max(float(expected.sum()), 1e-9)
    inside = float(digit[expected > 0.2].sum()) / max(float(digit.sum()), 1e-9)
    return share < _THIN and inside > 0.8, share


def _extent(image: Frame) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the first row and the row after the last that hold ink, the same of columns."""
    dark = image > _INK * image.max()
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    return (int(rows[0]), int(rows[-1]) + 1), (int(columns[0]), int(columns[-1]) + 1)


def _boxed(ink: Frame) -> Frame:
    rows, columns = _extent(ink)
    return ink[rows[0] : rows[1], columns[0] : columns[1]]


def _away(place: float) -> float:
    """Return the distance from the middle, 0 between its two definitions."""
    return max(MIDDLE[0] - place, place - MIDDLE[1], 0.0)


def _off(image: Frame) -> float:
    total = float(image.sum())
    y, x = np.mgrid[:SIDE, :SIDE]
    return max(_away(float((y * image).sum()) / total), _away(float((x * image).sum()) / total))


def _resized(image: Frame, shape: tuple[int, ...]) -> Frame:
    picture = Image.fromarray(image.astype(np.float32))
    smaller = max(shape) < max(image.shape)
    method = Image.Resampling.BOX if smaller else Image.Resampling.BILINEAR
    return np.asarray(picture.resize((shape[1], shape[0]), method), dtype=np.float64)


def _alike(digit: Frame, drawn: Frame) -> float:
    """Return the correlation of two cropped digits, whatever size and proportion they have.

    Slightly out of place counts little: both are made soft first.
    """
    # Both through as few pixels as the one has, then in an empty frame: a straight 1 fills its
    # box, and differs from it in nothing but what is around.
    drawn = _resized(drawn, digit.shape)
    one, other = (_soft(np.pad(_resized(image, (24, 24)), _FRAME)) for image in (digit, drawn))
    one, other = one - one.mean(), other - other.mean()
    norm = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float((one * other).sum()) / norm if norm > 1e-9 else 1.0


def _soft(image: Frame) -> Frame:
    padded = np.pad(image, 1, mode="edge")
    rows = padded[:-2] + 2 * padded[1:-1] + padded[2:]
    return (rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]) / 16


def _turned(drawn: Frame) -> list[Frame]:
    return [
        drawn.T,
        drawn[::-1],
        drawn[:, ::-1],
        drawn[::-1, ::-1],
        drawn.T[::-1],
        drawn.T[:, ::-1],
    ]
