"""All weights of a network in one long vector.

The optimizer then updates every layer with the same few operations on whole arrays, however many
layers there are. A layer sees its own part of the vector in the shape it needs; both are the same
memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Parameters", "Slot"]


@dataclass(frozen=True, slots=True)
class Slot:
    """Where one weight array lies in the vector."""

    start: int
    stop: int
    shape: tuple[int, ...]


class Parameters:
    """The vector of all weights with the vector of their gradients.

    Parameters
    ----------
    dtype : dtype
        float32; float64 only where gradients are checked.

    Attributes
    ----------
    values, gradients : ndarray (number of weights,)
    """

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.values: NDArray[Any] = np.zeros(0, dtype)
        self.gradients: NDArray[Any] = np.zeros(0, dtype)

    def add(self, initial: NDArray[Any]) -> Slot:
        """Make room for one more weight array and return its place."""
        start = self.values.size
        dtype = self.values.dtype
        self.values = np.concatenate([self.values, initial.ravel().astype(dtype)])
        self.gradients = np.zeros_like(self.values)
        return Slot(start, self.values.size, initial.shape)

    def with_own_gradients(self) -> Parameters:
        """Return the same weights, in the same memory, with another vector of gradients."""
        other = Parameters(self.values.dtype)
        other.values, other.gradients = self.values, np.zeros_like(self.gradients)
        return other

    def value(self, slot: Slot) -> NDArray[Any]:
        """Return one weight array: the memory of the vector, not a copy."""
        return self.values[slot.start : slot.stop].reshape(slot.shape)

    def gradient(self, slot: Slot) -> NDArray[Any]:
        """Return the gradient of one weight array, not a copy."""
        return self.gradients[slot.start : slot.stop].reshape(slot.shape)
