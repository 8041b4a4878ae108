"""How many updates a fit took until it was good enough."""

from __future__ import annotations

import math
from dataclasses import replace

from mnist_course.exceptions import ConfigurationError
from mnist_course.experiments.recording.strict_dict import describe
from mnist_course.experiments.trials.trial import Trial

__all__ = ["updates_to_reach"]


def updates_to_reach(
    trial: Trial, level: float, name: str, *, series: str = "val_cross_entropy"
) -> Trial:
    """Return the trial with one more measure: the updates after which a loss was low enough.

    Parameters
    ----------
    trial : Trial
    level : float
        Reached at the end of the first epoch where the series is not above it.
    name : str
        Of the measure; one with ``updates`` in it, so that fewer are better.
    series : str
        A name in the history of the fit.

    Returns
    -------
    Trial
        NaN, a failure, where the level was not reached.

    Raises
    ------
    ConfigurationError
        If the history has no such series.
    """
    history = trial.fit.history
    if series not in history:
        raise ConfigurationError(
            f"The fit of {trial.arm!r}, seed {trial.seed}, has no series {describe(series)}. "
            f"It has: {', '.join(history)}."
        )
    epoch = next((e for e, value in enumerate(history[series], 1) if value <= level), None)
    updates = math.nan if epoch is None else epoch * trial.fit.steps / trial.fit.epochs
    return replace(trial, measured={**trial.measured, name: updates})
