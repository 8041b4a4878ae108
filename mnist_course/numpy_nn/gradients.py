"""The gradient of a batch, with large batches worked off by all cores.

A gradient is a sum over examples, so a batch can be cut. *Blocks* are what one worker takes at a
time; how many there are depends on the amount of work alone, and their sums are added in order, so
the result is the same on any number of cores. A worker goes through a block in *pieces* that fit
into the processor's cache: an image then comes from main memory once for both ways, not twice.
"""

from __future__ import annotations

import os
import queue
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnist_course.numpy_nn import passes
from mnist_course.numpy_nn.buffers import Buffers
from mnist_course.numpy_nn.layer import Layer
from mnist_course.numpy_nn.metrics import count_correct
from mnist_course.numpy_nn.parameters import Parameters

if TYPE_CHECKING:
    from mnist_course.numpy_nn.sequential import Sequential

__all__ = ["BatchGradient"]

_PIECE_BYTES = 1 << 22
_BLOCK_PRODUCTS = 1 << 25  # examples x weights; handing over a block costs less than 1 % of it
_MOST_BLOCKS = 8

Measured = tuple[float, int]


class BatchGradient:
    """Computes gradients of a compiled model, one batch after another.

    Parameters
    ----------
    model : Sequential
    workers : int, optional
        Threads for large batches; by default as many as this process has cores.
    """

    def __init__(self, model: Sequential, workers: int | None = None) -> None:
        self._model = model
        self._own = _Worker(model, model.layers, model.parameters)
        self._count = _cores() if workers is None else workers
        self._pool: ThreadPoolExecutor | None = None
        self._free: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        self._sums: NDArray[Any] = np.zeros((0, 0))

    def __enter__(self) -> BatchGradient:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def __call__(self, x: NDArray[Any], y: NDArray[Any]) -> Measured:
        """Leave the gradient of the mean loss of a batch in ``model.parameters.gradients``.

        Parameters
        ----------
        x : ndarray (n, *input shape)
        y : ndarray (n, ...)
            Prepared targets.

        Returns
        -------
        loss : float
            Sum over the examples.
        correct : int
            How many are right; 0 where accuracy was not asked for.
        """
        gradient = self._model.parameters.gradients
        blocks = min(_MOST_BLOCKS, len(x) * gradient.size // _BLOCK_PRODUCTS, len(x))
        if blocks < 2:
            return self._own.work(x, y, 1 / len(x), gradient)
        if self._sums.shape != (blocks, gradient.size):
            self._sums = np.empty((blocks, gradient.size), gradient.dtype)
        edges = [len(x) * i // blocks for i in range(blocks + 1)]

        def work(block: int) -> Measured:
            rows = slice(edges[block], edges[block + 1])
            worker = self._free.get()
            try:
                return worker.work(x[rows], y[rows], 1 / len(x), self._sums[block])
            finally:
                self._free.put(worker)

        measured = list(self._workers().map(work, range(blocks)))
        np.add.reduce(self._sums, axis=0, out=gradient)
        return sum(loss for loss, _ in measured), sum(correct for _, correct in measured)

    def _workers(self) -> ThreadPoolExecutor:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._count, thread_name_prefix="numpy_nn")
            for _ in range(self._count):
                self._free.put(_Worker.beside(self._model))
        return self._pool


class _Worker:
    """Layers with gradients and buffers of their own; the weights are the model's."""

    def __init__(self, model: Sequential, layers: list[Layer], parameters: Parameters) -> None:
        self._layers, self._parameters = layers, parameters
        self._buffers = Buffers(model.dtype)
        self._loss, self._activate = model.working_loss, not model.trains_on_logits
        self._counts = bool(model.metrics)

    @classmethod
    def beside(cls, model: Sequential) -> _Worker:
        """Make a worker for another thread."""
        parameters = model.parameters.with_own_gradients()
        return cls(model, [layer.beside(parameters) for layer in model.layers], parameters)

    def work(self, x: NDArray[Any], y: NDArray[Any], scale: float, total: NDArray[Any]) -> Measured:
        """Write the sum of the gradients, times ``scale``, into ``total``."""
        gradients = self._parameters.gradients
        rows = max(1, _PIECE_BYTES // (x[0].nbytes or 1))
        # A network that diverges makes infinities: the loss tells, NumPy need not.
        with np.errstate(all="ignore"):
            if len(x) < 2 * rows:
                measured = self._piece(x, y, scale)
                if total is not gradients:
                    total[:] = gradients
                return measured
            loss, correct, summed = 0.0, 0, np.zeros_like(gradients)
            for start in range(0, len(x), rows):
                measured = self._piece(x[start : start + rows], y[start : start + rows], scale)
                loss, correct = loss + measured[0], correct + measured[1]
                summed += gradients
        total[:] = summed
        return loss, correct

    def _piece(self, x: NDArray[Any], y: NDArray[Any], scale: float) -> Measured:
        output, kept = passes.forward(self._layers, x, activate_last=self._activate)
        correct = count_correct(y, output) if self._counts else 0
        gradient = self._buffers.rows("loss", len(output), output.shape[1:])  # (n, units)
        loss = self._loss.sum_and_gradient(y, output, gradient, scale)
        passes.backward(self._layers, gradient, kept, last_activated=self._activate)
        return loss, correct


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
