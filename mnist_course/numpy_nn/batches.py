"""Examples in the portions in which a network learns from them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_course.numpy_nn.buffers import Buffers

__all__ = ["Batches"]

Batch = tuple[NDArray[Any], NDArray[Any]]


class Batches:
    """One epoch after another, each in a new order.

    Parameters
    ----------
    x : ndarray (n, *input shape)
    y : ndarray (n, ...)
        Prepared targets.
    batch_size : int or None
        None: all examples are one batch.
    rng : Generator or None
        Draws the order; None keeps the given one.
    """

    def __init__(
        self,
        x: NDArray[Any],
        y: NDArray[Any],
        batch_size: int | None,
        rng: np.random.Generator | None,
    ) -> None:
        self.x, self.y = x, y
        self.size = len(x) if batch_size is None else min(batch_size, len(x))
        # The sum over one batch of everything is the same in any order.
        self._rng = rng if self.size < len(x) else None
        self._buffers = Buffers(x.dtype)

    def epoch(self) -> Iterator[Batch]:
        """Yield every example once. A batch lies in memory that the next one writes over."""
        starts = range(0, len(self.x), self.size)
        if self._rng is None:
            for start in starts:
                yield self.x[start : start + self.size], self.y[start : start + self.size]
            return
        order = self._rng.permutation(len(self.x))
        y = self.y[order]  # labels are small: one copy an epoch
        for start in starts:
            rows = order[start : start + self.size]
            x = self._buffers.rows("x", len(rows), self.x.shape[1:])
            # Images are not: only those of this batch are copied. With mode="raise" NumPy would
            # copy twice.
            np.take(self.x, rows, axis=0, out=x, mode="clip")
            yield x, y[start : start + self.size]
