"""Pictures of what was measured."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_gradient_norms", "plot_learning_rate_sweep"]

_LN10 = math.log(10)
_COLOURS = {"too low": "#b26a00", "good": "#2e7d32", "too high": "#b3261e"}


def plot_learning_rate_sweep(sweep: Any, ax: Axes | None = None) -> Axes:
    """Draw the loss after a short run against the learning rate.

    Parameters
    ----------
    sweep : pandas.DataFrame
        From `learning_rate_sweep`.
    ax : matplotlib.axes.Axes, optional
        A new figure without it.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = _axes(ax)
    ceiling = 1.6 * _LN10
    rates, losses = sweep["learning rate"], sweep["loss after"].fillna(math.inf)
    ax.plot(rates, losses.clip(upper=ceiling), color="0.6", zorder=1)
    for verdict, colour in _COLOURS.items():
        chosen = sweep["verdict"] == verdict
        if chosen.any():
            shown = losses[chosen].clip(upper=ceiling)
            ax.scatter(rates[chosen], shown, color=colour, label=verdict, zorder=2)
    ax.axhline(_LN10, color="0.3", linestyle="--", linewidth=1)
    ax.annotate("guessing: ln 10", (rates.iloc[0], _LN10), xytext=(0, 3), fontsize="small",
                textcoords="offset points")  # fmt: skip
    ax.set(
        xscale="log",
        ylim=(0, ceiling * 1.05),
        xlabel="learning rate",
        ylabel="cross-entropy after the short run",
        title="Which learning rate lets this network learn?",
    )
    ax.legend()
    return ax


def plot_gradient_norms(norms: Any, ax: Axes | None = None) -> Axes:
    """Draw the gradient of each layer as a bar, input at the top.

    Parameters
    ----------
    norms : pandas.DataFrame
        From `gradient_norms`.
    ax : matplotlib.axes.Axes, optional
        A new figure without it.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = _axes(ax)
    ax.barh(norms["layer"], norms["per weight"], color="#4c72b0")
    ax.invert_yaxis()
    if (norms["per weight"] > 0).all():
        ax.set_xscale("log")
    ax.set(
        xlabel="gradient per weight (root mean square)",
        title="How strongly does the loss pull at each layer?",
    )
    return ax


def _axes(ax: Axes | None) -> Axes:
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(6, 3.5), layout="constrained")[1]
