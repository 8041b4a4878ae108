"""Bring images into the shape that a model takes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["as_inputs"]


def as_inputs(model: Any, images: NDArray[Any]) -> NDArray[np.float32]:
    """Return images in the shape of a model's input: a channel axis more, or flat.

    Parameters
    ----------
    model : keras.Model
        Built: it knows the shape of its input. What has no ``input_shape`` takes the images as
        they are.
    images : ndarray (n, height, width)

    Returns
    -------
    ndarray of float32 (n, ...)
        The values are as they were.

    Raises
    ------
    ValueError
        If the model is not built yet, or takes another number of pixels.
    """
    pixels = images.astype(np.float32)
    if not hasattr(model, "layers"):
        return pixels
    try:
        shape = model.input_shape
    except (AttributeError, ValueError):
        shape = None
    if not isinstance(shape, tuple) or not shape:
        raise ValueError(
            "The model does not know the shape of its input yet. Begin it with "
            "keras.Input((28, 28)), or call it once on some images."
        )
    wanted = tuple(
        size if size is not None else own
        for size, own in zip(shape[1:], (*images.shape[1:], 1), strict=False)
    )
    if int(np.prod(wanted)) != int(np.prod(images.shape[1:])):
        raise ValueError(
            f"The model takes inputs of the shape {shape[1:]}, the images have "
            f"{images.shape[1:]}: another number of pixels."
        )
    return pixels.reshape(len(images), *wanted)
