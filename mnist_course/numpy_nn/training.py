"""The loop that makes a network learn, with the measuring that goes with it."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnist_course.numpy_nn import passes
from mnist_course.numpy_nn.batches import Batches
from mnist_course.numpy_nn.blas_threads import one_blas_thread
from mnist_course.numpy_nn.buffers import Buffers
from mnist_course.numpy_nn.callbacks import Callback, CallbackList, EpochFunction
from mnist_course.numpy_nn.gradients import BatchGradient
from mnist_course.numpy_nn.history import History
from mnist_course.numpy_nn.metrics import count_correct

if TYPE_CHECKING:
    from mnist_course.numpy_nn.sequential import Sequential

__all__ = ["measure", "train"]

Data = tuple[NDArray[Any], NDArray[Any]]


class _Means:
    """Means over the examples seen so far."""

    def __init__(self, metrics: tuple[str, ...]) -> None:
        self.metrics = metrics
        self.loss, self.correct, self.examples = 0.0, 0, 0

    def add(self, loss: float, correct: int, examples: int) -> None:
        self.loss += loss
        self.correct += correct
        self.examples += examples

    def logs(self) -> dict[str, float]:
        logs = {"loss": self.loss / self.examples}
        if "accuracy" in self.metrics:
            logs["accuracy"] = self.correct / self.examples
        return logs


def measure(
    model: Sequential, x: NDArray[Any], y: NDArray[Any], batch_size: int
) -> dict[str, float]:
    """Return loss and metrics of the model as it is."""
    means, activate = _Means(model.metrics), not model.trains_on_logits
    loss, buffers = model.working_loss, Buffers(x.dtype)
    with one_blas_thread(), np.errstate(all="ignore"):
        for x_batch, y_batch in Batches(x, y, batch_size, None).epoch():
            output, _ = passes.forward(model.layers, x_batch, activate_last=activate)
            correct = count_correct(y_batch, output) if model.metrics else 0
            gradient = buffers.rows("loss", len(output), output.shape[1:])
            means.add(loss.sum_and_gradient(y_batch, output, gradient, 1.0), correct, len(output))
    return means.logs()


def train(
    model: Sequential,
    data: Data,
    *,
    batch_size: int | None,
    epochs: int,
    validation: Data | None,
    validation_freq: int,
    rng: np.random.Generator | None,
    callbacks: Iterable[Callback | EpochFunction] | None,
    verbose: bool,
) -> History:
    """Train on prepared data; see :meth:`Sequential.fit`."""
    listeners = CallbackList(callbacks, model)
    history, batches = History(), Batches(*data, batch_size, rng)
    model.stop_training = False
    for callback in listeners.all:
        callback.on_train_begin()
    with BatchGradient(model) as gradient:
        for epoch in range(epochs):
            for callback in listeners.all:
                callback.on_epoch_begin(epoch)
            logs = _one_epoch(model, batches, gradient, listeners)
            if validation is not None and (epoch + 1) % validation_freq == 0:
                measured = measure(model, *validation, batch_size=1024)
                logs |= {f"val_{name}": value for name, value in measured.items()}
            history.append(epoch, logs)
            for callback in listeners.all:
                callback.on_epoch_end(epoch, logs)
            if verbose:
                _write_line(epoch, epochs, logs)
            if not math.isfinite(logs["loss"]):
                _warn_of_divergence(epoch, logs["loss"])
                break
            if model.stop_training:
                break
    for callback in listeners.all:
        callback.on_train_end()
    return history


def _one_epoch(
    model: Sequential, batches: Batches, gradient: BatchGradient, listeners: CallbackList
) -> dict[str, float]:
    means = _Means(model.metrics)
    with one_blas_thread():
        for index, (x, y) in enumerate(batches.epoch()):
            means.add(*gradient(x, y), len(x))
            model.optimizer.apply()
            for callback in listeners.on_batch:
                callback.on_train_batch_end(index, means.logs())
    return means.logs()


def _warn_of_divergence(epoch: int, loss: float) -> None:
    warnings.warn(
        f"Training stopped in epoch {epoch + 1}: the loss is {loss}, expected a number. The "
        "weights are of no use any more. Make the model again and train it with a smaller "
        "learning rate, or scale the inputs to 0..1.",
        RuntimeWarning,
        stacklevel=4,
    )


def _write_line(epoch: int, epochs: int, logs: Mapping[str, float]) -> None:
    values = " - ".join(f"{name}: {value:.4f}" for name, value in logs.items())
    sys.stdout.write(f"Epoch {epoch + 1}/{epochs} - {values}\n")
    sys.stdout.flush()
