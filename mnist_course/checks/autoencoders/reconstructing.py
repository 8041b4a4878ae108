"""Ask a student's model for codes or images, on the grader's own images."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_course.checks import backend
from mnist_course.checks.autoencoders.images import grader_images
from mnist_course.checks.measurement import Kept
from mnist_course.checks.plain_values import type_name
from mnist_course.checks.score import CheckFailed
from mnist_course.checks.trained_model import input_shape_of, layers_of, weights_of
from mnist_course.exceptions import NotPortableError
from mnist_course.experiments.recording.weights import weights_digest
from mnist_course.grading.namespace import portable_config
from mnist_course.grading.results import Finding

__all__ = [
    "PIXELS",
    "code_length",
    "dense_units",
    "entries_of",
    "outputs_of",
    "reconstruction_error",
    "require_known",
]

PIXELS = 784

Array = npt.NDArray[np.float32]

_ERRORS: Kept[float] = Kept(64)


def require_known(model: Any, name: str) -> None:
    """Refuse what is no Keras model, or one that the grader cannot rebuild.

    Raises
    ------
    CheckFailed
        If it is no Keras model with finite weights, or not made of Keras' own layers.
    """
    if model is None:
        raise CheckFailed(
            f"`{name}` is still None.",
            "This item looks at the network in it.",
            f"Give your model the name `{name}` and run that cell.",
        )
    reason = _not_rebuilt(model, name)
    if reason is not None:
        raise CheckFailed(
            f"`{name}` cannot be rebuilt by the grader: {reason}.",
            "The grader computes codes and images itself, with your layers and your weights.",
            "Build it of Keras' own layers, with Sequential or keras.Model(inputs, outputs).",
        )


def _not_rebuilt(model: Any, name: str) -> str | None:
    """Say why the grader cannot rebuild a model; already in the notebook, where it is there."""
    if getattr(model, "verified", None) is False:
        return str(model.reason)
    weights_of(model, name)
    if hasattr(model, "verified"):  # it was rebuilt
        return None
    try:
        portable_config(model)
    except NotPortableError as error:
        return str(error)
    return None


def outputs_of(model: Any, inputs: Array, name: str) -> Array:
    """Return what a model gives for inputs (n, ...), brought into the shape that it takes.

    Raises
    ------
    CheckFailed
        If the inputs do not fit, or the outputs are not finite.
    """
    shape = input_shape_of(model)
    size = int(np.prod(inputs.shape[1:]))
    sizes = [each for each in shape if each is not None]
    whole = len(sizes) == len(shape)
    fits = whole and int(np.prod(sizes, dtype=np.int64)) == size
    if shape and whole and not fits:
        raise CheckFailed(
            f"`{name}` takes inputs of the shape {shape}; it should take {inputs.shape[1:]}.",
            "What goes in is a part of the contract: images for an encoder, codes for a decoder.",
            "Look at its Input, and whether two models have changed places.",
        )
    given = inputs.reshape(len(inputs), *sizes) if fits else inputs
    try:
        outputs = backend.current().predict(model, given)
    except ValueError as error:
        raise CheckFailed(
            str(error).replace("`model`", f"`{name}`"),
            f"It was given inputs of the shape {inputs.shape[1:]}.",
            "Look at the shapes in its summary(): the first one is what it takes.",
        ) from error
    if not np.isfinite(outputs).all():
        raise CheckFailed(
            f"`{name}` gives NaN or infinite numbers.",
            "Nothing can be compared with a NaN.",
            "Build it again with a lower learning rate, and watch the loss.",
        )
    return outputs


def reconstruction_error(model: Any, name: str, *, part: str = "x_val") -> float:
    """Return the mean squared error of a model's reconstructions, measured by the grader.

    Parameters
    ----------
    model : keras.Model
        From images to images.
    name : str
        For the sentences.
    part : str
        Of `grader_images`: ``x_val`` or ``x_test``.

    Raises
    ------
    CheckFailed
        If it is no such model.
    """
    require_known(model, name)
    key = (weights_digest(weights_of(model, name)), name, part)
    kept = _ERRORS.get(*key)
    if kept is not None:
        return kept
    x = getattr(grader_images(), part)
    outputs = outputs_of(model, x, name)
    if outputs[0].size != PIXELS:
        raise CheckFailed(
            f"`{name}` gives {outputs[0].size} numbers for an image; expected 784 pixels.",
            "An autoencoder gives back an image of the size that it was given.",
            "End the decoder with Dense(784, activation='sigmoid') and Reshape((28, 28)).",
        )
    gaps = outputs.reshape(len(x), PIXELS) - x.reshape(len(x), PIXELS)
    return _ERRORS.put(float(np.mean(np.square(gaps), dtype=np.float64)), *key)


def dense_units(model: Any) -> tuple[int, ...]:
    """Return the units of the dense layers from input to output, nested models taken apart."""
    found = (getattr(layer, "units", None) for layer in layers_of(model))
    return tuple(int(units) for units in found if units)


def code_length(model: Any) -> int | None:
    """Return the units of the narrowest dense layer: what all information passes through."""
    units = dense_units(model)
    return min(units) if units else None


def entries_of(
    value: Any, lengths: tuple[int, ...], name: str
) -> tuple[dict[int, Any], Finding | None]:
    """Read a dict with one entry for each length of the code.

    Parameters
    ----------
    value : object
        The student's; keys may be any kind of whole number, or text such as ``"16"``.
    lengths : tuple of int
    name : str
        Of the variable.

    Returns
    -------
    (entries, finding)
        The entries that are there, by length; a finding when some are missing.
    """
    if value is None or (isinstance(value, dict) and not value):
        return {}, Finding(
            f"`{name}` is still empty.",
            "This item looks at one entry for each length of the code.",
            f"Fill it in a loop: for k in LENGTHS: {name}[k] = ...",
        )
    if not isinstance(value, dict):
        reason = getattr(value, "reason", "")
        kind = type_name(value) + (f" that cannot be read: {reason}" if reason else "")
        return {}, Finding(
            f"`{name}` is a {kind}; expected a dict.",
            "A dict says which entry belongs to which length.",
            f"{name} = {{}}, then {name}[k] = ... for each k.",
        )
    entries: dict[int, Any] = {}
    for key, entry in value.items():
        try:
            entries[int(key)] = entry
        except (TypeError, ValueError, OverflowError):
            continue
    lacking = [k for k in lengths if k not in entries]
    found = {k: entries[k] for k in lengths if k in entries}
    if not lacking:
        return found, None
    return found, Finding(
        f"`{name}` has no entry for k = {', '.join(map(str, lacking))}.",
        "The curve has a point for each length.",
        f"Loop over LENGTHS = {lengths}.",
    )
