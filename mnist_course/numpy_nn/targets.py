"""Checks of labels before a loss uses them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mnist_course.exceptions import NetworkError

__all__ = ["class_numbers", "rows_like_outputs"]


def class_numbers(y: ArrayLike, classes: int) -> NDArray[np.int64]:
    """Return labels as whole numbers (n,).

    Parameters
    ----------
    y : array-like (n,) or (n, 1)
        The class of each example, 0 to ``classes - 1``; floats without a fraction will do.

    Raises
    ------
    NetworkError
        If the shape is another, a label is no whole number, or none of the classes.
    """
    array = np.asarray(y)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        hint = (
            "One-hot rows need the loss categorical_crossentropy"
            if array.ndim == 2 and array.shape[1] == classes
            else "Pass the class of each example"
        )
        raise NetworkError(
            "The labels do not have the shape that sparse_categorical_crossentropy takes. "
            f"Expected one number for each example, (n,), got {array.shape}. {hint}."
        )
    if array.dtype.kind not in "iuf" or (
        array.dtype.kind == "f" and not (np.isfinite(array) & (array == np.floor(array))).all()
    ):
        raise NetworkError(
            f"The labels are not numbers of classes. Expected whole numbers from 0 to "
            f"{classes - 1}, got {array.dtype} values such as {array[:3].tolist()}."
        )
    wrong = (array < 0) | (array >= classes)
    if wrong.any():
        first = int(wrong.argmax())
        raise NetworkError(
            f"A label is none of the model's classes. Expected 0 to {classes - 1}, because the "
            f"last layer has {classes} units, got {array[first].item():g} in row {first} "
            f"({int(wrong.sum())} such labels). Count the classes from 0, or give the last layer "
            "one unit for each."
        )
    return array.astype(np.int64)


def rows_like_outputs(y: ArrayLike, outputs: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return targets as rows (n, outputs).

    Raises
    ------
    NetworkError
        If the shape is another or a value is NaN or infinite.
    """
    array = np.asarray(y)
    if array.ndim == 1 and outputs == 1:
        array = array[:, np.newaxis]
    if array.ndim != 2 or array.shape[1] != outputs:
        hint = (
            "Numbers of classes need the loss sparse_categorical_crossentropy"
            if array.ndim == 1
            else "The last layer's units must be as many as a target has numbers"
        )
        raise NetworkError(
            f"The targets do not have the shape of the outputs. Expected (n, {outputs}), got "
            f"{array.shape}. {hint}."
        )
    if array.dtype.kind not in "iufb":
        raise NetworkError(
            f"The targets are not numbers. Expected floats (n, {outputs}), got {array.dtype}."
        )
    if not np.isfinite(array).all():
        raise NetworkError(
            "The targets hold NaN or infinity. Expected numbers only, got "
            f"{int((~np.isfinite(array)).sum())} that are none. Look where they were made."
        )
    return np.ascontiguousarray(array, dtype)
