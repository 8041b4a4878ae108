"""The numbers that weights start from."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_course.exceptions import NetworkError

__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Initializer",
    "Ones",
    "RandomNormal",
    "RandomUniform",
    "Zeros",
    "get",
]

Shape = tuple[int, ...]


class Initializer(ABC):
    """Draws the first values of one weight array.

    Parameters
    ----------
    seed : int, optional
        Seed of this array alone; by default the numbers come from the model's seed.
    """

    seed: int | None = None

    def __call__(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float32]:
        """Return float32 values of ``shape``, drawn from ``rng`` or from the own seed."""
        own = rng if self.seed is None else np.random.default_rng(self.seed)
        return self.draw(shape, own).astype(np.float32)

    @abstractmethod
    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return values of ``shape``."""

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal one."""
        return dict(vars(self))


class Constant(Initializer):
    """The same value everywhere."""

    def __init__(self, value: float = 0.0) -> None:
        self.value = float(value)

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return values of ``shape``."""
        return np.full(shape, self.value)


class Zeros(Initializer):
    """0 everywhere: right for biases, wrong for kernels, whose units would all stay alike."""

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return values of ``shape``."""
        return np.zeros(shape)


class Ones(Initializer):
    """1 everywhere."""

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return values of ``shape``."""
        return np.ones(shape)


class RandomNormal(Initializer):
    """Normal distribution with this mean and standard deviation."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        self.mean, self.stddev, self.seed = float(mean), float(stddev), seed

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return values of ``shape``."""
        return rng.normal(self.mean, self.stddev, shape)


class RandomUniform(Initializer):
    """All values from ``minval`` to ``maxval`` with the same chance."""

    def __init__(
        self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None
    ) -> None:
        self.minval, self.maxval, self.seed = float(minval), float(maxval), seed

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return values of ``shape``."""
        return rng.uniform(self.minval, self.maxval, shape)


class _Scaled(Initializer):
    """Base of those whose spread follows from the numbers of inputs and outputs."""

    def __init__(self, seed: int | None = None) -> None:
        self.seed = seed


class GlorotUniform(_Scaled):
    """Uniform within ±sqrt(6 / (inputs + outputs)): Keras' default for kernels."""

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return values of ``shape``."""
        limit = math.sqrt(6 / sum(_inputs_and_outputs(shape)))
        return rng.uniform(-limit, limit, shape)


class GlorotNormal(_Scaled):
    """Truncated normal, variance 2 / (inputs + outputs)."""

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return values of ``shape``."""
        return _truncated_normal(math.sqrt(2 / sum(_inputs_and_outputs(shape))), shape, rng)


class HeUniform(_Scaled):
    """Uniform within ±sqrt(6 / inputs): made for ReLU."""

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return values of ``shape``."""
        limit = math.sqrt(6 / _inputs_and_outputs(shape)[0])
        return rng.uniform(-limit, limit, shape)


class HeNormal(_Scaled):
    """Truncated normal, variance 2 / inputs: made for ReLU."""

    def draw(self, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return values of ``shape``."""
        return _truncated_normal(math.sqrt(2 / _inputs_and_outputs(shape)[0]), shape, rng)


def _inputs_and_outputs(shape: Shape) -> tuple[int, int]:
    """Return the numbers of inputs and outputs of a kernel; a bias counts as both."""
    return shape[0], shape[-1]


# Cutting a normal distribution at two standard deviations leaves this much of its spread.
_SPREAD_LEFT = 0.87962566103423978


def _truncated_normal(stddev: float, shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw again what lies more than two standard deviations from 0, as Keras does."""
    values = rng.standard_normal(shape)
    while (far := np.abs(values) > 2).any():
        values[far] = rng.standard_normal(int(far.sum()))
    return values * (stddev / _SPREAD_LEFT)


CLASSES: dict[str, type[Initializer]] = {
    "constant": Constant,
    "glorot_normal": GlorotNormal,
    "glorot_uniform": GlorotUniform,
    "he_normal": HeNormal,
    "he_uniform": HeUniform,
    "ones": Ones,
    "random_normal": RandomNormal,
    "random_uniform": RandomUniform,
    "zeros": Zeros,
}


def get(initializer: str | Initializer) -> Initializer:
    """Return the initializer of this Keras name.

    Raises
    ------
    NetworkError
        If there is none of this name.
    """
    if isinstance(initializer, Initializer):
        return initializer
    if isinstance(initializer, str) and initializer in CLASSES:
        return CLASSES[initializer]()
    raise NetworkError(
        f"There is no such initializer. Expected one of {', '.join(CLASSES)}, or an object such "
        f"as HeNormal(), got {initializer!r}."
    )
