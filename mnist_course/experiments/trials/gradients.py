"""Measure the gradients that a network is trained with: how large, how noisy."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_course.exceptions import ConfigurationError
from mnist_course.experiments.recording.model_facts import leaves
from mnist_course.experiments.trials.configuration import Configuration
from mnist_course.experiments.trials.data import load

__all__ = ["GradientNoise", "gradient_noise", "gradient_norms"]

_BLOCK = 1_000
_MOST_ROWS = 5_000  # for norms by layer, which need no more
_MOST_BATCHES = 10_000

Gradient = NDArray[np.float64]  # of all weights, one after the other


@dataclass(frozen=True, slots=True)
class GradientNoise:
    """How much the gradients of mini-batches differ from the gradient of all training images.

    Parameters
    ----------
    batch_size, batches : int
        Of how many images a batch was, how many batches were drawn.
    norm : float
        Euclidean length of the gradient of all training images: the signal.
    sd : float
        Root of the mean squared distance of a mini-batch's gradient from it: the noise.
    """

    batch_size: int
    batches: int
    norm: float
    sd: float

    @property
    def ratio(self) -> float:
        """Noise over signal, ``sd / norm``; infinite where there is no signal."""
        return self.sd / self.norm if self.norm else math.inf


def gradient_noise(
    configuration: Configuration,
    seed: int,
    batch_size: int | None = None,
    *,
    batches: int = 100,
    model: Any = None,
) -> GradientNoise:
    """Measure the noise of mini-batch gradients.

    The gradients are those of the loss, penalties included, by all weights; dropout and
    augmentation rest, so that the choice of images is the only source of noise. For batches drawn
    at random the noise falls with the root of the batch size.

    Parameters
    ----------
    configuration : Configuration
        Names the training images; builds the network when there is no `model`.
    seed : int
        Of the initial weights, of the choice of the batches.
    batch_size : int, optional
        By default that of the configuration.
    batches : int
        2 to 10,000.
    model : keras.Model, optional
        A network to measure at its present weights, such as a trained one; by default a fresh one.

    Raises
    ------
    ConfigurationError
        If a number is out of its range.
    """
    size = configuration.batch_size if batch_size is None else batch_size
    rows = configuration.train_rows
    if type(size) is not int or not 1 <= size <= rows:
        raise ConfigurationError(
            f"batch_size must be a whole number from 1 to {rows:,}, the training images, "
            f"got {size!r}."
        )
    if type(batches) is not int or not 2 <= batches <= _MOST_BATCHES:
        raise ConfigurationError(
            f"batches must be a whole number from 2 to {_MOST_BATCHES:,}, got {batches!r}."
        )
    images, targets = _examples(configuration)
    model = _fresh(configuration, seed) if model is None else model
    signal = _mean_gradient(model, images, targets)
    order = np.random.default_rng(seed)
    squares = []
    for _ in range(batches):
        chosen = order.choice(rows, size, replace=False)
        noise = _gradient(model, images[chosen], targets[chosen]) - signal
        squares.append(float(noise @ noise))
    return GradientNoise(
        batch_size=size,
        batches=batches,
        norm=float(np.linalg.norm(signal)),
        sd=math.sqrt(sum(squares) / batches),
    )


def gradient_norms(
    configuration: Configuration, seed: int, *, model: Any = None
) -> dict[str, float]:
    """Measure how long the gradient of each layer's kernel is, before the first update.

    Parameters
    ----------
    configuration : Configuration
        Its first 5,000 training images are used.
    seed : int
        Of the initial weights.
    model : keras.Model, optional
        As in `gradient_noise`.

    Returns
    -------
    dict of str to float
        By the layer's name, from the input on. Where the first number is far below the last, the
        first layer hardly learns: its gradient has vanished.
    """
    images, targets = _examples(configuration)
    model = _fresh(configuration, seed) if model is None else model
    gradient = _mean_gradient(model, images[:_MOST_ROWS], targets[:_MOST_ROWS])
    norms: dict[str, float] = {}
    start = 0
    kernels = {id(layer.kernel): layer.name for layer in leaves(model) if hasattr(layer, "kernel")}
    for variable in model.trainable_variables:
        stop = start + math.prod(variable.shape)
        if id(variable) in kernels:
            norms[kernels[id(variable)]] = float(np.linalg.norm(gradient[start:stop]))
        start = stop
    return norms


def _examples(configuration: Configuration) -> tuple[NDArray[Any], NDArray[Any]]:
    data = load(configuration)
    return data.x_train, data.x_train if configuration.task == "reconstruct" else data.y_train


def _fresh(configuration: Configuration, seed: int) -> Any:
    from mnist_course.experiments.trials.isolation import isolated
    from mnist_course.experiments.trials.model import build

    with isolated():
        return build(configuration, seed)


def _mean_gradient(model: Any, images: NDArray[Any], targets: NDArray[Any]) -> Gradient:
    size = sum(math.prod(variable.shape) for variable in model.trainable_variables)
    total: Gradient = np.zeros(size, dtype=np.float64)
    for x, y in _blocks(images, targets):
        total += _gradient(model, x, y) * (len(x) / len(images))
    return total


def _blocks(
    images: NDArray[Any], targets: NDArray[Any]
) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    for start in range(0, len(images), _BLOCK):
        yield images[start : start + _BLOCK], targets[start : start + _BLOCK]


def _gradient(model: Any, images: NDArray[Any], targets: NDArray[Any]) -> Gradient:
    """Return the gradient of the mean loss by all trainable weights, one after the other."""
    import tensorflow as tf

    with tf.GradientTape() as tape:
        outputs = model(images, training=False)
        loss = model.compute_loss(x=images, y=targets, y_pred=outputs, training=False)
    gradients = tape.gradient(loss, [variable.value for variable in model.trainable_variables])
    return np.concatenate([np.asarray(part, dtype=np.float64).reshape(-1) for part in gradients])
