"""Load MNIST from the copy inside this package, exactly as Keras returns it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from mnist_course.exceptions import CorruptDataError

__all__ = ["PATH", "SHA256", "Split", "load_data", "verify"]

Split = tuple[NDArray[np.uint8], NDArray[np.uint8]]

PATH = Path(__file__).parent / "data" / "mnist.npz"
"""The embedded file; ``data/MNIST.md`` beside it holds licence and provenance."""

SHA256 = "06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64"

_CHUNK = 1 << 20


def load_data() -> tuple[Split, Split]:
    """Load the 70,000 images of handwritten digits.

    The same arrays, in the same order, as ``keras.datasets.mnist.load_data()``, without network
    and without Keras. The file is verified before anything in it is read.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        ``x_train`` uint8 (60000, 28, 28) and ``x_test`` uint8 (10000, 28, 28): pixels, 0 = paper,
        255 = ink. ``y_train`` uint8 (60000,) and ``y_test`` uint8 (10000,): the digit, 0..9.
        Every call returns new arrays, so that a change to one never reaches another.

    Raises
    ------
    CorruptDataError
        If the file is missing or is not byte for byte the known one.

    Examples
    --------
    >>> from mnist_course.datasets import mnist
    >>> (x_train, y_train), (x_test, y_test) = mnist.load_data()
    >>> x_train.shape, x_train.dtype
    ((60000, 28, 28), dtype('uint8'))
    """
    with _open(PATH) as file:
        # One open file for both steps: what was verified is what is parsed.
        _verify(file)
        file.seek(0)
        with np.load(file, allow_pickle=False) as arrays:
            return (
                (arrays["x_train"], arrays["y_train"]),
                (arrays["x_test"], arrays["y_test"]),
            )


def verify() -> None:
    """Check that the embedded file is the known one.

    Raises
    ------
    CorruptDataError
        If the file is missing or its SHA-256 differs.
    """
    with _open(PATH) as file:
        _verify(file)


def _open(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise CorruptDataError(
            f"The MNIST file of mnist_course cannot be read ({error.strerror}). Expected "
            f"{path.name} inside the installed package. Install mnist-course again."
        ) from None


def _verify(file: IO[bytes]) -> None:
    # In chunks: the file never lies in memory beside the arrays.
    digest = hashlib.sha256()
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    if digest.hexdigest() != SHA256:
        raise CorruptDataError(
            f"The MNIST file of mnist_course is damaged. Expected SHA-256 {SHA256}, got "
            f"{digest.hexdigest()}. Install mnist-course again."
        )
