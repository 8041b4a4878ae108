"""How wrong a prediction is, as one number with its gradient.

A loss adds up over the examples it is given; the caller divides by the size of the whole batch
through ``scale``, so that a large batch may be worked off in pieces.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mnist_course.exceptions import NetworkError
from mnist_course.numpy_nn.activations import FloatArray
from mnist_course.numpy_nn.targets import class_numbers, rows_like_outputs

__all__ = [
    "CategoricalCrossentropy",
    "Loss",
    "MeanSquaredError",
    "SparseCategoricalCrossentropy",
    "get",
]

EPSILON = 1e-7
"""Probabilities are kept this far from 0 and 1 before their logarithm is taken, as in Keras."""

Targets = NDArray[Any]


class Loss(ABC):
    """Base of all losses.

    Attributes
    ----------
    name : str
        Keras' name of it.
    sparse : bool
        True when a target is the number of a class.
    """

    name: str = ""
    sparse: bool = False

    @abstractmethod
    def prepare(self, y: ArrayLike, outputs: int, dtype: np.dtype[Any]) -> Targets:
        """Check targets once and return them in the form that the other methods take."""

    @abstractmethod
    def sum_and_gradient(
        self, y: Targets, output: FloatArray, gradient: FloatArray, scale: float
    ) -> float:
        """Add up the losses of some examples.

        Parameters
        ----------
        y : ndarray
            Prepared targets.
        output : ndarray (n, units)
        gradient : ndarray (n, units)
            Receives the derivative of the sum by each output, times ``scale``.
        """

    def __call__(self, y_true: ArrayLike, y_pred: ArrayLike) -> float:
        """Return the mean loss of predictions (n, units)."""
        output = np.asarray(y_pred)
        if not np.issubdtype(output.dtype, np.floating):
            output = output.astype(np.float32)
        if output.ndim != 2 or not len(output):
            raise NetworkError(
                "A loss cannot be taken of these predictions. Expected one row for each example, "
                f"got the shape {output.shape}."
            )
        y = self.prepare(y_true, output.shape[1], output.dtype)
        if len(y) != len(output):
            raise NetworkError(
                "Targets and predictions do not belong together. Expected as many of one as of "
                f"the other, got {len(y)} targets and {len(output)} predictions."
            )
        return self.sum_and_gradient(y, output, np.empty_like(output), 1.0) / len(output)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal loss."""
        return {}


class _CrossEntropy(Loss):
    """Base of both cross-entropies.

    Parameters
    ----------
    from_logits : bool
        True: the outputs are logits, any numbers, and the loss applies softmax itself. False:
        they are probabilities. A model that ends in softmax is trained on the logits in any case,
        because only so can neither a logarithm of 0 nor an overflow occur.
    """

    def __init__(self, from_logits: bool = False) -> None:
        self.from_logits = from_logits

    def get_config(self) -> dict[str, Any]:
        return {"from_logits": self.from_logits}


class SparseCategoricalCrossentropy(_CrossEntropy):
    """-log p[y]: targets are numbers of classes (n,)."""

    name = "sparse_categorical_crossentropy"
    sparse = True

    def prepare(self, y: ArrayLike, outputs: int, dtype: np.dtype[Any]) -> Targets:
        """Return numbers of classes (n,)."""
        return class_numbers(y, outputs)

    def sum_and_gradient(
        self, y: Targets, output: FloatArray, gradient: FloatArray, scale: float
    ) -> float:
        """Return the sum of the losses, with its gradient in ``gradient``."""
        rows = np.arange(len(y))
        if not self.from_logits:
            return self._of_probabilities(rows, y, output, gradient, scale)
        powers, totals, largest = _powers(output, gradient)
        # -log p = log Σ e^(z - max z) - (z of the class - max z)
        loss = float((np.log(totals) - (output[rows, y] - largest)).sum())
        # d loss / dz = p - 1[class]
        powers *= (scale / totals)[:, np.newaxis]
        powers[rows, y] -= scale
        return loss

    def _of_probabilities(
        self, rows: Targets, y: Targets, p: FloatArray, gradient: FloatArray, scale: float
    ) -> float:
        clipped = np.clip(p, EPSILON, 1 - EPSILON)  # (n, units)
        totals = clipped.sum(axis=1)  # (n,); they need not be 1
        of_class = clipped[rows, y]
        np.copyto(gradient, (scale / totals)[:, np.newaxis])
        gradient[rows, y] -= scale / of_class
        gradient *= p == clipped  # what was clipped does not change with p
        return float((np.log(totals) - np.log(of_class)).sum())


