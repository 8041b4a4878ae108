"""Bring a picture of a digit into the form that MNIST's images have."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from mnist_course.exceptions import ImageError
from mnist_course.preprocessing.reading import read_gray

__all__ = ["to_mnist"]

Gray = NDArray[np.float32]
Mask = NDArray[np.bool_]

_SIDE = 28
_BOX = 20  # MNIST: the digit's longest side
_CENTRE = 14  # MNIST: the mean centre of mass of its training images, both axes
_SPECK = 0.05  # parts smaller than this share of the largest one are not writing
_FAINTEST = 0.08  # contrast, of black to white, below which nothing is writing


def to_mnist(image: Any) -> Gray:
    """Turn a photo or drawing of one digit into an MNIST-like image.

    Brightness → light ink on dark ground, whatever it was → uneven ground removed → crop →
    longest side 20 pixels → centre of mass to the centre of 28 × 28, as the makers of MNIST did
    [1]_.

    Parameters
    ----------
    image : path, PIL.Image.Image or array
        Any size, mode and polarity; `read_gray` says what can be read. One digit, with some of
        its ground around it. Slanted light and soft shadows are removed; the hard edge of a deep
        shadow can be taken for ink.

    Returns
    -------
    ndarray of float32 (28, 28)
        0 = ground, 1 = ink, the scale of MNIST divided by 255.

    Raises
    ------
    ImageError
        If it cannot be read, or holds nothing that stands out from its ground.

    References
    ----------
    .. [1] LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document
       recognition", Proc. IEEE 86(11), 1998, section III.

    Examples
    --------
    >>> digit = to_mnist("my_seven.jpg")
    >>> model.predict(digit[np.newaxis]).argmax()
    """
    gray = read_gray(image)
    if _ink_is_light(gray):
        gray = 1 - gray
    return _centred(_sized(*_strokes(gray)))


def _ink_is_light(gray: Gray) -> bool:
    """Whether the strokes are lighter than the ground.

    The ground is the local majority: the median of a neighbourhood wider than a stroke follows
    it, also across the edge of a shadow. The strokes stick out of it, on one side.
    """
    step = -(-max(gray.shape) // 48)
    small = ndimage.uniform_filter(gray, step)[::step, ::step]
    # Asked twice, and the more decided answer counts: as it is, and with a rim as bright as the
    # corners, which are ground even where a crop touches the digit.
    corners = np.median(small[[0, 0, -1, -1], [0, -1, 0, -1]])
    framed = np.pad(small, max(1, max(small.shape) // 10), constant_values=corners)
    return max(_one_sidedness(small), _one_sidedness(framed), key=abs) > 0


def _one_sidedness(gray: Gray) -> float:
    """Return how much more sticks out of the local majority upwards than downwards, -1..1."""
    around = ndimage.median_filter(gray, size=max(gray.shape) // 2 | 1)
    cubes = (gray - around).astype(np.float64) ** 3
    total = float(np.abs(cubes).sum())
    return float(cubes.sum()) / total if total else 0.0


def _strokes(gray: Gray) -> tuple[Gray, Mask]:
    """Return how much ink is at each pixel, 0..1, and which pixels belong to the digit.

    ``gray`` has dark ink on a lighter ground.
    """
    longest = max(gray.shape)
    quiet = ndimage.gaussian_filter(gray - _slow_light(gray), longest / 400)
    wide = longest * 3 // 8
    ink, digit = _above_ground(quiet, wide)
    # Once the strokes are known, a window that just exceeds them leaves more of the shadows out.
    width = 2 * float(ndimage.distance_transform_edt(np.pad(digit, 1)).max())
    narrow = max(round(2 * width), longest // 12)
    return _above_ground(quiet, narrow) if narrow < wide else (ink, digit)


def _above_ground(gray: Gray, window: int) -> tuple[Gray, Mask]:
    """Separate dark strokes from a ground that keeps its brightness over ``window`` pixels."""
    # A closing with a window wider than any stroke removes the strokes and keeps the shadows,
    # with hard edges too: what is left is the ground.
    ink = ndimage.grey_closing(gray, window | 1) - gray
    # The closing follows the brightest grains of the paper: the typical ground lies below it.
    # From low quantiles, since ink may cover half of a tight crop; constants of the normal law.
    # No paper is as coarse as the caps: there the quantiles have met ink.
    few, quarter = (float(q) for q in np.quantile(ink, (0.05, 0.25)))
    grain = min((quarter - few) / (1.645 - 0.674), 0.05)
    ink = ink - min(quarter + 0.674 * grain, 0.15)
    writing = ink[ink > max(_FAINTEST, 5 * grain)]
    if writing.size == 0:
        raise ImageError(
            "Nothing stands out from the ground of this image. Expected one digit with a contrast "
            f"of at least {_FAINTEST:.0%}, got {max(float(ink.max()), 0):.0%}. Write it larger or "
            "darker, or photograph it in more even light."
        )
    # Thin or blurred strokes reach their full darkness only in the middle.
    full = float(np.quantile(writing, 0.75))
    return np.clip(ink / full, 0, 1), _digit_only(ink > full / 2)


def _slow_light(gray: Gray) -> Gray:
    """Return the light on the ground as a quadratic surface: a lamp aside, a dark border.

    Fitted again and again to what is not darker than it, so that ink does not count.
    """
    rows, columns = (np.linspace(-1, 1, length, dtype=np.float32) for length in gray.shape)
    step = -(-max(gray.shape) // 48)

    def terms(y: Gray, x: Gray) -> Gray:
        y, x = np.broadcast_arrays(y[:, np.newaxis], x)
        return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)

    values = ndimage.uniform_filter(gray, step)[::step, ::step].ravel()
    few = terms(rows[::step], columns[::step]).reshape(-1, 6)
    ground = values >= np.median(values)
    surface = np.zeros(6, dtype=np.float32)
    for _ in range(6):
        surface, *_ = np.linalg.lstsq(few[ground], values[ground], rcond=None)
        residual = values - few @ surface
        spread = float(np.median(np.abs(residual[ground])))
        ground = residual > -max(3 * spread, 0.01)
    return terms(rows, columns) @ surface


def _digit_only(dark: Mask) -> Mask:
    """Return the parts of a mask that belong to the digit: no specks, no edge of a shadow."""
    parts, count = ndimage.label(dark, structure=np.ones((3, 3)))
    sizes = np.bincount(parts.ravel(), minlength=count + 1).astype(float)
    sizes[0] = 0
    rim = np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]])
    inside = np.setdiff1d(np.arange(1, count + 1), rim)
    # What runs out of the picture is not the digit, unless there is no other candidate: in a
    # tight crop the digit itself touches the rim.
    if inside.size and sizes[inside].max() >= 0.25 * sizes.max():
        sizes[np.unique(rim)] = 0
    keep: Mask = sizes >= max(_SPECK * sizes.max(), 1)
    digit: Mask = keep[parts]
    return digit


def _sized(ink: Gray, digit: Mask) -> Gray:
    """Crop to the digit and scale its longest side to 20 pixels."""
    rows, columns = np.nonzero(digit)
    box = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    # The soft edges of the strokes stay, what lies farther away goes.
    near = ndimage.binary_dilation(digit, iterations=2)
    cropped = np.where(near, ink, 0)[box].astype(np.float32)
    scale = _BOX / max(cropped.shape)
    height, width = (max(1, round(length * scale)) for length in cropped.shape)
    # Averaging, as for any small copy of a large picture; interpolation where it grows.
    method = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    sized = np.asarray(Image.fromarray(cropped).resize((width, height), method))
    sized = np.clip(sized, 0, 1)
    return np.asarray(sized / sized.max(), dtype=np.float32)


def _centred(digit: Gray) -> Gray:
    """Put the centre of mass at the centre of the frame, without losing ink at its edge."""
    top, left = (
        min(max(round(_CENTRE - centre), 0), _SIDE - length)
        for centre, length in zip(ndimage.center_of_mass(digit), digit.shape, strict=True)
    )
    frame = np.zeros((_SIDE, _SIDE), dtype=np.float32)
    frame[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
    return frame
