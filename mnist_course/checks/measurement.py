"""What a model gives for the grader's own copy of the test images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from mnist_course.checks import backend
from mnist_course.checks.new_rows import questions
from mnist_course.checks.score import CannotGrade, CheckFailed
from mnist_course.checks.trained_model import (
    CLASSES,
    input_shape_of,
    is_verified,
    layers_of,
    lineage,
    record_of,
    weights_of,
)
from mnist_course.datasets import by_name

if TYPE_CHECKING:
    from mnist_course.experiments.recording.fit_record import FitRecord
    from mnist_course.experiments.recording.log import ExperimentLog

__all__ = [
    "Kept",
    "Measured",
    "held_out",
    "inputs_for",
    "known_by",
    "measure",
    "outputs_for",
    "rows_of_test_set",
    "total_epochs",
]

PIXELS = 784
WORSE_ELSEWHERE = 0.03  # accuracy that no honest network lacks on training rows

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Measured:
    """What a model gave for the 10,000 test images of a data set.

    Parameters
    ----------
    accuracy : float
        Within 0..1, the one that counts.
    predicted : array of shape (10000,), int
        Classes.
    unverified : mapping of str to float
        For a model that only the student's process can run: its accuracy on known rows, on
        test rows that were made slightly new, and on training rows. Empty for any other.
    outputs : array of shape (10000, 10), float32, or None
        What the classes were read from; None for a model that only the student's process can run.
    """

    accuracy: float
    predicted: npt.NDArray[np.int64]
    unverified: Mapping[str, float] = field(default_factory=dict)
    outputs: npt.NDArray[np.float32] | None = field(default=None, repr=False)


class Kept(Generic[Value]):
    """The newest results by what they depend on, for one backend at a time.

    The items of one notebook ask about the same model again and again, in cells that share no
    variable.
    """

    def __init__(self, size: int = 16) -> None:
        self._size = size
        self._backend: backend.Backend | None = None
        self._values: dict[tuple[str | int, ...], Value] = {}

    def get(self, *key: str | int) -> Value | None:
        """Return the result for this key from the current backend, or None."""
        return self._values.get(key) if self._backend is backend.current() else None

    def put(self, value: Value, *key: str | int) -> Value:
        """Keep a result, and drop the oldest beyond the size."""
        if self._backend is not backend.current():
            self._backend = backend.current()
            self._values.clear()
        while len(self._values) >= self._size:
            self._values.pop(next(iter(self._values)))
        self._values[key] = value
        return value


_MEASURED: Kept[Measured] = Kept()


def held_out(data: str = "mnist") -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Return a test set: pixels uint8 (10000, 28, 28), classes int (10000,).

    Parameters
    ----------
    data : str
        One of `mnist_course.datasets.by_name.NAMES`.

    Raises
    ------
    DatasetError
        If Fashion-MNIST is not on this machine.
    """
    return _held_out(data)


@lru_cache(maxsize=2)
def _held_out(data: str) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    loaded = by_name.load(data)
    return loaded.x_test, loaded.y_test.astype(np.int64)


def known_by(model: Any, name: str = "model") -> str:
    """Return what tells a model from others: its weights, or who answers for it.

    Raises
    ------
    CheckFailed
        As `weights_of`.
    """
    from mnist_course.experiments.recording.weights import weights_digest

    return weights_digest(weights_of(model, name)) if is_verified(model) else f"seed {model.seed}"


def inputs_for(
    model: Any, record: FitRecord | None, pixels: npt.NDArray[np.uint8]
) -> npt.NDArray[np.float32]:
    """Turn raw pixels into what a model was trained on.

    Parameters
    ----------
    model : keras.Model
        Asked for its input shape where there is no record.
    record : FitRecord or None
        Its training data give scaling and shape: ``x = factor * pixel + offset``.
    pixels : array of shape (n, 28, 28), uint8

    Returns
    -------
    array of shape (n, ...), float32
    """
    data = record.data if record is not None else None
    if data is not None and data.factor is not None and data.offset is not None:
        factor, offset = data.factor, data.offset
    else:
        rescales = is_verified(model) and any(
            type(layer).__name__ == "Rescaling" for layer in layers_of(model)
        )
        factor, offset = (1.0 if rescales else 1.0 / 255.0), 0.0
    shape = data.shape if data is not None else input_shape_of(model)
    sizes = [size for size in shape if size is not None]
    if len(sizes) < len(shape) or int(np.prod(sizes, dtype=np.int64)) != PIXELS:
        sizes = list(pixels.shape[1:])
    scaled = np.multiply(pixels, np.float32(factor), dtype=np.float32)
    scaled += np.float32(offset)
    return scaled.reshape(len(pixels), *sizes)


