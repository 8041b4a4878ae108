"""Many updates of a Keras model in one call of TensorFlow, from data in memory.

For trainings that no callback and no log watches: the short runs of ``mnist_course.diagnosis`` and
the grader's retrainings. An update is the model's own ``train_step``, and the weights are those of
``fit`` with the same batches, to the last bit in most networks, to the last digit where TensorFlow
takes a sum in another order (``tests/test_traced_updates.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

__all__ = ["Updates", "traced_updates"]

Updates = Callable[[Any, Any, Any, int], None]
"""Called with x, y, the rows to take in their order, and the size of a batch."""


def traced_updates(model: Any, x: Any, y: Any) -> Updates:
    """Return a function that trains a model on batches of arrays.

    Parameters
    ----------
    model : keras.Model
        Compiled, with weights, not to be run eagerly. Its optimizer gets its variables here.
    x, y : array or tensor
        Such as will be given, in shape and dtype; the number of rows may be another one.

    Returns
    -------
    callable
        ``updates(x, y, order, batch_size)`` makes an update with every ``batch_size`` entries of
        ``order``, shape (n,), int32: rows of ``x`` and ``y``. The last batch may be smaller.
    """
    import tensorflow as tf

    # What makes variables when it first sees data does so now: else TensorFlow traces twice.
    model.compute_metrics(x[:1], y[:1], model(x[:1], training=False))
    model.optimizer.build(model.trainable_variables)

    def updates(x: Any, y: Any, order: Any, batch_size: Any) -> None:
        def update(done: Any) -> tuple[Any]:
            rows = order[done : done + batch_size]
            model.train_step((tf.gather(x, rows), tf.gather(y, rows)))
            return (done + batch_size,)

        tf.while_loop(lambda done: done < tf.size(order), update, (tf.constant(0),))

    signature = [tf.TensorSpec([None, *array.shape[1:]], array.dtype) for array in (x, y)]
    signature += [tf.TensorSpec([None], tf.int32), tf.TensorSpec([], tf.int32)]
    return cast(Updates, tf.function(updates, autograph=False, input_signature=signature))
