"""Make ``keras.Model.fit`` faster without changing a bit of its result.

Keras starts every training step from Python. With ``steps_per_execution`` it runs many steps in
one call; weights and history come out bit-identical (``tests/grading/test_fast_fit.py`` and
``benchmarks/speed.py`` show it on TensorFlow). What can see single steps keeps the slow way:
a callback with per-batch hooks, an own ``train_step``, eager execution, data from a generator.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["STEPS", "enable", "enabled", "is_eligible"]

STEPS = 128
_PER_BATCH = (
    "on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end",
    "on_test_batch_begin", "on_test_batch_end",
)  # fmt: skip
_MARK = "_mnist_course_original_fit"


def _sees_batches(callback: Any, base: type) -> bool:
    return any(
        name in vars(callback) or getattr(type(callback), name, None) is not getattr(base, name)
        for name in _PER_BATCH
    )


def is_eligible(model: Any, x: Any, callbacks: Any) -> bool:
    """Tell whether many steps in one call cannot be noticed by this fit.

    Parameters
    ----------
    model : keras.Model
        Compiled.
    x : object
        What ``fit`` gets as input.
    callbacks : list or None
        What ``fit`` gets as callbacks.
    """
    import keras
    import numpy as np

    if not getattr(model, "compiled", False) or getattr(model, "steps_per_execution", None) != 1:
        return False
    if model.run_eagerly or model.jit_compile is True or keras.backend.backend() != "tensorflow":
        return False
    if any(
        getattr(type(model), name) is not getattr(keras.Model, name)
        for name in ("train_step", "test_step", "make_train_function", "make_test_function")
    ):
        return False
    if not isinstance(x, np.ndarray) and not (
        type(x).__module__.startswith("tensorflow.python") and hasattr(x, "numpy")
    ):
        return False
    if callbacks is None:
        return True
    given = callbacks if isinstance(callbacks, (list, tuple)) else [callbacks]
    if not all(isinstance(c, keras.callbacks.Callback) for c in given):
        return False
    return not any(_sees_batches(c, keras.callbacks.Callback) for c in given)


def enable() -> None:
    """Take the fast way in every ``fit`` of this process from now on; safe to call twice."""
    import keras

    if hasattr(keras.Model.fit, _MARK):
        return
    original = keras.Model.fit

    @functools.wraps(original)
    def fit(self: Any, x: Any = None, *args: Any, **kwargs: Any) -> Any:
        callbacks = kwargs.get("callbacks", args[4] if len(args) > 4 else None)
        if not is_eligible(self, x, callbacks):
            return original(self, x, *args, **kwargs)
        _set_steps(self, STEPS)
        try:
            return original(self, x, *args, **kwargs)
        finally:
            _set_steps(self, 1)

    setattr(fit, _MARK, original)
    keras.Model.fit = fit


def _set_steps(model: Any, steps: int) -> None:
    """Change the steps of one call, dropping the functions that were traced for another number."""
    model.steps_per_execution = steps
    model.train_function = None
    model.test_function = None


def disable() -> None:
    """Undo ``enable``."""
    import keras

    original = getattr(keras.Model.fit, _MARK, None)
    if original is not None:
        keras.Model.fit = original


@contextmanager
def enabled() -> Iterator[None]:
    """Take the fast way inside a ``with`` block."""
    enable()
    try:
        yield
    finally:
        disable()
