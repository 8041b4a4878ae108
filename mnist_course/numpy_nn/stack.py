"""Layers one after another, with their weights."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from mnist_course.exceptions import NetworkError
from mnist_course.numpy_nn.activations import FloatArray
from mnist_course.numpy_nn.layer import Input, Layer, Shape
from mnist_course.numpy_nn.parameters import Parameters
from mnist_course.numpy_nn.summary import summary_text

__all__ = ["LayerStack"]


class LayerStack:
    """What a network is made of; :class:`Sequential` adds how it learns.

    Parameters
    ----------
    layers : iterable of Input or Layer
    seed : int or None
    name : str
    dtype : dtype
        See :class:`Sequential`.
    """

    def __init__(
        self,
        layers: Iterable[Input | Layer] = (),
        *,
        seed: int | None = None,
        name: str = "sequential",
        dtype: DTypeLike = np.float32,
    ) -> None:
        self.name, self.dtype = name, np.dtype(dtype)
        if self.dtype not in (np.float32, np.float64):
            raise NetworkError(
                f"No weights of this type. Expected float32 or float64, got {self.dtype}. "
                "Leave dtype out."
            )
        if seed is not None and (not isinstance(seed, (int, np.integer)) or seed < 0):
            raise NetworkError(
                f"The seed is not usable. Expected a whole number from 0 on or None, got {seed!r}."
            )
        self.seed = None if seed is None else int(seed)
        # Two streams: how long a model was trained has no influence on weights drawn later.
        weights, order = np.random.SeedSequence(self.seed).spawn(2)
        self._weights_rng, self._order_rng = (np.random.default_rng(s) for s in (weights, order))
        self.layers: list[Layer] = []
        self.input_shape: Shape | None = None
        self.parameters = Parameters(self.dtype)
        for layer in layers:
            self.add(layer)

    def add(self, layer: Input | Layer) -> None:
        """Put a layer at the end.

        Raises
        ------
        NetworkError
            If it is no layer of this package, is in a model already, or does not fit.
        """
        if isinstance(layer, Input):
            if self.layers or self.input_shape is not None:
                raise NetworkError(
                    "The shape of the inputs comes too late. Expected Input first in the model, "
                    f"got it after {len(self.layers)} layers."
                )
            self.input_shape = layer.shape
            return
        if not isinstance(layer, Layer):
            raise NetworkError(
                "This is no layer of numpy_nn. Expected Input, Flatten, Dense or Activation, got "
                f"{layer!r}. Was it a class without its brackets, or one of Keras?"
            )
        if layer.built or layer in self.layers:
            raise NetworkError(
                f"Layer {layer.name!r} is in a model already. Expected a new layer for each place, "
                "got a used one."
            )
        kind = type(layer).__name__.lower()
        taken = {other.name for other in self.layers}
        if not layer.name:
            candidates = (f"{kind}_{i}" if i else kind for i in range(len(taken) + 1))
            layer.name = next(name for name in candidates if name not in taken)
        elif layer.name in taken:
            raise NetworkError(
                f"Two layers have the same name. Expected each name once, got {layer.name!r} "
                "twice. Name one of them otherwise, or leave the names out."
            )
        if self.input_shape is not None:
            layer.build(self.output_shape, self.parameters, self._weights_rng)
        self.layers.append(layer)

    def build(self, input_shape: Shape) -> None:
        """Set the shape of one example, where there is no ``Input``, and draw the weights."""
        if self.input_shape is None:
            self.input_shape = shape = Input(input_shape).shape
            for layer in self.layers:
                layer.build(shape, self.parameters, self._weights_rng)
                shape = layer.output_shape or shape

    @property
    def output_shape(self) -> Shape:
        """Shape of the output for one example."""
        shape = self.layers[-1].output_shape if self.layers else self.input_shape
        if shape is None:
            raise NetworkError(
                "The model does not know the shape of its inputs yet. Expected Input as the first "
                "entry, got none. Write Sequential([Input((784,)), ...])."
            )
        return shape

    def summary(self, print_fn: Callable[[str], Any] | None = None) -> None:
        """Print a table of the layers with their shapes and numbers of weights."""
        text = summary_text(self)
        if print_fn is None:
            sys.stdout.write(text + "\n")
        else:
            print_fn(text)

    def count_params(self) -> int:
        """Return the number of weights."""
        _ = self.output_shape
        return int(self.parameters.values.size)

    def get_weights(self) -> list[FloatArray]:
        """Return copies of all weight arrays: kernel and bias of each layer in turn."""
        return [weight for layer in self.layers for weight in layer.get_weights()]

    def set_weights(self, weights: Sequence[ArrayLike]) -> None:
        """Copy these arrays, in the order of :meth:`get_weights`, into the model.

        Raises
        ------
        NetworkError
            If their number or a shape is another; then no weight has changed.
        """
        _ = self.output_shape
        before = self.get_weights()
        if len(weights) != len(before):
            raise NetworkError(
                f"These are not the weights of this model. Expected {len(before)} arrays, got "
                f"{len(weights)}."
            )
        for old, new in zip(before, map(np.asarray, weights), strict=True):
            if old.shape != new.shape:
                raise NetworkError(
                    "These are not the weights of this model. Expected arrays of the shapes "
                    f"{[w.shape for w in before]}, got {[np.shape(w) for w in weights]}."
                )
        rest = list(weights)
        for layer in self.layers:
            count = len(layer.weight_names)
            layer.set_weights(rest[:count])
            rest = rest[count:]
