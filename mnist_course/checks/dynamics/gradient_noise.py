"""Points for a function that measures how noisy the gradients of batches are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mnist_course.checks.asking import ask, no_function, unless_hidden
from mnist_course.checks.comparison import difference
from mnist_course.checks.score import Score
from mnist_course.grading.results import Finding

__all__ = ["check_gradient_noise", "noise_of_batches"]

_NAME = "gradient_noise"
_CLOSE = 1e-4
_Noise = Callable[[np.ndarray[Any, Any], int], float]


def noise_of_batches(gradients: np.ndarray[Any, Any], batch_size: int) -> float:
    """Return how far the gradients of batches lie from their mean.

    Parameters
    ----------
    gradients : array of shape (images, weights)
        A gradient for each image. Rows that do not fill a batch are left out.
    batch_size : int

    Returns
    -------
    float
        The root of the mean squared Euclidean distance.
    """
    batches = _batches(gradients, batch_size)
    means = batches.mean(axis=1)
    return float(np.sqrt(((means - means.mean(axis=0)) ** 2).sum(axis=1).mean()))


def check_gradient_noise(noise: Any, *, points: float, seed: int = 0) -> Score:
    """Compare a student's function with `noise_of_batches` on random gradients.

    Parameters
    ----------
    noise : callable
        Takes gradients of shape (images, weights) and a batch size, gives a number.
    points : float
        For a function that is right in every case; a third for one that is right but for batches
        of unequal length at the end.
    seed : int
        Of the gradients.
    """
    missing = no_function(noise, _NAME)
    if missing is not None:
        return Score(0, points, findings=(missing,))
    rng = np.random.default_rng(seed)
    whole = [(rng.normal(0.5, 1, size=(images, 7)), size) for images, size in ((64, 8), (48, 1))]
    rest = [(rng.normal(0.5, 1, size=(images, 5)), size) for images, size in ((50, 8), (33, 16))]
    for cases, earned in ((whole, 0.0), (rest, points / 3)):
        for gradients, size in cases:
            found = _wrong(noise, gradients, size)
            if found is not None:
                return Score(earned, points, findings=(found,))
    return Score(points, points, f"`{_NAME}` is right for {len(whole + rest)} arrays of gradients.")


def _wrong(noise: Callable[..., Any], gradients: np.ndarray[Any, Any], size: int) -> Finding | None:
    answer = ask(noise, gradients, size, name=_NAME)
    if answer.problem is not None:
        return unless_hidden(answer.problem, _NAME, "")
    call = f"`{_NAME}` of gradients of shape {gradients.shape} with batches of {size}"
    if answer.changed:
        return Finding(
            f"{call} changes the array that it is given.",
            "The next batch size is measured on the same array, which is another one then.",
            "Use gradients - ... instead of gradients -= ...",
        )
    expected = noise_of_batches(gradients, size)
    if difference(answer.value, expected, tolerance=_CLOSE, call=call) is None:
        return None
    return _diagnosed(answer.value, gradients, size, call) or difference(
        answer.value, expected, tolerance=_CLOSE, call=call
    )


def _diagnosed(value: Any, gradients: np.ndarray[Any, Any], size: int, call: str) -> Finding | None:
    """Say what is wrong where the number shows it."""
    for mistaken, what, why, step in _MISTAKES:
        if difference(value, mistaken(gradients, size), tolerance=_CLOSE, call=call) is None:
            return Finding(f"{call} {what}", why, step)
    return None


def _batches(gradients: np.ndarray[Any, Any], size: int) -> np.ndarray[Any, Any]:
    """Return the gradients as (batches, size, weights)."""
    whole = len(gradients) // size
    return gradients[: whole * size].reshape(whole, size, -1)


def _of_sums(gradients: np.ndarray[Any, Any], size: int) -> float:
    return noise_of_batches(gradients, size) * size


def _squared(gradients: np.ndarray[Any, Any], size: int) -> float:
    return noise_of_batches(gradients, size) ** 2


def _of_images(gradients: np.ndarray[Any, Any], size: int) -> float:
    del size
    return noise_of_batches(gradients, 1)


def _one_weight(gradients: np.ndarray[Any, Any], size: int) -> float:
    return noise_of_batches(gradients, size) / float(np.sqrt(gradients.shape[1]))


def _mean_sd(gradients: np.ndarray[Any, Any], size: int) -> float:
    return float(_batches(gradients, size).mean(axis=1).std(axis=0).mean())


def _mean_length(gradients: np.ndarray[Any, Any], size: int) -> float:
    return float(np.linalg.norm(gradients.mean(axis=0)))


_MISTAKES: tuple[tuple[_Noise, str, str, str], ...] = (
    (
        _of_sums,
        "is too large by the batch size.",
        "The loss of a batch is a mean, so its gradient is the mean of the gradients, not their "
        "sum.",
        "Take the mean over the rows of each batch.",
    ),
    (
        _squared,
        "is the mean *squared* distance.",
        "It is in the square of the gradient's unit, so it cannot be laid beside its length.",
        "Take the root of it.",
    ),
    (
        _of_images,
        "is the noise of single images, whatever the batch size.",
        "Averaging over a batch is what makes a gradient less noisy.",
        "Cut the rows into batches, take the mean of each batch, then measure these means.",
    ),
    (
        _one_weight,
        "is that of one weight, on average.",
        "What is asked for is the distance between whole gradients: squares are summed over the "
        "weights, then averaged over the batches.",
        "Sum the squares along the axis of the weights before the mean.",
    ),
    (
        _mean_sd,
        "is the mean standard deviation of the weights.",
        "What is asked for is the distance between whole gradients, which have a direction in the "
        "space of all weights.",
        "np.linalg.norm(differences, axis=1) gives the distances; then the root of the mean of "
        "their squares.",
    ),
    (
        _mean_length,
        "is the length of the mean gradient.",
        "Noise is what the batches have beside what they have in common.",
        "Subtract the mean of the batch gradients from each of them first.",
    ),
)
