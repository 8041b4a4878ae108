"""Figures of a study that show the spread: every trial, the mean, its confidence interval."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_course.exceptions import ConfigurationError
from mnist_course.experiments.recording.strict_dict import describe
from mnist_course.experiments.studies.metrics import value, values_by_arm
from mnist_course.experiments.studies.table import confidence_interval
from mnist_course.experiments.trials.trial import Trial
from mnist_course.visualization.style import BLUE, GRID, INK, MUTED, VERMILION, heading, own_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_arms", "plot_curves", "plot_sweep"]

_HEIGHT = 0.36  # of the strip in which an arm's points lie
_LINE = 58  # characters of a title on one line
_SERIES = ("val_cross_entropy", "val_loss", "loss")


def plot_arms(
    trials: Sequence[Trial],
    metric: str = "val_accuracy",
    *,
    ax: Axes | None = None,
    title: str = "",
) -> Axes:
    """Draw every trial as a point, the mean of each arm with its 95 % confidence interval.

    Parameters
    ----------
    trials : sequence of Trial
    metric : str
        A name in ``Trial.measured``, or ``seconds``.
    ax : matplotlib.axes.Axes, optional
        Without it, a new figure.
    title : str

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ConfigurationError
        If a trial does not have the measure, or there is no trial.
    """
    import pandas as pd
    import seaborn as sns

    _some(trials)
    by_arm = values_by_arm(trials, metric)
    table = pd.DataFrame(
        [(arm, value) for arm, (_, values) in by_arm.items() for value in values],
        columns=["arm", metric],
    ).dropna()
    ax = own_axes(ax, width=6.4, height=0.9 + 0.5 * len(by_arm))
    order = list(by_arm)
    sns.pointplot(
        table,
        x=metric,
        y="arm",
        order=order,
        ax=ax,
        errorbar=_interval,
        color=VERMILION,
        linestyle="none",
        marker="D",
        markersize=5,
        capsize=0.25,
        err_kws={"linewidth": 1.6},
    )
    for place, (_, values) in enumerate(by_arm.values()):
        ax.scatter(values, _beside(place, len(values)), color=BLUE, alpha=0.55, s=30, zorder=2)
        if failed := sum(math.isnan(value) for value in values):
            ax.text(
                1.0, place, f"{failed} failed", transform=ax.get_yaxis_transform(), ha="right",
                va="bottom", color=MUTED, fontsize=9,
            )  # fmt: skip
    ax.set_xlabel(f"{metric} (points: trials, diamond: mean, bar: its 95 % interval)", color=INK)
    ax.set_ylabel("")
    return _dressed(ax, title)


def plot_curves(
    trials: Sequence[Trial],
    series: str | None = None,
    *,
    ax: Axes | None = None,
    title: str = "",
) -> Axes:
    """Draw how arms learn: the mean over seeds, a band for its 95 % confidence interval.

    Parameters
    ----------
    trials : sequence of Trial
    series : str, optional
        A name in the history of the fits; by default the validation loss without penalty.
    ax : matplotlib.axes.Axes, optional
        Without it, a new figure.
    title : str

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ConfigurationError
        If a fit has no such series, or there is no trial.
    """
    import pandas as pd
    import seaborn as sns
    from matplotlib.ticker import MaxNLocator

    _some(trials)
    name = series or next((s for s in _SERIES if s in trials[0].fit.history), "loss")
    rows = []
    for trial in trials:
        if name not in trial.fit.history:
            raise ConfigurationError(
                f"The fit of {trial.arm!r}, seed {trial.seed}, has no series {describe(name)}. "
                f"It has: {', '.join(trial.fit.history)}."
            )
        rows += [(trial.arm, e, v) for e, v in enumerate(trial.fit.history[name], 1)]
    table = pd.DataFrame(rows, columns=["arm", "epoch", name]).replace(
        [math.inf, -math.inf], math.nan
    )
    ax = own_axes(ax, width=6.4, height=3.8)
    sns.lineplot(
        table.dropna(),
        x="epoch",
        y=name,
        hue="arm",
        style="arm",
        palette="colorblind",
        errorbar=_interval,
        ax=ax,
    )
    ax.set_xlabel("epoch", color=INK)
    ax.set_ylabel(name, color=INK)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(title="mean, 95 % interval", frameon=False, fontsize=9, title_fontsize=9)
    return _dressed(ax, title)


def plot_sweep(
    trials: Sequence[Trial],
    field: str,
    metric: str = "val_accuracy",
    *,
    ax: Axes | None = None,
    log: bool = False,
    title: str = "",
) -> Axes:
    """Draw a measure against a number that the arms differ in.

    Parameters
    ----------
    trials : sequence of Trial
        Each with a configuration.
    field : str
        A field of `Configuration` that is a number, a name in ``Trial.measured``, or ``depth``,
        the number of hidden layers.
    metric : str
        A name in ``Trial.measured``, or ``seconds``.
    ax : matplotlib.axes.Axes, optional
        Without it, a new figure.
    log : bool
        Whether the axis of the field is logarithmic.
    title : str

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ConfigurationError
        If a trial has no such number, or there is no trial.
    """
    import pandas as pd
    import seaborn as sns

    _some(trials)
    rows = [(_number(trial, field), value(trial, metric)) for trial in trials]
    table = pd.DataFrame(rows, columns=[field, metric]).dropna()
    ax = own_axes(ax, width=6.4, height=3.8)
    sns.scatterplot(table, x=field, y=metric, color=BLUE, alpha=0.55, ax=ax)
    sns.lineplot(
        table,
        x=field,
        y=metric,
        color=VERMILION,
        errorbar=_interval,
        err_style="bars",
        marker="D",
        ax=ax,
    )
    if log:
        ax.set_xscale("log")
    ax.set_xlabel(field.replace("_", " "), color=INK)
    ax.set_ylabel(metric, color=INK)
    return _dressed(ax, title)


def _beside(place: int, number: int) -> list[float]:
    """Return heights around the line of an arm, so that equal values do not hide each other.

    Not at random, so that the same trials give the same figure.
    """
    golden = (math.sqrt(5) - 1) / 2
    return [place + _HEIGHT * ((golden * i + 0.5) % 1 - 0.5) for i in range(number)]


def _number(trial: Trial, field: str) -> float:
    if field in trial.measured:
        return trial.measured[field]
    configuration = trial.configuration
    found: Any = None
    if configuration is not None:
        found = (
            len(configuration.hidden) if field == "depth" else getattr(configuration, field, None)
        )
    if type(found) not in (int, float):
        raise ConfigurationError(
            f"The trial {trial.arm!r}, seed {trial.seed}, has no number {describe(field)} to draw "
            "along the axis. Take a field of Configuration that is a number, or a measure."
        )
    return float(found)


def _interval(values: Any) -> tuple[float, float]:
    return confidence_interval(np.asarray(values, dtype=np.float64))


def _some(trials: Sequence[Trial]) -> None:
    if not trials:
        raise ConfigurationError("There is no trial to draw. Run the study first.")


def _dressed(ax: Axes, title: str) -> Axes:
    ax.grid(color=GRID, linewidth=0.8)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(colors=MUTED)
    if title:
        heading(ax, textwrap.fill(title, _LINE))
    return ax
