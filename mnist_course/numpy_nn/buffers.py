"""Arrays that are used again in every step, so that training allocates next to nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Buffers"]


class Buffers:
    """One array for each name, as long as the longest batch so far."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self._dtype = dtype
        self._arrays: dict[str, NDArray[Any]] = {}

    def rows(self, name: str, count: int, row_shape: tuple[int, ...]) -> NDArray[Any]:
        """Return an array (count, *row_shape) with whatever was in it before."""
        array = self._arrays.get(name)
        if array is None or len(array) < count:
            array = np.empty((count, *row_shape), self._dtype)
            self._arrays[name] = array
        return array[:count]

    def __deepcopy__(self, memo: dict[int, Any]) -> Buffers:
        return Buffers(self._dtype)  # a copied model needs none of what is in them
