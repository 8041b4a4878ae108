"""Adam in one operation of TensorFlow for each variable, for the grader's retrainings.

Keras writes an update of Adam as a dozen operations. TensorFlow has the same formula as one,
``ResourceApplyAdam``. It takes ``1 - beta`` in single precision, so that weights differ by about
one part in 100,000 of an update: too much for the student's own fit, which must come out as in the
student's notebook, and nothing for a retraining, which draws other random numbers anyway.
"""

from __future__ import annotations

import functools
from typing import Any

__all__ = ["fused_adam"]


@functools.cache
def fused_adam() -> Any:
    """Return the class, which takes what ``keras.optimizers.Adam`` takes but ``amsgrad``."""
    import keras
    import tensorflow as tf

    class FusedAdam(keras.optimizers.Adam):  # type: ignore[misc]
        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            if not isinstance(gradient, tf.Tensor):  # of an embedding, only some rows
                super().update_step(gradient, variable, learning_rate)
                return
            place = self._get_variable_index(variable)

            def number(value: Any) -> Any:
                return tf.cast(value, gradient.dtype)

            step = number(self.iterations + 1)
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=self._momentums[place].value.handle,
                v=self._velocities[place].value.handle,
                beta1_power=tf.pow(number(self.beta_1), step),
                beta2_power=tf.pow(number(self.beta_2), step),
                lr=number(learning_rate),
                beta1=number(self.beta_1),
                beta2=number(self.beta_2),
                epsilon=number(self.epsilon),
                grad=gradient,
            )

    return FusedAdam
