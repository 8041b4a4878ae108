"""The panels of one layer: a field of squares for a hidden one, bars for the last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mnist_course.visualization.style import BLUE, GRID, INK, MUTED, VERMILION, signed_colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["are_words", "draw_bars", "draw_field"]

_SHORT = 2  # letters of a name that stands below its bar
_MOST_LINES = 200  # units that are told apart by lines


def are_words(names: Sequence[str]) -> bool:
    """Tell whether names are too long to stand side by side."""
    return max(map(len, names)) > _SHORT


def draw_bars(
    panel: Axes,
    outputs: NDArray[np.float64],
    example: int,
    *,
    names: Sequence[str],
    true: int,
) -> None:
    """Draw what the last layer says of an example, one bar for each class.

    Parameters
    ----------
    panel : matplotlib.axes.Axes
    outputs : ndarray (n, classes)
        Of all examples, which share one scale.
    example : int
        Which row to draw.
    names : sequence of str
        Of the classes; words stand beside bars that lie.
    true : int
        The true class, in bold.
    """
    values = outputs[example]
    answer = int(values.argmax())
    colours = ["white"] * len(values)
    colours[answer] = BLUE if answer == true else VERMILION
    low, high = float(outputs.min()), float(outputs.max())
    share = low >= 0 and high <= 1 + 1e-6  # probabilities
    limits = (0.0, 1.18) if share else (min(low, 0.0) * 1.1, max(high, 0.0) * 1.2 or 1.0)
    # Words are read along the bars, digits below them.
    lying = are_words(names)
    draw = panel.barh if lying else panel.bar
    draw(range(len(values)), values, 0.72, color=colours, edgecolor=MUTED, linewidth=0.7)
    named, scale = (panel.yaxis, panel.xaxis) if lying else (panel.xaxis, panel.yaxis)
    named.set_ticks(range(len(values)), names, fontsize=6 if lying else 8)
    named.set_tick_params(length=0, pad=2)
    for place, label in enumerate(named.get_ticklabels()):
        label.set(
            color=INK if place == true else MUTED,
            fontweight="bold" if place == true else "normal",
        )
    scale.set_ticks([0, 1] if share else [0])
    scale.set_tick_params(labelsize=7, color=MUTED, labelcolor=MUTED, pad=1)
    if lying:
        panel.set_xlim(*limits)
        panel.invert_yaxis()
    else:
        panel.set_ylim(*limits)
    panel.spines[["top", "right"]].set_visible(False)
    panel.spines[["left", "bottom"]].set_color(GRID)
    end = max(float(values[answer]), 0.0)
    x, y = (end, answer) if lying else (answer, end)
    panel.annotate(
        f"{values[answer]:.2f}", (x, y), xytext=(2, 0) if lying else (0, 1),
        textcoords="offset points", fontsize=7, color=INK,
        ha="left" if lying else "center", va="center" if lying else "bottom",
    )  # fmt: skip


def draw_field(panel: Axes, outputs: NDArray[np.float64], example: int) -> None:
    """Draw what a hidden layer makes of an example as a field of squares.

    Parameters
    ----------
    panel : matplotlib.axes.Axes
    outputs : ndarray (n, units)
        Of all examples, which share one scale of colours.
    example : int
        Which row to draw.
    """
    import matplotlib as mpl

    units = outputs.shape[1]
    columns = _columns(units)
    field = np.full(-(-units // columns) * columns, np.nan)
    field[:units] = outputs[example]
    largest = float(np.abs(outputs).max()) or 1.0
    signed = bool(outputs.min() < 0)
    colours = signed_colours() if signed else mpl.colormaps["Blues"]
    panel.imshow(
        field.reshape(-1, columns),
        # No unit is something else than a silent one.
        cmap=colours.with_extremes(bad=MUTED),
        vmin=-largest if signed else 0,
        vmax=largest,
        interpolation="nearest",
    )
    rows = len(field) // columns
    if units <= _MOST_LINES:
        panel.set_xticks(np.arange(-0.5, columns), minor=True)
        panel.set_yticks(np.arange(-0.5, rows), minor=True)
        panel.grid(which="minor", color=GRID, linewidth=0.6)
    panel.set(xticks=[], yticks=[])
    panel.tick_params(which="both", length=0)
    for side in panel.spines.values():
        side.set_color(GRID)


def _columns(units: int) -> int:
    """Return how many units stand in a row: full rows, where that gives a handy field."""
    wanted = (2 * units) ** 0.5
    full = [c for c in range(1, units + 1) if units % c == 0 and wanted / 2 <= c <= 2 * wanted]
    return min(full, key=lambda c: abs(c - wanted)) if full else max(1, round(wanted))
