"""Mistakes that the activity of a network on real images shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from mnist_course.diagnosis.findings import Finding
from mnist_course.diagnosis.network import Network

__all__ = [
    "Activity",
    "UnitHealth",
    "check_activity",
    "check_predictions",
    "effective_rank",
    "unit_health",
]

FloatArray = npt.NDArray[np.floating[Any]]

SICK_SHARE = 0.5  # share of a layer's units from which on it is a problem
ENOUGH_IMAGES = 50  # below, a unit may be silent by chance
SMALLEST_RANK = 4  # directions; trained networks that tell ten digits apart have more
FLAT_ROWS = 0.95  # share of images for which a saturated unit is saturated

# Where the slope has fallen below 8 % of its largest value (softsign: to 1 %, it is flat slowly).
_FLAT = {"sigmoid": 0.02, "hard_sigmoid": 0.0, "tanh": 0.96, "hard_tanh": 1.0, "softsign": 0.9}
_RECTIFIED = ("relu", "relu6")


class Activity(Protocol):
    """What one hidden layer gave (``mnist_course.checks.backend.LayerActivity`` has this form)."""

    @property
    def name(self) -> str:
        """Keras' name of the layer."""
        ...

    @property
    def activation(self) -> str:
        """Name of the activation function."""
        ...

    @property
    def values(self) -> FloatArray:
        """Outputs, shape (n, units) or (n, ..., channels)."""
        ...


@dataclass(frozen=True, slots=True)
class UnitHealth:
    """How many units of a layer still react to what they see.

    Parameters
    ----------
    units : int
    dead_share : float
        0..1, units of a relu layer that are 0 for every image.
    saturated_share : float
        0..1, units of a sigmoid, tanh or softsign layer that sit at an end of their range, where
        the slope is almost 0, for at least 95 % of the images.
    """

    units: int
    dead_share: float
    saturated_share: float


def unit_health(activations: npt.ArrayLike, activation_name: str) -> UnitHealth:
    """Count dead and saturated units.

    Parameters
    ----------
    activations : array of shape (n, units) or (n, ..., channels)
        Outputs of one layer after its activation; n images. A channel of a convolution counts as
        one unit.
    activation_name : str
        Keras' name: ``relu``, ``sigmoid``, ``tanh`` ...; other functions have no dead and no
        saturated units.

    Raises
    ------
    ValueError
        If there is no image or no unit.
    """
    values = np.asarray(activations)
    if values.ndim < 2 or values.size == 0:
        raise ValueError(
            "unit_health needs activations of at least one image and one unit, shape (n, units), "
            f"got shape {values.shape}. Pass the outputs of one hidden layer."
        )
    units = values.shape[-1]
    values = values.reshape(-1, units)
    dead = saturated = 0.0
    if activation_name in _RECTIFIED:
        dead = float(np.mean(np.all(values == 0, axis=0)))
    elif activation_name in _FLAT:
        edge = _FLAT[activation_name]
        if activation_name.endswith("sigmoid"):
            flat = (values <= edge) | (values >= 1 - edge)
        else:
            flat = np.abs(values) >= edge
        saturated = float(np.mean(flat.mean(axis=0) >= FLAT_ROWS))
    return UnitHealth(units, dead, saturated)


def effective_rank(activations: npt.ArrayLike, share: float = 0.99) -> int:
    """Count the directions that hold ``share`` of the variance of a layer's outputs.

    Parameters
    ----------
    activations : array of shape (n, units) or (n, ..., features)
        Flattened to (n, features).
    share : float
        0..1.

    Returns
    -------
    int
        0 when the outputs are the same for every image.
    """
    values = np.asarray(activations, dtype=np.float64)
    values = values.reshape(len(values), -1)
    values = values - values.mean(axis=0)
    if not np.isfinite(values).all() or np.abs(values).max(initial=0.0) < 1e-9:
        return 0
    # The smaller of the two Gram matrices has the same spectrum.
    gram = values.T @ values if values.shape[1] <= len(values) else values @ values.T
    spectrum = np.clip(np.linalg.eigvalsh(gram)[::-1], 0, None)
    return int(np.searchsorted(np.cumsum(spectrum) / spectrum.sum(), share)) + 1


