"""How weights follow their gradients.

All weights lie in one vector (see ``parameters.py``), so an update is a few operations on whole
arrays, made in place: nothing is allocated after the first step.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_course.exceptions import NetworkError
from mnist_course.numpy_nn.parameters import Parameters

__all__ = ["SGD", "Adam", "Optimizer", "get"]


class Optimizer(ABC):
    """Base of all optimizers.

    Attributes
    ----------
    learning_rate : float
        May be changed at any time.
    iterations : int
        Number of updates so far.
    """

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = _number("learning_rate", learning_rate, 0, math.inf)
        self.iterations = 0
        self._parameters: Parameters | None = None
        self._work: NDArray[Any] = np.zeros(0, np.float32)

    def build(self, parameters: Parameters) -> None:
        """Take a model's weights into care.

        Raises
        ------
        NetworkError
            If this optimizer already trains another model.
        """
        if self._parameters is parameters:
            if self._work.size == parameters.values.size:
                return
        elif self._parameters is not None:
            raise NetworkError(
                f"This {type(self).__name__} already trains another model, whose momentum it "
                "keeps. Expected a new optimizer for each model, got a used one. Write "
                f"optimizer={type(self).__name__}(...) in compile()."
            )
        self._parameters = parameters
        self._work = np.zeros_like(parameters.values)
        self.iterations = 0
        self.reset(parameters.values)

    def apply(self) -> None:
        """Change the weights by one step along their gradients."""
        assert self._parameters is not None
        self.iterations += 1
        self.update(self._parameters.values, self._parameters.gradients, self._work)

    @abstractmethod
    def reset(self, weights: NDArray[Any]) -> None:
        """Make what is remembered from step to step, for weights of this size."""

    @abstractmethod
    def update(self, weights: NDArray[Any], gradient: NDArray[Any], work: NDArray[Any]) -> None:
        """Change ``weights`` in place; ``work`` is an array of the same size to calculate in."""

    @abstractmethod
    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal optimizer."""


class SGD(Optimizer):
    """Gradient descent, with momentum if wanted.

    Parameters
    ----------
    learning_rate : float
    momentum : float
        0 <= momentum < 1: the share of the last step that is made again.
    nesterov : bool
        Look at the gradient where the momentum leads to.
    """

    def __init__(
        self, learning_rate: float = 0.01, momentum: float = 0.0, nesterov: bool = False
    ) -> None:
        super().__init__(learning_rate)
        self.momentum = _number("momentum", momentum, 0, 1)
        self.nesterov = bool(nesterov)
        self._velocity: NDArray[Any] = self._work

    def reset(self, weights: NDArray[Any]) -> None:
        """Start without any velocity."""
        self._velocity = np.zeros_like(weights)

    def update(self, weights: NDArray[Any], gradient: NDArray[Any], work: NDArray[Any]) -> None:
        """Change ``weights`` in place by one step."""
        np.multiply(gradient, self.learning_rate, out=work)  # one plain step
        if not self.momentum:
            weights -= work
            return
        velocity = self._velocity
        velocity *= self.momentum
        velocity -= work
        if not self.nesterov:
            weights += velocity
            return
        weights -= work
        np.multiply(velocity, self.momentum, out=work)
        weights += work

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal optimizer."""
        return {
            "learning_rate": self.learning_rate,
            "momentum": self.momentum,
            "nesterov": self.nesterov,
        }


class Adam(Optimizer):
    """Steps of about the same size for every weight: gradient mean over gradient size.

    Parameters
    ----------
    learning_rate : float
    beta_1, beta_2 : float
        How slowly the running means of the gradient and of its square change.
    epsilon : float
        Keeps the division from exploding.
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
    ) -> None:
        super().__init__(learning_rate)
        self.beta_1 = _number("beta_1", beta_1, 0, 1)
        self.beta_2 = _number("beta_2", beta_2, 0, 1)
        self.epsilon = _number("epsilon", epsilon, 0, math.inf)
        self._mean: NDArray[Any] = self._work
        self._square: NDArray[Any] = self._work

    def reset(self, weights: NDArray[Any]) -> None:
        """Start both running means at 0."""
        self._mean = np.zeros_like(weights)
        self._square = np.zeros_like(weights)

    def update(self, weights: NDArray[Any], gradient: NDArray[Any], work: NDArray[Any]) -> None:
        """Change ``weights`` in place by one step."""
        mean, square, step = self._mean, self._square, self.iterations
        # mean += (1 - beta_1) * (gradient - mean)
        np.subtract(gradient, mean, out=work)
        work *= 1 - self.beta_1
        mean += work
        # square += (1 - beta_2) * (gradient² - square)
        np.square(gradient, out=work)
        work -= square
        work *= 1 - self.beta_2
        square += work
        # Both means started from 0: early steps make up for that.
        rate = self.learning_rate * math.sqrt(1 - self.beta_2**step) / (1 - self.beta_1**step)
        # weights -= rate * mean / (sqrt(square) + epsilon)
        np.sqrt(square, out=work)
        work += self.epsilon
        np.divide(mean, work, out=work)
        work *= rate
        weights -= work

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal optimizer."""
        return {
            "learning_rate": self.learning_rate,
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }


def _number(name: str, value: float, low: float, high: float) -> float:
    number = float(value)
    if not low <= number < high:
        raise NetworkError(
            f"The optimizer's {name} is not usable. Expected a number from {low:g} to below "
            f"{high:g}, got {value!r}."
        )
    return number


CLASSES: dict[str, type[SGD] | type[Adam]] = {"sgd": SGD, "adam": Adam}


def get(optimizer: str | Optimizer) -> Optimizer:
    """Return the optimizer of this name with Keras' default settings.

    Raises
    ------
    NetworkError
        If there is none of this name.
    """
    if isinstance(optimizer, Optimizer):
        return optimizer
    if isinstance(optimizer, str) and optimizer.lower() in CLASSES:
        return CLASSES[optimizer.lower()]()
    raise NetworkError(
        f"There is no such optimizer. Expected one of {', '.join(CLASSES)}, or an object such as "
        f"SGD(learning_rate=0.1, momentum=0.9), got {optimizer!r}."
    )