class CategoricalCrossentropy(_CrossEntropy):
    """-Σ y log p: targets are rows of probabilities (n, units), such as one-hot rows."""

    name = "categorical_crossentropy"

    def prepare(self, y: ArrayLike, outputs: int, dtype: np.dtype[Any]) -> Targets:
        """Return rows (n, units)."""
        return rows_like_outputs(y, outputs, dtype)

    def sum_and_gradient(
        self, y: Targets, output: FloatArray, gradient: FloatArray, scale: float
    ) -> float:
        """Return the sum of the losses, with its gradient in ``gradient``."""
        if not self.from_logits:
            return self._of_probabilities(y, output, gradient, scale)
        powers, totals, largest = _powers(output, gradient)
        log_p = output - largest[:, np.newaxis] - np.log(totals)[:, np.newaxis]
        # d loss / dz = p Σy - y, which is p - y when each row of y adds up to 1
        powers *= (scale * y.sum(axis=1) / totals)[:, np.newaxis]
        powers -= scale * y
        return -float((y * log_p).sum())

    def _of_probabilities(
        self, y: Targets, p: FloatArray, gradient: FloatArray, scale: float
    ) -> float:
        totals = np.maximum(p.sum(axis=1, keepdims=True), EPSILON)  # (n, 1)
        shares = p / totals
        clipped = np.clip(shares, EPSILON, 1 - EPSILON)
        by_share = np.where(shares == clipped, -scale * y / clipped, 0)
        np.subtract(by_share, (by_share * shares).sum(axis=1, keepdims=True), out=gradient)
        gradient /= totals
        return -float((y * np.log(clipped)).sum())


class MeanSquaredError(Loss):
    """Mean of (output - y)² over the outputs."""

    name = "mean_squared_error"

    def prepare(self, y: ArrayLike, outputs: int, dtype: np.dtype[Any]) -> Targets:
        """Return rows (n, units)."""
        return rows_like_outputs(y, outputs, dtype)

    def sum_and_gradient(
        self, y: Targets, output: FloatArray, gradient: FloatArray, scale: float
    ) -> float:
        """Return the sum of the losses, with its gradient in ``gradient``."""
        units = int(output.shape[1])
        np.subtract(output, y, out=gradient)  # (n, units)
        loss = float(np.square(gradient).sum())
        gradient *= 2 * scale / units
        return loss / units


def _powers(logits: FloatArray, out: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return e^(z - max z), which cannot overflow, in ``out`` (n, units); sums (n,); max z (n,)."""
    # argmax is much faster than max on short rows, a product with ones faster than sum.
    largest = logits[np.arange(len(logits)), logits.argmax(axis=1)]
    np.subtract(logits, largest[:, np.newaxis], out=out)
    np.exp(out, out=out)
    return out, out @ np.ones(out.shape[1], out.dtype), largest


CLASSES: dict[str, type[Loss]] = {
    "sparse_categorical_crossentropy": SparseCategoricalCrossentropy,
    "categorical_crossentropy": CategoricalCrossentropy,
    "mean_squared_error": MeanSquaredError,
    "mse": MeanSquaredError,
}


def get(loss: str | Loss) -> Loss:
    """Return the loss of this Keras name.

    Raises
    ------
    NetworkError
        If there is none of this name.
    """
    if isinstance(loss, Loss):
        return loss
    if isinstance(loss, str) and loss in CLASSES:
        return CLASSES[loss]()
    raise NetworkError(
        f"There is no such loss. Expected one of {', '.join(CLASSES)}, or an object such as "
        f"SparseCategoricalCrossentropy(from_logits=True), got {loss!r}."
    )
