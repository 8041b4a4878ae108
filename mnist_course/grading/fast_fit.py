"""Make ``keras.Model.fit`` faster without changing a bit of its result.

Keras starts every training step from Python. With ``steps_per_execution`` it runs many steps in
one call; weights and history come out bit-identical (``tests/grading/test_fast_fit.py`` and
``benchmarks/speed.py`` show it on TensorFlow). What can see single steps keeps the slow way:
a callback with per-batch hooks, an own ``train_step``, eager execution, data from a generator.
The steps are traced once instead of twice, and arrays are read plainly, too
(``mnist_course/plain_batches.py``).
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from mnist_course import plain_batches

__all__ = ["STEPS", "enable", "enabled", "is_eligible"]

STEPS = 128
_PER_BATCH = (
    "on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end",
    "on_test_batch_begin", "on_test_batch_end",
)  # fmt: skip
_MARK = "_mnist_course_original_fit"
_KEPT = "_mnist_course_functions"
_FUNCTIONS = ("train_function", "test_function", "predict_function")


def _sees_batches(callback: Any, base: type) -> bool:
    return any(
        name in vars(callback) or getattr(type(callback), name, None) is not getattr(base, name)
        for name in _PER_BATCH
    )


def _is_array(x: Any) -> bool:
    """Tell whether data are in memory, so that nobody can see in which order they are read."""
    import numpy as np

    return isinstance(x, np.ndarray) or (
        type(x).__module__.startswith("tensorflow.python") and hasattr(x, "numpy")
    )


def is_eligible(model: Any, x: Any, callbacks: Any, validation_data: Any = None) -> bool:
    """Tell whether many steps in one call cannot be noticed by this fit.

    Parameters
    ----------
    model : keras.Model
        Compiled.
    x : object
        What ``fit`` gets as input.
    callbacks : list or None
        What ``fit`` gets as callbacks.
    validation_data : tuple or None
        What ``fit`` gets as such. From a generator, many steps in one call would read on.
    """
    import keras

    if not getattr(model, "compiled", False) or not hasattr(model, "_compile_config"):
        return False
    if getattr(model, "steps_per_execution", None) != 1:
        return False
    if model.run_eagerly or model.jit_compile is True or keras.backend.backend() != "tensorflow":
        return False
    if any(
        getattr(type(model), name) is not getattr(keras.Model, name)
        for name in ("train_step", "test_step", "make_train_function", "make_test_function")
    ):
        return False
    if not _is_array(x):
        return False
    if validation_data is not None and not (
        isinstance(validation_data, (list, tuple)) and all(map(_is_array, validation_data))
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

    signature = inspect.signature(original)

    @functools.wraps(original)
    def fit(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            given = signature.bind(self, *args, **kwargs).arguments
        except TypeError:
            return original(self, *args, **kwargs)  # Keras says what is wrong
        if not is_eligible(
            self, given.get("x"), given.get("callbacks"), given.get("validation_data")
        ):
            return original(self, *args, **kwargs)
        _make_variables(self, given["x"], given.get("y"))
        _set_steps(self, STEPS)
        try:
            return original(self, *args, **kwargs)
        finally:
            _set_steps(self, 1)

    setattr(fit, _MARK, original)
    keras.Model.fit = fit
    if keras.backend.backend() == "tensorflow":
        plain_batches.enable()


def _make_variables(model: Any, x: Any, y: Any) -> None:
    """Make the variables of metrics and optimizer, in the way and the order of Keras.

    Keras makes them while TensorFlow traces the first step, and TensorFlow then traces it again, as
    it may not make them twice. A model that has not all of its weights yet stays as it is.
    """
    import keras

    def shapes(array: Any) -> Any:
        dtype = keras.backend.standardize_dtype(array.dtype)
        return keras.KerasTensor((None, *array.shape[1:]), dtype)

    if _is_array(y) and all(layer.built for layer in model._flatten_layers()):
        with suppress(Exception):  # where x and y do not fit the model, the fit itself says so
            model._symbolic_build(data_batch=(shapes(x), shapes(y)))


def _set_steps(model: Any, steps: int) -> None:
    """Change the steps of one call, with the functions that were traced for that number.

    They are kept from fit to fit, as Keras keeps its own: tracing takes half a second. Whatever
    calls ``compile`` makes a new configuration, for which no function fits.
    """
    compiled = model._compile_config
    before, kept = vars(model).get(_KEPT, (None, {}))
    if before is not compiled:
        kept = {}
    kept[model.steps_per_execution] = {name: getattr(model, name) for name in _FUNCTIONS}
    # Past Keras' own __setattr__, which would take the functions for parts of the model.
    object.__setattr__(model, _KEPT, (compiled, kept))
    model.steps_per_execution = steps
    for name in _FUNCTIONS:
        setattr(model, name, kept.get(steps, {}).get(name))


def disable() -> None:
    """Undo ``enable``."""
    import keras

    original = getattr(keras.Model.fit, _MARK, None)
    if original is not None:
        keras.Model.fit = original
    plain_batches.disable()


@contextmanager
def enabled() -> Iterator[None]:
    """Take the fast way inside a ``with`` block."""
    enable()
    try:
        yield
    finally:
        disable()
