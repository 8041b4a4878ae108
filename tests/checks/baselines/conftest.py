"""MNIST read once, and a small set of it that every method is quick with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from mnist_course.checks.score import clear
from mnist_course.datasets import mnist
from mnist_course.datasets.mnist import Split


@pytest.fixture(autouse=True)
def read_once(mnist_data: tuple[Split, Split], monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every check the arrays that are there already."""
    monkeypatch.setattr(mnist, "load_data", lambda: mnist_data)
    clear()


@dataclass(frozen=True)
class Small:
    """Rows of float32 within 0..1 with labels: to fit on, to choose with, to test with."""

    x: np.ndarray
    y: np.ndarray
    x_val: np.ndarray
    y_val: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


@pytest.fixture(scope="session")
def small(mnist_data: tuple[Split, Split]) -> Small:
    """Return 2,000 rows to fit on, 500 to choose with, 500 to test with."""
    (images, labels), (test_images, test_labels) = mnist_data

    def rows(some: np.ndarray) -> np.ndarray:
        return some.reshape(len(some), -1).astype(np.float32) / np.float32(255)

    return Small(
        rows(images[:2000]), labels[:2000], rows(images[2000:2500]), labels[2000:2500],
        rows(test_images[:500]), test_labels[:500],
    )  # fmt: skip
