"""Points for networks that differ in shape and have the same number of parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mnist_course.checks.score import CheckFailed, Score
from mnist_course.checks.study.reading import trials_in
from mnist_course.experiments.recording.settings import hidden_dense
from mnist_course.experiments.validity.grouped import listed
from mnist_course.grading.results import Finding

if TYPE_CHECKING:
    from mnist_course.experiments import Trial

__all__ = ["check_equal_parameters"]


def check_equal_parameters(
    trials: Any,
    *,
    parameters: int,
    within: float,
    depths: Sequence[int],
    size: float,
    shape: float,
    of: float | None = None,
    name: str = "trials",
) -> Score:
    """Check the networks that were really trained, not what their arms are called.

    Parameters
    ----------
    trials : sequence of Trial
    parameters : int
        What each network should have.
    within : float
        How far it may be away, as a share: 0.02.
    depths : sequence of int
        Numbers of hidden layers that must be among them.
    size : float
        Points for networks of that size.
    shape : float
        Points for all of these depths, with hidden layers of equal width.
    of : float, optional
        Points of the whole item, where other parts add to it.
    name : str
        The student's variable.
    """
    whole = size + shape if of is None else of
    try:
        given = trials_in(trials, name=name)
    except CheckFailed as failed:
        return Score(0, whole, findings=(failed.finding,))
    wrong_size = next((t for t in given if _away(t, parameters) > within), None)
    unequal = next((t for t in given if len(set(_widths(t))) > 1), None)
    missing = [depth for depth in depths if all(len(_widths(t)) != depth for t in given)]
    earned, findings = 0.0, []
    if wrong_size is not None:
        findings.append(
            Finding(
                f"{wrong_size.arm!r} has {wrong_size.fit.parameters:,} parameters, "
                f"{_away(wrong_size, parameters):.0%} away from {parameters:,}.",
                "If a deeper network also has more numbers to learn, nobody can say which of the "
                "two made the difference.",
                "Take the width of each depth from width_for(depth, parameters).",
            )
        )
    else:
        # One network alone is equal to nothing.
        earned += size * max(0, len(set(depths)) - len(missing) - 1) / (len(set(depths)) - 1)
        far = max(_away(trial, parameters) for trial in given)
        if len(missing) < len(set(depths)) - 1:
            told = f"All networks have {parameters:,} parameters within {far:.1%}."
            findings.append(Finding(told))
    if missing:
        findings.append(
            Finding(
                f"No network with {listed(missing)} hidden layers was trained.",
                f"The question is about {min(depths)} to {max(depths)} hidden layers.",
                "Add one arm for each depth: BASE.but(hidden=(width,) * depth).",
            )
        )
    if unequal is not None:
        findings.append(
            Finding(
                f"The hidden layers of {unequal.arm!r} have {listed(_widths(unequal))} units.",
                "With equal widths, depth is the only thing that two arms of one size differ in.",
                "hidden=(width,) * depth repeats one width.",
            )
        )
    if not missing and unequal is None:
        earned += shape
    return Score(earned, whole, findings=findings)


def _away(trial: Trial, parameters: int) -> float:
    return abs(trial.fit.parameters / parameters - 1)


def _widths(trial: Trial) -> tuple[int, ...]:
    return tuple(layer.units or 0 for layer in hidden_dense(trial.fit))
