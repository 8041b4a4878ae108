"""Where a check gets a model's predictions from.

The same grade cell runs in a student's notebook, beside a real Keras model, and in the trusted
test runner, which holds a facade and asks another process. A :class:`Backend` hides which.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from mnist_course.experiments.recording.fit_record import FitRecord
    from mnist_course.experiments.trials.configuration import Configuration
    from mnist_course.experiments.trials.trial import Trial

__all__ = ["Backend", "LayerActivity", "current", "use"]

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LayerActivity:
    """What one hidden layer gave for some examples.

    Parameters
    ----------
    name, class_name : str
        Keras' name and class of the layer.
    activation : str
        Name of the activation function, ``"linear"`` when there is none.
    values : array of shape (n, units), float32
        Outputs after the activation.
    """

    name: str
    class_name: str
    activation: str
    values: FloatArray


@runtime_checkable
class Backend(Protocol):
    """What a check needs from whoever can run a Keras model."""

    def predict(self, model: Any, x: FloatArray) -> FloatArray:
        """Return the outputs of ``model``, shape (n, outputs), for inputs as the model takes them.

        Raises
        ------
        ValueError
            If the inputs do not fit the model, in a sentence that a student may see.
        """
        ...

    def hidden_activations(self, model: Any, x: FloatArray) -> list[LayerActivity]:
        """Return the activity of every hidden layer with units, from the input to the output."""
        ...

    def train_again(
        self,
        record: FitRecord,
        *,
        seed: int,
        x_test: npt.NDArray[np.uint8],
        epochs: int | None = None,
        initial_weights: Sequence[npt.NDArray[Any]] | None = None,
    ) -> Iterator[npt.NDArray[np.int64]]:
        """Train a fresh model of a recorded configuration on the grader's own training data.

        The training data are MNIST training images in the record's scaling, shape, form of label,
        batch size and number: the first ``record.data.rows`` (at most 60,000), without the part
        that ``record.validation_split`` sets aside. No student code takes part.

        Parameters
        ----------
        record : FitRecord
            Architecture, compile settings, epochs, batch size, shape and scaling of the data.
        seed : int
            Of the weights, the shuffling and dropout.
        x_test : array of shape (n, 28, 28), uint8
            Raw pixels; they get the scaling and shape that the training data get.
        epochs : int, optional
            Instead of ``record.epochs``.
        initial_weights : sequence of arrays, optional
            Weights to start from instead of fresh ones.

        Yields
        ------
        array of shape (n,), int
            Predicted classes after each epoch. The generator may be closed early.

        Raises
        ------
        NotPortableError
            If the configuration cannot be rebuilt.
        """
        ...

    def run_trial(self, configuration: Configuration, *, seed: int) -> Trial:
        """Train the network of a configuration and return what came out.

        The grader's own data and code; nothing of the student's but the configuration, which is
        plain values. The same configuration with the same seed is trained once.

        Raises
        ------
        CannotGrade
            If it cannot be trained here.
        """
        ...


_CURRENT: list[Backend | None] = [None]


def use(backend: Backend | None) -> None:
    """Make ``backend`` the one that checks use in this process; None returns to the default."""
    _CURRENT[0] = backend


def current() -> Backend:
    """Return the backend of this process: Keras in this very process unless another was set."""
    backend = _CURRENT[0]
    if backend is None:
        from mnist_course.grading.keras_backend import KerasBackend

        _CURRENT[0] = backend = KerasBackend()
    return backend
