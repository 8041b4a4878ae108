"""Load the reader from the file inside this package."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_course.exceptions import CorruptDataError

if TYPE_CHECKING:
    from mnist_course.numpy_nn import Sequential

__all__ = ["PATH", "SHA256", "load_reader"]

PATH = Path(__file__).parent / "data" / "reader.npz"
"""The trained network; ``data/READER.md`` beside it says how it was made."""

SHA256 = "104a827e74b7cd716709ba6d164e91ea81a44598a20b33c5dab3a4977cbe2169"


def load_reader() -> Sequential:
    """Load a network that reads handwritten digits.

    784-128-64-10, ReLU, softmax, of :mod:`mnist_course.numpy_nn`; trained on MNIST's training
    images, each slightly turned, slanted, scaled, moved, thickened or thinned. It has never seen a
    drawing of :mod:`mnist_course.drawings`.

    Returns
    -------
    Sequential
        ``predict(images)`` takes float32 (n, 28, 28), 0 = ground, 1 = ink, and gives ten
        probabilities for each image. Every call returns a new model.

    Raises
    ------
    CorruptDataError
        If the file is missing or is not byte for byte the known one.

    Examples
    --------
    >>> from mnist_course.reader import load_reader
    >>> reader = load_reader()
    >>> reader.predict(images).argmax(axis=1)
    """
    from mnist_course.numpy_nn import load_model

    try:
        digest = hashlib.sha256(PATH.read_bytes()).hexdigest()
    except OSError as error:
        raise CorruptDataError(
            f"The reader of mnist_course cannot be loaded ({error.strerror}). Expected "
            f"{PATH.name} inside the installed package. Install mnist-course again."
        ) from None
    if digest != SHA256:
        raise CorruptDataError(
            f"The reader of mnist_course is damaged. Expected SHA-256 {SHA256}, got {digest}. "
            "Install mnist-course again."
        )
    return load_model(PATH)
