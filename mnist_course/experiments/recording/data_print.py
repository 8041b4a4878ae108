"""Describe an array of examples as it was when it was used.

The description is by content, so that it does not matter how the array was made: which rows are
training or test images of MNIST or Fashion-MNIST, how their pixels were scaled, which rows two
arrays share.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_course.experiments.recording.data_record import DataPrint
from mnist_course.experiments.recording.fashion_rows import known_clothes
from mnist_course.experiments.recording.mnist_rows import (
    PIXELS,
    KnownRows,
    count_known,
    known_rows,
    row_keys,
)
from mnist_course.experiments.recording.reading_cache import ReadingCache
from mnist_course.experiments.recording.scaling import Scaling, find_scaling

__all__ = ["Reading", "as_array", "data_print", "read", "shared_rows"]

# One block of float32 MNIST rows is 0.8 MB: it stays in a processor's cache.
_BLOCK_BYTES = 800_000
_SAMPLE_ROWS = 64
_MOST_ROWS = 1_000_000

Keys = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Reading:
    """A description with the keys of the rows, which `shared_rows` compares.

    Parameters
    ----------
    print : DataPrint
    keys : numpy.ndarray of uint64, shape (rows,)
        In the order of the rows.
    """

    print: DataPrint
    keys: Keys = field(repr=False, compare=False)


def data_print(x: Any, y: Any = None) -> DataPrint | None:
    """Describe examples with their labels.

    Parameters
    ----------
    x : array, tensor, DataFrame or tf.data.Dataset
        Examples in the first dimension. A data set of batches is iterated once; one without an
        end is not described.
    y : array or tensor, optional
        Labels; for a data set its own second element is taken.

    Returns
    -------
    DataPrint or None
        None when `x` is nothing of that kind (a generator, several inputs) or has no rows.
    """
    reading = read(x, y)
    if reading is None and hasattr(x, "element_spec") and hasattr(x, "cardinality"):
        return _print_of_batches(x)
    return None if reading is None else reading.print


def read(x: Any, y: Any = None) -> Reading | None:
    """Describe one array of examples, keeping the keys of its rows.

    The cost of 60,000 images is a few tenths of a second the first time and a few milliseconds
    when the same array comes again unchanged.

    Parameters
    ----------
    x, y : array or tensor
        As in `data_print`, without data sets.

    Returns
    -------
    Reading or None
        None when `x` is no array of examples.
    """
    array = as_array(x)
    if array is None:
        return None
    reading = _CACHE.get(x, array)
    if reading is None:
        reader = _Reader(_sample(array))
        for start in range(0, len(array), reader.block_rows):
            reader.add(array[start : start + reader.block_rows])
        reading = reader.reading(array.shape[1:], array.dtype)
        _CACHE.put(x, array, reading)
    return replace(reading, print=replace(reading.print, labels=_kind_of_labels(y, len(array))))


def shared_rows(rows: Reading | None, others: Reading | None) -> int:
    """Count the rows that are also among the others, whatever the scaling of either."""
    if rows is None or others is None:
        return 0
    return count_known(rows.keys, np.sort(others.keys))


def as_array(x: Any) -> NDArray[Any] | None:
    """Return examples as a NumPy array without copying where possible, else None."""
    if isinstance(x, dict):
        x = list(x.values())
    if isinstance(x, list | tuple):  # to Keras a list is a list of inputs
        if len(x) != 1:
            return None
        x = x[0]
    if not (hasattr(x, "__array__") and hasattr(x, "shape")):
        return None
    array = np.asarray(x)
    if array.ndim == 0 or not 0 < len(array) <= _MOST_ROWS or array.size == 0:
        return None
    return array if array.dtype.kind in "buif" else None


def _sample(array: NDArray[Any]) -> NDArray[Any]:
    return array[:: max(1, len(array) // _SAMPLE_ROWS)]


def _as_rows(block: NDArray[Any]) -> NDArray[Any]:
    """Return a block as float rows, in a precision that keeps its values."""
    rows = block.reshape(len(block), -1)
    if rows.dtype.kind == "f" and rows.dtype.itemsize <= 8:
        # Half precision is computed in single, without becoming more precise than it is.
        return rows if rows.dtype.itemsize >= 4 else rows.astype(np.float32)
    small = rows.dtype.kind != "f" and rows.dtype.itemsize <= 2
    return rows.astype(np.float32 if small else np.float64)


@dataclass(frozen=True, slots=True)
class _Source:
    """Where rows come from: the data set, all its rows, how their pixels were scaled."""

    dataset: str = ""
    known: KnownRows | None = None
    scaling: Scaling | None = None


def _source_of(rows: NDArray[np.floating], *, coarse: bool) -> _Source:
    """Find the data set that a sample of rows was taken from; MNIST is asked first."""
    for dataset, read_known in (("mnist", known_rows), ("fashion_mnist", known_clothes)):
        known = read_known()
        scaling = None if known is None else find_scaling(rows, known, coarse=coarse)
        if scaling is not None:
            return _Source(dataset, known, scaling)
    return _Source()


class _Reader:
    """Statistics with row keys of examples that come block by block."""

    def __init__(self, sample: NDArray[Any]) -> None:
        row_bytes = max(1, sample[:1].nbytes)
        self.block_rows = max(1, _BLOCK_BYTES // row_bytes)
        self._coarse = sample.dtype.kind == "f" and sample.dtype.itemsize < 4
        self._source = _Source()
        if sample[:1].size == PIXELS:
            self._source = _source_of(_as_rows(sample), coarse=self._coarse)
        self._scaling = self._source.scaling
        self._keys: list[Keys] = []
        self._minimum, self._maximum = np.inf, -np.inf
        self._sum, self._values = 0.0, 0
        self._finite = True

    def add(self, block: NDArray[Any]) -> None:
        rows = _as_rows(block)
        self._measure(rows)
        if self._scaling is None:
            self._keys.append(row_keys(rows.astype(np.float32, copy=False)))
            return
        if block.dtype == np.uint8 and self._scaling == Scaling(1.0, 0.0):
            self._keys.append(row_keys(block.reshape(len(block), -1)))
            return
        pixels, fits = self._scaling.pixels(rows, coarse=self._coarse)
        keys = row_keys(pixels)
        if not fits.all():
            keys = keys.copy()
            keys[~fits] = row_keys(rows[~fits].astype(np.float32, copy=False))
        self._keys.append(keys)

    def _measure(self, rows: NDArray[Any]) -> None:
        total = float(rows.sum(dtype=np.float64))
        if not np.isfinite(total):
            self._finite = False
            rows = rows[np.isfinite(rows)]
            total = float(rows.sum(dtype=np.float64))
        if rows.size:
            self._minimum = min(self._minimum, float(rows.min()))
            self._maximum = max(self._maximum, float(rows.max()))
            self._sum += total
            self._values += rows.size

    def reading(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Reading:
        keys = np.concatenate(self._keys)
        scaling = self._scaling
        known = self._source.known
        return Reading(
            print=DataPrint(
                rows=len(keys),
                shape=tuple(int(size) for size in shape),
                dtype=dtype.name,
                minimum=self._minimum if self._values else 0.0,
                maximum=self._maximum if self._values else 0.0,
                mean=self._sum / self._values if self._values else 0.0,
                factor=None if scaling is None else scaling.factor,
                offset=None if scaling is None else scaling.offset,
                train_rows=0 if known is None else count_known(keys, known.train),
                test_rows=0 if known is None else count_known(keys, known.test),
                # Sorted, so that shuffled rows are the same rows.
                digest=hashlib.blake2b(np.sort(keys).tobytes(), digest_size=16).hexdigest(),
                labels="none",
                finite=self._finite,
                dataset=self._source.dataset,
            ),
            keys=keys,
        )


def _kind_of_labels(y: Any, rows: int) -> str:
    """Name the form of labels: integer, one-hot, none or unknown."""
    if y is None:
        return "none"
    labels = as_array(y)
    if labels is None or len(labels) != rows:
        return "unknown"
    if labels.ndim == 1 or labels.shape[1:] == (1,):
        whole = labels.dtype.kind in "bui" or bool((labels == np.floor(labels)).all())
        return "integer" if whole else "unknown"
    if labels.ndim == 2:
        ones = labels == 1
        one_hot = bool((ones | (labels == 0)).all()) and bool((ones.sum(axis=1) == 1).all())
        return "one-hot" if one_hot else "unknown"
    return "unknown"


def _print_of_batches(batches: Any) -> DataPrint | None:
    """Describe a data set of batches by iterating it once, one batch in memory at a time."""
    if int(batches.cardinality()) == -1:  # tf.data.INFINITE_CARDINALITY
        return None
    reader: _Reader | None = None
    kinds: set[str] = set()
    rows = 0
    shape: tuple[int, ...] = ()
    for batch in _pairs(batches):
        x, y = batch
        block = as_array(x)
        if block is None:
            return None
        if reader is None:
            reader, shape, dtype = _Reader(_sample(block)), block.shape[1:], block.dtype
        elif block.shape[1:] != shape:
            return None
        reader.add(block)
        kinds.add(_kind_of_labels(y, len(block)))
        rows += len(block)
        if rows > _MOST_ROWS:
            return None
    if reader is None:
        return None
    labels = kinds.pop() if len(kinds) == 1 else "unknown"
    return replace(reader.reading(shape, dtype).print, labels=labels)


def _pairs(batches: Iterable[Any]) -> Iterable[tuple[Any, Any]]:
    for batch in batches:
        if isinstance(batch, list | tuple):
            yield batch[0], batch[1] if len(batch) > 1 else None
        else:
            yield batch, None


_CACHE: ReadingCache[Reading] = ReadingCache()
