"""Keras callbacks that show a student how training goes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import keras
import numpy as np

__all__ = ["AccuracyHistory"]

_KNOWN_NAMES = (
    "accuracy",
    "acc",
    "sparse_categorical_accuracy",
    "categorical_accuracy",
    "binary_accuracy",
)
_ACCURACY_METRICS = (
    keras.metrics.Accuracy,
    keras.metrics.BinaryAccuracy,
    keras.metrics.CategoricalAccuracy,
    keras.metrics.SparseCategoricalAccuracy,
)
_EVALUATION_BATCH = 256  # any size gives the same accuracy; this one is quick on a CPU


class AccuracyHistory(keras.callbacks.Callback):  # type: ignore[misc]
    """Show training and test accuracy after every epoch, as one line each.

    ``Epoch 1: Training Accuracy: 0.9123, Test Accuracy: 0.9321``

    When ``fit`` has just measured the same data (its ``validation_data`` are these very examples),
    its number is used; otherwise the model is evaluated once per epoch. The training accuracy is
    Keras' own: a mean over the epoch, while the weights were still changing, so in the first
    epochs it can lie below the test accuracy.

    Parameters
    ----------
    x : array, tensor, tf.data.Dataset, tuple (x, y) or None
        The test images in the form that the model takes, or both test images and labels. None:
        use the validation data of ``fit``.
    y : array or tensor, optional
        The test labels, in the form that the model's loss takes.
    verbose : int
        0: keep the numbers, print nothing.

    Attributes
    ----------
    history : dict of str to list of float
        ``"accuracy"`` and ``"val_accuracy"`` of the last fit, one value (0..1) per epoch, with
        the names that Keras uses, NaN where nothing was measured.
    epoch : list of int
        The epochs these values belong to, counted from 0 as in Keras.

    Raises
    ------
    ValueError
        When training starts, if the model was compiled without an accuracy metric.

    Examples
    --------
    >>> accuracy_history = AccuracyHistory(x_test, y_test)
    >>> model.fit(x_train, y_train, epochs=5, callbacks=[accuracy_history])
    >>> accuracy_history.history["val_accuracy"]
    """

    def __init__(self, x: Any = None, y: Any = None, *, verbose: int = 1) -> None:
        super().__init__()
        if y is None and isinstance(x, tuple):
            if len(x) != 2:
                raise ValueError(
                    f"AccuracyHistory expected (images, labels), got a tuple of {len(x)}. "
                    "Pass AccuracyHistory(x_test, y_test)."
                )
            x, y = x
        if x is None and y is not None:
            raise ValueError(
                "AccuracyHistory got labels without images. Pass AccuracyHistory(x_test, y_test)."
            )
        if y is None and hasattr(x, "shape"):
            raise ValueError(
                "AccuracyHistory got images without labels, so it cannot say how many are right. "
                "Pass AccuracyHistory(x_test, y_test)."
            )
        self.verbose = verbose
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []
        self._x, self._y = x, y
        self._fit_measures_it: bool | None = None  # not known before the first validation

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        """Forget the previous fit; check that there is an accuracy to show."""
        self.history = {"accuracy": [], "val_accuracy": []}
        self.epoch = []
        self._fit_measures_it = None
        # A model with its own train_step may report an accuracy that only its logs know.
        if type(self.model).train_step is keras.Model.train_step:
            metrics = _metrics_of(self.model)
            if accuracy_name(metrics, metrics) is None:
                raise ValueError(_no_accuracy(metrics))

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Keep, and print, the two accuracies of this epoch."""
        logs = logs or {}
        name = accuracy_name(
            [key for key in logs if not key.startswith("val_")], _metrics_of(self.model)
        )
        if name is None:
            raise ValueError(_no_accuracy(logs))
        training = float(logs[name])
        test = self._test_accuracy(name, logs)
        self.epoch.append(epoch)
        self.history["accuracy"].append(training)
        self.history["val_accuracy"].append(test)
        if self.verbose:
            print(self._line(epoch, training, test))  # noqa: T201  the line is its purpose

    def _line(self, epoch: int, training: float, test: float) -> str:
        line = f"Epoch {epoch + 1}: Training Accuracy: {training:.4f}"
        if not math.isnan(test):
            which = "Validation" if self._x is None else "Test"
            line += f", {which} Accuracy: {test:.4f}"
        # Keras' progress bar has not ended its line yet; Keras' own callbacks do the same.
        return f"\n{line}" if (self.params or {}).get("verbose") in (1, "auto") else line

    def _test_accuracy(self, name: str, logs: Mapping[str, float]) -> float:
        measured = logs.get(f"val_{name}")
        if self._x is None:
            return math.nan if measured is None else float(measured)
        if measured is not None:
            if self._fit_measures_it is None:
                self._fit_measures_it = _validates_on(self.model, self._x, self._y)
            if self._fit_measures_it:
                return float(measured)
        result = self.model.evaluate(
            self._x,
            self._y,
            batch_size=_EVALUATION_BATCH if self._y is not None else None,
            verbose=0,
            return_dict=True,
        )
        if name not in result:
            raise ValueError(_no_accuracy(result))
        return float(result[name])


