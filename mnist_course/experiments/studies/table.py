"""The trials of a study as tables: every trial a row, every arm a row."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_course.experiments.studies.metrics import measures, values_by_arm
from mnist_course.experiments.trials.configuration import Configuration
from mnist_course.experiments.trials.trial import Trial

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CONFIDENCE", "frame", "summary"]

CONFIDENCE = 0.95


def frame(trials: Sequence[Trial]) -> pd.DataFrame:
    """Return a tidy table, one row for each trial, in the order of the trials.

    Parameters
    ----------
    trials : sequence of Trial

    Returns
    -------
    pandas.DataFrame
        Columns ``arm``, ``seed``; the fields of the configurations that are not at their defaults
        in at least one trial (None for a trial without configuration; ``epochs_asked`` where a
        measure has the name of the field); every measure (NaN where a trial has no such measure);
        ``seconds``; ``source``.

    Examples
    --------
    >>> frame(trials)[["arm", "seed", "dropout", "val_accuracy"]]  # doctest: +SKIP
    """
    import pandas as pd

    trials = list(trials)
    names = [name for name in measures(trials) if name != "seconds"]
    asked = _asked(trials)
    columns = {
        field: f"{field}_asked" if field in {"arm", "seed", "seconds", "source", *names} else field
        for field in asked
    }
    rows = [
        {
            "arm": trial.arm,
            "seed": trial.seed,
            **{
                columns[field]: (
                    None if trial.configuration is None else getattr(trial.configuration, field)
                )
                for field in asked
            },
            **{name: trial.measured.get(name, math.nan) for name in names},
            "seconds": trial.seconds,
            "source": trial.source,
        }
        for trial in trials
    ]
    order = ["arm", "seed", *columns.values(), *names, "seconds", "source"]
    return pd.DataFrame(rows, columns=order)


def summary(trials: Sequence[Trial], metric: str = "val_accuracy") -> pd.DataFrame:
    """Return mean and spread of one measure, a row for each arm.

    Parameters
    ----------
    trials : sequence of Trial
    metric : str
        A name in ``Trial.measured``, or ``seconds``.

    Returns
    -------
    pandas.DataFrame
        Index ``arm`` in the order in which the arms come first. ``n``: trials that have a value;
        ``failed``: trials where training went wrong, which the other columns leave out; ``mean``;
        ``sd``: standard deviation over seeds (``ddof=1``); ``low``, ``high``: 95 % confidence
        interval of the mean by Student's t. NaN where there are too few trials (2 for a spread).

    Raises
    ------
    ConfigurationError
        If a trial does not have the measure.
    """
    import pandas as pd

    rows: dict[str, dict[str, Any]] = {}
    for arm, (_, values) in values_by_arm(list(trials), metric).items():
        # Sorted, so that the order of the trials cannot change a last digit.
        finite = np.sort([value for value in values if math.isfinite(value)]).astype(np.float64)
        low, high = confidence_interval(finite)
        rows[arm] = {
            "n": len(finite),
            "failed": len(values) - len(finite),
            "mean": float(finite.mean()) if len(finite) else math.nan,
            "sd": float(finite.std(ddof=1)) if len(finite) > 1 else math.nan,
            "low": low,
            "high": high,
        }
    columns = ["n", "failed", "mean", "sd", "low", "high"]
    table = pd.DataFrame(
        list(rows.values()), index=pd.Index(list(rows), name="arm"), columns=columns
    )
    return table.astype({"n": "int64", "failed": "int64", **dict.fromkeys(columns[2:], "float64")})


def confidence_interval(values: np.ndarray) -> tuple[float, float]:
    """Return the 95 % confidence interval of the mean by Student's t, NaN for fewer than 2."""
    from scipy.stats import t

    if len(values) < 2:
        return math.nan, math.nan
    half = float(t.ppf((1 + CONFIDENCE) / 2, len(values) - 1)) * float(
        values.std(ddof=1) / math.sqrt(len(values))
    )
    mean = float(values.mean())
    return mean - half, mean + half


def _asked(trials: Sequence[Trial]) -> list[str]:
    """Name the fields that are not at their defaults somewhere, in the order of the fields."""
    changed = {
        name
        for trial in trials
        if trial.configuration is not None
        for name in trial.configuration.changed()
    }
    return [field.name for field in fields(Configuration) if field.name in changed]
