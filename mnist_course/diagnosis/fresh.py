"""Copies of a network to measure on, so that the student's own stays as it is."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_course.diagnosis.activity import as_inputs, forward, is_built
from mnist_course.diagnosis.network import network_of

__all__ = ["Build", "build_network", "compiled_copy", "cross_entropy", "sample", "seeded"]

Build = Callable[[], Any]
"""A function without arguments that returns a compiled network with fresh weights."""

FloatArray = npt.NDArray[np.float32]


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Make what Keras draws inside repeatable, and put Python's and NumPy's generators back.

    Keras 3 takes the seed of each initializer and dropout layer from Python's ``random``.
    """
    python, numpy = random.getstate(), np.random.get_state()
    try:
        random.seed(seed)
        np.random.seed(seed)  # an initializer of the student's own may use it
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)


def build_network(source: Any, *, seed: int) -> Any:
    """Return a new compiled network with fresh weights.

    Parameters
    ----------
    source : keras.Model or callable
        A model is copied (same layers, loss and optimizer settings, weights drawn anew); a
        function without arguments is called and must return a compiled model.
    seed : int
        Of the fresh weights.

    Raises
    ------
    TypeError
        If ``source`` is neither, or the function returns something else.
    ValueError
        If the model has not been compiled.
    """
    if hasattr(source, "layers"):
        return compiled_copy(source, seed=seed)
    if not callable(source):
        raise TypeError(
            "Expected a Keras model, or a function that builds and compiles one, got "
            f"{type(source).__name__}. Pass build_network, not build_network(...)'s result."
        )
    with seeded(seed):
        model = source()
    if not hasattr(model, "layers"):
        raise TypeError(
            f"The function must return a compiled Keras model, but it returned "
            f"{type(model).__name__}. End it with `return model`."
        )
    _must_be_compiled(model)
    return model


def compiled_copy(
    model: Any, *, seed: int, optimizer: Any = None, keep_weights: bool = False
) -> Any:
    """Return a compiled copy of a model.

    Parameters
    ----------
    model : keras.Model
        Compiled; it is not changed.
    seed : int
        Of the fresh weights and of dropout.
    optimizer : keras.Optimizer, optional
        Instead of a fresh one with the model's settings.
    keep_weights : bool
        True copies the weights, False draws new ones.

    Raises
    ------
    ValueError
        If the model has not been compiled, has no weights to copy, or Keras cannot copy it.
    """
    import keras

    _must_be_compiled(model)
    if keep_weights and not is_built(model):
        raise ValueError(
            "The network has no weights yet, so there is nothing to measure. Start it with "
            "keras.Input((28, 28)), or train it first."
        )
    try:
        with seeded(seed):
            copy = keras.models.clone_model(model)
    except (TypeError, ValueError, NotImplementedError) as error:
        raise ValueError(
            "Keras cannot copy this network, as it cannot for most networks written as a class "
            f"({type(error).__name__}). Build it with keras.Sequential or keras.Model(inputs, "
            "outputs)."
        ) from error
    if keep_weights:
        copy.set_weights(model.get_weights())
    if optimizer is None:
        optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
    copy.compile(optimizer=optimizer, loss=model.loss)
    return copy


def _must_be_compiled(model: Any) -> None:
    if getattr(model, "optimizer", None) is None or not getattr(model, "loss", None):
        raise ValueError(
            "The network has no loss and optimizer yet, so nothing can be measured. Call "
            "model.compile(...) first."
        )


def sample(
    x: npt.ArrayLike, y: npt.ArrayLike, count: int, *, seed: int
) -> tuple[FloatArray, npt.NDArray[Any]]:
    """Draw images with their labels, without repeats, as float32.

    Parameters
    ----------
    x : array of shape (n, ...)
    y : array of shape (n,) or (n, classes)
    count : int
        All of them where there are fewer.
    seed : int

    Raises
    ------
    ValueError
        If there is no image, or the numbers of images and labels differ.
    """
    images, labels = np.asarray(x), np.asarray(y)
    if not len(images) or len(images) != len(labels):
        raise ValueError(
            f"x and y must hold the same number of images and labels, at least one: got "
            f"{len(images):,} and {len(labels):,}."
        )
    order = np.random.default_rng(seed).permutation(len(images))[:count]
    return images[order].astype(np.float32), labels[order]


def cross_entropy(model: Any, x: FloatArray, y: npt.NDArray[Any]) -> tuple[float, float]:
    """Return mean cross-entropy and accuracy of a model, whatever loss it was compiled with.

    Penalties (L2) are left out, so that the number can be compared with ln 10. Outputs that are
    no probabilities are treated as Keras' loss treats them: softmax with ``from_logits=True``,
    else cut off at 1e-7 and scaled to sum 1.

    Parameters
    ----------
    model : keras.Model
    x : array of shape (n, ...), float32
    y : array of shape (n,) or (n, classes)

    Returns
    -------
    tuple of float
        Natural logarithm, NaN when an output is NaN; accuracy in 0..1.
    """
    outputs = np.asarray(forward(model, as_inputs(model, x)), dtype=np.float64)
    truth = y.argmax(axis=1) if y.ndim == 2 and y.shape[1] > 1 else y.reshape(-1).astype(int)
    if outputs.ndim != 2 or truth.max(initial=0) >= outputs.shape[1]:
        raise ValueError(
            f"The network gives outputs of shape {outputs.shape[1:]} for labels up to "
            f"{truth.max(initial=0)}. A classifier of digits needs ten outputs: Dense(10)."
        )
    accuracy = float(np.mean(outputs.argmax(axis=1) == truth))
    if not np.isfinite(outputs).all():
        return float("nan"), accuracy
    probabilities = bool((outputs >= 0).all()) and np.allclose(outputs.sum(axis=1), 1, atol=1e-3)
    if network_of(model).from_logits and not probabilities:
        outputs = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        outputs /= outputs.sum(axis=1, keepdims=True)
    outputs = np.clip(outputs, 1e-7, 1)
    outputs /= outputs.sum(axis=1, keepdims=True)
    return float(-np.log(outputs[np.arange(len(truth)), truth]).mean()), accuracy
