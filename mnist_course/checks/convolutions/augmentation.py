"""Points for augmentation that leaves every label true."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from mnist_course.checks import backend
from mnist_course.checks.no_points import or_no_points
from mnist_course.checks.plain_values import type_name
from mnist_course.checks.score import CheckFailed, Score
from mnist_course.exceptions import NotPortableError
from mnist_course.grading.model_spec import LayerSpec, ModelSpec, parse_model
from mnist_course.grading.results import Finding

__all__ = ["MOST_SHIFT", "MOST_TURN", "MOST_ZOOM", "check_augmentation"]

MOST_SHIFT = 0.2
"""Of the side: up to 5 pixels."""
MOST_TURN = 0.07
"""Of a full turn: up to 25 degrees."""
MOST_ZOOM = 0.3

_SHAPE = (28, 28, 1)
_MOVES = ("RandomTranslation", "RandomRotation", "RandomZoom")
_NOT_AN_IMAGE_CHANGE = frozenset({"Dense", "Conv2D", "Flatten", "MaxPooling2D", "Dropout"})


@or_no_points("of")
def check_augmentation(
    model: Any, *, flips: bool, points: float, of: float, name: str, kinds: int = 2
) -> Score:
    """Check layers that change images at random while a network is trained.

    Parameters
    ----------
    model : keras.Sequential
        Of augmentation layers, (28, 28, 1) in and out.
    flips : bool
        True for clothes: a mirrored shirt is a shirt, so a horizontal flip is expected. False for
        digits: a mirrored digit is none.
    points : float
        Half of them for flips that are right, half for other changes that are small enough.
    of : float
        Points of the whole item.
    name : str
        Of the student's variable.
    kinds : int
        How many different layers are asked for.

    Returns
    -------
    Score
        With no points, and the reason, if there are no such layers, or if they change images that
        the network only predicts.
    """
    layers = list(_layers(_spec(model, name)))
    random = [layer for layer in layers if layer.class_name.startswith("Random")]
    _must_be_augmentation(layers, random, name)
    _must_rest_in_prediction(model, name)
    findings: list[Finding] = []
    flipped = _flips(random, flips, name)
    moved = [found for layer in random if (found := _too_far(layer)) is not None]
    few = len({layer.class_name for layer in random}) < kinds
    findings += [flipped] if flipped is not None else []
    findings += moved
    if few and not moved:
        findings.append(
            Finding(
                f"`{name}` holds one kind of change, {random[0].class_name}.",
                "Photos differ in more than one way: in place, in size, in tilt.",
                "Add a second one: " + ", ".join(_MOVES) + ".",
            )
        )
    earned = points / 2 * ((flipped is None) + (not moved and not few))
    if not findings:
        kinds_found = ", ".join(dict.fromkeys(layer.class_name for layer in random))
        findings = [Finding(f"`{name}` changes images by {kinds_found}, and no label with them.")]
    return Score(earned, of, findings=findings)


def _spec(model: Any, name: str) -> ModelSpec:
    if model is None:
        raise CheckFailed(
            f"`{name}` is still None.",
            "This item looks at its layers.",
            f"{name} = keras.Sequential([Input((28, 28, 1)), RandomTranslation(...), ...])",
        )
    if isinstance(model, (list, tuple)) or not hasattr(model, "to_json"):
        raise CheckFailed(
            f"`{name}` holds a value of type {type_name(model)}; expected a keras.Sequential.",
            "As a model, the layers can stand at the front of a network, and act on a batch alone.",
            f"{name} = keras.Sequential([Input((28, 28, 1)), ...your layers...])",
        )
    if not getattr(model, "built", True):
        raise CheckFailed(
            f"`{name}` does not know the shape of its images yet.",
            "Its layers can be looked at, and tried on images, once it does.",
            f"Begin it with Input({_SHAPE}).",
        )
    try:
        return parse_model(model.to_json())
    except NotPortableError as error:
        raise CheckFailed(
            f"The layers of `{name}` cannot be read: {error}.",
            "Only layers that Keras brings along can be looked at.",
            "Use RandomFlip, RandomTranslation, RandomRotation, RandomZoom.",
        ) from error


def _layers(spec: ModelSpec) -> Iterator[LayerSpec]:
    for layer in spec.layers:
        if layer.model is not None:
            yield from _layers(layer.model)
        elif layer.class_name == "Pipeline":
            yield from layer.arguments.get("layers", ())
        elif layer.class_name != "InputLayer":
            yield layer


def _must_be_augmentation(
    layers: Sequence[LayerSpec], random: Sequence[LayerSpec], name: str
) -> None:
    others = [layer.class_name for layer in layers if layer.class_name in _NOT_AN_IMAGE_CHANGE]
    if others:
        raise CheckFailed(
            f"`{name}` holds {others[0]}, which does not change images at random.",
            "It is the part in front of a network, not the network itself.",
            "Leave only Input and the Random... layers in it.",
        )
    if not random:
        raise CheckFailed(
            f"`{name}` has no layer that changes images at random.",
            "Without one, the network sees the same images in every epoch.",
            "Put RandomTranslation, RandomRotation or RandomZoom behind Input((28, 28, 1)).",
        )


def _must_rest_in_prediction(model: Any, name: str) -> None:
    rng = np.random.default_rng(0)
    images = rng.random((4, *_SHAPE)).astype(np.float32)
    try:
        outputs = backend.current().predict(model, images)
    except ValueError as error:
        raise CheckFailed(
            f"`{name}` does not take images of shape (28, 28, 1): {error}",
            "It stands in front of a network that does.",
            f"Begin with Input({_SHAPE}).",
        ) from error
    if outputs.shape != images.shape or not np.allclose(outputs, images, atol=1e-5):
        raise CheckFailed(
            f"`{name}` changes images that it only predicts: {images.shape[1:]} in, "
            f"{outputs.shape[1:]} out, other values.",
            "Augmentation is for training. When the network is used, or measured, it must see the "
            "picture as it is.",
            "Keep the Random... layers, which do that by themselves; take out the others.",
        )


def _flips(random: Sequence[LayerSpec], wanted: bool, name: str) -> Finding | None:
    modes = [
        str(layer.arguments.get("mode") or "horizontal_and_vertical")
        for layer in random
        if layer.class_name == "RandomFlip"
    ]
    if not wanted:
        if not modes:
            return None
        return Finding(
            f"`{name}` flips digits: RandomFlip({modes[0]!r}).",
            "A mirrored 2 or 7 is no digit, and a 6 upside down reads as a 9; the label would "
            "still say 2, 7 or 6. The network would learn pictures that nobody will ever show it.",
            "Take RandomFlip out; shifts, small turns and zooms leave a digit what it is.",
        )
    if not modes:
        return Finding(
            f"`{name}` does not flip.",
            "A shoe that points to the left is as much a shoe as one that points to the right: "
            "mirroring doubles what the network gets to see.",
            'Add RandomFlip("horizontal").',
        )
    upright = [mode for mode in modes if "vertical" in mode]
    if upright:
        return Finding(
            f"`{name}` flips clothes upside down: RandomFlip({upright[0]!r}).",
            "The label stays true, but no picture of Fashion-MNIST stands on its head: the "
            "network spends its filters on pictures that it will never be asked about.",
            'Write RandomFlip("horizontal"); without a word, Keras flips both ways.',
        )
    return None


def _too_far(layer: LayerSpec) -> Finding | None:
    """Return why a change is larger than a label can bear, None where it is not."""
    limits = {
        "RandomTranslation": (("height_factor", "width_factor"), MOST_SHIFT),
        "RandomRotation": (("factor",), MOST_TURN),
        "RandomZoom": (("height_factor", "width_factor"), MOST_ZOOM),
    }
    if layer.class_name not in limits:
        return None
    names, most = limits[layer.class_name]
    largest = max(_largest(layer.arguments.get(name)) for name in names)
    if largest == 0:
        return Finding(
            f"{layer.class_name} with a factor of 0 changes nothing.",
            "The network sees the same images in every epoch.",
            f"Try a factor of {most / 2:g}.",
        )
    if largest <= most:
        return None
    if layer.class_name == "RandomRotation":
        return Finding(
            f"RandomRotation({largest:g}) turns by up to {360 * largest:,.0f} degrees.",
            "The factor is a part of a full turn. Turned that far, a 6 becomes a 9, and a boot "
            "lies on its back.",
            f"At most {most:g}, which is {360 * most:.0f} degrees: RandomRotation(0.04).",
        )
    if layer.class_name == "RandomTranslation":
        return Finding(
            f"RandomTranslation moves by up to {28 * largest:.0f} of 28 pixels.",
            "The factor is a part of the side, not a number of pixels. Beyond a few pixels, parts "
            "of the picture leave it.",
            f"At most {most:g}, which is {28 * most:.0f} pixels: RandomTranslation(0.1, 0.1).",
        )
    return Finding(
        f"RandomZoom changes the size by up to {largest:.0%}.",
        "Half of a digit, or a digit of three pixels, is no digit any more.",
        f"At most {most:g}: RandomZoom(0.1).",
    )


def _largest(factor: Any) -> float:
    if factor is None:
        return 0.0
    values = factor if isinstance(factor, (list, tuple)) else (factor,)
    return max(abs(float(value)) for value in values)
