"""Points for a linear probe: what the codes say about the digit, though nobody told them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_course.checks.autoencoders.images import grader_images
from mnist_course.checks.autoencoders.reconstructing import (
    dense_units,
    outputs_of,
    require_known,
)
from mnist_course.checks.score import CheckFailed, Score, note, ramp
from mnist_course.checks.trained_model import (
    CLASSES,
    is_verified,
    layers_of,
    record_of,
    weights_of,
)
from mnist_course.grading.results import Finding

if TYPE_CHECKING:
    from mnist_course.experiments.recording.log import ExperimentLog

__all__ = ["check_probe"]

_NO_LAYERS = frozenset({"InputLayer", "Flatten", "Reshape", "Normalization", "Rescaling", "Softmax",
                        "Activation", "BatchNormalization", "Dropout"})  # fmt: skip
_LONGEST = 64
_DIGITS = 6


def check_probe(
    code_encoder: Any,
    probe: Any,
    autoencoders: Any,
    log: ExperimentLog,
    *,
    steps: Mapping[float, float],
    linear: float,
    untouched: float,
) -> Score:
    """Give points for a linear classifier on codes that were learnt without labels.

    Parameters
    ----------
    code_encoder : keras.Model
        From images to codes.
    probe : keras.Model
        From codes to ten outputs.
    autoencoders : keras.Model, or dicts, lists and tuples that hold some
        Networks that were trained without labels, one of which the encoder must be part of.
    log : ExperimentLog
        Says whether they are still as their training without labels left them.
    steps : mapping of float to float
        Accuracy on the test images, measured by the grader, to points.
    linear : float
        For a probe with a single layer that has weights.
    untouched : float
        For an encoder that is as the autoencoder left it. Without this or a linear probe, the
        accuracy earns nothing: it would be that of an ordinary classifier.
    """
    most = max(steps.values())
    of = most + linear + untouched
    try:
        require_known(code_encoder, "code_encoder")
        require_known(probe, "probe")
        accuracy, length = _accuracy(code_encoder, probe)
    except CheckFailed as failed:
        return Score(0, of, findings=(failed.finding,))
    note(probe_accuracy=accuracy, probe_code=length)
    bent = _not_linear(probe, length)
    changed = _changed(code_encoder, autoencoders, log)
    earned = (linear if bent is None else 0) + (untouched if changed is None else 0)
    findings = [found for found in (bent, changed) if found is not None]
    if findings:
        return Score(earned, of, findings=findings)
    points = ramp(accuracy, steps)
    if points == most:
        return Score(
            of, of, f"From {length} numbers, your probe reads {accuracy:.1%} of the test images."
        )
    wanted = min(limit for limit, value in steps.items() if value > points)
    return Score(
        earned + points,
        of,
        f"From {length} numbers, your probe reads {accuracy:.1%} of the test images; the next step "
        f"is at {wanted:.0%}.",
        "What a linear probe can read was put there by the autoencoder; very short codes have no "
        "room for it, and a probe of few epochs has not learnt to read it.",
        "Take a longer code, or train the probe until its loss no longer falls.",
    )


def _accuracy(code_encoder: Any, probe: Any) -> tuple[float, int]:
    images = grader_images()
    codes = outputs_of(code_encoder, images.x_test, "code_encoder")
    if codes.ndim != 2 or not 1 <= codes.shape[1] <= _LONGEST:
        raise CheckFailed(
            f"`code_encoder` turns an image into an array of the shape {codes.shape[1:]}; expected "
            f"a code of at most {_LONGEST} numbers.",
            "The question is what a short code still says about the digit.",
            "Give the encoder of one of your autoencoders this name.",
        )
    outputs = outputs_of(probe, codes, "probe")
    if outputs.shape != (len(codes), CLASSES):
        raise CheckFailed(
            f"`probe` gives arrays of the shape {outputs.shape[1:]} for a code; expected (10,).",
            "There is one output for each digit.",
            "Sequential([Input((k,)), Dense(10, activation='softmax')])",
        )
    return float((outputs.argmax(axis=1) == images.y_test).mean()), int(codes.shape[1])


def _not_linear(probe: Any, length: int) -> Finding | None:
    units = dense_units(probe)
    others = [
        type(layer).__name__
        for layer in layers_of(probe)
        if type(layer).__name__ not in (*_NO_LAYERS, "Dense")
    ]
    if units == (CLASSES,) and not others:
        return None
    shown = "-".join(map(str, (length, *units))) + (f" and {', '.join(others)}" if others else "")
    return Finding(
        f"`probe` is {shown}; expected one Dense layer, {length}-10.",
        "A probe with hidden layers could dig out what the code only hides; a linear one reads "
        "what lies open.",
        "Sequential([Input((k,)), Dense(10, activation='softmax')])",
    )


def _trained_on() -> Finding:
    return Finding(
        "`code_encoder` has learnt something since its autoencoder was trained: no recorded fit of "
        "an autoencoder ends in these weights.",
        "If the encoder learns from the labels, too, this is a classifier like that of M3, and "
        "says nothing about codes.",
        "Train the autoencoder again, then the probe alone, on code_encoder.predict(x_train).",
    )


def _models_in(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for part in value:
            yield from _models_in(part)
    else:
        yield value


def _changed(code_encoder: Any, autoencoders: Any, log: ExperimentLog) -> Finding | None:
    """Say so when the encoder is not the beginning of a network that was trained without labels."""
    own = weights_of(code_encoder, "code_encoder")
    for model in _models_in(autoencoders):
        if not is_verified(model) or not hasattr(model, "get_weights"):
            continue
        known = [np.asarray(w) for w in model.get_weights()]
        if len(known) > len(own) and all(
            a.shape == b.shape and np.allclose(a, b, atol=10**-_DIGITS)
            for a, b in zip(own, known, strict=False)
        ):
            # Layers are shared: training the encoder with labels changes the autoencoder, too.
            return None if record_of(model, log)[1] else _trained_on()
    return Finding(
        "`code_encoder` is not the encoder of one of your autoencoders: its weights are others.",
        "If the encoder learns from the labels, too, this is a classifier like that of M3, and "
        "says nothing about codes.",
        "Train the probe on code_encoder.predict(x_train), not a model that holds the encoder.",
    )
