"""The layers: how data flows forward through each, and gradients back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mnist_course.exceptions import NetworkError
from mnist_course.numpy_nn import activations, initializers
from mnist_course.numpy_nn.activations import ActivationFunction, FloatArray
from mnist_course.numpy_nn.initializers import Initializer
from mnist_course.numpy_nn.layer import Kept, Layer, Shape

__all__ = ["Activation", "Dense", "Flatten"]


class Flatten(Layer):
    """Make one long row of each example: (28, 28) becomes (784,)."""

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the number of numbers in one example."""
        return (math.prod(input_shape),)

    def forward(self, x: FloatArray, *, activate: bool = True) -> tuple[FloatArray, Kept]:
        """Return the same numbers as rows."""
        return x.reshape(len(x), -1), (x.shape,)  # (n, 28, 28) -> (n, 784), the same memory

    def backward(
        self, gradient: FloatArray, kept: Kept, *, to_input: bool = True, activated: bool = True
    ) -> FloatArray | None:
        """Return the same numbers in the shape of the inputs."""
        return gradient.reshape(kept[0])


class Activation(Layer):
    """An activation as a layer of its own."""

    def __init__(self, activation: str | ActivationFunction, name: str | None = None) -> None:
        super().__init__(name)
        self.activation = activations.get(activation)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape as it is."""
        return input_shape

    def forward(self, x: FloatArray, *, activate: bool = True) -> tuple[FloatArray, Kept]:
        """Return ``activation(x)``."""
        if not activate:
            return x, (x, x)
        a = self._buffers.rows("a", len(x), x.shape[1:])  # (n, units)
        self.activation.forward(x, a)
        return a, (x, a)

    def backward(
        self, gradient: FloatArray, kept: Kept, *, to_input: bool = True, activated: bool = True
    ) -> FloatArray | None:
        """Return the gradient times the slope."""
        if activated:
            self.activation.backward(gradient, *kept)
        return gradient

    def arguments(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer, without weights."""
        return {"name": self.name, "activation": self.activation}


class Dense(Layer):
    """Every unit sees every input: ``activation(x @ kernel + bias)``.

    Parameters
    ----------
    units : int
        Number of outputs.
    activation : str, ActivationFunction or None
        A name of :data:`ACTIVATIONS` or a :class:`CustomActivation`; None is linear.
    use_bias : bool
    kernel_initializer, bias_initializer : str or Initializer
        Keras' names; by default ``glorot_uniform`` and ``zeros``.
    name : str, optional

    Attributes
    ----------
    kernel : ndarray (inputs, units)
        The weights themselves: what is written into it, the model uses.
    bias : ndarray (units,)
    """

    def __init__(
        self,
        units: int,
        activation: str | ActivationFunction | None = None,
        *,
        use_bias: bool = True,
        kernel_initializer: str | Initializer = "glorot_uniform",
        bias_initializer: str | Initializer = "zeros",
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        if isinstance(units, bool) or not isinstance(units, (int, np.integer)) or units < 1:
            raise NetworkError(
                "A Dense layer cannot have this number of units. Expected a whole number from 1 "
                f"on, got {units!r}. Write for example Dense(64, activation='relu')."
            )
        self.units = int(units)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.weight_names = ("kernel", "bias") if use_bias else ("kernel",)

    @property
    def kernel(self) -> FloatArray:
        """The weights (inputs, units): the memory that the model uses."""
        return self._get("kernel")

    @kernel.setter
    def kernel(self, values: ArrayLike) -> None:
        self._set("kernel", values)

    @property
    def bias(self) -> FloatArray:
        """The biases (units,): the memory that the model uses."""
        return self._get("bias")

    @bias.setter
    def bias(self, values: ArrayLike) -> None:
        self._set("bias", values)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the number of units."""
        if len(input_shape) != 1:
            raise NetworkError(
                f"A Dense layer cannot take images. Expected one row of numbers for each example, "
                f"got the shape {input_shape}. Put Flatten() before the first Dense layer."
            )
        return (self.units,)

    def weights_to_draw(self, input_shape: Shape) -> dict[str, tuple[Shape, Initializer]]:
        """Return shape and initializer of kernel and bias."""
        weights: dict[str, tuple[Shape, Initializer]] = {
            "kernel": ((input_shape[0], self.units), self.kernel_initializer)
        }
        if self.use_bias:
            weights["bias"] = ((self.units,), self.bias_initializer)
        return weights

    def forward(self, x: FloatArray, *, activate: bool = True) -> tuple[FloatArray, Kept]:
        """Return ``activation(x @ kernel + bias)``."""
        n = len(x)
        z = self._buffers.rows("z", n, (self.units,))  # (n, units)
        np.matmul(x, self._get("kernel"), out=z)  # (n, inputs) @ (inputs, units)
        if self.use_bias:
            z += self._get("bias")  # (units,) to each row
        if not activate:
            return z, (x, z, z)
        a = self._buffers.rows("a", n, (self.units,)) if self.activation.keeps_input else z
        self.activation.forward(z, a)  # (n, units)
        return a, (x, z, a)

    def backward(
        self, gradient: FloatArray, kept: Kept, *, to_input: bool = True, activated: bool = True
    ) -> FloatArray | None:
        """Leave the gradients by kernel and bias; return that by the inputs."""
        x, z, a = kept
        if activated:
            self.activation.backward(gradient, z, a)  # by the outputs -> by z, (n, units)
        np.matmul(x.T, gradient, out=self.gradient_of("kernel"))  # (inputs, n) @ (n, units)
        if self.use_bias:
            ones = np.ones(len(x), gradient.dtype)
            np.matmul(ones, gradient, out=self.gradient_of("bias"))  # sum over the examples
        if not to_input:
            return None
        by_input = self._buffers.rows("by_input", len(x), x.shape[1:])
        # (n, units) @ (units, inputs)
        return np.matmul(gradient, self._get("kernel").T, out=by_input)

    def arguments(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer, without weights."""
        return {
            "name": self.name,
            "units": self.units,
            "activation": self.activation,
            "use_bias": self.use_bias,
            "kernel_initializer": self.kernel_initializer,
            "bias_initializer": self.bias_initializer,
        }
