"""Train beside a notebook's own work without disturbing it."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import numpy as np

__all__ = ["isolated", "on_one_thread"]


def on_one_thread() -> None:
    """Let TensorFlow compute with one thread, if nothing has been computed yet.

    Sums of a convolution come out in another order, so in other last digits, with two threads;
    those of a dense network do not. Networks this small are hardly faster with more.
    """
    import tensorflow as tf

    with suppress(RuntimeError):  # it has begun to compute: the number of threads is what it is
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)


@contextmanager
def isolated() -> Iterator[None]:
    """Leave the random numbers of Python and NumPy as they were, say nothing about retracing.

    TensorFlow advises against compiling the same function again and again; here each trial has a
    network of its own, on purpose.
    """
    python, numpy = random.getstate(), np.random.get_state()
    logger = logging.getLogger("tensorflow")
    logger.addFilter(_is_other_advice)
    try:
        yield
    finally:
        logger.removeFilter(_is_other_advice)
        random.setstate(python)
        np.random.set_state(numpy)


def _is_other_advice(record: logging.LogRecord) -> bool:
    return "triggered tf.function retracing" not in str(record.msg)
