"""Mistakes that the configuration of a network shows before any training."""

from __future__ import annotations

from mnist_course.diagnosis.findings import Finding
from mnist_course.diagnosis.network import CROSS_ENTROPIES, LayerFacts, Network

__all__ = ["BOTTLENECK", "CLASSES", "check_hidden", "check_output", "check_static"]

CLASSES = 10
BOTTLENECK = 10  # a hidden dense layer of at most so many units holds up everything behind it

_REGRESSION = (
    "mean_squared_error",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_logarithmic_error",
    "huber",
    "log_cosh",
)
# Harmless as an output before a softmax-aware loss, or meant as an output.
_OUTPUTS = ("softmax", "linear", "sigmoid", "log_softmax", "custom")
_LINEAR_MAPS = ("Dense", "Conv")
# Layers that leave a linear map linear.
_STILL_LINEAR = ("Flatten", "Reshape", "Permute", "Identity", "Rescaling", "Normalization")
# At prediction, dropout passes everything on and batch normalisation is a linear map.
_LINEAR_AT_PREDICTION = ("Dropout", "BatchNormalization")


def check_static(
    network: Network,
    *,
    labels: str | None = None,
    classes: int | None = None,
    digits: bool | None = None,
) -> list[Finding]:
    """Look at the configuration alone.

    Parameters
    ----------
    network : Network
    labels : str, optional
        "integer" or "one-hot", where the form of the labels is known.
    classes : int, optional
        Number of classes in the labels, where they are known; else ten are assumed.
    digits : bool, optional
        True when the images are known to be MNIST digits.
    """
    if network.reconstructs:
        return []
    findings = [*check_output(network, labels=labels, classes=classes), *check_hidden(network)]
    flips = [layer for layer in network.layers if layer.class_name == "RandomFlip"]
    if flips:
        findings.append(
            Finding(
                "flips-digits",
                f"The network flips images: {len(flips)} RandomFlip layer.",
                "A mirrored 2 or 7 is no digit, and a 6 turned upside down reads like a 9, so the "
                "network learns images that nobody will ever show it.",
                "For digits use small shifts, turns and zooms (RandomTranslation, RandomRotation, "
                "RandomZoom). Flips are fine for clothes (Fashion-MNIST).",
                "problem" if digits else "hint",
            )
        )
    return findings


def check_output(
    network: Network, *, labels: str | None = None, classes: int | None = None
) -> list[Finding]:
    """Look at the output layer together with the loss.

    Findings of severity "problem" make the pair unfit for classification.
    """
    units, activation, loss = network.output_units, network.output_activation, network.loss
    findings: list[Finding] = []
    needed = CLASSES if classes is None else classes
    binary = loss in ("binary_crossentropy", "hinge") and units == 1 and needed <= 2
    if units is None or activation is None or binary:
        return findings
    if units < needed or units > max(needed, CLASSES):
        findings.append(_output_width(units, needed))
    if activation not in _OUTPUTS:
        findings.append(_output_activation(activation))
    if loss in _REGRESSION:
        findings.append(_regression(loss, labels))
    if loss == "binary_crossentropy" and units > 1:
        findings.append(
            Finding(
                "binary-crossentropy",
                f"The loss is binary_crossentropy with {units} outputs.",
                "It asks ten separate yes-or-no questions instead of one question with ten "
                "answers, and its loss does not start at ln 10 = 2.303.",
                "Use sparse_categorical_crossentropy with softmax (one-hot labels: "
                "categorical_crossentropy).",
                "hint",
            )
        )
    if loss in CROSS_ENTROPIES:
        findings += _cross_entropy(activation, loss, network.from_logits)
        findings += _labels(loss, labels)
    return findings


def check_hidden(network: Network) -> list[Finding]:
    """Look at the layers before the output."""
    if not network.chain:
        return []  # with branches, "the next layer" means nothing
    findings = []
    hidden = network.hidden
    linear = _linear_in_a_row(network)
    if linear:
        names = ", ".join(f"{layer.class_name}({layer.units})" for layer in linear)
        findings.append(
            Finding(
                "linear-hidden",
                f"{len(linear)} hidden layer{'s' * (len(linear) > 1)} without an activation "
                f"function: {names}.",
                "Two linear layers in a row multiply out to one, so this layer costs parameters "
                "and adds nothing the next layer could not do by itself.",
                "Give each hidden layer activation='relu'.",
            )
        )
    soft = [layer for layer in hidden if layer.activation == "softmax"]
    if soft:
        findings.append(
            Finding(
                "softmax-hidden",
                f"{len(soft)} hidden layer{'s' * (len(soft) > 1)} with softmax: "
                f"{', '.join(f'{layer.class_name}({layer.units})' for layer in soft)}.",
                "Softmax makes the units of a layer share a total of 1, so they push each other "
                "towards 0 and little gets through.",
                "Use relu in hidden layers; softmax belongs at the output.",
            )
        )
    dense = [layer for layer in hidden if layer.class_name == "Dense"]
    narrow = [layer for layer in dense if (layer.units or 0) <= BOTTLENECK]
    if narrow:
        smallest = min(layer.units or 0 for layer in narrow)
        findings.append(
            Finding(
                "bottleneck",
                f"{len(narrow)} hidden layer{'s' * (len(narrow) > 1)} of at most {BOTTLENECK} "
                f"units (the smallest has {smallest}).",
                "Everything the network knows about an image must pass through those few "
                "numbers; what is lost there, no later layer can bring back.",
                "Try a wider hidden layer, 32 to 128 units, as the only change.",
            )
        )
    return findings


