"""The error function, which NumPy does not have and GELU needs.

For x >= 0 it is 1 - t e^(-x²) e^p(t) with t = 2 / (2 + x), where p is so smooth that a short
Chebyshev series gives it to the last digit. The coefficients are computed here, once, from
``math.erfc``.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

__all__ = ["erf"]

_FAR = 6.0  # 1 - erf(6) is 2e-17: nothing is left of it in float64
_NEAREST_T = 2 / (2 + _FAR)
_DEGREE = 26


def erf(x: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """Return the error function of each number, to a few units in the last digit of 1.

    Parameters
    ----------
    x : ndarray of float32 or float64, any shape

    Returns
    -------
    ndarray of the same shape and type
    """
    size = np.minimum(np.abs(x), x.dtype.type(_FAR))
    t = 2 / (2 + size)
    p: NDArray[Any] = chebyshev.chebval(_to_unit(t), _coefficients(x.dtype), tensor=False)
    result: NDArray[Any] = np.copysign(1 - t * np.exp(p - size * size), x)
    return result


def _to_unit(t: Any) -> Any:
    """Map t in [0.25, 1] to [-1, 1], where Chebyshev series live."""
    return (2 * t - (1 + _NEAREST_T)) / (1 - _NEAREST_T)


@cache
def _coefficients(dtype: np.dtype[Any]) -> NDArray[np.floating[Any]]:
    def p(unit: float) -> float:
        t = (unit * (1 - _NEAREST_T) + (1 + _NEAREST_T)) / 2
        x = 2 / t - 2
        return math.log(math.erfc(x) / t) + x * x

    series = chebyshev.chebinterpolate(np.vectorize(p), _DEGREE)
    # What is smaller than the rounding of this type only costs time.
    return chebyshev.chebtrim(series, tol=float(np.finfo(dtype).eps) / 8).astype(dtype)
