"""Points for a trained network, by the grader's own forward pass on its own test images."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mnist_course.checks.score import CannotGrade, Score, note, note_confusion, ramp
from mnist_course.checks.two_layers.network import Network, read_network
from mnist_course.datasets import fashion_mnist, mnist
from mnist_course.exceptions import DatasetError
from mnist_course.grading.results import Finding

__all__ = ["check_network"]

_TITLES = {"mnist": "MNIST", "fashion_mnist": "Fashion-MNIST"}
_UNTRAINED = 0.2

Array = NDArray[Any]


@lru_cache(maxsize=2)
def _test_images(data: str) -> tuple[Array, NDArray[np.int64]]:
    """Return pixels / 255 float32 (10000, 784) and classes (10000,)."""
    source = mnist if data == "mnist" else fashion_mnist
    _, (images, labels) = source.load_data()
    x = images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
    return x, labels.astype(np.int64)


def check_network(
    network: Any,
    *,
    data: Literal["mnist", "fashion_mnist"],
    points: Mapping[float, float],
    name: str,
    required: bool = False,
) -> Score:
    """Measure a network on the 10,000 test images; what the notebook says of it does not count.

    Parameters
    ----------
    network : dict
        ``{"activation": ..., "params": ...}`` from the student's notebook.
    data : str
        Which test images.
    points : mapping of float to float
        Accuracy to points.
    name : str
        Of the student's variable.
    required : bool
        In the grader: without the test images nothing can be decided.

    Raises
    ------
    CannotGrade
        If the images are ``required`` and this machine does not have them.
    """
    of = max(points.values())
    try:
        x, labels = _test_images(data)
    except DatasetError as error:
        if required:
            raise CannotGrade(f"{_TITLES[data]} is not on this machine: {error}") from error
        return Score(
            0,
            of,
            f"{_TITLES[data]} is not on this computer, so nothing can be measured here.",
            "When you submit, the grader measures on its own copy.",
            "In a terminal: mnist-course data fetch fashion_mnist",
        )
    read = read_network(network, name)
    if isinstance(read, Finding):
        return Score(0, of, findings=[read])
    answers = read.probabilities(x).argmax(axis=1)
    accuracy = float((answers == labels).mean())
    if data == "mnist":
        counts = np.zeros((10, 10), dtype=np.int64)
        np.add.at(counts, (labels, answers), 1)
        note(accuracy=accuracy, hidden_units=read.hidden)
        note_confusion(counts)
    else:
        note(fashion_accuracy=accuracy)
    return Score(
        ramp(accuracy, points), of, findings=[_told(accuracy, answers, points, read, data)]
    )


def _told(
    accuracy: float,
    answers: NDArray[np.int64],
    points: Mapping[float, float],
    network: Network,
    data: str,
) -> Finding:
    saw = f"{accuracy:.2%} of the 10,000 test images of {_TITLES[data]} are right."
    if accuracy >= max(points):
        return Finding(saw)
    if accuracy < max(points) - 0.02:
        x, labels = _test_images(data)
        raw = float((network.probabilities(x * np.float32(255)).argmax(axis=1) == labels).mean())
        if raw > accuracy + 0.05:
            return Finding(
                f"{saw} With pixels from 0 to 255 it would be {raw:.2%}.",
                "It was trained on pixels that were not divided by 255, and is measured on pixels "
                "from 0 to 1.",
                "Train it on x_train as part 1 makes it.",
            )
    used = np.unique(answers)
    if len(used) == 1:
        return Finding(
            f"{saw} The answer is always class {used[0]}.",
            "Such a network has stopped looking at its input: its units are dead, or a bias "
            "outweighs everything else.",
            "Make the learning rate smaller, and start again from new parameters.",
        )
    if accuracy < _UNTRAINED:
        return Finding(
            saw,
            "That is about what ten equal guesses give: it has hardly been trained.",
            "Look at the loss after each epoch. It begins near 2.3 and must fall.",
        )
    following = min(step for step in points if step > accuracy)
    return Finding(
        saw,
        f"The next step is at {following:.0%}, full points at {max(points):.0%}.",
        "More hidden units, more epochs, or another learning rate: look at the two curves. If both "
        "still rise, train longer.",
    )
