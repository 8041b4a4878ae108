"""Points for a convolutional network: how good it is, how large it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_course.checks.accuracy import accuracy_share, check_accuracy
from mnist_course.checks.no_points import or_no_points
from mnist_course.checks.score import CannotGrade, CheckFailed, Score
from mnist_course.checks.trained_model import is_verified, layers_of, weights_of
from mnist_course.exceptions import DatasetError

if TYPE_CHECKING:
    from mnist_course.experiments.recording.log import ExperimentLog

__all__ = ["check_conv_accuracy", "check_conv_size"]

_CONVOLUTIONS = frozenset({"Conv2D", "SeparableConv2D", "DepthwiseConv2D"})
_TITLES = {"mnist": "MNIST", "fashion_mnist": "Fashion-MNIST"}
_FETCH = "In a terminal: mnist-course data fetch fashion_mnist"


@or_no_points("of")
def check_conv_accuracy(
    model: Any,
    log: ExperimentLog,
    *,
    points: Mapping[float, float],
    of: float,
    data: str = "mnist",
    name: str = "model",
    next_step: str,
    seed: int | None = None,
    required: bool = False,
) -> Score:
    """Measure a convolutional network on the grader's own test images.

    Parameters
    ----------
    model : keras.Model
    log : ExperimentLog
    points : mapping of float to float
        Accuracy to points.
    of : float
        Points of the item, the largest of ``points``.
    data : str
        Which test images: ``mnist`` or ``fashion_mnist``.
    name : str
        Of the student's variable.
    next_step : str
        What to try for more points.
    seed : int, optional
        See `check_accuracy`.
    required : bool
        In the grader: without the test images nothing can be decided.

    Returns
    -------
    Score
        With no points, and the reason, for a network without a convolution, and for one that was
        trained on the test images of Fashion-MNIST.

    Raises
    ------
    CannotGrade
        If the images are ``required`` and this machine does not have them.
    """
    _must_convolve(model, name)
    try:
        return check_accuracy(
            model, log, points=points, seed=seed, next_step=next_step, data=data, name=name
        )
    except DatasetError as error:
        if required:
            raise CannotGrade(f"{_TITLES[data]} is not on this machine: {error}") from error
        raise CheckFailed(
            f"{_TITLES[data]} is not on this computer, so nothing can be measured here.",
            "When you submit, the grader measures on its own copy.",
            _FETCH,
        ) from error


@or_no_points("points")
def check_conv_size(
    model: Any,
    log: ExperimentLog,
    *,
    at_most: int,
    points: float,
    accuracy: Mapping[float, float],
    seed: int | None = None,
) -> Score:
    """Check that a convolutional network for MNIST is small, multiplied by its accuracy points.

    Parameters
    ----------
    model : keras.Model
    log : ExperimentLog
    at_most : int
        Parameters.
    points : float
    accuracy : mapping of float to float
        Accuracy to points of the item before, of which the share counts: a network that reads
        nothing is small without merit.
    seed : int, optional
        See `check_accuracy`.
    """
    _must_convolve(model, "model")
    size = sum(int(np.size(array)) for array in weights_of(model))
    if size > at_most:
        return Score(
            0,
            points,
            f"`model` has {size:,} parameters; the limit is {at_most:,}.",
            f"Most of them are in one place: {_largest_layer(model)}. A convolution is cheap "
            "because it uses the same weights everywhere; a dense layer behind many feature maps "
            "is not.",
            "Pool once more before Flatten, or use fewer filters or units.",
        )
    score = Score(points, points, f"`model` has {size:,} parameters, {at_most:,} are allowed.")
    return score.times(*accuracy_share(model, log, points=accuracy, seed=seed))


def _must_convolve(model: Any, name: str) -> None:
    if not is_verified(model):
        return  # what it says of its layers is a claim; its accuracy is measured
    weights_of(model, name)  # says what is wrong where there is no network
    if any(type(layer).__name__ in _CONVOLUTIONS for layer in layers_of(model)):
        return
    raise CheckFailed(
        f"`{name}` has no convolution.",
        "This item is about a network whose filters look at small neighbourhoods, everywhere in "
        "the picture alike.",
        "Begin with Conv2D(filters, 3, activation='relu') behind Input((28, 28, 1)).",
    )


def _largest_layer(model: Any) -> str:
    layers = list(layers_of(model))
    sizes = [int(layer.count_params()) for layer in layers]
    largest = int(np.argmax(sizes))
    return f"{type(layers[largest]).__name__} {layers[largest].name!r} with {sizes[largest]:,}"
