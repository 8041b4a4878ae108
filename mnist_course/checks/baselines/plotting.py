"""Points for a picture of accuracy against seconds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from mnist_course.checks.baselines.comparing import columns_of
from mnist_course.checks.figure_lines import figure_parts
from mnist_course.checks.plain_values import type_name
from mnist_course.checks.score import Score
from mnist_course.grading.results import Finding

__all__ = ["check_plot"]

_CLOSE = 0.02  # of a value: numbers may be drawn as the table rounds them
_AXES = 'figure.axes[0].set(xlabel="seconds", ylabel="accuracy", xscale="log")'


def check_plot(figure: Any, table: Any, *, points: float, axes: float, names: float) -> Score:
    """Give points for a figure that shows the rows of a table.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    table : pandas.DataFrame
        With the columns method, accuracy, seconds.
    points : float
        For one point a method, at its seconds and its accuracy; in part when some are missing.
    axes : float
        For axes with names.
    names : float
        For the methods' names, in the picture or in its legend.
    """
    of = points + axes + names
    drawn, columns = _axes(figure), columns_of(table, "plotted")
    if isinstance(drawn, Finding):
        return Score(0, of, findings=(drawn,))
    if isinstance(columns, Finding):
        return Score(0, of, findings=(columns,))
    wanted = {
        str(name): (float(s), float(a))
        for name, s, a in zip(
            columns["method"], columns["seconds"], columns["accuracy"], strict=True
        )
    }
    best = max(drawn, key=lambda one: len(_found(one, wanted)))
    found = _found(best, wanted)
    findings = [] if len(found) == len(wanted) else [_missing(best, wanted, found)]
    earned = points * len(found) / len(wanted)
    if 2 * len(found) > len(wanted):  # names of what is not there are worth nothing
        unnamed = [side for side in ("xlabel", "ylabel") if not str(best[side]).strip()]
        named = [name for name in wanted if _is_named(name, best)]
        earned += axes * (not unnamed) + names * (len(named) == len(wanted))
        findings += [_no_label(unnamed)] if unnamed else []
        findings += [_no_names(named, wanted)] if len(named) < len(wanted) else []
    if not findings:
        return Score(of, of, f"All {len(wanted)} methods are where the table says, with names.")
    return Score(earned, of, findings=findings)


def _axes(figure: Any) -> list[Mapping[str, Any]] | Finding:
    if figure is None:
        return Finding(
            "`figure` is still None.",
            "This item looks at the picture that you draw.",
            "figure, axes = plt.subplots(), then draw into axes.",
        )
    parts = figure_parts(figure)
    if parts is None:
        return Finding(
            f"`figure` is a {type_name(figure)}; expected a figure of matplotlib.",
            "This item looks at the picture that you draw.",
            "figure, axes = plt.subplots(), then draw into axes.",
        )
    axes = parts["axes"]
    if not axes:
        return Finding(
            "`figure` has no axes: nothing is drawn in it.",
            "This item looks at the picture that you draw.",
            "figure, axes = plt.subplots(), then draw into axes.",
        )
    above = parts.get("legend", ())  # of the figure as a whole
    return [{**one, "legend": [*one["legend"], *above]} for one in axes]


def _places(axes: Mapping[str, Any]) -> Iterator[tuple[float, float]]:
    """Yield every point of a scatter plot and every vertex of a line."""
    for series in (*axes.get("points", ()), *axes["lines"]):
        for x, y in zip(np.ravel(series["x"]), np.ravel(series["y"]), strict=False):
            try:
                yield float(x), float(y)
            except ValueError:  # a category
                continue


def _found(axes: Mapping[str, Any], wanted: Mapping[str, tuple[float, float]]) -> list[str]:
    """Return the methods that have a point of their own where the table says."""
    places = list(_places(axes))
    found = []
    for name, (seconds, accuracy) in wanted.items():
        match = next((p for p in places if _is_at(p, seconds, accuracy)), None)
        if match is not None:
            places.remove(match)
            found.append(name)
    return found


def _is_at(place: tuple[float, float], seconds: float, accuracy: float) -> bool:
    """Compare a point, with accuracy as a share or in percent."""
    x, y = place
    return math.isclose(x, seconds, rel_tol=_CLOSE, abs_tol=1e-9) and any(
        math.isclose(y, accuracy * factor, rel_tol=_CLOSE / 4) for factor in (1, 100)
    )


def _missing(
    axes: Mapping[str, Any], wanted: Mapping[str, tuple[float, float]], found: list[str]
) -> Finding:
    lacking = [name for name in wanted if name not in found]
    turned = {name: (accuracy, seconds) for name, (seconds, accuracy) in wanted.items()}
    if not found and len(_found(axes, turned)) == len(wanted):
        return Finding(
            "Accuracy runs to the right, seconds upwards.",
            "What is asked for is accuracy against seconds: what a gain costs is read from left "
            "to right.",
            "Swap the two: x is seconds, y is accuracy.",
        )
    count = len(list(_places(axes)))
    return Finding(
        f"{len(found)} of {len(wanted)} methods have a point where `plotted` says; the picture has "
        f"{count} points. Not found: {', '.join(lacking)}.",
        "A picture that shows other numbers than the table misleads whoever trusts it.",
        'axes.scatter(plotted["seconds"], plotted["accuracy"])',
    )


def _is_named(name: str, axes: Mapping[str, Any]) -> bool:
    words = [*axes.get("texts", ()), *axes["legend"]]
    return any(name.lower() in str(word).lower() for word in words)


def _no_label(sides: list[str]) -> Finding:
    missing = " and ".join("x axis" if side == "xlabel" else "y axis" for side in sides)
    return Finding(
        f"The {missing} has no name." if len(sides) == 1 else f"The {missing} have no names.",
        "Numbers without a name may mean anything: seconds, hours, percent.",
        _AXES,
    )


def _no_names(named: list[str], wanted: Mapping[str, Any]) -> Finding:
    lacking = [name for name in wanted if name not in named]
    return Finding(
        f"In the picture there is no name for {', '.join(lacking)}.",
        "A point that nobody can tell from the others says nothing about a method.",
        "axes.annotate(name, (seconds, accuracy)) for each row, or a legend.",
    )
