"""MNIST as assignment m1 prepares it: rows of numbers within 0..1, in three parts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnist_course.datasets import mnist

__all__ = ["VALIDATION", "Part", "load_data"]

VALIDATION = 10_000
"""Images that are set aside for choosing."""

Part = tuple[NDArray[np.float32], NDArray[np.uint8]]


def load_data(*, seed: int = 0, validation: int = VALIDATION) -> tuple[Part, Part, Part]:
    """Load MNIST as rows of 784 numbers, with a part of the training images set aside.

    The training images are shuffled first, then divided so that every digit has the same share in
    both parts, up to one image. The test images keep their order.

    Parameters
    ----------
    seed : int
        Of the shuffling.
    validation : int
        How many of the 60,000 training images are set aside, at least 10.

    Returns
    -------
    (x_train, y_train), (x_val, y_val), (x_test, y_test)
        ``x`` float32 (n, 784) within 0..1, ``y`` uint8 (n,): 0..9. Of 50,000, 10,000 and 10,000
        images by default.

    Raises
    ------
    CorruptDataError
        If the data file is missing or damaged.
    ValueError
        If ``validation`` leaves no images for one of the parts.

    Examples
    --------
    >>> from mnist_course.datasets import prepared
    >>> (x_train, y_train), (x_val, y_val), (x_test, y_test) = prepared.load_data(seed=0)
    >>> x_train.shape, x_val.shape
    ((50000, 784), (10000, 784))
    """
    (images, labels), test = mnist.load_data()
    if not 10 <= validation <= len(labels) - 10:
        raise ValueError(
            f"validation must be within 10..{len(labels) - 10}, got {validation}: each part needs "
            "images of every digit"
        )
    order = np.random.default_rng(seed).permutation(len(labels))
    # Where an image stands among the images of its digit, of all of them: sorted by this, each
    # beginning of the list holds every digit in its share.
    place = np.empty(len(labels))
    for digit in np.unique(labels):
        rows = order[labels[order] == digit]
        place[rows] = (np.arange(len(rows)) + 0.5) / len(rows)
    aside = np.zeros(len(labels), dtype=bool)
    aside[order[np.argsort(place[order], kind="stable")[:validation]]] = True
    first, second = order[~aside[order]], order[aside[order]]
    return (
        (_rows(images[first]), labels[first]),
        (_rows(images[second]), labels[second]),
        (_rows(test[0]), test[1]),
    )


def _rows(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return levels 0..255 as float32 rows within 0..1."""
    rows: NDArray[np.float32] = images.reshape(len(images), -1).astype(np.float32)
    rows /= np.float32(255)
    return rows
