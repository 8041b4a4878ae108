"""What may look on while a network learns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from mnist_course.exceptions import NetworkError

if TYPE_CHECKING:
    from mnist_course.numpy_nn.sequential import Sequential

__all__ = ["Callback", "CallbackList", "EpochFunction"]

Logs = Mapping[str, float]
EpochFunction = Callable[[int, dict[str, float]], Any]


class Callback:
    """Base of objects whose methods ``fit`` calls, under Keras' names.

    ``self.model`` is the model in training; ``self.model.stop_training = True`` ends it after the
    epoch. Epochs and batches count from 0.
    """

    model: Sequential

    def on_train_begin(self) -> None:
        """Before the first epoch."""

    def on_epoch_begin(self, epoch: int) -> None:
        """Before each epoch."""

    def on_train_batch_end(self, batch: int, logs: Logs) -> None:
        """After each update; ``logs`` holds the means of the epoch so far."""

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """After each epoch; ``logs`` holds what goes into the history."""

    def on_train_end(self) -> None:
        """After the last epoch."""


class _AfterEachEpoch(Callback):
    """A plain function as a callback."""

    def __init__(self, function: EpochFunction) -> None:
        self.function = function

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        self.function(epoch, dict(logs))


class CallbackList:
    """All callbacks of one ``fit``.

    Parameters
    ----------
    callbacks : iterable of Callback or of callable(epoch, logs)
        A plain function is called after each epoch.

    Raises
    ------
    NetworkError
        If one is neither.
    """

    def __init__(
        self, callbacks: Iterable[Callback | EpochFunction] | None, model: Sequential
    ) -> None:
        self.all = [_as_callback(callback) for callback in callbacks or ()]
        for callback in self.all:
            callback.model = model
        # Hundreds of thousands of batches: only those that want to know are called.
        self.on_batch = [
            callback
            for callback in self.all
            if type(callback).on_train_batch_end is not Callback.on_train_batch_end
        ]


def _as_callback(callback: Any) -> Callback:
    if isinstance(callback, Callback):
        return callback
    if callable(callback) and not isinstance(callback, type):
        return _AfterEachEpoch(callback)
    raise NetworkError(
        "A callback is not usable. Expected a function of (epoch, logs), or an object of a class "
        f"that inherits from Callback, got {callback!r}. Was it a class without its brackets, or "
        "one of Keras?"
    )
