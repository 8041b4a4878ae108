"""Train a network of `mnist_course.numpy_nn` as the command line describes it."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from mnist_course.commands.training_record import Examples, TrainingRecord
from mnist_course.datasets import by_name
from mnist_course.datasets.held_out import hold_out
from mnist_course.exceptions import NetworkError
from mnist_course.numpy_nn import (
    SGD,
    Adam,
    Dense,
    GlorotUniform,
    HeNormal,
    Input,
    RandomUniform,
    Sequential,
    Zeros,
)
from mnist_course.numpy_nn.initializers import Initializer
from mnist_course.numpy_nn.layer import Layer

__all__ = ["INITIALIZERS", "Settings", "Trained", "train"]

OnEpoch = Callable[[int, dict[str, float]], Any]

INITIALIZERS: dict[str, tuple[Initializer, Initializer]] = {
    "random_uniform": (RandomUniform(-0.5, 0.5), RandomUniform(-0.5, 0.5)),
    "glorot_uniform": (GlorotUniform(), Zeros()),
    "he_normal": (HeNormal(), Zeros()),
}
"""How the first kernel and the first bias of a layer are drawn."""

_MOMENTUM = 0.9
_MEASURED = 20  # times that the held-out images are measured, at most


@dataclass(frozen=True, slots=True)
class Settings:
    """What somebody chooses.

    Parameters
    ----------
    dataset : str
        Name of a data set.
    hidden : tuple of int
        Units of the hidden layers.
    activation : str
        Of the hidden layers.
    optimizer : str
        ``"sgd"``, ``"momentum"`` or ``"adam"``.
    learning_rate : float
    batch_size : int or None
        Images for one update; None is all of them.
    epochs : int
        How often each image is seen.
    initializer : str
        One of `INITIALIZERS`, of the first weights.
    seed : int
        Of the held-out images, the first weights and the order of the images.
    held_out : float
        Share of the training images that the network does not learn from, 0..1.
    """

    dataset: str
    hidden: tuple[int, ...]
    activation: str
    optimizer: str
    learning_rate: float
    batch_size: int | None
    epochs: int
    initializer: str
    seed: int
    held_out: float

    @property
    def sizes(self) -> str:
        """The network in short, such as ``784-10-10``."""
        return "-".join(str(units) for units in (784, *self.hidden, 10))


@dataclass(frozen=True, slots=True)
class Trained:
    """A network with what is known of its training.

    Parameters
    ----------
    model : Sequential
    record : TrainingRecord
    examples : Examples
    updates : int
        How often the weights were changed.
    seconds : float
        Of training alone.
    """

    model: Sequential
    record: TrainingRecord
    examples: Examples
    updates: int
    seconds: float


def build(settings: Settings) -> Sequential:
    """Make the network, compiled and not trained."""
    kernel, bias = INITIALIZERS[settings.initializer]
    shape = [*((units, settings.activation) for units in settings.hidden), (10, "softmax")]
    layers: list[Input | Layer] = [Input((784,))]
    for units, activation in shape:
        layers.append(Dense(units, activation, kernel_initializer=kernel, bias_initializer=bias))
    model = Sequential(layers, seed=settings.seed)
    if settings.optimizer == "adam":
        optimizer: SGD | Adam = Adam(learning_rate=settings.learning_rate)
    else:
        momentum = _MOMENTUM if settings.optimizer == "momentum" else 0.0
        optimizer = SGD(learning_rate=settings.learning_rate, momentum=momentum)
    model.compile(optimizer, "sparse_categorical_crossentropy", ["accuracy"])
    return model


def train(settings: Settings, on_epoch: OnEpoch) -> Trained:
    """Train a network.

    Parameters
    ----------
    settings : Settings
    on_epoch : callable
        Called after each epoch with its number, from 0, and what was measured.

    Returns
    -------
    Trained

    Raises
    ------
    DatasetError, CorruptDataError
        If the data set cannot be had.
    NetworkError
        If the loss becomes NaN or infinite.
    """
    dataset = by_name.load(settings.dataset)
    rows = hold_out(dataset.y_train, share=settings.held_out, seed=settings.seed)
    record = TrainingRecord(
        dataset.name,
        dataset.sha256(),
        settings.seed,
        tuple(rows.tolist()),
        settings={**asdict(settings), "hidden": list(settings.hidden)},
    )
    examples = record.examples(dataset, file="the new model")
    model = build(settings)
    x, y = examples.learned()
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # said below, for the command line
        history = model.fit(
            x,
            y,
            batch_size=settings.batch_size,
            epochs=settings.epochs,
            callbacks=[on_epoch],
            validation_data=examples.held_out(),
            validation_freq=-(-settings.epochs // _MEASURED),
        ).history
    seconds = time.perf_counter() - start
    if not math.isfinite(history["loss"][-1]):
        raise NetworkError(
            f"The training broke down in epoch {len(history['loss'])} of {settings.epochs}: the "
            f"loss is {history['loss'][-1]}, expected a number. Choose a smaller --learning-rate "
            f"than {settings.learning_rate:g}."
        )
    updates = -(-len(x) // (settings.batch_size or len(x))) * settings.epochs
    kept = {name: [float(value) for value in values] for name, values in history.items()}
    return Trained(model, replace(record, history=kept), examples, updates, seconds)
