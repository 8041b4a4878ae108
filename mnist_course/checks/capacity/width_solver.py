"""Points for solving the number of parameters for the width of the layers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from mnist_course.checks.capacity.formulas import count_parameters, width_for
from mnist_course.checks.functions import allow_seconds
from mnist_course.checks.plain_values import as_number
from mnist_course.checks.score import Score
from mnist_course.checks.two_layers.calls import ask
from mnist_course.grading.results import Finding

__all__ = ["check_width_solver", "widths_or_given"]

_SEVERAL = ((1, 50_000), (2, 50_000), (3, 20_000), (5, 100_000), (1, 7_960))
_CALL_SECONDS = 5.0


def check_width_solver(
    function: Any,
    *,
    points: float,
    rounded_down: float,
    fractions: float,
    seed: int = 0,
    name: str = "width_for",
) -> Score:
    """Check that ``function(depth, parameters)`` names the width that comes closest.

    Parameters
    ----------
    function : callable
        The student's.
    points : float
        For widths that come closest in every case; of two that are equally close, either.
    rounded_down : float
        Instead, for widths that are right up to rounding.
    fractions : float
        Instead, for right widths that are no whole numbers.
    seed : int
        Of the numbers that are tried besides some fixed ones.
    name : str
        For the sentences.
    """
    allow_seconds(function, seconds=_CALL_SECONDS)
    rng = np.random.default_rng(seed)
    sizes = (10 ** rng.uniform(3.7, 6.3, 8)).astype(int)
    cases = [*_SEVERAL, *((1 + i % 7, int(size)) for i, size in enumerate(sizes))]
    near: list[Finding] = []
    broken = False
    for depth, parameters in cases:
        answer = ask(function, name, depth, parameters)
        if answer.finding is not None:
            return Score(0, points, findings=(_named(answer.finding, depth),))
        found = as_number(answer.value)
        call = f"`{name}({depth}, {parameters})`"
        if found is None:
            return Score(0, points, findings=(_no_number(call),))
        broken = broken or found != int(found)
        off = _compared(found, depth, parameters, call)
        if off is None:
            continue
        if abs(found - width_for(depth, parameters)) > 1.01:
            return Score(0, points, findings=(off,))
        near.append(off)
    if near:
        return Score(rounded_down, points, findings=(near[0],))
    if broken:
        return Score(
            fractions,
            points,
            f"`{name}` gives widths that are no whole numbers.",
            "A layer has a whole number of units: Dense(62.9) is an error.",
            "Try the whole numbers on both sides, and return the better one as an int.",
        )
    return Score(points, points, f"`{name}` finds the closest width in all {len(cases)} cases.")


def _no_number(call: str) -> Finding:
    return Finding(
        f"{call} gives no number.",
        "The width is one whole number, 1 or more.",
        "Return the number of units of a layer.",
    )


def _compared(found: float, depth: int, parameters: int, call: str) -> Finding | None:
    best = width_for(depth, parameters)
    least = abs(count_parameters(depth, best) - parameters)
    if found == int(found) and found >= 1:
        mine = abs(count_parameters(depth, int(found)) - parameters)
        if mine <= least:
            return None
        return Finding(
            f"{call} gives {found:,.10g}, whose network has "
            f"{count_parameters(depth, int(found)):,} parameters, {mine:,} away from "
            f"{parameters:,}.",
            "Another width comes closer: two networks are compared fairly when they are as equal "
            "in size as whole numbers allow.",
            "Solve P(k, m) = P for m; then try the whole numbers below and above, and take the one "
            "that comes closer.",
        )
    if found >= 1 and abs(found - best) <= 0.5:
        return None  # not whole, but the right place: told apart by the caller
    return Finding(
        f"{call} gives {found:,.6g}.",
        f"A network with {best} units a layer comes closest to {parameters:,} parameters.",
        "Try a few widths with your count of parameters, until it passes the number.",
    )


def _named(found: Finding, depth: int) -> Finding:
    if depth != 1 or "ZeroDivisionError" not in found.saw:
        return found
    return Finding(
        found.saw,
        "With one hidden layer there is no m squared in P(1, m): the formula for quadratic "
        "equations divides by 2(k - 1), which is 0.",
        "Solve the case k = 1 on its own: it is a straight line.",
    )


def widths_or_given(
    function: Callable[..., Any], depths: Iterable[int], parameters: int
) -> dict[int, int]:
    """Return the width for each depth: the student's while they are right, else given ones.

    Both are the same numbers, unless two widths come equally close. Never raises for a wrong
    function.
    """
    widths = {}
    for depth in depths:
        try:
            own = as_number(function(depth, parameters))
        except Exception:  # the student's own function, in the student's own notebook
            own = None
        widths[depth] = width_for(depth, parameters)
        if own is not None and own == int(own) and not _compared(own, depth, parameters, ""):
            widths[depth] = int(own)
    return widths
