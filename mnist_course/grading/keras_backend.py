"""Answer the checks' questions about a model with Keras itself, in this very process.

A student's notebook uses it for its self-checks, and the evaluator for everybody else, so both
measure in the same way.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mnist_course.checks.backend import LayerActivity
from mnist_course.diagnosis.activity import as_inputs, hidden_activity
from mnist_course.exceptions import NotPortableError
from mnist_course.grading.build_limits import rows_at_once
from mnist_course.grading.compile_spec import make_loss, make_optimizer, parse_compile
from mnist_course.grading.model_build import build_model
from mnist_course.grading.model_spec import parse_model
from mnist_course.traced_updates import traced_updates

if TYPE_CHECKING:
    from mnist_course.experiments.recording.fit_record import FitRecord
    from mnist_course.experiments.trials.configuration import Configuration
    from mnist_course.experiments.trials.trial import Trial

__all__ = ["KerasBackend"]

_BATCH = 500
_PIXELS = 784


class KerasBackend:
    """The ``Backend`` of ``mnist_course.checks`` for real Keras models."""

    def __init__(self) -> None:
        self._trials: dict[tuple[Configuration, int], Trial] = {}

    def predict(self, model: Any, x: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the outputs of a model; see ``Backend.predict``."""
        try:
            outputs = model.predict(x, batch_size=rows_at_once(model, _BATCH), verbose=0)
        except Exception as error:
            # Keras and TensorFlow raise many kinds for inputs of the wrong shape.
            reason = str(error).strip().splitlines()
            raise ValueError(
                f"`model` cannot predict for inputs of shape {x.shape}: "
                f"{reason[0][:200] if reason else type(error).__name__}"
            ) from error
        if isinstance(outputs, (list, tuple, dict)):
            raise ValueError(f"`model` has {len(outputs)} outputs; expected one")
        return np.asarray(outputs, dtype=np.float32)

    def hidden_activations(self, model: Any, x: npt.NDArray[np.float32]) -> list[LayerActivity]:
        """Return what each hidden layer with units gives; see ``Backend.hidden_activations``."""
        return [
            replace(layer, values=_by_unit(np.asarray(layer.values, dtype=np.float32)))
            for layer in hidden_activity(model, as_inputs(model, x))
        ]

    def train_again(
        self,
        record: FitRecord,
        *,
        seed: int,
        x_test: npt.NDArray[np.uint8],
        epochs: int | None = None,
        initial_weights: Sequence[npt.NDArray[Any]] | None = None,
    ) -> Iterator[npt.NDArray[np.int64]]:
        """Train a recorded configuration afresh; see ``Backend.train_again``."""
        import keras

        architecture, compiled = parse_model(record.architecture), parse_compile(record.compiled)
        x, y, scaled_test = _data(record, x_test)
        keras.utils.set_random_seed(seed)
        model = build_model(architecture, initial_weights)
        at_once = rows_at_once(model, _BATCH)
        model.compile(
            optimizer=make_optimizer(compiled.optimizer, fused=True),
            loss=make_loss(compiled.loss),
        )
        # Copied to TensorFlow once, and not again for each epoch.
        x, y, scaled_test = map(keras.ops.convert_to_tensor, (x, y, scaled_test))
        updates = traced_updates(model, x, y)
        rows = np.arange(len(x), dtype=np.int32)
        batch_size = min(record.batch_size or 32, len(rows))
        shuffling = np.random.default_rng(seed)
        for _ in range(record.epochs if epochs is None else epochs):
            if record.shuffle:
                shuffling.shuffle(rows)
            updates(x, y, rows, batch_size)
            outputs = np.asarray(model.predict(scaled_test, batch_size=at_once, verbose=0))
            # NaN is no answer: argmax gives class 0, as it does for the student.
            yield outputs.reshape(len(outputs), -1).argmax(axis=1).astype(np.int64)

    def run_trial(self, configuration: Configuration, *, seed: int) -> Trial:
        """Train the network of a configuration; see ``Backend.run_trial``."""
        from mnist_course.experiments.trials.training import train

        key = (configuration, seed)
        if key not in self._trials:
            self._trials[key] = train(configuration, seed, "again")
        return self._trials[key]


def _by_unit(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return one number a unit and example: of a feature map the place where it is strongest."""
    return values.max(axis=tuple(range(1, values.ndim - 1))) if values.ndim > 2 else values


def _data(
    record: FitRecord, x_test: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[Any], npt.NDArray[np.float32]]:
    """Return the grader's training data in the record's form, with the test images likewise."""
    from mnist_course.datasets import mnist

    data = record.data
    if (
        data is None
        or data.factor is None
        or data.offset is None
        or data.dataset == "fashion_mnist"
    ):
        raise NotPortableError(
            "the training data were not MNIST images in a scaling that can be repeated"
        )
    if math.prod(data.shape) != _PIXELS:
        raise NotPortableError(f"the training images had the shape {data.shape}, not 784 pixels")
    (pixels, labels), _ = mnist.load_data()
    rows = min(data.rows, len(pixels))
    if not rows:
        raise NotPortableError("there were no training images")

    def scaled(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        x = np.multiply(images, np.float32(data.factor), dtype=np.float32)
        x += np.float32(data.offset or 0.0)
        return x.reshape(len(x), *data.shape)

    y: npt.NDArray[Any] = labels[:rows]
    if data.labels == "one-hot":
        y = np.eye(10, dtype=np.float32)[y]
    return scaled(pixels[:rows]), y, scaled(x_test)
