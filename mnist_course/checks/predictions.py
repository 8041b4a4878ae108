"""The probabilities that a model gives to the test images, as the grader computes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mnist_course.checks.measurement import Kept, held_out, known_by, measure, outputs_for
from mnist_course.checks.trained_model import CLASSES, is_verified, record_of
from mnist_course.diagnosis.network import network_of

if TYPE_CHECKING:
    from mnist_course.experiments.recording.log import ExperimentLog

__all__ = ["Predictions", "confusion_of", "predictions_of", "softmax"]

FloatArray = npt.NDArray[np.float32]
Counts = npt.NDArray[np.int64]

ROUNDING = 1e-3  # by which a float32 softmax of ten numbers may miss the sum of 1

_PREDICTED: Kept[Predictions] = Kept()


@dataclass(frozen=True, slots=True)
class Predictions:
    """What a model says about the 10,000 test images.

    Parameters
    ----------
    outputs : array of shape (10000, 10), float32
        As the model gives them.
    probabilities : array of shape (10000, 10), float32
        ``outputs`` where these are probabilities. Of a model without softmax, softmax of the
        outputs; of one that rates each class by itself (sigmoid), its shares of the sum.
    predicted : array of shape (10000,), int
        The class of the largest output.
    labels : array of shape (10000,), int
        The true classes.
    """

    outputs: FloatArray
    probabilities: FloatArray
    predicted: Counts
    labels: Counts

    @property
    def are_probabilities(self) -> bool:
        """True where the model itself gives probabilities."""
        return self.outputs is self.probabilities


def softmax(scores: npt.NDArray[Any]) -> FloatArray:
    """Return the softmax of each row, float32."""
    rows = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: FloatArray = (rows / rows.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares


def predictions_of(model: Any, log: ExperimentLog) -> Predictions:
    """Return what a model says about the grader's own test images.

    Raises
    ------
    CheckFailed
        If ``model`` is no Keras model with ten finite outputs an image.
    CannotGrade
        If the training data were scaled in a way that cannot be repeated.
    """
    measured = measure(model, log)
    known = known_by(model)
    kept = _PREDICTED.get(known)
    if kept is not None:
        return kept
    pixels, labels = held_out()
    outputs = measured.outputs
    if outputs is None:
        # The test images as they are: this is what the student's own cells asked it about.
        outputs = outputs_for(model, record_of(model, log)[0], pixels)
    predicted = outputs.argmax(axis=1).astype(np.int64)
    found = Predictions(outputs, _probabilities(model, outputs), predicted, labels)
    return _PREDICTED.put(found, known)


def confusion_of(predictions: Predictions) -> Counts:
    """Return the confusion matrix, int (10, 10): rows true classes, columns predicted ones."""
    matrix = np.zeros((CLASSES, CLASSES), dtype=np.int64)
    np.add.at(matrix, (predictions.labels, predictions.predicted), 1)
    return matrix


def _probabilities(model: Any, outputs: FloatArray) -> FloatArray:
    sums = outputs.sum(axis=1)
    if outputs.min() >= 0 and np.abs(sums - 1).max() <= ROUNDING:
        return outputs
    rates_each_class = is_verified(model) and network_of(model).output_activation == "sigmoid"
    if rates_each_class and sums.min() > 0:
        shares: FloatArray = outputs / sums[:, None]
        return shares
    return softmax(outputs)
