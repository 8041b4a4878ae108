"""How well PCA reconstructs images from k numbers: the best that a linear code can do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["mean_image_error", "pca_errors"]


def pca_errors(x_train: Any, x: Any, lengths: Iterable[int]) -> dict[int, float]:
    """Return the mean squared error of PCA's reconstructions by the length of the code.

    Parameters
    ----------
    x_train : array-like (n, ...)
        Images that the principal components are found in (``sklearn.decomposition.PCA``).
    x : array-like (m, ...)
        Other images of the same shape, which are reconstructed.
    lengths : iterable of int
        Lengths k of the code: components that are kept, 1 to min(n, pixels).

    Returns
    -------
    dict of int to float
        Mean over images and pixels, in squares of the pixels' unit.

    Raises
    ------
    ValueError
        If the two shapes do not fit, or a length is out of range.
    """
    from sklearn.decomposition import PCA

    train, others = _flat(x_train, "x_train"), _flat(x, "x")
    if train.shape[1] != others.shape[1]:
        raise ValueError(
            f"x_train has {train.shape[1]} pixels an image, x has {others.shape[1]}: pass images "
            "of the same size."
        )
    wanted = [int(k) for k in lengths]
    most = min(train.shape)
    if not wanted or min(wanted) < 1 or max(wanted) > most:
        raise ValueError(
            f"lengths must be whole numbers from 1 to {most}, the smaller of images and pixels; "
            f"got {wanted}."
        )
    found = PCA(n_components=max(wanted), svd_solver="covariance_eigh").fit(train)
    centred = others - found.mean_
    # The components are orthogonal: each one takes the square of its coordinate off the error.
    taken = np.cumsum((centred @ found.components_.T) ** 2, axis=1).mean(axis=0)
    whole = float((centred**2).sum(axis=1).mean())
    # Rounding may leave less than nothing of images that the components hold completely.
    return {k: max(0.0, whole - float(taken[k - 1])) / train.shape[1] for k in wanted}


def mean_image_error(x_train: Any, x: Any) -> float:
    """Return the mean squared error of giving the mean training image for every image.

    It is what a code of length 0 can do, and so what there is to be explained.

    Parameters
    ----------
    x_train, x : array-like (n, ...), (m, ...)
        As for `pca_errors`.
    """
    train, others = _flat(x_train, "x_train"), _flat(x, "x")
    return float(((others - train.mean(axis=0)) ** 2).mean())


def _flat(images: Any, name: str) -> NDArray[np.float64]:
    array = np.asarray(images, dtype=np.float64)
    if array.ndim < 2 or 0 in array.shape:
        raise ValueError(f"{name} must hold images, such as (n, 28, 28); got shape {array.shape}.")
    return array.reshape(len(array), -1)
