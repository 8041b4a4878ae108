"""Points for a network of dense layers that is built as the task says."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from mnist_course.checks.no_points import or_no_points
from mnist_course.checks.score import CheckFailed, Score
from mnist_course.checks.trained_model import CLASSES, record_of, weights_of
from mnist_course.grading.results import Finding

if TYPE_CHECKING:
    from mnist_course.diagnosis.network import Network
    from mnist_course.experiments.recording.log import ExperimentLog

__all__ = ["check_configuration"]

_LABELS = {
    "sparse_categorical_crossentropy": "integer",
    "categorical_crossentropy": "one-hot",
}


@or_no_points("layers", "hidden_activation", "output", "loss")
def check_configuration(
    model: Any,
    log: ExperimentLog,
    *,
    hidden: Sequence[int] = (128,),
    activation: str = "relu",
    inputs: int = 784,
    layers: float = 5,
    hidden_activation: float = 3,
    output: float = 4,
    loss: float = 3,
) -> Score:
    """Check layers, activations and loss of a network for ten classes, whatever its weights are.

    Sequential or functional, with ``activation=`` or layers of their own for the activations,
    softmax at the output or scores with ``from_logits=True``: all of these are right. Layers
    without weights (dropout, rescaling, reshaping) do not matter.

    Parameters
    ----------
    model : keras.Model
    log : ExperimentLog
        Says in which form the labels were given.
    hidden : sequence of int
        Units of each hidden layer.
    activation : str
        Of every hidden layer, by Keras' name.
    inputs : int
        Pixels of an image.
    layers, hidden_activation, output, loss : float
        Points for: dense layers of these sizes and nothing else with weights; their activation;
        ten outputs with softmax, or scores that the loss knows to be scores; a loss for classes
        that fits the labels.

    Returns
    -------
    Score
        With no points, and the reason, if ``model`` is no Keras model with weights, or has no
        hidden layer.

    Raises
    ------
    CannotGrade
        If the grader cannot rebuild the model, and so not look at its layers.
    """
    from mnist_course.diagnosis.network import network_of

    shapes = [array.shape for array in weights_of(model)]
    network = network_of(model)
    units = [layer.units or 0 for layer in network.hidden]
    if not units:
        raise CheckFailed(
            "`model` has no hidden layer: its outputs are computed from the pixels directly.",
            "Without a hidden layer a network adds up single pixels: what one of them speaks for "
            "cannot depend on any other.",
            f"Put Dense({hidden[0]}, activation='{activation}') between Flatten() and the output "
            "layer.",
        )
    of = layers + hidden_activation + output + loss
    parts = (
        _sizes(network, shapes, units, (inputs, *hidden, CLASSES), layers, of),
        _activations(network, activation, hidden_activation, of),
        _output(network, output, of),
        _loss(model, log, network, loss, of),
    )
    return Score(sum(parts), of, findings=[told for part in parts for told in part.findings])


def _sizes(
    network: Network,
    shapes: Sequence[tuple[int, ...]],
    units: Sequence[int],
    wanted: Sequence[int],
    points: float,
    of: float,
) -> Score:
    """Compare the shapes of all weights with those of dense layers of the wanted sizes."""
    name = "-".join(map(str, wanted))
    expected = [
        shape for before, after in pairwise(wanted) for shape in ((before, after), (after,))
    ]
    if shapes == expected:
        return Score(points, of, f"The layers are {name}, fully connected.")
    step = "Compare with model.summary(): a Flatten and two Dense layers."
    if shapes and len(shapes[0]) == 2 and shapes[0][0] != wanted[0]:
        saw = f"The first dense layer takes {shapes[0][0]} numbers; a picture has {wanted[0]}."
        why = "Without Flatten the layer sees the rows of the picture one by one, not the picture."
        step = "Put Flatten() after Input((28, 28))."
    elif list(units) != list(wanted[1:-1]):
        layer = "layer" if len(units) == 1 else "layers"
        saw = f"The hidden {layer} of `model`: {', '.join(map(str, units))} units; asked for was "
        saw += f"{', '.join(map(str, wanted[1:-1]))}."
        why = "The parameters that you count, and what others compare with, belong to this network."
    elif network.output_units != wanted[-1]:
        return Score(0, of)  # told with the output layer
    elif shapes == expected[::2]:
        saw = "The dense layers of `model` have no biases."
        why = "A bias lets a unit be active for a blank picture; it is part of a dense layer."
        step = "Leave out use_bias=False."
    else:
        total = sum(_size(shape) for shape in shapes)
        saw = f"`model` has {total:,} weights in {len(shapes)} arrays; {name} has {len(expected)}."
        why = "Another layer with weights of its own is in it."
    return Score(0, of, saw, why, step)


def _size(shape: Sequence[int]) -> int:
    size = 1
    for side in shape:
        size *= side
    return size


def _activations(network: Network, wanted: str, points: float, of: float) -> Score:
    found = [name for name in _bends(network) if name != wanted]
    if not found:
        return Score(points, of)
    name = found[0]
    if name == "linear":
        return Score(
            0,
            of,
            "The hidden layer has no activation function.",
            "Two linear layers in a row multiply out to one: the hidden layer adds nothing.",
            f"Write Dense(..., activation='{wanted}').",
        )
    return Score(
        0,
        of,
        f"The activation of the hidden layer is {name}; asked for was {wanted}.",
        "It is what the layers of this task are compared by; later activities compare activation "
        "functions with each other.",
        f"Write Dense(..., activation='{wanted}').",
    )


def _bends(network: Network) -> list[str]:
    """Return the activation of each hidden layer, given as an argument or as a layer behind it."""
    bends: list[str] = []
    index = network.output_index or 0
    for layer in network.layers[:index]:
        if layer.units is not None:
            bends.append(layer.activation or "linear")
        elif layer.is_activation and layer.activation != "linear" and bends:
            bends[-1] = layer.activation or "linear"
    return bends


def _output(network: Network, points: float, of: float) -> Score:
    from mnist_course.diagnosis.static import check_output

    units, activation = network.output_units, network.output_activation
    if units == CLASSES and activation == "softmax":
        hints = [f for f in check_output(network) if f.name == "softmax-from-logits"]
        told = [Finding(f.saw, f.why, f.next_step) for f in hints]
        return Score(points, of, findings=[Finding("Ten outputs with softmax."), *told])
    if units == CLASSES and activation == "linear" and network.from_logits:
        return Score(points, of, "Ten scores, and a loss that knows them as scores.")
    problems = [f for f in check_output(network) if f.name != "mse-for-classes"]
    if problems:
        first = problems[0]
        return Score(0, of, first.saw, first.why, first.next_step)
    return Score(
        0,
        of,
        f"The output layer has {units} units with activation {activation}.",
        "Ten probabilities that sum to 1 say how sure the network is of each digit.",
        "End with Dense(10, activation='softmax').",
    )


def _loss(model: Any, log: ExperimentLog, network: Network, points: float, of: float) -> Score:
    if not network.loss:
        return Score(
            0,
            of,
            "`model` has no loss: it was not compiled.",
            "The loss is what training makes small.",
            "model.compile(optimizer='adam', loss='sparse_categorical_crossentropy', "
            "metrics=['accuracy']).",
        )
    labels = _LABELS.get(network.loss)
    record, _ = record_of(model, log)
    given = record.data.labels if record is not None and record.data is not None else None
    if labels is None:
        return Score(
            0,
            of,
            f"The loss is {network.loss}.",
            "Digits are names of classes, not quantities: cross-entropy looks at the probability "
            "of the right one.",
            "Use loss='sparse_categorical_crossentropy' with the labels 0 to 9.",
        )
    if given in ("integer", "one-hot") and given != labels:
        return Score(
            0,
            of,
            f"The loss is {network.loss}, the labels are {given}.",
            "The sparse loss takes one whole number for an image; the other takes ten numbers, a "
            "1 at the right digit.",
            "Use sparse_categorical_crossentropy, and leave the labels as they are.",
        )
    return Score(points, of, f"The loss, {network.loss}, fits labels and outputs.")
