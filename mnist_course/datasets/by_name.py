"""Load a data set by its name, as the command line names them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["NAMES", "Dataset", "load"]

NAMES = ("mnist", "fashion_mnist")


@dataclass(frozen=True, slots=True)
class Dataset:
    """A data set of images with their classes.

    Parameters
    ----------
    name : str
        One of `NAMES`.
    class_names : tuple of str
        What the classes 0 to 9 are.
    x_train, x_test : ndarray of uint8 (n, 28, 28)
        Pixels, 0..255.
    y_train, y_test : ndarray of uint8 (n,)
        Classes, 0..9.
    """

    name: str
    class_names: tuple[str, ...]
    x_train: NDArray[np.uint8]
    y_train: NDArray[np.uint8]
    x_test: NDArray[np.uint8]
    y_test: NDArray[np.uint8]

    def sha256(self) -> str:
        """Return a fingerprint of all four arrays in their order."""
        digest = hashlib.sha256()
        for array in (self.x_train, self.y_train, self.x_test, self.y_test):
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()


def load(name: str) -> Dataset:
    """Load a data set.

    Raises
    ------
    ValueError
        If there is no such name.
    CorruptDataError
        If MNIST's file is damaged.
    DatasetError
        If Fashion-MNIST is not on this machine and cannot be fetched.
    """
    from mnist_course.datasets import fashion_mnist, mnist

    if name == "mnist":
        (x_train, y_train), (x_test, y_test) = mnist.load_data()
        class_names = tuple("0123456789")
    elif name == "fashion_mnist":
        (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
        class_names = fashion_mnist.LABELS
    else:
        raise ValueError(f"There is no data set {name!r}. Expected one of {', '.join(NAMES)}.")
    return Dataset(name, class_names, x_train, y_train, x_test, y_test)
