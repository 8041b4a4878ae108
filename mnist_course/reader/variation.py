"""Images of digits as another hand, pen or camera would have made them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

__all__ = ["varied"]

Images = NDArray[np.float32]

_TURN = 0.2  # radians, standard deviations of all
_SLANT = 0.12
_SIZE = 0.08
_SHIFT = 0.8  # pixels
_AT_ONCE = 4096  # images, to bound memory


def varied(images: Images, rng: np.random.Generator) -> Images:
    """Turn, slant, scale, move and thicken or thin every image a little, each in its own way.

    Parameters
    ----------
    images : ndarray of float32 (n, 28, 28)
        0 = ground, 1 = ink.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of float32 (n, 28, 28)
        New arrays in 0..1.
    """
    made = np.empty_like(images)
    for start in range(0, len(images), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        made[part] = _pens(_moved(images[part], rng), rng)
    return made


def _moved(images: Images, rng: np.random.Generator) -> Images:
    """Sample every image at the corners of a grid that an affine map has moved."""
    count, height, width = images.shape
    turn, slant = rng.normal(0, _TURN, count), rng.normal(0, _SLANT, count)
    tall, wide = np.exp(rng.normal(0, _SIZE, (2, count)))
    down, right = rng.normal(0, _SHIFT, (2, count))
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    y, x = y - (height - 1) / 2, x - (width - 1) / 2  # (28, 28)

    def each(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return values[:, np.newaxis, np.newaxis]  # (n, 1, 1)

    rows = each(np.cos(turn) * tall) * y + each(np.sin(turn)) * x + each(down)
    columns = each(np.cos(turn) * wide) * x + each(slant - np.sin(turn)) * y + each(right)
    rows, columns = rows + (height - 1) / 2, columns + (width - 1) / 2
    which = np.broadcast_to(each(np.arange(count, dtype=np.float64)), rows.shape)
    # Between neighbours of one image only: the first coordinate is a whole number.
    return np.asarray(
        ndimage.map_coordinates(images, [which, rows, columns], order=1), dtype=np.float32
    )


def _pens(images: Images, rng: np.random.Generator) -> Images:
    """Blend every image with a thicker or a thinner copy of itself."""
    amount = rng.uniform(-0.6, 0.9, len(images)).astype(np.float32)[:, np.newaxis, np.newaxis]
    cross = ndimage.generate_binary_structure(2, 1)[np.newaxis]
    thick = ndimage.grey_dilation(images, footprint=cross)
    thin = ndimage.grey_erosion(images, footprint=cross)
    other = np.where(amount > 0, thick, thin)
    blended: Images = images + np.abs(amount) * (other - images)
    return np.clip(blended, 0, 1)
