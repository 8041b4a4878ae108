"""The network with one hidden layer as plain formulas: what students' functions are compared with.

The precision is that of the arrays that come in, so that the same lines serve a numerical gradient
in float64 as well as 10,000 images in float32.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ACTIVATIONS",
    "NAMES",
    "Activation",
    "Forward",
    "Parameters",
    "cross_entropy",
    "forward",
    "gelu_by_tanh",
    "gradients",
    "loss",
    "numerical_gradient",
    "softmax",
    "start_parameters",
]

NAMES = ("W1", "b1", "W2", "b2")

Array = NDArray[Any]
Parameters = Mapping[str, Array]

_SMALLEST = 1e-12  # a probability of 0 would cost infinitely much
_HALF_STEP = 1e-5


@dataclass(frozen=True, slots=True)
class Activation:
    """An activation function with its slope, both functions of the weighted sums ``z``."""

    value: Callable[[Array], Array]
    slope: Callable[[Array], Array]


@dataclass(frozen=True, slots=True)
class Forward:
    """What the layers give for n rows: ``z1``, ``a1`` (n, hidden), ``probabilities`` (n, k)."""

    z1: Array
    a1: Array
    probabilities: Array


def _sigmoid(z: Array) -> Array:
    result: Array = 0.5 * (1 + np.tanh(0.5 * z))  # the same function, without exp of a large number
    return result


def _normal_share(z: Array) -> Array:
    """Return the share of a standard normal distribution below ``z``."""
    result: Array = 0.5 * (1 + np.vectorize(math.erf, otypes=[np.float64])(z / math.sqrt(2)))
    return result.astype(np.asarray(z).dtype)


def _normal_density(z: Array) -> Array:
    result: Array = np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    return result


def _tanh_of_gelu(z: Array) -> Array:
    result: Array = np.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3))
    return result


def _slope_of_gelu_by_tanh(z: Array) -> Array:
    t = _tanh_of_gelu(z)
    inner = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * z**2)
    result: Array = 0.5 * (1 + t) + 0.5 * z * (1 - t**2) * inner
    return result


ACTIVATIONS: Mapping[str, Activation] = MappingProxyType(
    {
        "identity": Activation(lambda z: 1 * z, np.ones_like),
        "relu": Activation(lambda z: np.maximum(z, 0), lambda z: (z > 0).astype(z.dtype)),
        "elu": Activation(
            lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
            lambda z: np.where(z > 0, np.ones_like(z), np.exp(np.minimum(z, 0))),
        ),
        "tanh": Activation(np.tanh, lambda z: 1 - np.tanh(z) ** 2),
        "sigmoid": Activation(_sigmoid, lambda z: _sigmoid(z) * (1 - _sigmoid(z))),
        "softsign": Activation(lambda z: z / (1 + np.abs(z)), lambda z: 1 / (1 + np.abs(z)) ** 2),
        "gelu": Activation(
            lambda z: z * _normal_share(z), lambda z: _normal_share(z) + z * _normal_density(z)
        ),
    }
)

gelu_by_tanh = Activation(lambda z: 0.5 * z * (1 + _tanh_of_gelu(z)), _slope_of_gelu_by_tanh)
"""The approximation of GELU that many libraries use."""


def softmax(z: Array) -> Array:
    """Return probabilities along the last axis; never overflows."""
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    result: Array = powers / powers.sum(axis=-1, keepdims=True)
    return result


def cross_entropy(probabilities: Array, labels: Array) -> float:
    """Return the mean of -log(probability of the right class) over all rows."""
    right = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(right, _SMALLEST)).mean(dtype=np.float64))


def forward(parameters: Parameters, x: Array, activation: str | Activation) -> Forward:
    """Send rows through the network."""
    bend = ACTIVATIONS[activation] if isinstance(activation, str) else activation
    z1 = x @ parameters["W1"] + parameters["b1"]
    a1 = bend.value(z1)
    return Forward(z1, a1, softmax(a1 @ parameters["W2"] + parameters["b2"]))


def loss(parameters: Parameters, x: Array, labels: Array, activation: str | Activation) -> float:
    """Return the mean cross-entropy of the network on these rows."""
    return cross_entropy(forward(parameters, x, activation).probabilities, labels)


def gradients(
    parameters: Parameters,
    x: Array,
    labels: Array,
    activation: str | Activation,
    *,
    slopes_of: Callable[[Forward], Array] | None = None,
    minus_labels: bool = True,
) -> dict[str, Array]:
    """Return the gradient of :func:`loss` for each parameter, by the chain rule.

    Parameters
    ----------
    parameters, x, labels, activation
        See :func:`forward`.
    slopes_of : callable, optional
        What to take for the slopes of the hidden layer: a mistake, to compare a student's with.
    minus_labels : bool
        False leaves out the subtraction of the labels: likewise.
    """
    bend = ACTIVATIONS[activation] if isinstance(activation, str) else activation
    found = forward(parameters, x, bend)
    d_z2 = found.probabilities.copy()
    if minus_labels:
        d_z2[np.arange(len(labels)), labels] -= 1
    d_z2 /= len(labels)
    slopes = bend.slope(found.z1) if slopes_of is None else slopes_of(found)
    d_z1 = (d_z2 @ parameters["W2"].T) * slopes
    return {
        "W1": x.T @ d_z1,
        "b1": d_z1.sum(axis=0),
        "W2": found.a1.T @ d_z2,
        "b2": d_z2.sum(axis=0),
    }


def numerical_gradient(
    parameters: Parameters, x: Array, labels: Array, activation: str, name: str
) -> Array:
    """Return the gradient of one parameter by central differences, no chain rule involved.

    Parameters
    ----------
    parameters, x, labels, activation
        See :func:`forward`; float64.
    name : str
        ``"W1"``, ``"b1"``, ``"W2"`` or ``"b2"``.

    Returns
    -------
    array of the parameter's shape
    """
    moved = {key: np.array(value, dtype=np.float64) for key, value in parameters.items()}
    values = moved[name]
    result = np.zeros_like(values)
    for place in np.ndindex(values.shape):
        kept = values[place]
        values[place] = kept + _HALF_STEP
        above = loss(moved, x, labels, activation)
        values[place] = kept - _HALF_STEP
        below = loss(moved, x, labels, activation)
        values[place] = kept
        result[place] = (above - below) / (2 * _HALF_STEP)
    return result


def start_parameters(
    inputs: int, hidden: int, outputs: int, *, seed: int, dtype: Any = np.float32
) -> dict[str, Array]:
    """Return starting weights of the size that He and others (2015) proposed; biases are zero."""
    rng = np.random.default_rng(seed)
    return {
        "W1": (rng.standard_normal((inputs, hidden)) * math.sqrt(2 / inputs)).astype(dtype),
        "b1": np.zeros(hidden, dtype),
        "W2": (rng.standard_normal((hidden, outputs)) * math.sqrt(2 / hidden)).astype(dtype),
        "b2": np.zeros(outputs, dtype),
    }