def _output_width(units: int, needed: int) -> Finding:
    if units < needed:
        return Finding(
            "output-width",
            f"The last layer has {units} output{'s' * (units != 1)} for {needed} classes.",
            "Each class needs an output of its own; a digit without one can never be answered.",
            f"Make the last layer Dense({needed}, activation='softmax').",
        )
    return Finding(
        "output-width",
        f"The last layer has {units} outputs for {needed} classes.",
        "The extra outputs can never be right. They start with a share of the probability that "
        "training must first take away.",
        f"Make the last layer Dense({max(needed, CLASSES)}, activation='softmax').",
    )


def _output_activation(activation: str) -> Finding:
    return Finding(
        "output-activation",
        f"The activation of the output layer is {activation}.",
        f"The ten outputs should be probabilities that sum to 1. {activation} cannot give that; "
        "with relu all ten easily become 0, and the network then always answers 0 "
        "(test accuracy 0.0980).",
        "Use activation='softmax' in the last layer; relu belongs in the hidden ones.",
    )


def _regression(loss: str, labels: str | None) -> Finding:
    integers = labels == "integer"
    return Finding(
        "mse-for-classes",
        f"The loss is {loss}" + (" with the digits 0 to 9 as targets." if integers else "."),
        "It measures distance between numbers, as if a 3 were nearer to a 4 than to an 8. Digits "
        "are names of classes. Its gradient also fades where the network is confidently wrong.",
        "Use sparse_categorical_crossentropy with labels 0 to 9, or categorical_crossentropy "
        "with one-hot labels.",
    )


def _cross_entropy(activation: str, loss: str, from_logits: bool | None) -> list[Finding]:
    if activation == "softmax" and from_logits:
        return [
            Finding(
                "softmax-from-logits",
                "The last layer has softmax and the loss has from_logits=True.",
                "from_logits=True says that softmax is still to come. Keras notices on "
                "TensorFlow, warns and leaves the second softmax out, so nothing is lost; other "
                "frameworks would apply it twice.",
                "Keep one of the two: softmax with from_logits=False, or no activation with "
                "from_logits=True.",
                "hint",
            )
        ]
    if activation == "linear" and from_logits is False:
        return [
            Finding(
                "missing-softmax",
                f"The last layer has no softmax and {loss} has from_logits=False.",
                "The loss takes the outputs for probabilities, but they can be negative or above "
                "1. Keras cuts them off there, and what is cut off gets no gradient.",
                "Add activation='softmax' to the last layer, or pass the loss as an object with "
                "from_logits=True.",
            )
        ]
    if activation == "sigmoid" and not from_logits:
        return [
            Finding(
                "sigmoid-output",
                f"The last layer has sigmoid with {loss}.",
                "Sigmoid judges each class by itself, so the ten numbers do not sum to 1 and are "
                "no probabilities; Keras rescales them inside the loss, so training still works.",
                "Use activation='softmax' in the last layer.",
                "hint",
            )
        ]
    return []


def _labels(loss: str, labels: str | None) -> list[Finding]:
    if loss == "sparse_categorical_crossentropy" and labels == "one-hot":
        return [
            Finding(
                "sparse-loss-one-hot",
                "The labels are one-hot (10 numbers each), the loss is "
                "sparse_categorical_crossentropy.",
                "That loss expects one integer, 0 to 9, for each image.",
                "Use categorical_crossentropy, or leave the labels as integers (no "
                "to_categorical).",
            )
        ]
    if loss == "categorical_crossentropy" and labels == "integer":
        return [
            Finding(
                "categorical-loss-integer",
                "The labels are integers (1 number each), the loss is categorical_crossentropy.",
                "That loss expects 10 numbers for each image, a 1 at the right digit.",
                "Use sparse_categorical_crossentropy, which takes the integers as they are.",
            )
        ]
    return []


def _linear_in_a_row(network: Network) -> list[LayerFacts]:
    """Hidden linear layers whose output reaches another linear map with nothing in between."""
    found: list[LayerFacts] = []
    waiting: LayerFacts | None = None
    for layer in network.layers:
        if layer.units is not None and layer.class_name.startswith(_LINEAR_MAPS):
            if waiting is not None:
                found.append(waiting)
            waiting = layer if layer.activation == "linear" else None
        elif layer.is_activation:
            waiting = waiting if layer.activation == "linear" else None
        elif not layer.class_name.startswith((*_STILL_LINEAR, *_LINEAR_AT_PREDICTION)):
            waiting = None  # pooling, attention, something of the student's own: no claim
    return found