def accuracy_name(names: Iterable[str], metrics: Mapping[str, Any] | None = None) -> str | None:
    """Say which metric is the accuracy.

    Parameters
    ----------
    names : iterable of str
        Names to choose from, as in Keras' logs.
    metrics : mapping of str to object, optional
        What is behind these names, to find an accuracy under a name of one's own.

    Returns
    -------
    str or None
        None if there is none.
    """
    names = tuple(names)
    metrics = metrics or {}
    for name in _KNOWN_NAMES:
        if name in names:
            return name
    for name in names:
        if isinstance(metrics.get(name), _ACCURACY_METRICS):
            return name
    # A function as a metric, or an output's name in front: "digit_accuracy". "Right within the
    # first k" is another question.
    for name in names:
        if name.endswith(("accuracy", "_acc")) and "top_k" not in name:
            return name
    return None


def _metrics_of(model: Any) -> dict[str, Any]:
    """Return the metrics of a compiled model by name.

    Keras turns what ``compile`` was given into metrics during the first step; before it, the
    values are what the user wrote: names, functions, metrics.
    """
    found: dict[str, Any] = {}
    for metric in model.metrics:
        given = [
            getattr(metric, "_user_metrics", None),
            getattr(metric, "_user_weighted_metrics", None),
        ]
        inside = getattr(metric, "metrics", None)
        if inside is None:
            inside = [metric]
        elif not inside:
            inside = [each for each in keras.tree.flatten(given) if each is not None]
        for each in inside:
            name = each if isinstance(each, str) else getattr(each, "name", None)
            found[str(name or getattr(each, "__name__", each))] = each
    return found


def _no_accuracy(names: Iterable[str]) -> str:
    got = ", ".join(dict.fromkeys(name for name in names if not name.startswith("val_")))
    return (
        "AccuracyHistory found no accuracy: expected the model to be compiled with one, got only "
        f"[{got or 'nothing'}]. Compile it with metrics=['accuracy']."
    )


def _validates_on(model: Any, x: Any, y: Any) -> bool:
    """Whether the running ``fit`` validates on exactly these examples.

    Keras keeps the validation data of the running fit in one private place. Where it is not
    there, or holds anything else (weights per example, part of the data, another container),
    the answer is False, which costs one evaluation and never a wrong number.
    """
    iterator = getattr(model, "_eval_epoch_iterator", None)
    adapter = getattr(iterator, "data_adapter", None)
    if adapter is None or getattr(iterator, "steps_per_epoch", 0) is not None:
        return False
    if y is None:
        return getattr(adapter, "_dataset", None) is x
    inputs = getattr(adapter, "_inputs", None)
    if not isinstance(inputs, tuple) or len(inputs) != 2:
        return False
    return _same_values(inputs[0], x) and _same_values(inputs[1], y)


def _same_values(a: Any, b: Any) -> bool:
    if a is b:
        return True
    if getattr(a, "shape", None) is None or getattr(b, "shape", None) is None:
        return False
    if tuple(a.shape) != tuple(b.shape):
        return False
    # 10,000 images are compared in the time of a few of the steps that this may save.
    return bool(np.array_equal(np.asarray(a), np.asarray(b)))
