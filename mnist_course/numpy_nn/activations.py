"""The functions that follow ``x @ kernel + bias``, each with its derivative.

Every activation is two methods: ``forward`` writes ``f(z)`` into an array that is already there;
``backward`` turns the gradient of the loss by the output into the gradient by the input, also in
place. Most derivatives can be written with the output ``a = f(z)`` alone, so the memory of ``z``
is used again for ``a``; the others set ``keeps_input``.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mnist_course.exceptions import NetworkError
from mnist_course.numpy_nn.error_function import erf

__all__ = ["ACTIVATIONS", "ActivationFunction", "FloatArray", "get"]

FloatArray = NDArray[np.floating[Any]]


class ActivationFunction(ABC):
    """One activation.

    Attributes
    ----------
    name : str
        Keras' name of it.
    keeps_input : bool
        True when ``backward`` reads ``z``; then ``forward`` may not write over it.
    kinks : tuple of float
        Where the slope jumps (ReLU at 0) or bends (ELU at 0), so that nobody can measure it there
        to many digits: :func:`gradient_check` keeps away.
    """

    name: str = ""
    keeps_input: bool = False
    kinks: tuple[float, ...] = ()

    @abstractmethod
    def forward(self, z: FloatArray, out: FloatArray) -> None:
        """Write ``f(z)`` into ``out``, which may be ``z`` itself unless ``keeps_input``."""

    @abstractmethod
    def backward(self, gradient: FloatArray, z: FloatArray, a: FloatArray) -> None:
        """Multiply ``gradient`` by ``f'(z)``, in place; ``a`` is ``f(z)``."""

    def __call__(self, z: ArrayLike) -> FloatArray:
        """Return ``f(z)`` as a new array of the same shape."""
        z = _as_floats(z)
        out = np.empty_like(z)
        self.forward(z, out)
        return out

    def derivative(self, z: ArrayLike) -> FloatArray:
        """Return ``f'(z)`` as a new array of the same shape."""
        z = _as_floats(z)
        slope = np.ones_like(z)
        self.backward(slope, z, self(z))
        return slope

    def __repr__(self) -> str:
        return f"<activation {self.name}>"


def _as_floats(z: ArrayLike) -> FloatArray:
    array = np.asarray(z)
    return array if np.issubdtype(array.dtype, np.floating) else array.astype(np.float32)


class Linear(ActivationFunction):
    """f(z) = z: the layer's output is left as it is."""

    name = "linear"

    def forward(self, z: FloatArray, out: FloatArray) -> None:
        if out is not z:
            np.copyto(out, z)

    def backward(self, gradient: FloatArray, z: FloatArray, a: FloatArray) -> None:
        pass  # the slope is 1 everywhere


class ReLU(ActivationFunction):
    """f(z) = max(0, z); the slope is 1 above 0 and 0 below."""

    name = "relu"
    kinks = (0.0,)

    def forward(self, z: FloatArray, out: FloatArray) -> None:
        np.maximum(z, 0, out=out)

    def backward(self, gradient: FloatArray, z: FloatArray, a: FloatArray) -> None:
        gradient *= a > 0


class Tanh(ActivationFunction):
    """f(z) = tanh z; the slope is 1 - a²."""

    name = "tanh"

    def forward(self, z: FloatArray, out: FloatArray) -> None:
        np.tanh(z, out=out)

    def backward(self, gradient: FloatArray, z: FloatArray, a: FloatArray) -> None:
        gradient *= 1 - a * a


class Sigmoid(ActivationFunction):
    """f(z) = 1 / (1 + e⁻ᶻ); the slope is a (1 - a)."""

    name = "sigmoid"

    def forward(self, z: FloatArray, out: FloatArray) -> None:
        np.negative(z, out=out)
        np.minimum(out, 80, out=out)  # e⁸⁰ still fits into float32; f(-80) is 2e-35
        np.exp(out, out=out)
        out += 1
        np.reciprocal(out, out=out)

    def backward(self, gradient: FloatArray, z: FloatArray, a: FloatArray) -> None:
        gradient *= a * (1 - a)


