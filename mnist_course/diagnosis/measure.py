"""What a network shows before it is trained any further: loss, gradients, units."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_course.diagnosis.activity import as_inputs, hidden_activity
from mnist_course.diagnosis.fresh import build_network, compiled_copy, cross_entropy, sample
from mnist_course.diagnosis.probe import effective_rank, unit_health

__all__ = ["gradient_norms", "initial_loss", "unit_activity"]

_IMAGES = 1_000
_GRADIENT_IMAGES = 256
_HUGE_STEP = 1e6


def initial_loss(model: Any, x: npt.ArrayLike, y: npt.ArrayLike, *, seed: int = 0) -> float:
    """Return the cross-entropy that such a network has before its first update.

    A network that knows nothing should give each digit about the probability 1/10, which costs
    ln 10 = 2.303. A copy with fresh weights is measured; the model is not changed.

    Parameters
    ----------
    model : keras.Model or callable
        Compiled, trained or not; or a function that returns one.
    x : array of shape (n, 28, 28) or (n, 784)
        At most 1,000 images are used, drawn with ``seed``.
    y : array of shape (n,) or (n, 10)
    seed : int
        Of the fresh weights and of the images drawn.

    Returns
    -------
    float
        In nats, without penalties; NaN when an output is NaN.
    """
    copy = build_network(model, seed=seed)
    images, labels = sample(x, y, _IMAGES, seed=seed)
    loss, _ = cross_entropy(copy, images, labels)
    return loss


def gradient_norms(
    model: Any, x: npt.ArrayLike, y: npt.ArrayLike, *, fresh: bool = False, seed: int = 0
) -> Any:
    """Return how strongly the loss pulls at the weights of each layer.

    The gradient of the compiled loss is read off one step of plain gradient descent on a copy,
    which works on every Keras backend; the model is not changed.

    Parameters
    ----------
    model : keras.Model
        Compiled and built.
    x : array of shape (n, 28, 28) or (n, 784)
        At most 256 images are used, as one batch, drawn with ``seed``.
    y : array of shape (n,) or (n, 10)
        In the form that the model's loss expects.
    fresh : bool
        True measures with freshly drawn weights instead of the model's own.
    seed : int

    Returns
    -------
    pandas.DataFrame
        A row per layer with weights, from input to output: ``layer``, ``class``, ``weights``
        (how many can be trained), ``weight norm``, ``gradient norm``, ``per weight`` (root mean
        square of the gradient, which can be compared between layers of different size).
    """
    import keras
    import pandas as pd

    # A huge step makes the weights' own rounding disappear beside the change.
    optimizer = keras.optimizers.SGD(_HUGE_STEP)
    copy = compiled_copy(model, seed=seed, optimizer=optimizer, keep_weights=not fresh)
    images, labels = sample(x, y, _GRADIENT_IMAGES, seed=seed)
    before = _trainable(copy)
    copy.train_on_batch(as_inputs(copy, images), labels)
    rows = []
    for (layer, old), (_, new) in zip(before, _trainable(copy), strict=True):
        pull = np.concatenate([(a - b).ravel() for a, b in zip(old, new, strict=True)])
        pull /= _HUGE_STEP
        rows.append(
            {
                "layer": layer.name,
                "class": type(layer).__name__,
                "weights": pull.size,
                "weight norm": float(np.sqrt(sum(np.square(part).sum() for part in old))),
                "gradient norm": float(np.linalg.norm(pull)),
                "per weight": float(np.sqrt(np.mean(np.square(pull)))),
            }
        )
    return pd.DataFrame(rows)


def unit_activity(model: Any, x: npt.ArrayLike) -> Any:
    """Return how alive the hidden units are.

    Parameters
    ----------
    model : keras.Model
        Built.
    x : array of shape (n, 28, 28) or (n, 784)
        The first 1,000 images are used.

    Returns
    -------
    pandas.DataFrame
        A row per hidden layer: ``layer``, ``activation``, ``units``, ``dead`` (share of relu
        units that are 0 for every image), ``saturated`` (share of sigmoid or tanh units that sit
        at an end of their range for nearly every image), ``directions`` (how many hold 99 % of
        the variance of the outputs; None for a convolution).
    """
    import pandas as pd

    rows = []
    for layer in hidden_activity(model, as_inputs(model, np.asarray(x)[:_IMAGES])):
        health = unit_health(layer.values, layer.activation)
        rows.append(
            {
                "layer": layer.name,
                "activation": layer.activation,
                "units": health.units,
                "dead": health.dead_share,
                "saturated": health.saturated_share,
                "directions": effective_rank(layer.values) if layer.values.ndim == 2 else None,
            }
        )
    columns = ["layer", "activation", "units", "dead", "saturated", "directions"]
    return pd.DataFrame(rows, columns=columns)


def _trainable(model: Any) -> list[tuple[Any, list[npt.NDArray[np.float64]]]]:
    """Return the layers with trainable weights, each with float64 copies of them."""
    return [
        (
            layer,
            [np.asarray(weight.numpy(), dtype=np.float64) for weight in layer.trainable_weights],
        )
        for layer in model.layers
        if layer.trainable_weights
    ]
