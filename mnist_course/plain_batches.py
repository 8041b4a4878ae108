"""Read arrays for Keras without TensorFlow's tuner of input pipelines; the batches are the same.

At the end of every epoch Keras ends an iterator, and TensorFlow waits for the thread that tunes it.
That thread sleeps for longer and longer (``Model::OptimizeLoop``) and is not woken: on MNIST a fit
of five epochs spends up to two fifths of its time so. There is nothing to tune in batches of an
array that is in memory. ``benchmarks/fast_fit.py`` measures it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["disable", "enable", "enabled"]

_MARK = "_mnist_course_original"


def enable() -> None:
    """Read plainly in every ``fit``, ``evaluate`` and ``predict`` from now on; safe twice."""
    adapter = _adapter()
    if adapter is None or hasattr(adapter.get_tf_dataset, _MARK):
        return
    original = adapter.get_tf_dataset

    @functools.wraps(original)
    def get_tf_dataset(self: Any) -> Any:
        import tensorflow as tf

        options = tf.data.Options()
        options.autotune.enabled = False
        # A thread of its own: with few of them, TensorFlow's could all wait for data.
        options.threading.private_threadpool_size = 1
        return original(self).with_options(options)

    setattr(get_tf_dataset, _MARK, original)
    adapter.get_tf_dataset = get_tf_dataset


def disable() -> None:
    """Undo ``enable``."""
    adapter = _adapter()
    original = getattr(adapter.get_tf_dataset, _MARK, None) if adapter is not None else None
    if adapter is not None and original is not None:
        adapter.get_tf_dataset = original


@contextmanager
def enabled() -> Iterator[None]:
    """Read plainly inside a ``with`` block, and after it if it was so before."""
    adapter = _adapter()
    before = adapter is None or hasattr(adapter.get_tf_dataset, _MARK)
    enable()
    try:
        yield
    finally:
        if not before:
            disable()


def _adapter() -> Any:
    """Return Keras' reader of arrays; None in a version that has it elsewhere."""
    try:
        from keras.src.trainers.data_adapters.array_data_adapter import ArrayDataAdapter
    except ImportError:
        return None
    return ArrayDataAdapter