def check_activity(layers: Iterable[Activity]) -> list[Finding]:
    """Look at the hidden layers' outputs for the same images, from input to output."""
    findings: list[Finding] = []
    dead: list[tuple[str, UnitHealth]] = []
    saturated: list[tuple[str, UnitHealth]] = []
    squeezed: list[tuple[str, int, int]] = []
    for layer in layers:
        values = np.asarray(layer.values)
        if len(values) < ENOUGH_IMAGES or not np.isfinite(values).all():
            continue
        health = unit_health(values, layer.activation)
        if health.dead_share >= SICK_SHARE:
            dead.append((layer.name, health))
        if health.saturated_share >= SICK_SHARE:
            saturated.append((layer.name, health))
        if values.ndim == 2:
            rank = effective_rank(values)
            if rank < SMALLEST_RANK:
                squeezed.append((layer.name, health.units, rank))
    if dead:
        name, health = max(dead, key=lambda pair: pair[1].dead_share)
        findings.append(
            Finding(
                "dead-units",
                f"{health.dead_share:.0%} of the {health.units} relu units in layer {name} are 0 "
                "for every image.",
                "A relu unit that is always 0 has slope 0, so no gradient ever reaches its "
                "weights again: it is dead weight.",
                "Lower the learning rate, check that the pixels were divided by 255, and build "
                "the network again: dead units do not come back.",
            )
        )
    if saturated:
        name, health = max(saturated, key=lambda pair: pair[1].saturated_share)
        findings.append(
            Finding(
                "saturated-units",
                f"{health.saturated_share:.0%} of the {health.units} units in layer {name} sit at "
                "an end of their range for nearly every image.",
                "There the curve is flat: its slope is almost 0, and so is the gradient that "
                "passes back through it.",
                "Check that the pixels were divided by 255, lower the learning rate, or use relu.",
            )
        )
    if squeezed:
        name, units, rank = min(squeezed, key=lambda entry: entry[2])
        findings.append(
            Finding(
                "low-rank",
                f"{rank} direction{'s' * (rank != 1)} of {units} hold 99 % of what layer {name} "
                "says about the images.",
                "The ten digits are squeezed onto so few directions that many of them lie on top "
                "of each other, and no later layer can take them apart.",
                "Give this layer more units or relu instead of sigmoid, or train until its units "
                "tell the digits apart: one change at a time.",
                "hint",
            )
        )
    return findings


def check_predictions(
    predictions: npt.ArrayLike,
    *,
    network: Network | None = None,
    classes_present: int | None = None,
) -> list[Finding]:
    """Look at the outputs.

    Parameters
    ----------
    predictions : array of shape (n, outputs)
    network : Network, optional
        Outputs need not be probabilities when the loss has ``from_logits=True``.
    classes_present : int, optional
        Different labels among these images; without it, images of all classes are assumed.
    """
    outputs = np.asarray(predictions)
    if outputs.ndim != 2 or outputs.shape[0] == 0 or outputs.shape[1] < 2:
        return []
    if network is not None and network.reconstructs:
        return []
    broken = int((~np.isfinite(outputs)).any(axis=1).sum())
    if broken:
        return [nan_outputs(f"{broken:,} of {len(outputs):,} predictions are NaN or infinite.")]
    findings: list[Finding] = []
    answers = outputs.argmax(axis=1)
    present = 10 if classes_present is None else classes_present
    if len(answers) >= ENOUGH_IMAGES and present > 2 and len(np.unique(answers)) == 1:
        findings.append(
            Finding(
                "always-one-class",
                f"The network answers {answers[0]} for all {len(answers):,} images.",
                "It does not look at the image any more. Typical causes: relu at the output "
                "(then always 0), dead hidden units, or a learning rate that is too high.",
                "Look at the output layer and at the share of dead units; then lower the "
                "learning rate and build the network again.",
            )
        )
    sums = outputs.sum(axis=1)
    off = float(np.abs(sums - 1).max())
    probabilities = bool((outputs >= 0).all()) and off < 1e-3
    logits = network is not None and bool(network.from_logits)
    if not probabilities and not logits:
        worst = float(sums[int(np.abs(sums - 1).argmax())])
        findings.append(
            Finding(
                "rows-not-probabilities",
                f"The ten outputs for one image sum to {worst:.3g}, not to 1.",
                "They are no probabilities, so they cannot be read as how sure the network is, "
                "and a loss that expects probabilities measures something else.",
                "Use softmax in the last layer, or keep raw outputs on purpose with "
                "from_logits=True in the loss.",
            )
        )
    return findings


def nan_outputs(saw: str) -> Finding:
    """Say that a network holds or gives NaN."""
    return Finding(
        "nan-weights",
        saw,
        "One NaN spreads through every sum it enters, and then every image gets the same answer: "
        "mostly 0, as argmax of NaN is 0 (test accuracy 0.0980).",
        "Divide the pixels by 255, lower the learning rate, and build the network again: a NaN "
        "never trains away.",
    )
