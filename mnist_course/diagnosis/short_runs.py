"""What a network does in a few hundred updates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_course.diagnosis.fresh import cross_entropy, sample
from mnist_course.diagnosis.fresh_training import FreshTraining

__all__ = ["RATES", "OverfitTest", "learning_rate_sweep", "overfit_small", "update_size"]

RATES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""Learning rates that a sweep tries when none are given."""

_MEASURED = 1_000  # images that the loss of a short run is measured on
_LOOK_EVERY = 50


@dataclass(frozen=True, slots=True)
class OverfitTest:
    """How well a network learned a handful of images by heart.

    Parameters
    ----------
    images : int
    updates : int
        Updates made; fewer than allowed when all images were right earlier.
    loss : float
        Cross-entropy on these images at the end, NaN when the training broke.
    accuracy : float
        0..1 on these images at the end.
    """

    images: int
    updates: int
    loss: float
    accuracy: float

    @property
    def memorised(self) -> bool:
        """True when every image was right."""
        return self.accuracy == 1.0


def overfit_small(
    build: Any,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    n: int = 50,
    *,
    updates: int = 500,
    seed: int = 0,
) -> OverfitTest:
    """Try to learn a few images by heart, with the network's own optimizer.

    A sound network gets all of them right in a few hundred updates. One that cannot has a
    mistake in its layers, its loss or its learning rate, and more data will not help it.

    Parameters
    ----------
    build : callable or keras.Model
        Returns a compiled network; a model is copied, with fresh weights, and not changed.
    x : array of shape (m, 28, 28) or (m, 784)
    y : array of shape (m,) or (m, 10)
        In the form that the loss expects.
    n : int
        Images to learn, drawn with ``seed``.
    updates : int
        At most so many updates, each with all ``n`` images; it stops when all are right.
    seed : int

    Raises
    ------
    ValueError
        If ``n`` or ``updates`` is not positive.
    """
    if n < 1 or updates < 1:
        raise ValueError(f"n and updates must be at least 1, got {n} and {updates}.")
    training = _training(build, seed)
    images, labels = sample(x, y, n, seed=seed)
    training.restart(images)
    done, loss, accuracy = 0, math.nan, 0.0
    while done < updates and accuracy < 1.0:
        steps = min(_LOOK_EVERY, updates - done)
        training.train(images, labels, updates=steps, batch_size=len(images))
        done += steps
        loss, accuracy = cross_entropy(training.model, images, labels)
        if math.isnan(loss):
            break
    return OverfitTest(len(images), done, loss, accuracy)


def learning_rate_sweep(
    build: Any,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    rates: Sequence[float] = RATES,
    *,
    steps: int = 200,
    batch_size: int = 32,
    seed: int = 0,
) -> Any:
    """Train the same fresh network for a short while with each learning rate.

    Every run starts from the same weights and sees the same batches; only the learning rate
    differs.

    Parameters
    ----------
    build : callable or keras.Model
        Returns a compiled network; a model is copied, with fresh weights, and not changed.
    x : array of shape (n, 28, 28) or (n, 784)
    y : array of shape (n,) or (n, 10)
        In the form that the loss expects.
    rates : sequence of float
        Learning rates, each above 0.
    steps : int
        Updates of each run.
    batch_size : int
        Images of one update.
    seed : int

    Returns
    -------
    pandas.DataFrame
        A row per rate, in rising order: ``learning rate``, ``loss before``, ``loss after``
        (cross-entropy on the same 1,000 images, NaN when the training broke), ``accuracy``,
        ``verdict`` ("too low", "good", "too high").

    Raises
    ------
    ValueError
        If a rate is not a positive number, or ``steps`` is not positive.
    """
    import pandas as pd

    ordered = sorted({float(rate) for rate in rates})
    if not ordered or not all(math.isfinite(rate) and rate > 0 for rate in ordered):
        raise ValueError(f"rates must be numbers above 0, at least one, got {list(rates)}.")
    if steps < 1 or batch_size < 1:
        raise ValueError(f"steps and batch_size must be at least 1, got {steps} and {batch_size}.")
    training = _training(build, seed)
    images, labels = sample(x, y, max(_MEASURED, steps * batch_size), seed=seed)
    measured = images[:_MEASURED], labels[:_MEASURED]
    training.restart(images)
    before, _ = cross_entropy(training.model, *measured)
    rows = []
    for rate in ordered:
        training.restart(images, rate=rate)
        training.train(images, labels, updates=steps, batch_size=batch_size)
        after, accuracy = cross_entropy(training.model, *measured)
        rows.append([rate, before, after, accuracy])
    verdicts = _verdicts([row[2] for row in rows], before)
    columns = ["learning rate", "loss before", "loss after", "accuracy"]
    return pd.DataFrame(rows, columns=columns).assign(verdict=verdicts)


def update_size(model: Any, x: npt.ArrayLike, y: npt.ArrayLike, *, seed: int = 0) -> float:
    """Return how far the first update moves the weights, relative to their size.

    Parameters
    ----------
    model : keras.Model or callable
        A copy with fresh weights makes one update of 32 images with its own optimizer.
    x : array of shape (n, 28, 28) or (n, 784)
    y : array of shape (n,) or (n, 10)
        In the form that the loss expects.
    seed : int

    Returns
    -------
    float
        Norm of the change over norm of all trainable weights: 0.01 is one per cent.
    """
    training = _training(model, seed)
    images, labels = sample(x, y, 32, seed=seed)
    training.restart(images)

    def weights() -> npt.NDArray[np.float64]:
        parts = [w.numpy().ravel() for w in training.model.trainable_weights]
        return np.concatenate(parts).astype(np.float64)

    before = weights()
    training.train(images, labels, updates=1, batch_size=len(images))
    return float(np.linalg.norm(weights() - before) / np.linalg.norm(before))


def _training(source: Any, seed: int) -> FreshTraining:
    return source if isinstance(source, FreshTraining) else FreshTraining(source, seed=seed)


def _verdicts(losses: list[float], before: float) -> list[str]:
    """Judge each rate against the best one: four fifths of its fall of the loss are good."""
    usable = [loss if math.isfinite(loss) else math.inf for loss in losses]
    best = min(range(len(usable)), key=usable.__getitem__)
    enough = before - 0.8 * (before - usable[best])
    learned = usable[best] < before
    return [
        "good" if learned and loss <= enough else "too low" if index < best else "too high"
        for index, loss in enumerate(usable)
    ]
