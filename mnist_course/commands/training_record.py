"""What a model file says about its training, so that nobody measures it on what it has seen."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from mnist_course.datasets import by_name
from mnist_course.datasets.by_name import Dataset
from mnist_course.exceptions import ModelFileError

__all__ = ["Examples", "TrainingRecord", "pixels"]

Rows = tuple[NDArray[np.float32], NDArray[np.uint8]]

_KEY = "training"


@dataclass(frozen=True, slots=True)
class Examples:
    """The examples of a data set in the parts that a network knows.

    Each part is (x, y): x float32 (n, 784) in 0..1, y uint8 (n,).

    Parameters
    ----------
    dataset : Dataset
    is_held_out : ndarray of bool (n,)
        For each training image, whether the network does not learn from it.
    """

    dataset: Dataset
    is_held_out: NDArray[np.bool_]

    def learned(self) -> Rows:
        """Return what the network learns from."""
        return self._rows(~self.is_held_out)

    def held_out(self) -> Rows:
        """Return the training images that it never learns from."""
        return self._rows(self.is_held_out)

    def test(self) -> Rows:
        """Return the test images."""
        return pixels(self.dataset.x_test), self.dataset.y_test

    def _rows(self, chosen: NDArray[np.bool_]) -> Rows:
        return pixels(self.dataset.x_train[chosen]), self.dataset.y_train[chosen]


@dataclass(frozen=True, slots=True)
class TrainingRecord:
    """How a network was trained.

    Parameters
    ----------
    dataset : str
        Name of the data set.
    dataset_sha256 : str
        Fingerprint of its arrays.
    seed : int
        Of the held-out rows, the first weights and the order of the examples.
    held_out : tuple of int
        Rows of the training set that it did not learn from, ascending.
    settings : dict
        As they were given on the command line; plain data.
    history : dict of str to list of float
        What was measured after each epoch.
    """

    dataset: str
    dataset_sha256: str
    seed: int
    held_out: tuple[int, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    history: Mapping[str, list[float]] = field(default_factory=dict)

    def as_extra(self) -> dict[str, Any]:
        """Return plain data to save beside a model's weights."""
        return {_KEY: {**asdict(self), "held_out": list(self.held_out)}}

    @classmethod
    def from_extra(cls, extra: Mapping[str, Any], *, file: str) -> TrainingRecord:
        """Read it from what was saved beside a model's weights.

        Parameters
        ----------
        extra : mapping
            Foreign data.
        file : str
            Name of the file, for messages.

        Raises
        ------
        ModelFileError
            If there is no record, or it is damaged.
        """
        found = extra.get(_KEY)
        if not isinstance(found, dict):
            raise ModelFileError(
                f"{file} does not say what the model was trained on, so nobody knows which images "
                "it has not seen. Expected a file of 'mnist-course numpy train'. Train it with "
                "that command."
            )
        kinds = {"dataset": str, "dataset_sha256": str, "seed": int, "held_out": list,
                 "settings": dict, "history": dict}  # fmt: skip
        for name, kind in kinds.items():
            value = found.get(name)
            if not isinstance(value, kind) or isinstance(value, bool):
                _damaged(file, f"its {name} is {type(value).__name__}, not {kind.__name__}")
        if found["dataset"] not in by_name.NAMES:
            _damaged(file, f"it names the data set {found['dataset'][:40]!r}")
        rows = found["held_out"]
        if not rows or not all(type(row) is int and row >= 0 for row in rows):
            _damaged(file, "the held-out rows are no row numbers")
        if any(a >= b for a, b in itertools.pairwise(rows)):
            _damaged(file, "the held-out rows are not in order")
        for name, values in found["history"].items():
            if not isinstance(values, list) or any(type(v) not in (int, float) for v in values):
                _damaged(file, f"its history of {name[:40]!r} is no list of numbers")
        return cls(**{name: found[name] for name in kinds if name != "held_out"},
                   held_out=tuple(rows))  # fmt: skip

    def examples(self, dataset: Dataset, *, file: str) -> Examples:
        """Return the parts of the data set, as they were when the network was trained.

        Raises
        ------
        ModelFileError
            If the data set is another one, or the rows are not in it.
        """
        if dataset.name != self.dataset:
            raise ModelFileError(
                f"{file} was trained on {self.dataset} and does not fit {dataset.name}: its "
                f"classes are others. Leave --dataset out, or train a model on {dataset.name}."
            )
        if dataset.sha256() != self.dataset_sha256:
            raise ModelFileError(
                f"{file} was trained on another version of {self.dataset} than the one here, so "
                "its held-out rows mean other images. Train it again."
            )
        if self.held_out[-1] >= len(dataset.y_train) or len(self.held_out) == len(dataset.y_train):
            _damaged(file, f"the held-out rows do not fit {len(dataset.y_train):,} images")
        is_held_out = np.zeros(len(dataset.y_train), dtype=bool)
        is_held_out[list(self.held_out)] = True
        return Examples(dataset, is_held_out)


def pixels(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return images (n, 28, 28) of 0..255 as rows (n, 784), float32 in 0..1."""
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)


def _damaged(file: str, words: str) -> NoReturn:
    raise ModelFileError(
        f"The record of the training in {file} is damaged: {words}. Train the model again."
    )
