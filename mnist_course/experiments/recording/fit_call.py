"""Describe one call of ``model.fit`` from its arguments to its record."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from mnist_course.experiments.recording.data_print import Reading, as_array, read, shared_rows
from mnist_course.experiments.recording.fit_record import FitRecord
from mnist_course.experiments.recording.model_facts import (
    accuracy_name,
    architecture,
    compiled_facts,
    layer_records,
    plain_number,
)
from mnist_course.experiments.recording.weights import INITIAL_WEIGHTS_BYTES, weights_digest

__all__ = ["EpochObserver", "FitCall", "share"]

_logger = logging.getLogger(__name__)

_BATCH_SIZE = 32  # Keras' own default
_LONGEST_ARGUMENT = 200
_MOST_EPOCHS = 10_000
_MOST_SERIES = 200
# Beyond this size a digest of the weights after each epoch would be felt.
_MOST_WEIGHTS_EACH_EPOCH = 5_000_000
# Arguments of fit that the record has fields for, or that cannot change the result.
_DESCRIBED = frozenset(
    {
        "batch_size",
        "callbacks",
        "epochs",
        "self",
        "shuffle",
        "validation_batch_size",
        "validation_data",
        "validation_freq",
        "validation_split",
        "verbose",
        "x",
        "y",
    }
)


class EpochObserver(keras.callbacks.Callback):  # type: ignore[misc]
    """Sees the end of each epoch, nothing else, so that batches may still run in blocks.

    Attributes
    ----------
    logs : list of dict of str to float
        The numbers of each finished epoch.
    digests : list of str
        `weights_digest` at the end of each epoch; empty for a very large model.
    """

    def __init__(self) -> None:
        super().__init__()
        self.logs: list[dict[str, float]] = []
        self.digests: list[str] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Note the epoch's numbers."""
        try:
            numbers = {str(name): plain_number(value) for name, value in (logs or {}).items()}
            digest = ""
            if self.model.count_params() <= _MOST_WEIGHTS_EACH_EPOCH:
                digest = weights_digest(self.model.get_weights())
            self.digests.append(digest)
            self.logs.append({name: n for name, n in numbers.items() if n is not None})
        except Exception as error:
            _logger.warning("An epoch was not recorded: %s: %s", type(error).__name__, error)

    def history(self) -> dict[str, tuple[float, ...]]:
        """Return the numbers as ``History.history`` has them."""
        series: dict[str, list[float]] = {}
        for numbers in self.logs[:_MOST_EPOCHS]:
            for name, number in numbers.items():
                if name in series or len(series) < _MOST_SERIES:
                    series.setdefault(name[:_LONGEST_ARGUMENT], []).append(number)
        return {name: tuple(numbers) for name, numbers in series.items()}

    def numbers_of(self, digest: str) -> dict[str, float]:
        """Return the numbers of the epoch that ended with these weights, else of the last one.

        ``EarlyStopping(restore_best_weights=True)`` leaves the weights of an earlier epoch: its
        accuracy is theirs, the last one is not.
        """
        if not self.logs:
            return {}
        for numbers, after in zip(reversed(self.logs), reversed(self.digests), strict=True):
            if after == digest:
                return numbers
        return self.logs[-1]


