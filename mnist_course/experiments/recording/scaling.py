"""Find out how pixels of known images were scaled, from a few scaled images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_course.experiments.recording.mnist_rows import PIXELS, KnownRows, count_known, row_keys

__all__ = ["Scaling", "find_scaling"]

# What people write, so that the recorded factor is the one they meant and not one that rounding
# has touched; 33.318.. and 78.567.. are the mean with the standard deviation of the 60,000
# training images, 0.1307 with 0.3081 what PyTorch's examples round them to.
_USUAL = (
    (1 / 255, 0.0),
    (1.0, 0.0),
    (1 / 225, 0.0),
    (1 / 256, 0.0),
    (1 / 127.5, -1.0),
    (1 / 128, -1.0),
    (1 / 255, -0.5),
    (-1 / 255, 1.0),
    (-1.0, 255.0),
    (1 / 78.56748998339798, -33.318421449829934 / 78.56748998339798),
    (1 / (255 * 0.3081), -0.1307 / 0.3081),
)
# Every image of MNIST and Fashion-MNIST has paper (0) and a brightest pixel of 254 or 255, which
# the tests confirm.
_BRIGHTEST = (255.0, 254.0)
# How far from a whole pixel a value may be. Half precision has 11 bits, which leaves an error of
# up to an eighth of a pixel, twice that after a shift.
_FINE, _COARSE = 0.05, 0.3
_ROWS_TO_DERIVE_FROM = 8
# A map that fits fewer of the sampled rows is an accident (an image scaled on its own).
_LEAST_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Scaling:
    """The map ``x = factor * pixel + offset`` from pixels 0..255."""

    factor: float
    offset: float

    def pixels(
        self, rows: NDArray[np.floating], *, coarse: bool = False
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Map scaled rows back to pixels.

        Parameters
        ----------
        rows : numpy.ndarray of float32 or float64, shape (n, width)
        coarse : bool
            True for values that were in half precision.

        Returns
        -------
        pixels : numpy.ndarray of uint8, shape (n, width)
            Meaningless in rows that are no such scaling.
        fits : numpy.ndarray of bool, shape (n,)
            True for rows that are whole pixels 0..255 under this map, within the precision of
            their type.
        """
        exact = np.subtract(rows, rows.dtype.type(self.offset))
        exact *= rows.dtype.type(1 / self.factor)
        with np.errstate(all="ignore"):  # NaN and infinity are answered by `fits`
            nearest = np.rint(exact)
            exact -= nearest
            np.abs(exact, out=exact)
            fits = exact.max(axis=1, initial=0) <= (_COARSE if coarse else _FINE)
            fits &= (nearest.min(axis=1, initial=0) >= 0) & (nearest.max(axis=1, initial=0) <= 255)
            if not fits.all():
                nearest[~fits] = 0
            return nearest.astype(np.uint8), fits


def find_scaling(
    rows: NDArray[np.floating], known: KnownRows, *, coarse: bool = False
) -> Scaling | None:
    """Find the one affine map under which rows are known images.

    Parameters
    ----------
    rows : numpy.ndarray of float, shape (n, 784)
        A sample; some dozens of rows are enough, one will do.
    known : KnownRows
        All images of MNIST or of Fashion-MNIST.
    coarse : bool
        True for values that were in half precision.

    Returns
    -------
    Scaling or None
        None when no map makes at least a tenth of the rows known images: another data set, an
        image-by-image or pixel-by-pixel normalisation, changed images.
    """
    if rows.ndim != 2 or rows.shape[1] != PIXELS or len(rows) == 0:
        return None
    best, most = None, 0
    for scaling in _candidates(rows):
        pixels, fits = scaling.pixels(rows, coarse=coarse)
        if not fits.any():
            continue
        keys = row_keys(pixels[fits])
        found = count_known(keys, known.train) + count_known(keys, known.test)
        if found > most:
            best, most = scaling, found
        if most > len(rows) / 2:
            break
    return best if most >= _LEAST_SHARE * len(rows) else None


def _candidates(rows: NDArray[np.floating]) -> Iterator[Scaling]:
    for factor, offset in _USUAL:
        yield Scaling(factor, offset)
    step = max(1, len(rows) // _ROWS_TO_DERIVE_FROM)
    for row in rows[::step]:
        low, high = float(row.min()), float(row.max())
        if not np.isfinite(high - low) or high == low:
            continue
        for brightest in _BRIGHTEST:
            yield Scaling((high - low) / brightest, low)
            yield Scaling((low - high) / brightest, high)  # black on white
