"""Train the reader: ``python -m mnist_course.reader.training --output reader.npz``."""

from __future__ import annotations

import argparse
import hashlib
import math
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_course.datasets import mnist
from mnist_course.numpy_nn import Adam, Dense, Flatten, Input, Sequential
from mnist_course.reader.variation import varied

__all__ = ["train"]

_EPOCHS = 30
_BATCH = 64
_FIRST_RATE = 1e-3  # falls to 0 along half a cosine
_SEED = 0

Images = NDArray[np.float32]
Labels = NDArray[np.uint8]


def train(x: Images, y: Labels, *, epochs: int = _EPOCHS, seed: int = _SEED) -> Sequential:
    """Train 784-128-64-10; in every epoch each image is another variation of itself.

    Parameters
    ----------
    x : ndarray of float32 (n, 28, 28)
        0 = ground, 1 = ink.
    y : ndarray of int (n,)
    epochs : int
    seed : int
        Draws weights, order and variations.

    Returns
    -------
    Sequential
    """
    rng = np.random.default_rng(seed)
    model = Sequential(
        [
            Input((28, 28)),
            Flatten(),
            Dense(128, activation="relu"),
            Dense(64, activation="relu"),
            Dense(10, activation="softmax"),
        ],
        seed=seed,
        name="reader",
    )
    model.compile(Adam(_FIRST_RATE), "sparse_categorical_crossentropy", ["accuracy"])
    for epoch in range(epochs):
        model.optimizer.learning_rate = (
            _FIRST_RATE * (1 + math.cos(math.pi * (epoch + 0.5) / epochs)) / 2
        )
        model.fit(varied(x, rng), y, batch_size=_BATCH, epochs=1)
    return model


def main(arguments: list[str] | None = None) -> int:
    """Train on MNIST's training images, measure on its test images, write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="the .npz file to write")
    parser.add_argument("--epochs", type=int, default=_EPOCHS)
    parser.add_argument("--seed", type=int, default=_SEED)
    options = parser.parse_args(arguments)
    (x_train, y_train), (x_test, y_test) = mnist.load_data()
    model = train(
        x_train.astype(np.float32) / np.float32(255),
        y_train,
        epochs=options.epochs,
        seed=options.seed,
    )
    _, accuracy = model.evaluate(x_test.astype(np.float32) / np.float32(255), y_test)
    extra = {"epochs": options.epochs, "seed": options.seed, "test_accuracy": round(accuracy, 4)}
    model.save(options.output, extra=extra)
    content = options.output.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    sys.stdout.write(
        f"accuracy on MNIST's test images {accuracy:.4f}\n"
        f"{len(content):,} bytes, SHA-256 {digest}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
