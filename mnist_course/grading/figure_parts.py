"""Take a figure of matplotlib apart into plain parts: what is drawn, and what is written.

This module runs inside the sandbox, beside the student's code, as `namespace` does, and loads
neither matplotlib nor seaborn: whoever has a figure has loaded them.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

__all__ = ["figure_of", "figure_parts"]

_MOST_BARS = 2_000  # bars, error bars or bands of one picture
# What seaborn gives back, and parts of a figure, lead to the figure in which they are.
_IN_A_FIGURE = frozenset({"matplotlib.Axes", "matplotlib.SubFigure", "seaborn._BaseGrid"})


def figure_of(value: Any, names: Collection[str]) -> Any:
    """Return the figure that a value is, or stands in; None for anything else.

    Parameters
    ----------
    value : object
    names : collection of str
        Its classes, each as package.class.
    """
    if "matplotlib.Figure" in names:
        return value
    return None if _IN_A_FIGURE.isdisjoint(names) else value.figure


def figure_parts(figure: Any) -> dict[str, Any]:
    """Return the title, the legend and the axes of a figure as plain values and arrays."""
    return {
        "title": figure.get_suptitle(),
        "legend": [t.get_text() for legend in figure.legends for t in legend.get_texts()],
        "axes": [_axes(axes) for axes in figure.axes],
    }


def _axes(axes: Any) -> dict[str, Any]:
    legend = axes.get_legend()
    return {
        "title": next(filter(None, map(axes.get_title, ("center", "left", "right"))), ""),
        "xlabel": _label(axes, "x"),
        "ylabel": _label(axes, "y"),
        "legend": [] if legend is None else [t.get_text() for t in legend.get_texts()],
        "lines": [
            {"label": str(line.get_label()), "x": _numbers(line.get_xdata()),
             "y": _numbers(line.get_ydata())}
            for line in axes.get_lines()
        ],
        "points": [
            {"label": str(drawn.get_label()), "x": _numbers(drawn.get_offsets()[:, 0]),
             "y": _numbers(drawn.get_offsets()[:, 1])}
            for drawn in axes.collections if type(drawn).__name__ == "PathCollection"
        ],
        "texts": [text.get_text() for text in axes.texts],
        "images": len(axes.get_images()),
        "bars": len(axes.patches),
        "tops": _tops(axes),
        "segments": _corners(axes, "LineCollection"),
        "bands": _corners(axes, "PolyCollection"),
    }  # fmt: skip


def _label(axes: Any, side: str) -> str:
    """Return the name of an axis: its own, that of axes which share it, or that of the figure.

    Panels in a grid leave out what the panel below or at their left says.
    """
    shared = getattr(axes, f"get_shared_{side}_axes")().get_siblings(axes)
    own = next(filter(None, (getattr(one, f"get_{side}label")() for one in (axes, *shared))), "")
    return str(own or getattr(axes.get_figure(), f"get_sup{side}label")())


def _tops(axes: Any) -> list[dict[str, Any]]:
    """Return where the bars end: an upright one in y, a lying one in x."""
    bars = [patch for patch in axes.patches if type(patch).__name__ == "Rectangle"]
    x = [bar.get_x() + bar.get_width() for bar in bars[:_MOST_BARS]]
    y = [bar.get_y() + bar.get_height() for bar in bars[:_MOST_BARS]]
    return [{"label": "", "x": _numbers(x), "y": _numbers(y)}] if bars else []


def _corners(axes: Any, kind: str) -> list[dict[str, Any]]:
    """Return the corners of error bars (``LineCollection``), or of bands (``PolyCollection``)."""
    found = []
    for drawn in axes.collections:
        if kind not in {base.__name__ for base in type(drawn).__mro__}:
            continue
        corners = [path.vertices for path in drawn.get_paths()[:_MOST_BARS]]
        if corners:
            both = np.concatenate(corners)
            found.append({"label": str(drawn.get_label()), "x": both[:, 0], "y": both[:, 1]})
    return found


def _numbers(data: Any) -> Any:
    array = np.asarray(data)
    return array if array.dtype.kind in "biuf" else [str(v) for v in array.ravel()]
