"""Points for the method of the nearest mean picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_course.checks.asking import ask, no_function
from mnist_course.checks.baselines.reading import CALL_SECONDS, points_for, read_new
from mnist_course.checks.functions import allow_seconds, check_function
from mnist_course.checks.score import Score, note
from mnist_course.grading.results import Finding

__all__ = ["check_nearest_mean"]

CLASSES, PIXELS = 10, 784
Array = npt.NDArray[Any]


def check_nearest_mean(
    class_means: Callable[..., Any],
    nearest_mean: Callable[..., Any],
    means: Any,
    *,
    seed: int,
    means_points: float,
    distance_points: float,
    accuracy: Mapping[float, float],
    rows: int,
) -> Score:
    """Give points for the means, for finding the nearest one, and for both together.

    Parameters
    ----------
    class_means : callable
        ``class_means(x, y)`` gives the mean row of each digit, shape (10, width).
    nearest_mean : callable
        ``nearest_mean(x, means)`` gives for each row of ``x`` the number of the nearest row of
        ``means``.
    means : array of shape (10, 784), or None
        What the student computed of the training images.
    seed : int
        Of everything that the functions are asked about.
    means_points, distance_points : float
        For each function by itself.
    accuracy : mapping of float to float
        Accuracy of both together, on new test images, to points.
    rows : int
        Test images to ask about.
    """
    of = means_points + distance_points + max(accuracy.values())
    for function, name in ((class_means, "class_means"), (nearest_mean, "nearest_mean")):
        found = no_function(function, name)
        if found is not None:
            return Score(0, of, findings=(found,))
    rng = np.random.default_rng(seed)
    score = check_function(
        class_means,
        [_labelled(rng), _labelled(rng)],
        expected=_means,
        points=means_points,
        of=of,
        tolerance=1e-4,
        hint="It is asked about rows of other images, with labels in any order.",
    )
    score = score.plus(_distances(nearest_mean, rng, points=distance_points, of=of))
    return score.plus(_together(nearest_mean, means, rows=rows, seed=seed, points=accuracy, of=of))


def _distances(
    nearest_mean: Callable[..., Any], rng: np.random.Generator, *, points: float, of: float
) -> Score:
    x, means = _between(rng)
    answer = ask(nearest_mean, x, means)
    if isinstance(answer.value, np.ndarray) and np.array_equal(answer.value, _by_product(x, means)):
        return Score(
            0,
            of,
            "`nearest_mean` answers with the mean that has the largest product with the row.",
            "A product grows with the length of the mean: long means win, near or not.",
            "Take the difference, square it, add up, and look for the smallest sum.",
        )
    return check_function(
        nearest_mean,
        [(x, means), _between(rng)],
        expected=_nearest,
        points=points,
        of=of,
        hint="It is asked about other rows with other means, more or fewer than ten of them.",
    )


def _together(
    nearest_mean: Callable[..., Any],
    means: Any,
    *,
    rows: int,
    seed: int,
    points: Mapping[float, float],
    of: float,
) -> Score:
    if not isinstance(means, np.ndarray) or means.shape != (CLASSES, PIXELS):
        what = "still None" if means is None else f"a {type(means).__name__}"
        if isinstance(means, np.ndarray):
            what = f"an array of shape {means.shape}"
        return Score(
            0,
            of,
            f"`means` is {what}; expected an array of shape ({CLASSES}, {PIXELS}).",
            "It holds the mean picture of each digit, as a row.",
            "Write class_means, then run the cell that computes means from x_train.",
        )
    if float(np.nanmax(np.abs(means))) > 1:
        return Score(
            0,
            of,
            f"`means` holds values up to {np.nanmax(means):.3g}.",
            "The images that are compared with them lie within 0 and 1.",
            "Compute the means from x_train, not from train_images.",
        )
    allow_seconds(nearest_mean, seconds=CALL_SECONDS)
    reading = read_new(
        lambda x: nearest_mean(x, means), "nearest_mean", rows=rows, seed=seed, hard=False
    )
    if isinstance(reading, Finding):
        return Score(0, of, findings=(reading,))
    note(nearest_mean_accuracy=reading.accuracy)
    return points_for(reading, "nearest_mean", points, of=of)


def _labelled(rng: np.random.Generator) -> tuple[Array, Array]:
    """Return rows of a few numbers, with every digit more than once, in any order."""
    labels = rng.permutation(np.repeat(np.arange(CLASSES), rng.integers(2, 9, CLASSES)))
    return rng.uniform(size=(len(labels), 6)).astype(np.float32), labels.astype(np.uint8)


def _means(x: Array, y: Array) -> Array:
    return np.stack([x[y == digit].mean(axis=0, dtype=np.float64) for digit in range(CLASSES)])


def _between(rng: np.random.Generator) -> tuple[Array, Array]:
    """Return rows with means of which some are much longer than others."""
    means = rng.uniform(0, 1, (int(rng.integers(4, 9)), 5)) * rng.uniform(0.2, 3, (1, 5))
    means *= np.linspace(0.3, 2.0, len(means))[:, np.newaxis]
    near = means[rng.integers(len(means), size=40)] + rng.normal(scale=0.2, size=(40, 5))
    return near.astype(np.float32), means.astype(np.float32)


def _by_product(x: Array, means: Array) -> Array:
    """Return the row of ``means`` with the largest product: a common mistake."""
    largest: Array = (x @ means.T).argmax(axis=1)
    return largest


def _nearest(x: Array, means: Array) -> Array:
    gaps = x[:, np.newaxis].astype(np.float64) - means
    nearest: Array = (gaps**2).sum(axis=2).argmin(axis=1)
    return nearest
