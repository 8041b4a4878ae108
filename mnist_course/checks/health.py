"""Points for a network whose parts all do their work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mnist_course.checks import backend
from mnist_course.checks.experiment_log import Experiment, experiments
from mnist_course.checks.measurement import held_out, inputs_for
from mnist_course.checks.score import Score
from mnist_course.checks.trained_model import record_of, weights_of
from mnist_course.experiments.recording.settings import hidden_dense
from mnist_course.grading.results import Finding

if TYPE_CHECKING:
    from mnist_course.diagnosis.network import Network
    from mnist_course.experiments.recording.log import ExperimentLog

__all__ = ["check_health"]

_IMAGES = 1000


def check_health(
    model: Any,
    log: ExperimentLog,
    *,
    output_and_loss: float = 2,
    units_alive: float = 2,
    no_bottleneck: float = 1,
    dead_share: float = 0.5,
    bottleneck: int = 10,
) -> Score:
    """Check output and loss, dead units and bottlenecks of the final model.

    Parameters
    ----------
    model : keras.Model
    log : ExperimentLog
    output_and_loss, units_alive, no_bottleneck : float
        Points for: an output layer that suits the loss; no hidden layer with too many dead units;
        no hidden layer that is too narrow, unless an experiment in the log compares such a layer
        with a wider one, and says why.
    dead_share : float
        A hidden layer must have a smaller share (0..1) of units that give 0 for every image.
    bottleneck : int
        A hidden dense layer must have more units than this.
    """
    from mnist_course.diagnosis.network import network_of

    weights_of(model)
    network = network_of(model)
    parts = (
        _output(model, log, network, output_and_loss),
        _alive(model, log, units_alive, dead_share),
        _wide(network, log, no_bottleneck, bottleneck),
    )
    total = Score(0, output_and_loss + units_alive + no_bottleneck)
    for part in parts:
        total = total.plus(part)
    return total


def _output(model: Any, log: ExperimentLog, network: Network, points: float) -> Score:
    from mnist_course.diagnosis.static import check_output

    record, _ = record_of(model, log)
    labels = record.data.labels if record is not None and record.data is not None else None
    problems = [f for f in check_output(network, labels=labels) if f.severity == "problem"]
    if problems:
        told = [Finding(f.saw, f.why, f.next_step) for f in problems]
        return Score(0, points, findings=told)
    output = network.output_activation or "of its own kind"
    return Score(points, points, f"Output ({output}) and loss fit together.")


def _alive(model: Any, log: ExperimentLog, points: float, limit: float) -> Score:
    from mnist_course.diagnosis.probe import unit_health

    record, _ = record_of(model, log)
    images = held_out()[0][:_IMAGES]
    layers = backend.current().hidden_activations(model, inputs_for(model, record, images))
    shares = [
        (layer.name, unit_health(layer.values, layer.activation).dead_share) for layer in layers
    ]
    worst = max((share for _, share in shares), default=0.0)
    if worst >= limit:
        name = next(name for name, share in shares if share == worst)
        return Score(
            0,
            points,
            f"{worst:.0%} of the units of hidden layer {name} give 0 for each of {_IMAGES:,} "
            "images.",
            "A unit that never answers gets no gradient either: it is lost for good.",
            "Lower the learning rate or build the network again; with ReLU, check the scaling of "
            "the pixels.",
        )
    return Score(points, points, f"Dead units in the worst hidden layer: {worst:.0%}.")


def _wide(network: Network, log: ExperimentLog, points: float, limit: int) -> Score:
    dense = [layer for layer in network.hidden if layer.class_name == "Dense"]
    narrow = [layer for layer in dense if (layer.units or 0) <= limit]
    if not narrow:
        return Score(points, points)
    smallest = min(layer.units or 0 for layer in narrow)
    saw = f"There is a hidden layer of {smallest} units."
    if any(e.has_reason and _across(e, limit) for e in experiments(log)):
        return Score(points, points, f"{saw} An experiment in the log looks into it.")
    return Score(
        0,
        points,
        saw,
        "All that the network knows about a picture passes through these few numbers.",
        "Widen the layer, or show with an experiment in the log that the width does not matter.",
    )


def _across(experiment: Experiment, limit: int) -> bool:
    """Tell whether an experiment compares a layer that is too narrow with a wider one."""
    if experiment.setting != "units":
        return False
    one, other = (hidden_dense(fit) for fit in (experiment.compared_with, experiment.fit))
    return any(
        ((a.units or 0) <= limit) != ((b.units or 0) <= limit)
        for a, b in zip(one, other, strict=False)
    )
