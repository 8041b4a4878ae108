"""Which way is better for a measure, and its value in a trial."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from mnist_course.exceptions import ConfigurationError
from mnist_course.experiments.recording.strict_dict import describe
from mnist_course.experiments.trials.trial import Trial

__all__ = ["higher_is_better", "measures", "value", "values_by_arm"]

_HIGHER = ("accuracy",)
_LOWER = (
    "cross_entropy",
    "loss",
    "mse",
    "gap",
    "error",
    "updates",
    "epochs",
    "seconds",
    "parameters",
    "weight_norm",
)

_USUAL = (
    "parameters",
    "updates",
    "epochs",
    "best_epoch",
    *(
        f"{part}_{name}"
        for part in ("train", "val", "test")
        for name in ("accuracy", "cross_entropy", "mse")
    ),
    "gap",
    "weight_norm",
)


def higher_is_better(metric: str) -> bool:
    """Say whether more is better.

    Parameters
    ----------
    metric : str
        A name in ``Trial.measured``, or ``seconds``. What decides is the words in it: accuracies
        should be high; losses, errors, times, costs should be low.

    Raises
    ------
    ConfigurationError
        If no word in it says so.
    """
    if any(word in metric for word in _LOWER):
        return False
    if any(word in metric for word in _HIGHER):
        return True
    raise ConfigurationError(
        f"It is not known whether more or less of {describe(metric)} is better. Compare arms by a "
        f"measure with one of these words in its name: {', '.join(_HIGHER + _LOWER)}."
    )


def value(trial: Trial, metric: str) -> float:
    """Return one measure of a trial, NaN where training went wrong.

    Raises
    ------
    ConfigurationError
        If the trial does not have it.
    """
    if metric == "seconds":
        return trial.seconds
    if metric not in trial.measured:
        raise ConfigurationError(
            f"The trial {trial.arm!r}, seed {trial.seed}, has no measure {describe(metric)}. "
            f"It has: {', '.join(measures([trial]))}."
        )
    measured = trial.measured[metric]
    return measured if math.isfinite(measured) else math.nan


def measures(trials: Sequence[Trial]) -> tuple[str, ...]:
    """Name the measures of some trials: the usual order, the others by name, ``seconds`` last."""
    names = {name for trial in trials for name in trial.measured}
    usual = [name for name in _USUAL if name in names]
    return (*usual, *sorted(names.difference(usual)), "seconds")


def values_by_arm(
    trials: Sequence[Trial], metric: str
) -> Mapping[str, tuple[list[int], list[float]]]:
    """Return seeds with values of every arm, arms in the order in which they come first."""
    arms: dict[str, tuple[list[int], list[float]]] = {}
    for trial in trials:
        seeds, values = arms.setdefault(trial.arm, ([], []))
        seeds.append(trial.seed)
        values.append(value(trial, metric))
    return arms
