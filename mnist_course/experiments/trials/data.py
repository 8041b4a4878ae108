"""Give a trial its images: those of the course, in an order that is the same for everyone."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from mnist_course.experiments.trials.configuration import Configuration

__all__ = ["TrialData", "data_digest", "load"]

# The parts of 55,000 images are 190 MB: the last one or two serve a study whose arms share them.
_PARTS_KEPT = 2


@dataclass(frozen=True, slots=True)
class TrialData:
    """The three parts that a trial works with; the arrays are read-only.

    Parameters
    ----------
    x_train, x_val, x_test : ndarray of float32 (n, 28, 28)
        Pixels divided by 255, so 0..1.
    y_train, y_val, y_test : ndarray of int64 (n,)
        Classes, 0..9.
    """

    x_train: NDArray[np.float32]
    y_train: NDArray[np.int64]
    x_val: NDArray[np.float32]
    y_val: NDArray[np.int64]
    x_test: NDArray[np.float32]
    y_test: NDArray[np.int64]


def load(configuration: Configuration) -> TrialData:
    """Give the images of a configuration.

    The 60,000 training images are shuffled by ``np.random.default_rng(split_seed)``: the first
    ``train_rows`` of them are trained on, the last ``validation_rows`` are validated on, so that
    two trials with the same ``split_seed`` share them as far as they go. The test images are the
    published ones. The last parts stay in memory.

    Raises
    ------
    CorruptDataError
        If the data file is damaged.
    DatasetError
        If Fashion-MNIST is not on this machine and cannot be fetched.
    """
    x_train, y_train, x_val, y_val = _parts(
        configuration.dataset,
        configuration.split_seed,
        configuration.train_rows,
        configuration.validation_rows,
    )
    x_test, y_test = _test_part(configuration.dataset)
    return TrialData(x_train, y_train, x_val, y_val, x_test, y_test)


@cache
def data_digest(dataset: str) -> str:
    """Name the content of a data set's files by the SHA-256 that they were published with.

    Parameters
    ----------
    dataset : str
        One of `configuration.DATASETS`.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    if dataset == "mnist":
        from mnist_course.datasets import mnist

        return mnist.SHA256
    from mnist_course.datasets import fashion_mnist

    files = "\n".join(f"{name} {file.sha256}" for name, file in fashion_mnist.FILES.items())
    return hashlib.sha256(files.encode("ascii")).hexdigest()


@lru_cache(maxsize=_PARTS_KEPT)
def _parts(
    dataset: str, split_seed: int, train_rows: int, validation_rows: int
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float32], NDArray[np.int64]]:
    images, labels, _, _ = _images(dataset)
    order = np.random.default_rng(split_seed).permutation(len(labels))
    first, last = order[:train_rows], order[len(order) - validation_rows :]
    return (
        _pixels(images[first]),
        _classes(labels[first]),
        _pixels(images[last]),
        _classes(labels[last]),
    )


@lru_cache(maxsize=2)
def _test_part(dataset: str) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    _, _, images, labels = _images(dataset)
    return _pixels(images), _classes(labels)


@lru_cache(maxsize=2)
def _images(
    dataset: str,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    from mnist_course.datasets import by_name

    loaded = by_name.load(dataset)
    return loaded.x_train, loaded.y_train, loaded.x_test, loaded.y_test


def _pixels(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    pixels: NDArray[np.float32] = images.astype(np.float32)
    pixels /= np.float32(255)
    pixels.flags.writeable = False
    return pixels


def _classes(labels: NDArray[np.uint8]) -> NDArray[np.int64]:
    classes: NDArray[np.int64] = labels.astype(np.int64)
    classes.flags.writeable = False
    return classes
