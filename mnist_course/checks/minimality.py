"""Points for a network that is no larger and no more different than the task needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_course.checks.measurement import total_epochs
from mnist_course.checks.score import Score, ramp
from mnist_course.checks.trained_model import layers_of, record_of, weights_of
from mnist_course.grading.results import Finding

if TYPE_CHECKING:
    from mnist_course.experiments.recording.fit_record import FitRecord
    from mnist_course.experiments.recording.log import ExperimentLog

__all__ = ["SIMPLE_LAYERS", "at_most", "changes_since", "check_minimal"]

SIMPLE_LAYERS = frozenset(
    {
        "InputLayer",
        "Flatten",
        "Reshape",
        "Rescaling",
        "Dense",
        "Dropout",
        "AlphaDropout",
        "GaussianDropout",
        "Activation",
        "ReLU",
        "LeakyReLU",
        "PReLU",
        "ELU",
        "Softmax",
        "BatchNormalization",
        "LayerNormalization",
        "GroupNormalization",
        "RMSNormalization",
        "UnitNormalization",
        "Normalization",
    }
)
"""Keras classes that a plain network of dense layers is made of."""


def at_most(value: float, limits: Mapping[float, float]) -> float:
    """Return the points of the lowest limit that ``value`` does not exceed, else 0.

    Examples
    --------
    >>> at_most(200_000, {150_000: 4, 300_000: 2})
    2
    """
    return ramp(-value, {-limit: points for limit, points in limits.items()})


def changes_since(
    record: FitRecord, log: ExperimentLog, baseline: Mapping[str, object]
) -> tuple[str, ...]:
    """Name the settings of a fit that differ from the given network.

    Training for fewer epochs than the given network makes nothing larger: that is no change here.

    Parameters
    ----------
    record : FitRecord
        The last fit of the final model.
    log : ExperimentLog
    baseline : mapping of str to object
        Settings of the given network, named as `experiments.recording.settings` names them.
        A setting that is not in it is free: whether labels are one-hot, say.

    Returns
    -------
    tuple of str
    """
    from mnist_course.experiments.recording.settings import changed_knobs

    mine = log.settings(record)
    changed = changed_knobs(baseline, mine)
    before, after = baseline.get("epochs"), mine["epochs"]
    shorter = isinstance(before, int) and isinstance(after, int) and after < before
    return tuple(name for name in changed if not (shorter and name == "epochs"))


def check_minimal(
    model: Any,
    log: ExperimentLog,
    *,
    baseline: Mapping[str, object],
    parameters: Mapping[float, float],
    epochs: Mapping[float, float],
    simple_layers: float,
    changes: Mapping[float, float],
) -> Score:
    """Give points for a small network, trained briefly, of plain layers, after few changes.

    Parameters
    ----------
    model : keras.Model
    log : ExperimentLog
    baseline : mapping of str to object
        Settings of the given network.
    parameters, epochs, changes : mapping of float to float
        Limit to points, such as ``{150_000: 4, 300_000: 2}``: the lowest limit that is kept
        counts.
    simple_layers : float
        Points when every layer is one of ``SIMPLE_LAYERS``.
    """
    size = sum(int(np.size(array)) for array in weights_of(model))
    others = sorted({type(layer).__name__ for layer in layers_of(model)} - SIMPLE_LAYERS)
    record, _ = record_of(model, log)
    points = at_most(size, parameters) + (0 if others else simple_layers)
    of = max(parameters.values()) + max(epochs.values()) + simple_layers + max(changes.values())
    findings = [_size(size, parameters)]
    if others:
        findings.append(
            Finding(
                f"There are layers of other kinds: {', '.join(others)}.",
                "This task can be solved with the kinds of layer that it began with.",
                "Keep to Dense, Flatten, Dropout and normalisation here; convolutions come later.",
            )
        )
    if record is None:
        findings.append(
            Finding(
                "No recorded fit ends in this model, so epochs and changes are unknown.",
                "",
                "Train the final network with model.fit(...) in this notebook.",
            )
        )
        return Score(points, of, findings=findings)
    trained, changed = total_epochs(record, log), changes_since(record, log, baseline)
    points += at_most(trained, epochs) + at_most(len(changed), changes)
    if at_most(trained, epochs) < max(epochs.values()):
        findings.append(
            Finding(
                f"It was trained for {trained} epochs; {min(epochs):g} earn all points.",
                "With settings that suit the task a few passes through the data are enough.",
                "Look in the log where the test accuracy stopped rising.",
            )
        )
    listed = ", ".join(changed) or "nothing"
    findings.append(
        Finding(f"Changed since the given network ({len(changed)}): {listed}.")
        if at_most(len(changed), changes) == max(changes.values())
        else Finding(
            f"Changed since the given network ({len(changed)}): {listed}.",
            f"At most {min(changes):g} changes earn all points.",
            "Take one change back at a time and keep only those that the accuracy misses.",
        )
    )
    return Score(points, of, findings=findings)


def _size(size: int, limits: Mapping[float, float]) -> Finding:
    if at_most(size, limits) == max(limits.values()):
        return Finding(f"The network has {size:,} parameters.")
    return Finding(
        f"The network has {size:,} parameters; at most {min(limits):,} earn all points.",
        "Most of the extra ones learn nothing that the task needs, and all of them cost time.",
        "Halve the largest layer and see whether the accuracy notices.",
    )