class Softsign(ActivationFunction):
    """f(z) = z / (1 + |z|); the slope is (1 - |a|)²."""

    name = "softsign"
    kinks = (0.0,)

    def forward(self, z: FloatArray, out: FloatArray) -> None:
        np.divide(z, 1 + np.abs(z), out=out)

    def backward(self, gradient: FloatArray, z: FloatArray, a: FloatArray) -> None:
        gradient *= np.square(1 - np.abs(a))


class ELU(ActivationFunction):
    """f(z) = z above 0, eᶻ - 1 below; the slope is 1 above and a + 1 below."""

    name = "elu"
    kinks = (0.0,)

    def forward(self, z: FloatArray, out: FloatArray) -> None:
        below = np.expm1(np.minimum(z, 0))
        np.maximum(z, 0, out=out)
        out += below

    def backward(self, gradient: FloatArray, z: FloatArray, a: FloatArray) -> None:
        gradient *= np.minimum(a, 0) + 1


class GELU(ActivationFunction):
    """f(z) = z Φ(z), Φ the share of a normal distribution below z; the slope is Φ(z) + z φ(z)."""

    name = "gelu"
    keeps_input = True

    def forward(self, z: FloatArray, out: FloatArray) -> None:
        np.multiply(z, _normal_cdf(z), out=out)

    def backward(self, gradient: FloatArray, z: FloatArray, a: FloatArray) -> None:
        density = np.exp(-0.5 * z * z) * (1 / math.sqrt(2 * math.pi))
        gradient *= _normal_cdf(z) + z * density


def _normal_cdf(z: FloatArray) -> FloatArray:
    return 0.5 * (1 + erf(z * math.sqrt(0.5)))


class Softmax(ActivationFunction):
    """f(z)ᵢ = eᶻⁱ / Σⱼ eᶻʲ over each row: the outputs are positive and add up to 1.

    The only activation that mixes the numbers of a row: it has a matrix of slopes,
    ∂aᵢ/∂zⱼ = aᵢ (1[i=j] - aⱼ), which ``backward`` applies without ever making it.
    """

    name = "softmax"

    def forward(self, z: FloatArray, out: FloatArray) -> None:
        np.subtract(z, z.max(axis=-1, keepdims=True), out=out)  # e⁰ is now the largest power
        np.exp(out, out=out)
        out /= out.sum(axis=-1, keepdims=True)

    def backward(self, gradient: FloatArray, z: FloatArray, a: FloatArray) -> None:
        gradient -= (gradient * a).sum(axis=-1, keepdims=True)
        gradient *= a

    def derivative(self, z: ArrayLike) -> FloatArray:
        raise NetworkError(
            "Softmax has no slope for each number by itself. Expected an activation that treats "
            "each number alone, got softmax. Its slopes are a matrix: a_i * ((i == j) - a_j)."
        )


_LINEAR = Linear()

ACTIVATIONS: Mapping[str, ActivationFunction] = MappingProxyType(
    {
        "relu": ReLU(),
        "tanh": Tanh(),
        "sigmoid": Sigmoid(),
        "softsign": Softsign(),
        "elu": ELU(),
        "gelu": GELU(),
        "identity": _LINEAR,
        "linear": _LINEAR,
        "softmax": Softmax(),
    }
)
"""Every activation by its name; ``identity`` and ``linear`` are the same."""


def get(activation: str | ActivationFunction | None) -> ActivationFunction:
    """Return the activation of this name; None is linear, as in Keras.

    Raises
    ------
    NetworkError
        If there is none of this name.
    """
    if activation is None:
        return _LINEAR
    if isinstance(activation, ActivationFunction):
        return activation
    if isinstance(activation, str) and activation.lower() in ACTIVATIONS:
        return ACTIVATIONS[activation.lower()]
    raise NetworkError(
        f"There is no such activation. Expected one of {', '.join(ACTIVATIONS)}, or a "
        f"CustomActivation, got {activation!r}. For a function of your own write "
        "CustomActivation(function, derivative)."
    )