def measure(
    model: Any, log: ExperimentLog, *, data: str = "mnist", name: str = "model"
) -> Measured:
    """Measure a model on the grader's own test images, in the scaling that it was trained with.

    Parameters
    ----------
    model : keras.Model
    log : ExperimentLog
    data : str
        Which test images: see `held_out`.
    name : str
        Of the student's variable.

    Raises
    ------
    CheckFailed
        If ``model`` is no Keras model with ten finite outputs an image.
    CannotGrade
        If the training data were scaled in a way that cannot be repeated.
    """
    known = known_by(model, name)  # says what is wrong with it by the student's own name
    record, _ = record_of(model, log)
    key = (known, record.number if record is not None else 0, data)
    kept = _MEASURED.get(*key)
    if kept is not None:
        return kept
    pixels, labels = held_out(data)
    if is_verified(model):
        outputs = outputs_for(model, record, pixels, name=name)
        predicted = _largest(outputs)
        measured = Measured(float((predicted == labels).mean()), predicted, outputs=outputs)
    else:
        measured = _of_unverified(model, record, data, name)
    _refuse_unknown_scaling(record, measured)
    return _MEASURED.put(measured, *key)


def _of_unverified(model: Any, record: FitRecord | None, data: str, name: str) -> Measured:
    """Measure a model that may know the test rows, by rows that it cannot know."""
    loaded = by_name.load(data)
    training = loaded.x_train, loaded.y_train.astype(np.int64)
    asked = questions(held_out(data), training, seed=model.seed)
    predicted = _largest(outputs_for(model, record, asked.pixels, name=name))
    new, known, others = asked.accuracies(predicted)
    # Who reads digits is about as good on training rows as on test rows.
    accuracy = others if others < new - WORSE_ELSEWHERE else new
    return Measured(
        accuracy,
        predicted[: len(asked.new)],
        {
            "known_rows_accuracy": known,
            "new_rows_accuracy": new,
            "training_rows_accuracy": others,
        },
    )


def outputs_for(
    model: Any, record: FitRecord | None, pixels: npt.NDArray[np.uint8], *, name: str = "model"
) -> npt.NDArray[np.float32]:
    """Return what a model gives for raw images, shape (n, 10), all finite.

    Raises
    ------
    CheckFailed
        If it gives no ten finite numbers an image.
    """
    try:
        outputs = backend.current().predict(model, inputs_for(model, record, pixels))
    except ValueError as error:
        raise CheckFailed(
            str(error).replace("`model`", f"`{name}`"),
            "The test images go in as 28 x 28 pixels, or in the shape that you trained with.",
            "Begin the network with Input((28, 28)) and Flatten(), then train it.",
        ) from error
    if outputs.ndim != 2 or outputs.shape[1] != CLASSES:
        width = outputs.shape[-1] if outputs.ndim > 1 else 1
        raise CheckFailed(
            f"`{name}` gives {width} numbers for an image; expected {CLASSES}, one for each class.",
            "The position of the largest number is the answer of the network.",
            "End the network with Dense(10, activation='softmax').",
        )
    if not np.isfinite(outputs).all():
        raise CheckFailed(
            f"`{name}` gives NaN for test images although its weights are finite.",
            "Numbers grew beyond what a float32 can hold on their way through the layers.",
            "Divide the pixels by 255 and lower the learning rate, then build the network again.",
        )
    return outputs


def _largest(outputs: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """Return the class that a model gives to each image, shape (n,)."""
    predicted: npt.NDArray[np.int64] = outputs.argmax(axis=1).astype(np.int64)
    return predicted


def _refuse_unknown_scaling(record: FitRecord | None, measured: Measured) -> None:
    """Refuse to judge by a wrong number: the model may know a scaling that we cannot make."""
    if record is None or (record.data is not None and record.data.factor is not None):
        return
    if record.accuracy is not None and record.accuracy > measured.accuracy + 0.01:
        raise CannotGrade(
            f"fit {record.number}: the training data came in batches, or are no scaling factor * "
            f"pixel + offset of known images; own accuracy {record.accuracy:.4f}, on pixels / 255 "
            f"{measured.accuracy:.4f}"
        )


def rows_of_test_set(record: FitRecord | None, log: ExperimentLog) -> int:
    """Return how many test images the fits behind a model were trained on."""
    if record is None:
        return 0
    fits = lineage(record, log)
    return max((fit.data.test_rows for fit in fits if fit.data is not None), default=0)


def total_epochs(record: FitRecord, log: ExperimentLog) -> int:
    """Return the epochs that a model was trained for, over all fits that continued it."""
    return sum(fit.epochs for fit in lineage(record, log))
