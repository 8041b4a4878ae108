"""Measure a trained network: what it gets right, how sure it is, how large its weights are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_course.experiments.recording.model_facts import leaves

__all__ = ["TRAINING_ROWS", "best_epoch", "classification", "reconstruction", "weight_norms"]

TRAINING_ROWS = 5_000
"""Training images that are looked at again once training is over; as many as are validated on."""

_BLOCK = 1_000
_SMALLEST = 1e-7  # as in Keras: the logarithm of 0 is not taken


def classification(
    model: Any, parts: Mapping[str, tuple[NDArray[Any], NDArray[Any]]]
) -> dict[str, float]:
    """Measure accuracy with cross-entropy of a classifier on several sets of images.

    Parameters
    ----------
    model : keras.Model
        Gives probabilities (n, classes), or logits, which are told by their signs.
    parts : mapping of str to (x, y)
        Images with their classes, integers (n,), by the name of the set: ``val``.

    Returns
    -------
    dict of str to float
        ``val_accuracy``, 0..1, then ``val_cross_entropy``, the mean of ``-log p`` of the right
        class in nats, with no penalty in it; NaN where a probability is NaN.
    """
    measured: dict[str, float] = {}
    for name, (x, y) in parts.items():
        probabilities = _as_probabilities(_outputs(model, x))
        classes = np.asarray(y).reshape(-1)
        measured[f"{name}_accuracy"] = float(np.mean(probabilities.argmax(axis=1) == classes))
        total = probabilities.sum(axis=1, keepdims=True)
        right = (probabilities / np.where(total == 0, 1, total))[np.arange(len(classes)), classes]
        losses = -np.log(np.clip(right, _SMALLEST, 1 - _SMALLEST))
        measured[f"{name}_cross_entropy"] = float(losses.mean())
    return measured


def reconstruction(model: Any, parts: Mapping[str, NDArray[Any]]) -> dict[str, float]:
    """Measure the mean squared error of an autoencoder on several sets of images.

    Parameters
    ----------
    model : keras.Model
        Gives images of the shape of its input.
    parts : mapping of str to array

    Returns
    -------
    dict of str to float
        ``val_mse``: the mean over images and pixels, for pixels 0..1.
    """
    measured: dict[str, float] = {}
    for name, x in parts.items():
        total = 0.0
        for start in range(0, len(x), _BLOCK):
            block = x[start : start + _BLOCK]
            errors = _outputs(model, block).reshape(block.shape) - block
            total += float(np.square(errors).sum())
        measured[f"{name}_mse"] = total / x.size
    return measured


def weight_norms(model: Any) -> dict[str, float]:
    """Measure the Euclidean norm of the kernels.

    Returns
    -------
    dict of str to float
        ``weight_norm`` of all kernels together, those of nested models too, then
        ``weight_norm_1`` ... of each layer with a kernel, from the input on.
    """
    squares = [
        float(np.square(np.asarray(layer.kernel, dtype=np.float64)).sum())
        for layer in leaves(model)
        if getattr(layer, "kernel", None) is not None
    ]
    norms = {f"weight_norm_{number}": math.sqrt(s) for number, s in enumerate(squares, 1)}
    return {"weight_norm": math.sqrt(sum(squares)), **norms}


def best_epoch(history: Mapping[str, Sequence[float]]) -> float:
    """Return the epoch, from 1, with the lowest ``val_loss``; NaN without one.

    It is the epoch whose weights early stopping restores.
    """
    losses = np.asarray(history.get("val_loss", ()), dtype=np.float64)
    return float(np.nanargmin(losses) + 1) if np.isfinite(losses).any() else math.nan


def _as_probabilities(outputs: NDArray[np.float64]) -> NDArray[np.float64]:
    if not (outputs < 0).any():
        return outputs
    exponentials = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float64] = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities


def _outputs(model: Any, x: NDArray[Any]) -> NDArray[np.float64]:
    # Called directly, block by block: `predict` would compile a function for a few calls.
    blocks = [
        np.asarray(model(x[start : start + _BLOCK], training=False))
        for start in range(0, len(x), _BLOCK)
    ]
    return np.concatenate(blocks).astype(np.float64)
