"""Measure a network on images that it has not learned from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from mnist_course.commands.training_record import Examples, TrainingRecord
from mnist_course.datasets import by_name
from mnist_course.exceptions import ModelFileError
from mnist_course.numpy_nn import Sequential, load_model

__all__ = ["Evaluation", "Measured", "Opened", "evaluate_file", "open_model", "show"]

_PAIRS = 3  # most frequent confusions that are named


@dataclass(frozen=True, slots=True)
class Opened:
    """A model from a file, with the images that it knows and those that it does not.

    Parameters
    ----------
    name : str
        Of the file.
    model : Sequential
    record : TrainingRecord
    examples : Examples
    """

    name: str
    model: Sequential
    record: TrainingRecord
    examples: Examples


@dataclass(frozen=True, slots=True)
class Measured:
    """What a model answers on one part of a data set.

    Parameters
    ----------
    loss : float
        Mean cross-entropy.
    labels, predictions : ndarray of int (n,)
        The true classes, with what the model says.
    """

    loss: float
    labels: NDArray[np.int64]
    predictions: NDArray[np.int64]

    @property
    def accuracy(self) -> float:
        """Share of right answers, 0..1."""
        return float(np.mean(self.labels == self.predictions))

    @property
    def standard_error(self) -> float:
        """How far the accuracy would differ on other images of the same kind, one sd."""
        return math.sqrt(self.accuracy * (1 - self.accuracy) / len(self.labels))


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A model on the images that it has not learned from.

    Parameters
    ----------
    opened : Opened
    held_out, test : Measured
    """

    opened: Opened
    held_out: Measured
    test: Measured

    def confusions(self) -> list[tuple[str, str, int]]:
        """Return (true class, answer, how often) of wrong answers on the test set, most first."""
        names = self.opened.examples.dataset.class_names
        counts = np.zeros((len(names), len(names)), dtype=np.int64)
        np.add.at(counts, (self.test.labels, self.test.predictions), 1)
        np.fill_diagonal(counts, 0)
        order = np.argsort(-counts, axis=None, kind="stable")
        pairs = zip(*np.unravel_index(order, counts.shape), strict=True)
        return [(names[i], names[j], int(counts[i, j])) for i, j in pairs if counts[i, j]]


def open_model(path: Path, dataset: str | None) -> Opened:
    """Read a model file and the data set that belongs to it.

    Parameters
    ----------
    path : Path
    dataset : str or None
        Name of the data set that it must be for; None is whatever the file says.

    Raises
    ------
    ModelFileError
        If the file is none of ours or damaged, or the data set does not fit it.
    DatasetError, CorruptDataError
        If the data set cannot be had.
    """
    model = load_model(path)
    record = TrainingRecord.from_extra(model.extra, file=path.name)
    if (model.input_shape, model.output_shape) != ((784,), (10,)):
        raise ModelFileError(
            f"{path.name} does not fit {record.dataset}: expected a network with 784 inputs and 10 "
            f"outputs, got the shapes {model.input_shape} and {model.output_shape}."
        )
    if not model.metrics:
        raise ModelFileError(
            f"{path.name} was compiled without accuracy. Expected a file of 'mnist-course numpy "
            "train'. Train it with that command."
        )
    examples = record.examples(by_name.load(dataset or record.dataset), file=path.name)
    return Opened(path.name, model, record, examples)


def evaluate_file(path: Path, dataset: str | None) -> Evaluation:
    """Measure the model in a file; see `open_model`."""
    opened = open_model(path, dataset)
    return Evaluation(
        opened,
        held_out=_measure(opened.model, *opened.examples.held_out()),
        test=_measure(opened.model, *opened.examples.test()),
    )


def show(evaluation: Evaluation) -> None:
    """Print what was measured."""
    opened = evaluation.opened
    table = Table(title=f"{opened.name}: {opened.record.dataset}")
    for column in ("images", "number", "loss", "accuracy", "± (1 sd)"):
        table.add_column(column, justify="left" if column == "images" else "right")
    for name, measured in (("held out", evaluation.held_out), ("test", evaluation.test)):
        table.add_row(
            name,
            f"{len(measured.labels):,}",
            f"{measured.loss:.4f}",
            f"{measured.accuracy:.4f}",
            f"{measured.standard_error:.4f}",
        )
    console = Console()
    console.print(table)
    pairs = evaluation.confusions()[:_PAIRS]
    if pairs:
        words = ", ".join(f"{true} as {answer} ({count})" for true, answer, count in pairs)
        console.print(f"Read wrongly most often, of the test images: {words}")


def _measure(model: Sequential, x: NDArray[np.float32], y: NDArray[np.uint8]) -> Measured:
    loss, _ = model.evaluate(x, y)
    labels = y.astype(np.int64)
    return Measured(float(loss), labels, model.predict(x).argmax(axis=1).astype(np.int64))
