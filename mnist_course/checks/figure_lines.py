"""The lines of a student's figure, in the notebook as in the test runner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mnist_course.checks.plain_values import type_name
from mnist_course.checks.score import CheckFailed
from mnist_course.grading.serialization import Portable

__all__ = ["Line", "figure_parts", "lines_of"]


@dataclass(frozen=True, slots=True)
class Line:
    """A line: its label, its values, the axes it stands in, the names in the legend.

    Parameters
    ----------
    label : str
    values : array of shape (n,)
    axes : mapping
        As ``grading/figure_parts.py`` takes them apart.
    legend : sequence of str
        Of the axes, or of the whole figure where the axes have none.
    """

    label: str
    values: np.ndarray[Any, Any]
    axes: Mapping[str, Any]
    legend: Sequence[Any]


def lines_of(curves: Any, *, name: str) -> list[Line]:
    """Return the lines of a figure, or of several.

    Parameters
    ----------
    curves : matplotlib.figure.Figure, its parts as they left a student's kernel, or a list
    name : str
        The student's variable.

    Raises
    ------
    CheckFailed
        If there is anything else in it.
    """
    found = []
    for figure in _figures(curves, name):
        around = figure.get("legend")
        for axes in _mappings(figure.get("axes")):
            legend = axes.get("legend") or around or ()
            for line in _mappings(axes.get("lines")):
                values = line.get("y")
                if isinstance(values, np.ndarray) and values.ndim == 1:
                    found.append(Line(str(line.get("label", "")), values, axes, legend))
    return found


def figure_parts(figure: Any) -> Mapping[str, Any] | None:
    """Return the parts of a figure, as `grading.figure_parts` names them; None for anything else.

    Parameters
    ----------
    figure : matplotlib.figure.Figure, axes or a grid in it, or its parts from a student's kernel
    """
    from mnist_course.grading.namespace import take_apart

    known = figure if isinstance(figure, Portable) else take_apart(figure)
    return known.parts if isinstance(known, Portable) and known.kind == "figure" else None


def _figures(curves: Any, name: str) -> list[Mapping[str, Any]]:
    """Return the parts of each figure, as they leave a student's kernel."""
    found: list[Mapping[str, Any]] = []
    for figure in curves if isinstance(curves, (list, tuple)) else [curves]:
        parts = figure_parts(figure)
        if parts is None:
            raise CheckFailed(
                f"`{name}` is still None."
                if figure is None
                else f"`{name}` holds a value of type {type_name(figure)}; expected a figure.",
                "The check reads the curves from the figure.",
                f"Begin with {name}, axes = plt.subplots(1, 2), then draw into axes[0] and "
                "axes[1].",
            )
        found.append(parts)
    return found


def _mappings(values: Any) -> list[Mapping[str, Any]]:
    # The parts of a figure come out of a student's process: of any form.
    if not isinstance(values, (list, tuple)):
        return []
    return [value for value in values if isinstance(value, Mapping)]
