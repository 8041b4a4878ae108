"""What every layer is: shapes, weights, a way forward and a way back.

``forward`` returns the output with what ``backward`` will need of this pass (``Kept``), so a layer
holds nothing of a pass itself. n is the number of examples of a batch. Outputs lie in buffers that
the next pass writes over.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from mnist_course.exceptions import NetworkError
from mnist_course.numpy_nn.activations import FloatArray
from mnist_course.numpy_nn.buffers import Buffers
from mnist_course.numpy_nn.initializers import Initializer
from mnist_course.numpy_nn.parameters import Parameters, Slot

__all__ = ["Input", "Kept", "Layer", "Shape"]

Shape = tuple[int, ...]
Kept = tuple[Any, ...]


class Input:
    """The shape of one example, without the number of examples: ``(784,)`` or ``(28, 28)``.

    As in Keras it stands first in a model and is not one of ``model.layers``.
    """

    def __init__(self, shape: Shape | int) -> None:
        sizes = (shape,) if isinstance(shape, int) else tuple(shape)
        if not sizes or not all(isinstance(size, (int, np.integer)) and size > 0 for size in sizes):
            raise NetworkError(
                "The shape of an input is not usable. Expected whole numbers above 0, such as "
                f"(784,) or (28, 28), got {shape!r}. Leave out the number of examples."
            )
        self.shape: Shape = tuple(int(size) for size in sizes)

    def __repr__(self) -> str:
        return f"Input({self.shape})"


class Layer(ABC):
    """Base of all layers.

    Attributes
    ----------
    name : str
        Given by the model: ``dense``, ``dense_1``, unless set.
    input_shape, output_shape : tuple of int or None
        Of one example; None until the layer is built.
    weight_names : tuple of str
        Names of the weight arrays, in the order of ``model.get_weights()``.
    """

    weight_names: tuple[str, ...] = ()

    def __init__(self, name: str | None = None) -> None:
        self.name = name or ""
        self.input_shape: Shape | None = None
        self.output_shape: Shape | None = None
        self._parameters = Parameters(np.dtype(np.float32))
        self._buffers = Buffers(np.dtype(np.float32))
        self._slots: dict[str, Slot] = {}

    def build(self, input_shape: Shape, parameters: Parameters, rng: np.random.Generator) -> None:
        """Learn the shape of the inputs and draw the first weights into ``parameters``."""
        self.output_shape = self.compute_output_shape(input_shape)
        self.input_shape = input_shape
        self._parameters = parameters
        self._buffers = Buffers(parameters.values.dtype)
        self._slots = {
            name: parameters.add(initializer(shape, rng))
            for name, (shape, initializer) in self.weights_to_draw(input_shape).items()
        }

    def beside(self, parameters: Parameters) -> Self:
        """Return a layer with the same weights for another thread: buffers of its own."""
        other = copy.copy(self)
        other._parameters, other._buffers = parameters, Buffers(parameters.values.dtype)
        return other

    @property
    def built(self) -> bool:
        """True when the layer knows the shape of its inputs."""
        return self.output_shape is not None

    @abstractmethod
    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of one output; raise NetworkError for inputs that cannot be."""

    def weights_to_draw(self, input_shape: Shape) -> dict[str, tuple[Shape, Initializer]]:
        """Return shape and initializer of each weight array."""
        return {}

    @abstractmethod
    def forward(self, x: FloatArray, *, activate: bool = True) -> tuple[FloatArray, Kept]:
        """Compute the outputs.

        Parameters
        ----------
        x : ndarray (n, *input_shape)
            Stays as it is.
        activate : bool
            False: leave the activation out, so that a loss gets logits.

        Returns
        -------
        (ndarray (n, *output_shape), Kept)
        """

    @abstractmethod
    def backward(
        self, gradient: FloatArray, kept: Kept, *, to_input: bool = True, activated: bool = True
    ) -> FloatArray | None:
        """Turn the gradient by the outputs into those by the weights and by the inputs.

        Parameters
        ----------
        gradient : ndarray (n, *output_shape)
            Derivative of the loss by each output; used as working space.
        kept : Kept
            What ``forward`` returned.
        to_input : bool
            False: nobody needs the gradient by the inputs, return None.
        activated : bool
            False when ``forward`` left the activation out.
        """

    def get_weights(self) -> list[FloatArray]:
        """Return copies of the weight arrays."""
        return [self._parameters.value(slot).copy() for slot in self._slots.values()]

    def set_weights(self, weights: list[ArrayLike]) -> None:
        """Copy these arrays into the weights."""
        if len(weights) != len(self._slots):
            raise NetworkError(
                f"Layer {self.name!r} has other weights. Expected a list of {len(self._slots)} "
                f"arrays ({', '.join(self._slots) or 'none'}), got {len(weights)}."
            )
        for name, weight in zip(self._slots, weights, strict=True):
            self._set(name, weight)

    def count_params(self) -> int:
        """Return the number of weights."""
        return sum(slot.stop - slot.start for slot in self._slots.values())

    @property
    def slots(self) -> Mapping[str, Slot]:
        """Where each weight array lies in the model's vector."""
        return self._slots

    def gradient_of(self, name: str) -> FloatArray:
        """Return the gradient of a weight array from the last backward pass (not a copy)."""
        return self._parameters.gradient(self._slots[name])

    def arguments(self) -> dict[str, Any]:
        """Return the arguments that make an equal layer, without weights."""
        return {"name": self.name}

    def _get(self, name: str) -> FloatArray:
        if name not in self._slots:
            raise NetworkError(
                f"Layer {self.name or type(self).__name__!r} has no {name}. Expected a layer with "
                "weights in a model that knows its input shape. Start the model with "
                "Input((784,)), or fit it first."
            )
        return self._parameters.value(self._slots[name])

    def _set(self, name: str, values: ArrayLike) -> None:
        weight, new = self._get(name), np.asarray(values)
        if new.shape != weight.shape:
            raise NetworkError(
                f"The {name} of layer {self.name!r} has another shape. Expected {weight.shape}, "
                f"got {new.shape}. A kernel has one row for each input and one column for each "
                "unit, a bias one number for each unit."
            )
        weight[...] = new
