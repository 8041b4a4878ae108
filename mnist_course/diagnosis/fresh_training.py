"""A fresh network that is trained for a few updates, again and again from the same weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_course.diagnosis.activity import as_inputs
from mnist_course.diagnosis.fresh import build_network
from mnist_course.traced_updates import Updates, traced_updates

__all__ = ["FreshTraining"]


class FreshTraining:
    """The short trainings of one fresh network.

    All updates of a call are made inside TensorFlow, several times faster than with
    ``train_on_batch`` in a loop and with the same weights: a test compares them. Nothing calls
    ``fit``, so no experiment log sees these trainings.

    Parameters
    ----------
    source : keras.Model or callable
        See `build_network`.
    seed : int
        Of the fresh weights.

    Attributes
    ----------
    model : keras.Model
        Compiled.

    Raises
    ------
    TypeError, ValueError
        See `build_network`.
    """

    def __init__(self, source: Any, *, seed: int) -> None:
        self.model = build_network(source, seed=seed)
        self._start: list[tuple[Any, npt.NDArray[Any]]] = []
        self._updates: Updates | None = None

    def restart(self, images: npt.NDArray[Any], *, rate: float | None = None) -> None:
        """Go back to the fresh weights, with a fresh optimizer.

        Parameters
        ----------
        images : array of shape (n, ...)
            Such as the network is to be trained on: one that has no input layer is built by them.
        rate : float, optional
            Learning rate from now on, in place of a schedule, too.
        """
        for variable, value in self._start:
            variable.assign(value)
        optimizer = self.model.optimizer
        if rate is not None and not isinstance(optimizer.get_config().get("learning_rate"), float):
            config = {**optimizer.get_config(), "learning_rate": rate}
            self.model.compile(optimizer=type(optimizer).from_config(config), loss=self.model.loss)
            self._start, self._updates = [], None
        if not self._start:
            self._start = self._built(images)
        if rate is not None:
            self.model.optimizer.learning_rate = rate

    def train(
        self,
        images: npt.NDArray[Any],
        labels: npt.NDArray[Any],
        *,
        updates: int,
        batch_size: int,
    ) -> None:
        """Make so many updates, after a `restart`.

        Parameters
        ----------
        images : array of shape (n, ...)
        labels : array of shape (n,) or (n, 10)
            In the form that the loss expects.
        updates : int
        batch_size : int
            Images of an update: the next ones in order, and after the last one the first.
        """
        inputs = as_inputs(self.model, images)
        order = np.arange(updates * batch_size, dtype=np.int32) % len(inputs)
        if self.model.run_eagerly:  # its layers may need to see numbers
            for batch in order.reshape(updates, batch_size):
                self.model.train_on_batch(inputs[batch], labels[batch])
            return
        if self._updates is None:
            self._updates = traced_updates(self.model, inputs, labels)
        self._updates(inputs, labels, order, batch_size)

    def _built(self, images: npt.NDArray[Any]) -> list[tuple[Any, npt.NDArray[Any]]]:
        """Make every variable that training changes; return each with a copy of its value."""
        model = self.model
        if not model.built:
            model(as_inputs(model, images[:1]), training=False)
        model.optimizer.build(model.trainable_variables)
        variables = [*model.variables, *model.optimizer.variables]
        return [(variable, np.array(variable.numpy())) for variable in variables]
