"""Points for the probabilities that a student's model gives to the test images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mnist_course.checks.no_points import or_no_points
from mnist_course.checks.plain_values import as_array
from mnist_course.checks.predictions import Predictions, predictions_of, softmax
from mnist_course.checks.score import CheckFailed, Score
from mnist_course.checks.trained_model import CLASSES

if TYPE_CHECKING:
    from mnist_course.experiments.recording.log import ExperimentLog

__all__ = ["check_probabilities"]

FloatArray = npt.NDArray[np.float64]

_AGAIN = "Run the cell with `model.predict(x_test)` again, after the last fit of `model`."


@or_no_points("sums", "of_model")
def check_probabilities(
    probabilities: Any,
    model: Any,
    log: ExperimentLog,
    *,
    sums: float = 2,
    of_model: float = 3,
    tolerance: float = 0.01,
    name: str = "probabilities",
) -> Score:
    """Check a table of probabilities against what the model gives.

    Parameters
    ----------
    probabilities : array-like of shape (10000, 10)
        The student's: one row for each test image.
    model : keras.Model
    log : ExperimentLog
    sums : float
        Points for rows of numbers 0..1 that sum to 1.
    of_model : float
        Points for the numbers that ``model`` gives, in the order of the test images.
    tolerance : float
        How far a probability may be away; 0.01 leaves room for rounding to two decimals.
    name : str
        The student's variable.

    Returns
    -------
    Score
        With no points, and the reason, if there is no such table or no model to compare it with.
    """
    answer = as_array(
        probabilities, name=name, expected="one row of ten probabilities for each test image"
    )
    known = predictions_of(model, log)
    _check_shape(answer, known, name)
    of = sums + of_model
    if _agree(answer, 100 * known.probabilities, 100 * tolerance):
        return Score(
            of_model,
            of,
            "The rows sum to 100: these are percentages.",
            "A probability is a number from 0 to 1, and code that compares it with 0.9 relies on "
            "it.",
            "Leave out the factor 100; `f'{p:.1%}'` shows a probability as a percentage.",
        )
    parts = (
        _sums(answer, known, sums, CLASSES * tolerance, name),
        _of_model(answer, known, of_model, tolerance, name),
    )
    return Score(sum(parts), of, findings=[told for part in parts for told in part.findings])


def _check_shape(answer: FloatArray, known: Predictions, name: str) -> None:
    rows = len(known.labels)
    if answer.shape == known.outputs.shape:
        return
    saw = f"`{name}` has the shape {answer.shape}; expected ({rows}, {CLASSES})."
    why, step = "Each test image gets one row, each digit one column.", "Compare with y_test.shape."
    if answer.ndim == 1 and len(answer) == rows:
        why = "One number for an image is its answer (or how sure it is), not its probabilities."
        step = f"Keep what model.predict(x_test) gives in `{name}`; take argmax afterwards."
    elif answer.ndim == 2 and answer.shape[1] == CLASSES:
        why = f"There are {rows:,} test images. {len(answer):,} rows belong to other images."
        step = "Predict for the test images, all of them: model.predict(x_test)."
    elif answer.shape == (CLASSES, rows):
        step = f"Turn it round: {name}.T has images as rows."
    raise CheckFailed(saw, why, step)


def _sums(
    answer: FloatArray, known: Predictions, points: float, tolerance: float, name: str
) -> Score:
    totals = answer.sum(axis=1)
    lowest, highest = float(totals.min()), float(totals.max())
    inside = answer.min() >= -tolerance and answer.max() <= 1 + tolerance
    if inside and max(1 - lowest, highest - 1) <= tolerance:
        return Score(points, points, f"Each of the {len(answer):,} rows sums to 1.")
    saw = f"The rows of `{name}` sum to between {lowest:.3g} and {highest:.3g}."
    why = "Probabilities of all possible answers sum to 1."
    if known.are_probabilities:
        step = "Keep the rows as model.predict(x_test) gives them."
    elif known.outputs.min() >= 0 and known.outputs.max() <= 1:
        why = f"The outputs of your network rate each digit by itself. {why}"
        step = "Give the output layer activation='softmax', train again, predict again."
    else:
        why = f"Your network has no softmax at its output, so it gives scores. {why}"
        step = (
            "Send them through softmax: "
            "keras.ops.convert_to_numpy(keras.ops.softmax(model.predict(x_test)))."
        )
    return Score(0, points, saw, why, step)


def _of_model(
    answer: FloatArray, known: Predictions, points: float, tolerance: float, name: str
) -> Score:
    # Scores of a network without softmax are its own, too: that they are no probabilities has
    # already cost the other part.
    if _agree(answer, known.probabilities, tolerance) or _agree(answer, known.outputs, tolerance):
        return Score(points, points, "They are what your network gives for the test images.")
    if _agree(answer, softmax(known.probabilities), tolerance):
        return Score(
            0,
            points,
            f"The largest number in `{name}` is {answer.max():.2f}: softmax was applied twice.",
            "The network ends in softmax already; a second one makes nearly equal numbers of "
            "the ten probabilities.",
            "Keep what model.predict(x_test) gives as it is.",
        )
    if _agree(answer, np.eye(CLASSES)[known.predicted], tolerance):
        return Score(
            0,
            points,
            f"Every row of `{name}` holds a single 1 and nine 0.",
            "Rounded to 0 and 1 they say what the answer is, no longer how sure the network is.",
            "Keep what model.predict(x_test) gives, without rounding.",
        )
    away = np.abs(answer - known.probabilities).max(axis=1) > tolerance
    return Score(
        0,
        points,
        f"{int(away.sum()):,} of {len(away):,} rows of `{name}` are not what `model` gives.",
        "They belong to another network, to other images (or to images that were scaled in "
        "another way), or `model` was trained further after they were made.",
        _AGAIN,
    )


def _agree(answer: FloatArray, expected: npt.NDArray[Any], tolerance: float) -> bool:
    """Tell whether all but a few borderline images agree."""
    away = np.abs(answer - expected).max(axis=1) > tolerance
    return int(away.sum()) <= len(answer) // 1000
