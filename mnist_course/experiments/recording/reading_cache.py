"""Remember what was computed for an array for as long as the array lives unchanged."""

from __future__ import annotations

import hashlib
import weakref
from collections import OrderedDict
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["ReadingCache"]

_MOST_CACHED = 32
_SPOT_ROWS = 256

T = TypeVar("T")


class ReadingCache(Generic[T]):
    """What was computed for arrays that are still alive.

    An array is known by its owner's identity with its place in the owner's memory, so that
    ``x[:50000]`` is found again; a hash of sampled rows notices a change in place.
    """

    def __init__(self) -> None:
        self._readings: OrderedDict[tuple[Any, ...], tuple[weakref.ref[Any], bytes, T]] = (
            OrderedDict()
        )

    def get(self, x: Any, array: NDArray[Any]) -> T | None:
        """Return what was kept for `x`, whose values are `array`; None when it has changed."""
        owner, key = self._name(x, array)
        known = self._readings.get(key)
        if known is None or known[0]() is not owner or known[1] != _spot_check(array):
            return None
        self._readings.move_to_end(key)
        return known[2]

    def put(self, x: Any, array: NDArray[Any], reading: T) -> None:
        """Keep a reading of `x`; nothing is kept for what cannot be watched."""
        owner, key = self._name(x, array)
        try:
            reference = weakref.ref(owner)
        except TypeError:
            return
        self._readings[key] = (reference, _spot_check(array), reading)
        for gone in [key for key, entry in self._readings.items() if entry[0]() is None]:
            del self._readings[gone]
        while len(self._readings) > _MOST_CACHED:
            self._readings.popitem(last=False)

    @staticmethod
    def _name(x: Any, array: NDArray[Any]) -> tuple[Any, tuple[Any, ...]]:
        if not isinstance(x, np.ndarray):
            return x, (id(x), array.shape, array.dtype.str)
        owner = x
        while isinstance(owner.base, np.ndarray):
            owner = owner.base
        place = x.__array_interface__["data"][0]
        return owner, (id(owner), place, x.shape, x.strides, x.dtype.str)


def _spot_check(array: NDArray[Any]) -> bytes:
    rows = array[:: max(1, len(array) // _SPOT_ROWS)]
    return hashlib.blake2b(np.ascontiguousarray(rows).tobytes(), digest_size=16).digest()
