"""Formulas of M7, written once more: parameters, widths, penalty, norm, first-layer share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CLASSES",
    "PIXELS",
    "count_parameters",
    "first_layer_share",
    "penalty",
    "unit_images",
    "weight_norm",
    "width_for",
]

PIXELS = 784
CLASSES = 10

Array = NDArray[Any]


def count_parameters(depth: int, width: int) -> int:
    """Return the parameters of a network with `depth` hidden layers of `width` units.

    Parameters
    ----------
    depth, width : int
        1 or more.

    Examples
    --------
    >>> count_parameters(1, 128)
    101770
    """
    first = (PIXELS + 1) * width
    between = (depth - 1) * (width + 1) * width
    last = (width + 1) * CLASSES
    return first + between + last


def width_for(depth: int, parameters: int) -> int:
    """Return the width, 1 or more, whose network comes closest to a number of parameters.

    Parameters
    ----------
    depth : int
        Hidden layers, 1 or more.
    parameters : int

    Examples
    --------
    >>> width_for(1, 101_770)
    128
    """
    low, high = 1, max(1, parameters // PIXELS + 1)  # at `high`, the first layer alone is too much
    while low < high:  # the widest network that does not exceed the number
        middle = (low + high + 1) // 2
        if count_parameters(depth, middle) <= parameters:
            low = middle
        else:
            high = middle - 1
    return min((low, low + 1), key=lambda m: abs(count_parameters(depth, m) - parameters))


def penalty(kernels: Sequence[Array], l2: float) -> float:
    """Return what L2 adds to the loss: `l2` times the sum of all squared weights."""
    return float(l2) * sum(float(np.square(kernel, dtype=np.float64).sum()) for kernel in kernels)


def weight_norm(kernels: Sequence[Array]) -> float:
    """Return the Euclidean norm of all weights, as if they stood in one long vector."""
    return float(np.sqrt(sum(float(np.square(k, dtype=np.float64).sum()) for k in kernels)))


def unit_images(kernel: Array) -> Array:
    """Return the weights of each unit as an image: (784, units) becomes (units, 28, 28)."""
    kernel = np.asarray(kernel)
    return kernel.T.reshape(kernel.shape[1], 28, 28)


def first_layer_share(depth: int, width: int) -> float:
    """Return the part of the parameters, 0..1, that stands in the first hidden layer."""
    return (PIXELS + 1) * width / count_parameters(depth, width)