@dataclass(slots=True, kw_only=True)
class FitCall:
    """One call of ``fit`` while it runs.

    `begin` reads the arguments before the training, `record` the outcome after it; `seconds` with
    `stopped_by` are written in between.
    """

    model: Any
    observer: EpochObserver
    compiled: dict[str, Any]
    weights_before: str
    initial_weights: tuple[np.ndarray, ...] | None
    updates_before: int
    data: Reading | None
    validation: Reading | None
    batch_size: int
    validation_split: float
    shuffle: bool
    callbacks: tuple[str, ...]
    epochs_planned: int
    arguments: dict[str, str]
    seconds: float = 0.0
    stopped_by: str = ""

    @classmethod
    def begin(cls, given: dict[str, Any]) -> FitCall:
        """Describe a call by its arguments, by name, the model as ``self``."""
        model = given["self"]
        built = bool(getattr(model, "built", False))
        weights = model.get_weights() if built else None
        split = _split(given)
        training, validation = _data(given, split)
        return cls(
            model=model,
            observer=EpochObserver(),
            compiled=compiled_facts(model),
            weights_before=weights_digest(weights) if weights else "",
            initial_weights=_worth_keeping(weights),
            updates_before=_updates(model),
            data=training,
            validation=validation,
            batch_size=_batch_size(given),
            validation_split=split,
            shuffle=bool(given.get("shuffle", True)),
            callbacks=_class_names(given.get("callbacks")),
            epochs_planned=_epochs_planned(given),
            arguments={
                name: _short(value)
                for name, value in given.items()
                if name not in _DESCRIBED and not _is_nothing(value)
            },
        )

    def record(self) -> FitRecord | None:
        """Describe the outcome; None for a call that failed before its first update."""
        model, observer = self.model, self.observer
        updates = max(0, _updates(model) - self.updates_before)
        if self.stopped_by and not updates and not observer.logs:
            return None
        after = weights_digest(model.get_weights())
        return FitRecord(
            number=1,  # each log gives its own
            model_name=str(model.name)[:_LONGEST_ARGUMENT],
            architecture=architecture(model),
            compiled=self.compiled,
            parameters=int(model.count_params()),
            layers=layer_records(model),
            epochs=min(len(observer.logs), _MOST_EPOCHS),
            batch_size=self.batch_size,
            steps=updates,
            validation_split=self.validation_split,
            shuffle=self.shuffle,
            callbacks=self.callbacks,
            history=observer.history(),
            accuracy=self._validated_accuracy(after),
            seconds=self.seconds,
            data=None if self.data is None else self.data.print,
            validation=None if self.validation is None else self.validation.print,
            shared_rows=shared_rows(self.validation, self.data),
            continued_from=None,
            weights_before=self.weights_before,
            weights_after=after,
            initial_weights=self.initial_weights,
            epochs_planned=self.epochs_planned,
            stopped_by=self.stopped_by,
            arguments=self.arguments,
        )

    def _validated_accuracy(self, digest: str) -> float | None:
        numbers = {
            name.removeprefix("val_"): number
            for name, number in self.observer.numbers_of(digest).items()
            if name.startswith("val_")
        }
        name = accuracy_name(self.model, numbers)
        return None if name is None else share(numbers[name])


def share(value: float | None) -> float | None:
    """Return a value that is a share 0..1, else None (NaN, a loss called accuracy)."""
    return value if value is not None and 0 <= value <= 1 else None


def _worth_keeping(weights: list[np.ndarray] | None) -> tuple[np.ndarray, ...] | None:
    if not weights or sum(array.nbytes for array in weights) > INITIAL_WEIGHTS_BYTES:
        return None
    if not all(array.dtype.kind in "biuf" and np.isfinite(array).all() for array in weights):
        return None
    return tuple(weights)


def _updates(model: Any) -> int:
    try:
        return int(model.optimizer.iterations)
    except Exception:  # an optimizer of the student's own, or none
        return 0


def _split(given: dict[str, Any]) -> float:
    split = plain_number(given.get("validation_split") or 0.0)
    usable = split is not None and 0 < split < 1 and given.get("validation_data") is None
    return split if usable and split is not None else 0.0


def _data(given: dict[str, Any], split: float) -> tuple[Reading | None, Reading | None]:
    """Read what is trained on, what is validated on."""
    x, y = given.get("x"), given.get("y")
    if split:
        array, labels = as_array(x), as_array(y)
        if array is None:
            return None, None
        # As Keras does: the last part is set aside, before any shuffling.
        cut = math.floor(len(array) * (1 - split))
        return (
            read(array[:cut], None if labels is None else labels[:cut]),
            read(array[cut:], None if labels is None else labels[cut:]),
        )
    validation = given.get("validation_data")
    if isinstance(validation, list | tuple) and validation:
        return read(x, y), read(validation[0], validation[1] if len(validation) > 1 else None)
    return read(x, y), None


def _batch_size(given: dict[str, Any]) -> int:
    size = given.get("batch_size")
    if isinstance(size, int | np.integer) and size > 0:
        return int(size)
    arrays = given.get("x")
    if isinstance(arrays, list | tuple | dict) and arrays:
        arrays = next(iter(arrays.values() if isinstance(arrays, dict) else arrays))
    return 0 if as_array(arrays) is None else _BATCH_SIZE


def _epochs_planned(given: dict[str, Any]) -> int:
    first, last = given.get("initial_epoch", 0), given.get("epochs", 1)
    return max(0, int(last) - int(first))


def _class_names(callbacks: Any) -> tuple[str, ...]:
    if isinstance(callbacks, keras.callbacks.CallbackList):
        callbacks = callbacks.callbacks
    given = keras.tree.flatten(callbacks) if callbacks else []
    return tuple(type(callback).__name__[:_LONGEST_ARGUMENT] for callback in given[:100])


def _is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and value == 0)


def _short(value: Any) -> str:
    if isinstance(value, bool | int | float | str | dict):
        return repr(value)[:_LONGEST_ARGUMENT]
    return "given"
