"""A network that learns, with Keras' methods."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from mnist_course.exceptions import NetworkError
from mnist_course.numpy_nn import losses, optimizers, passes, training
from mnist_course.numpy_nn.activations import FloatArray, Softmax
from mnist_course.numpy_nn.blas_threads import one_blas_thread
from mnist_course.numpy_nn.callbacks import Callback, EpochFunction
from mnist_course.numpy_nn.examples import as_examples, same_length
from mnist_course.numpy_nn.history import History
from mnist_course.numpy_nn.layer import Input, Layer
from mnist_course.numpy_nn.losses import (
    CategoricalCrossentropy,
    Loss,
    SparseCategoricalCrossentropy,
)
from mnist_course.numpy_nn.metrics import known as known_metrics
from mnist_course.numpy_nn.optimizers import Optimizer
from mnist_course.numpy_nn.stack import LayerStack

__all__ = ["Sequential"]

_Part = TypeVar("_Part")


class Sequential(LayerStack):
    """Layers one after another.

    Parameters
    ----------
    layers : iterable of Input or Layer
        May be added later with :meth:`add`. Without an ``Input`` the first data that the model
        sees give the shape.
    seed : int or None
        Draws the first weights and the order of the examples: the same seed, data and settings
        give the same network. None is another one each time.
    name : str
    dtype : dtype
        float32. float64 is there for :func:`gradient_check`.

    Attributes
    ----------
    layers : list of Layer
    parameters : Parameters
        All weights in one vector.
    extra : dict
        Plain data that :meth:`save` wrote beside the weights.
    history : History or None
        Of the last :meth:`fit`.
    stop_training : bool
        A callback sets it to end the training after this epoch.

    Examples
    --------
    >>> model = Sequential([Input((784,)), Dense(64, "relu"), Dense(10, "softmax")], seed=0)
    >>> model.compile(SGD(learning_rate=0.1), "sparse_categorical_crossentropy", ["accuracy"])
    >>> history = model.fit(x_train, y_train, epochs=5, validation_data=(x_val, y_val))
    """

    def __init__(
        self,
        layers: Iterable[Input | Layer] = (),
        *,
        seed: int | None = None,
        name: str = "sequential",
        dtype: DTypeLike = np.float32,
    ) -> None:
        self.extra: dict[str, Any] = {}
        self.history: History | None = None
        self.stop_training = False
        self.metrics: tuple[str, ...] = ()
        self.trains_on_logits = False
        self._loss: Loss | None = None
        self._working_loss: Loss | None = None
        self._optimizer: Optimizer | None = None
        super().__init__(layers, seed=seed, name=name, dtype=dtype)

    def add(self, layer: Input | Layer) -> None:
        """Put a layer at the end; the model has to be compiled (again) after that.

        Raises
        ------
        NetworkError
            If it is no layer of this package, is in a model already, or does not fit.
        """
        super().add(layer)
        self._optimizer = self._loss = self._working_loss = None

    def astype(self, dtype: DTypeLike) -> Sequential:
        """Return a copy with weights of this type, compiled alike, with a new optimizer."""
        copies = [type(layer)(**layer.arguments()) for layer in self.layers]
        model = Sequential(copies, seed=self.seed, name=self.name, dtype=dtype)
        if self.input_shape is not None:
            model.build(self.input_shape)
            model.set_weights(self.get_weights())
        if self.compiled:
            optimizer = type(self.optimizer)(**self.optimizer.get_config())
            model.compile(optimizer, self.loss, self.metrics)
        model.extra = dict(self.extra)
        return model

    def compile(
        self,
        optimizer: str | Optimizer,
        loss: str | Loss,
        metrics: Sequence[str] | str | None = None,
    ) -> None:
        """Choose how the model learns.

        Parameters
        ----------
        optimizer : str or Optimizer
            ``"sgd"``, ``"adam"`` or an object such as ``SGD(learning_rate=0.1, momentum=0.9)``.
        loss : str or Loss
            ``"sparse_categorical_crossentropy"``, ``"categorical_crossentropy"``,
            ``"mean_squared_error"`` or an object.
        metrics : list of str, optional
            ``["accuracy"]`` or nothing.
        """
        self._loss, self.metrics = losses.get(loss), known_metrics(metrics)
        self._optimizer = optimizers.get(optimizer)
        self._working_loss, self.trains_on_logits = self._loss, False
        ends_in_softmax = bool(self.layers) and isinstance(
            getattr(self.layers[-1], "activation", None), Softmax
        )
        if isinstance(self._loss, (SparseCategoricalCrossentropy, CategoricalCrossentropy)):
            if ends_in_softmax and self._loss.from_logits:
                raise NetworkError(
                    "Softmax would be applied twice. Expected logits, because the loss has "
                    "from_logits=True, got a last layer that ends in softmax. Leave one of the "
                    "two out."
                )
            if ends_in_softmax:
                self._working_loss = type(self._loss)(from_logits=True)
                self.trains_on_logits = True

    @property
    def compiled(self) -> bool:
        """True after :meth:`compile`."""
        return self._optimizer is not None

    @property
    def optimizer(self) -> Optimizer:
        """The optimizer in use; ``model.optimizer.learning_rate`` may be changed."""
        return self._chosen(self._optimizer)

    @property
    def loss(self) -> Loss:
        """The loss as it was chosen."""
        return self._chosen(self._loss)

    @property
    def working_loss(self) -> Loss:
        """The loss as it is calculated: on logits where the model ends in softmax."""
        return self._chosen(self._working_loss)

    def fit(
        self,
        x: ArrayLike,
        y: ArrayLike,
        batch_size: int | None = 32,
        epochs: int = 1,
        verbose: int = 0,
        callbacks: Iterable[Callback | EpochFunction] | None = None,
        validation_data: tuple[ArrayLike, ArrayLike] | None = None,
        shuffle: bool = True,
        validation_freq: int = 1,
    ) -> History:
        """Learn from examples.

        Parameters
        ----------
        x : array-like (n, *input shape)
        y : array-like (n,) or (n, units)
            In the form that the loss takes.
        batch_size : int or None
            Examples for each update; None: all of them, one update an epoch.
        epochs : int
            How often every example is seen.
        verbose : int
            0 writes nothing, 1 or 2 a line for each epoch.
        callbacks : iterable
            Functions of (epoch, logs), called after each epoch, or :class:`Callback` objects.
        validation_data : (x, y), optional
            Measured after each epoch, never learned from.
        shuffle : bool
            Take the examples in a new order in each epoch.
        validation_freq : int
            Measure the validation data after every so many epochs.

        Returns
        -------
        History

        Raises
        ------
        NetworkError
            If the model is not compiled, or the data do not fit it.

        Warns
        -----
        RuntimeWarning
            If the loss is NaN or infinite; training then ends.
        """
        for what, value in (("epochs", epochs), ("validation_freq", validation_freq)):
            _check_count(what, value)
        if batch_size is not None:
            _check_count("batch_size", batch_size)
        data = self.prepare(x, y)
        validation = None if validation_data is None else self.prepare(*validation_data)
        self.optimizer.build(self.parameters)
        self.history = training.train(
            self,
            data,
            batch_size=batch_size,
            epochs=epochs,
            validation=validation,
            validation_freq=validation_freq,
            rng=self._order_rng if shuffle else None,
            callbacks=callbacks,
            verbose=bool(verbose),
        )
        return self.history

    def evaluate(
        self, x: ArrayLike, y: ArrayLike, batch_size: int = 1024, return_dict: bool = False
    ) -> Any:
        """Measure loss and metrics.

        Returns
        -------
        float, list of float or dict
            The loss; ``[loss, accuracy]`` with metrics; by name with ``return_dict``.
        """
        _check_count("batch_size", batch_size)
        logs = training.measure(self, *self.prepare(x, y), batch_size)
        if return_dict:
            return logs
        values = list(logs.values())
        return values if self.metrics else values[0]

    def predict(self, x: ArrayLike, batch_size: int = 1024) -> FloatArray:
        """Return the outputs for each example, float32 (n, units), as a new array."""
        _check_count("batch_size", batch_size)
        examples = self._examples(x)
        outputs = np.empty((len(examples), *self.output_shape), self.dtype)
        with one_blas_thread(), np.errstate(all="ignore"):
            for start in range(0, len(examples), batch_size):
                rows = slice(start, start + batch_size)
                outputs[rows], _ = passes.forward(self.layers, examples[rows])
        return outputs

    def activations(self, x: ArrayLike) -> list[FloatArray]:
        """Return the output of every layer for each example, as new arrays, for pictures."""
        current, outputs = self._examples(x), []
        for layer in self.layers:
            current, _ = layer.forward(current)
            outputs.append(current.copy())
        return outputs

    def save(self, path: str | Path, extra: dict[str, Any] | None = None) -> None:
        """Write the model to an ``.npz`` file that :func:`load_model` reads.

        Parameters
        ----------
        path : str or Path
            Its folder must exist; a file there is replaced only when the new one is complete.
        extra : dict, optional
            Plain data (text, numbers, lists, dicts) to keep with it; by default what the model
            was loaded with.
        """
        from mnist_course.numpy_nn.model_file import save_model

        save_model(self, path, extra=extra)

    def _examples(self, x: ArrayLike) -> FloatArray:
        if not self.layers:
            raise NetworkError("The model has no layers. Expected at least one, got none.")
        array = np.asarray(x)
        if self.input_shape is None and array.ndim > 1:
            self.build(array.shape[1:])
        _ = self.output_shape
        assert self.input_shape is not None
        return as_examples(array, self.input_shape, self.dtype)

    def prepare(self, x: ArrayLike, y: ArrayLike) -> tuple[FloatArray, NDArray[Any]]:
        """Check examples with their targets and return both as the passes take them."""
        loss, examples = self.loss, self._examples(x)
        if len(self.output_shape) != 1:
            raise NetworkError(
                "The model's outputs cannot be compared with targets. Expected one row of numbers "
                f"for each example, got the shape {self.output_shape}. End the model with a Dense "
                "layer."
            )
        if self.metrics and self.output_shape[0] < 2:
            raise NetworkError(
                "Accuracy needs an output for each class. Expected at least 2 units in the last "
                "layer, got 1. Leave metrics=['accuracy'] out."
            )
        targets = loss.prepare(y, self.output_shape[0], self.dtype)
        same_length(examples, targets)
        return examples, targets

    @staticmethod
    def _chosen(part: _Part | None) -> _Part:
        if part is None:
            raise NetworkError(
                "The model is not compiled. Expected an optimizer and a loss, got none. Call "
                "model.compile('adam', 'sparse_categorical_crossentropy', ['accuracy']) first."
            )
        return part


def _check_count(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise NetworkError(
            f"{name} is not usable. Expected a whole number from 1 on, got {value!r}."
        )
