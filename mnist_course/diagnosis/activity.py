"""The outputs of a Keras model's hidden layers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_course.checks.backend import LayerActivity
from mnist_course.diagnosis.network import LayerFacts, network_of

__all__ = ["as_inputs", "forward", "hidden_activity", "is_built"]

FloatArray = npt.NDArray[np.float32]

_AT_ONCE = 500  # images in one forward pass; a convolution keeps megabytes for each


def is_built(model: Any) -> bool:
    """Return whether the model has weights, so that asking it changes nothing in it."""
    return bool(getattr(model, "built", True)) and bool(model.get_weights())


def as_inputs(model: Any, x: npt.ArrayLike) -> FloatArray:
    """Return the images as this model takes them: float32, flattened where it wants (n, 784).

    Raises
    ------
    ValueError
        If an image does not hold as many numbers as the model has inputs.
    """
    images = np.asarray(x)
    if images.dtype.kind not in "biuf" or images.ndim < 2:
        raise ValueError(
            "x must be an array of images with one number per pixel, shape (n, 28, 28) or "
            f"(n, 784), got shape {images.shape} of {images.dtype}."
        )
    images = images.astype(np.float32, copy=False)
    shape = getattr(model, "input_shape", None)
    if not isinstance(shape, tuple) or any(type(side) is not int for side in shape[1:]):
        return images
    if images.shape[1:] == shape[1:]:
        return images
    if math.prod(images.shape[1:]) != math.prod(shape[1:]):
        raise ValueError(
            f"The images in x do not fit the model: it takes {shape[1:]}, got {images.shape[1:]} "
            "for each image. Pass x as you pass it to model.fit."
        )
    return images.reshape(-1, *shape[1:])


def forward(model: Any, x: FloatArray) -> Any:
    """Return the outputs for ``x`` without dropout: an array, or a list of them.

    Calls the model directly: unlike ``predict`` it compiles nothing and shows no progress.
    """
    import keras

    parts = [
        model(x[start : start + _AT_ONCE], training=False) for start in range(0, len(x), _AT_ONCE)
    ]
    if isinstance(parts[0], (list, tuple)):
        return [
            np.concatenate([keras.ops.convert_to_numpy(part[index]) for part in parts])
            for index in range(len(parts[0]))
        ]
    return np.concatenate([keras.ops.convert_to_numpy(part) for part in parts])


def hidden_activity(model: Any, x: FloatArray) -> list[LayerActivity]:
    """Return what each hidden layer gives for ``x``, after its activation.

    A ``Dense`` without activation that is followed by batch normalisation or an ``Activation``
    layer is reported once, after that activation.

    Parameters
    ----------
    model : keras.Model
        Built; Sequential or functional. Inside nested models, and in models written as classes,
        the hidden layers cannot be reached: they are left out.
    x : array of shape (n, ...), float32
        As the model takes it.

    Returns
    -------
    list of LayerActivity
        ``values`` has shape (n, units), for a convolution (n, height, width, channels).
    """
    import keras

    inputs = getattr(model, "inputs", None)
    if not inputs:
        return []
    picked: list[tuple[LayerFacts, Any]] = []
    facts = {layer.name: layer for layer in network_of(model).layers}
    operations = list(getattr(model, "operations", model.layers))
    last = _output_layer(operations, facts)
    waiting: tuple[LayerFacts, Any] | None = None
    for operation in operations[:last]:
        layer = facts.get(operation.name)
        output = _output(operation)
        if layer is None or output is None:
            continue
        if layer.units is not None:
            if waiting is not None:
                picked.append(waiting)
            waiting = (layer, output) if layer.activation == "linear" else None
            if waiting is None:
                picked.append((layer, output))
        elif layer.is_activation:
            picked.append((layer, output))
            waiting = None
    if waiting is not None:
        picked.append(waiting)
    if not picked:
        return []
    # Keras unwraps a list of one output, but not a list of one input.
    outputs = [output for _, output in picked]
    values = forward(keras.Model(inputs[0] if len(inputs) == 1 else inputs, outputs), x)
    if not isinstance(values, list):
        values = [values]
    return [
        LayerActivity(layer.name, layer.class_name, layer.activation or "linear", array)
        for (layer, _), array in zip(picked, values, strict=True)
    ]


def _output_layer(operations: list[Any], facts: dict[str, LayerFacts]) -> int:
    """Position of the layer that makes the outputs; all that follows belongs to it."""
    for index in range(len(operations) - 1, -1, -1):
        layer = facts.get(operations[index].name)
        if layer is not None and layer.units is not None:
            return index
    return len(operations)


def _output(operation: Any) -> Any:
    try:
        return operation.output
    except (AttributeError, ValueError):
        return None  # used twice, or not yet called: no single output to look at
