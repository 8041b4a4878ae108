"""What a student's figure shows: numbers, intervals, curves, names of axes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_course.checks.figure_lines import figure_parts
from mnist_course.checks.plain_values import type_name
from mnist_course.grading.results import Finding

__all__ = ["Axes", "Drawn", "axes_of", "drawn_in", "is_among", "same_curve", "series"]

_CLOSE = 1e-3  # of a value: numbers may be drawn as they are rounded
_MOST_VALUES = 200_000

Axes = Mapping[str, Any]
Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Drawn:
    """The numbers in one direction of a figure.

    Parameters
    ----------
    values : array of shape (n,)
        Sorted: points, corners of lines, ends of bars, of error bars and of bands.
    intervals : tuple of (low, high)
        Error bars and bands.
    """

    values: Array
    intervals: tuple[tuple[float, float], ...]


def axes_of(figure: Any, name: str) -> list[Axes] | Finding:
    """Return the axes of a figure as plain parts, or why there are none.

    Parameters
    ----------
    figure : matplotlib.figure.Figure, its parts, axes, or a grid of seaborn
    name : str
        The student's variable.
    """
    how = f"{name}, axes = plt.subplots(), then draw into axes."
    why = "This item looks at the picture that you draw."
    if figure is None:
        return Finding(f"`{name}` is still None.", why, how)
    parts = figure_parts(figure)
    if parts is None:
        words = f"`{name}` is a {type_name(figure)}; expected a figure of matplotlib."
        return Finding(words, why, how)
    found = parts.get("axes")
    axes = [a for a in found if isinstance(a, Mapping)] if isinstance(found, (list, tuple)) else []
    if not axes:
        return Finding(f"`{name}` has no axes: nothing is drawn in it.", why, how)
    return axes


def drawn_in(axes: Sequence[Axes]) -> tuple[Drawn, Drawn]:
    """Return what is drawn upwards, then what is drawn to the right."""
    both = tuple(
        Drawn(
            _sorted(
                pair[side]
                for one in axes
                for pair in series(one, ("lines", "points", "segments", "bands", "tops"))
            ),
            tuple(interval for one in axes for interval in _intervals(one, side)),
        )
        for side in (1, 0)
    )
    return both[0], both[1]


def series(axes: Axes, kinds: Iterable[str]) -> list[tuple[Array, Array]]:
    """Return (x, y) of every line, group of points, or whatever kinds are named."""
    found = []
    for kind in kinds:
        parts = axes.get(kind)
        for part in parts if isinstance(parts, (list, tuple)) else ():
            if isinstance(part, Mapping):
                found.append((_floats(part.get("x")), _floats(part.get("y"))))
    return found


def is_among(value: float, values: Array) -> bool:
    """Tell whether a number is among sorted ones, as it is or rounded."""
    room = max(_CLOSE / 2, _CLOSE * abs(value))
    place = int(np.searchsorted(values, value - room))
    return place < len(values) and bool(values[place] <= value + room)


def same_curve(drawn: Array, values: Sequence[float]) -> bool:
    """Tell whether a line is a series of numbers, as shares or in percent."""
    if len(drawn) != len(values):
        return False
    wanted = np.asarray(values, dtype=np.float64)
    known = np.isfinite(wanted)
    with np.errstate(all="ignore"):
        return any(
            bool(
                (
                    np.abs(drawn / factor - wanted)[known]
                    <= _CLOSE * np.maximum(1.0, np.abs(wanted[known]))
                ).all()
            )
            for factor in (1.0, 100.0)
        )


def _intervals(axes: Axes, side: int) -> Iterator[tuple[float, float]]:
    """Yield the ends of what stands upright (side 1) or lies flat (side 0)."""
    for pair in series(axes, ("lines",)):
        along, across = pair[side], pair[1 - side]
        if 2 <= len(along) <= 4 and _is_one(across):
            yield _ends(along)
    for pair in series(axes, ("segments",)):
        along, across = pair[side], pair[1 - side]
        for place in range(0, len(along) - 1, 2):
            if _is_one(across[place : place + 2]):
                yield _ends(along[place : place + 2])
    for pair in series(axes, ("bands",)):
        yield _ends(pair[side])


def _is_one(values: Array) -> bool:
    finite = values[np.isfinite(values)]
    return len(finite) > 0 and float(finite.max() - finite.min()) < 1e-9


def _ends(values: Array) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return math.nan, math.nan
    return float(finite.min()), float(finite.max())


def _sorted(parts: Iterable[Array]) -> Array:
    arrays = [part[np.isfinite(part)] for part in parts]
    return np.sort(np.concatenate([np.empty(0), *arrays]))[:_MOST_VALUES]


def _floats(values: Any) -> Array:
    if isinstance(values, np.ndarray) and values.dtype.kind in "biuf":
        return values.ravel()[:_MOST_VALUES].astype(np.float64)
    if not isinstance(values, (list, tuple, np.ndarray)):
        return np.empty(0)
    found = []
    for value in list(values)[:_MOST_VALUES]:
        try:
            found.append(float(value))
        except (TypeError, ValueError, OverflowError):  # a category
            found.append(math.nan)
    return np.array(found, dtype=np.float64)
