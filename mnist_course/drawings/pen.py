"""Put strokes on a sheet: how much ink is at each pixel."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from mnist_course.drawings.hand import Points

__all__ = ["Ink", "ink_of"]

Ink = NDArray[np.float32]

_FINER = 2  # drawn at this many times the size, for smooth edges


def ink_of(strokes: Sequence[Points], *, width: float, shape: tuple[int, int]) -> Ink:
    """Draw strokes with a round pen.

    Parameters
    ----------
    strokes : sequence of ndarray (n, 2)
        Points x, y in pixels.
    width : float
        Of the pen, in pixels.
    shape : (height, width)
        Of the sheet, in pixels.

    Returns
    -------
    ndarray of float32, of ``shape``
        0 = none, 1 = covered.
    """
    height, across = shape
    canvas = Image.new("L", (_FINER * across, _FINER * height), 0)
    brush = ImageDraw.Draw(canvas)
    radius = max(_FINER * width / 2, 0.5)
    for stroke in strokes:
        dots = [(float(x), float(y)) for x, y in stroke * _FINER]
        for (x, y), after in pairwise(dots):
            brush.line([(x, y), after], fill=255, width=max(1, round(2 * radius)))
            brush.ellipse([x - radius, y - radius, x + radius, y + radius], fill=255)
        x, y = dots[-1]
        brush.ellipse([x - radius, y - radius, x + radius, y + radius], fill=255)
    soft = canvas.filter(ImageFilter.GaussianBlur(_FINER * max(shape) / 600))
    return np.asarray(soft.reduce(_FINER), dtype=np.float32) / np.float32(255)
