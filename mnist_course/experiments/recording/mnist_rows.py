"""Know every MNIST image by a short key of its pixels."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_course.datasets import mnist

__all__ = ["PIXELS", "KnownRows", "count_known", "known_rows", "row_keys"]

PIXELS = 784
"""Pixels of one MNIST image, 28 × 28."""

_BLOCK = 1_000

Keys = NDArray[np.uint64]


def row_keys(rows: NDArray[np.generic]) -> Keys:
    """Give every row a key made from its bytes.

    Parameters
    ----------
    rows : numpy.ndarray, shape (n, width)
        Of any type without objects.

    Returns
    -------
    numpy.ndarray of uint64, shape (n,)
        BLAKE2b with 64 bits: equal rows of equal type have equal keys; two different rows among
        100,000 share one by accident with a probability below 1e-9.
    """
    count = len(rows)
    if count == 0 or rows.size == 0:
        return np.zeros(count, dtype=np.uint64)
    content = memoryview(np.ascontiguousarray(rows).view(np.uint8).reshape(-1).data)
    width = content.nbytes // count
    blake2b = hashlib.blake2b
    keys = b"".join(
        [
            blake2b(content[start : start + width], digest_size=8).digest()
            for start in range(0, content.nbytes, width)
        ]
    )
    return np.frombuffer(keys, dtype="<u8").astype(np.uint64, copy=False)


@dataclass(frozen=True, slots=True)
class KnownRows:
    """The keys of all MNIST images, sorted; no image is in both parts.

    Parameters
    ----------
    train : numpy.ndarray of uint64, shape (60000,)
    test : numpy.ndarray of uint64, shape (10000,)
    """

    train: Keys
    test: Keys


@functools.cache
def known_rows() -> KnownRows:
    """Return the keys of MNIST's images; the first call reads the data set.

    Raises
    ------
    CorruptDataError
        If the embedded file is missing or damaged.
    """
    (train, _), (test, _) = mnist.load_data()
    return KnownRows(train=_sorted_keys(train), test=_sorted_keys(test))


def _sorted_keys(images: NDArray[np.uint8]) -> Keys:
    flat = images.reshape(-1, PIXELS)
    # In blocks, so that the Python objects of 60,000 keys never exist at once.
    keys = [row_keys(flat[start : start + _BLOCK]) for start in range(0, len(flat), _BLOCK)]
    return np.sort(np.concatenate(keys))


def count_known(keys: Keys, known: Keys) -> int:
    """Count the `keys` that are in `known`, which is sorted; repeated keys count each time."""
    if len(keys) == 0 or len(known) == 0:
        return 0
    places = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return int(np.count_nonzero(known[places] == keys))
