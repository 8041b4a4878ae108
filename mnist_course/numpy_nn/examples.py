"""Checks of the inputs of a network."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mnist_course.exceptions import NetworkError

__all__ = ["as_examples", "same_length"]


def as_examples(
    x: ArrayLike, input_shape: tuple[int, ...], dtype: np.dtype[Any]
) -> NDArray[np.floating[Any]]:
    """Return inputs as floats (n, *input_shape), without a copy where they already are.

    Parameters
    ----------
    x : array-like (n, *input_shape)
        Numbers of any type. Nothing is scaled: 255 stays 255.
    input_shape : tuple of int
        Shape of one example.
    dtype : dtype
        float32, as the weights are.

    Raises
    ------
    NetworkError
        If there is no example, the shape is another, or a value is NaN or infinite.
    """
    array = np.asarray(x)
    if array.shape[1:] != input_shape or array.ndim != 1 + len(input_shape):
        raise NetworkError(
            "The inputs do not have the shape that the network was built for. Expected "
            f"(n, {', '.join(map(str, input_shape))}), got {array.shape}. "
            f"{_hint(array.shape, input_shape)}"
        )
    if not len(array):
        raise NetworkError(
            f"There are no examples. Expected at least one of shape {input_shape}, got the shape "
            f"{array.shape}. Look at the slice or mask that made this array."
        )
    if array.dtype.kind not in "iufb":
        raise NetworkError(
            f"The inputs are not numbers. Expected float32, got {array.dtype}. Convert them with "
            "x.astype('float32')."
        )
    array = np.ascontiguousarray(array, dtype)
    # A sum over everything is NaN or infinite when one value is; it needs no second array. Only
    # then, or when finite numbers add up to infinity, each value is looked at.
    with np.errstate(over="ignore", invalid="ignore"):
        suspicious = not np.isfinite(array.sum())
    if suspicious:
        _refuse_what_is_not_finite(array)
    return array


def same_length(x: NDArray[Any], y: NDArray[Any]) -> None:
    """Raise NetworkError unless there is one target for each example."""
    if len(x) != len(y):
        raise NetworkError(
            f"Inputs and targets do not belong together. Expected one target for each of the "
            f"{len(x)} examples, got {len(y)}. Take the same rows of both."
        )


def _refuse_what_is_not_finite(array: NDArray[Any]) -> None:
    wrong = ~np.isfinite(array)
    if wrong.any():
        rows = wrong.reshape(len(array), -1).any(axis=1)
        raise NetworkError(
            "The inputs hold NaN or infinity. Expected numbers only, got "
            f"{int(wrong.sum())} that are none, the first in row {int(rows.argmax())}. Look where "
            "they were made: a division by zero is the usual cause."
        )


def _hint(shape: tuple[int, ...], input_shape: tuple[int, ...]) -> str:
    if shape == input_shape:
        return "For one single example pass x[np.newaxis]."
    if len(shape) == 3 and input_shape == (shape[1] * shape[2],):
        return (
            "Start the network with Input((28, 28)) and Flatten(), or pass x.reshape(len(x), -1)."
        )
    return "Look at x.shape and at the network's Input."
