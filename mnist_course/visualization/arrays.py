"""Check the arrays that pictures are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Classes", "as_classes", "as_images", "as_one_image", "class_name"]

Classes = NDArray[np.int64]


def as_classes(values: Any, *, name: str, rows: int | None = None) -> Classes:
    """Return classes as integers.

    Parameters
    ----------
    values : array-like
        Classes (n,), or one row of probabilities or a one-hot row per example (n, k).
    name : str
        What to call them in an error.
    rows : int, optional
        How many there must be.

    Returns
    -------
    ndarray of int64 (n,)
        The column of the largest value, for rows.

    Raises
    ------
    ValueError
        If the shape is another one, or a value is NaN or no whole number >= 0.
    """
    array = np.asarray(values)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim not in (1, 2) or array.dtype.kind not in "buif":
        raise ValueError(
            f"{name} must be classes, shape (n,), or one row of numbers per example, shape "
            f"(n, 10); got shape {array.shape} of {array.dtype}."
        )
    if rows is not None and len(array) != rows:
        raise ValueError(
            f"{name} must have one entry per example: expected {rows}, got {len(array)}. "
            "Pass the same rows of both."
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(
            f"{name} holds NaN or infinite values, so it names no class. If a model predicted "
            "them, its weights are NaN: look at its loss, then at its learning rate."
        )
    if array.ndim == 2:
        return np.asarray(array.argmax(axis=1), dtype=np.int64)
    whole = array.astype(np.int64)
    if (whole != array).any() or (whole < 0).any():
        raise ValueError(
            f"{name} must be whole numbers from 0, one class per example; got for example "
            f"{array[(whole != array) | (whole < 0)][0]:g}."
        )
    return whole


def as_images(values: Any) -> NDArray[Any]:
    """Return images (n, height, width).

    Parameters
    ----------
    values : array-like
        (n, h, w), (n, h, w, 1), one image (h, w), or flat square images (n, h·h).

    Raises
    ------
    ValueError
        If the shape is another one, or the values are no numbers or not finite.
    """
    array = np.asarray(values)
    given = array.shape
    if array.ndim == 4 and array.shape[3] == 1:
        array = array[..., 0]
    if array.ndim == 2:
        side = round(array.shape[1] ** 0.5)
        # A row of 784 is a flat image; anything smaller than two rows of it is one image.
        flat = side >= 8 and side * side == array.shape[1] and array.shape[1] > 4 * array.shape[0]
        flat = flat or (side == 28 and side * side == array.shape[1])
        array = array.reshape(-1, side, side) if flat else array[np.newaxis]
    if array.ndim != 3 or 0 in array.shape[1:] or array.dtype.kind not in "buif":
        raise ValueError(
            "images must have the shape (n, 28, 28), (n, 28, 28, 1) or (n, 784); got "
            f"{given} of {array.dtype}."
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError("images hold NaN or infinite values, which cannot be drawn.")
    return array


def as_one_image(values: Any) -> NDArray[Any]:
    """Return one image (height, width).

    Parameters
    ----------
    values : array-like
        (h, w), (h, w, 1), or a batch of one in a form that `as_images` knows.

    Raises
    ------
    ValueError
        If there are several, or `as_images` refuses them.
    """
    array = np.asarray(values)
    images = as_images(array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array)
    if len(images) != 1:
        raise ValueError(
            f"The picture shows one image, got {len(images)}. Choose one, such as x_test[0]."
        )
    return np.asarray(images[0])


def class_name(label: int, names: Sequence[str] | None) -> str:
    """Return how a class is called in a picture."""
    return str(label) if names is None or not label < len(names) else str(names[label])
