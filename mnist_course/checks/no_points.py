"""A check that cannot judge an answer gives no points, and lets the notebook run on."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import ParamSpec

from mnist_course.checks.score import CheckFailed, Score

__all__ = ["or_no_points"]

Parameters = ParamSpec("Parameters")
Check = Callable[Parameters, Score]


def or_no_points(*points: str) -> Callable[[Check[Parameters]], Check[Parameters]]:
    """Make a check return 0 points with the reason where it would raise ``CheckFailed``.

    An unfinished notebook thus runs to its end; an error would stop *Run All* at the first part
    that is not done yet.

    Parameters
    ----------
    *points : str
        Names of the check's arguments that add up to the points of its item.

    Examples
    --------
    >>> @or_no_points("points")
    ... def check(answer, *, points=5):
    ...     raise CheckFailed("`answer` is still None.")
    >>> check(None), check(None).of
    (0.0, 5.0)
    """

    def decorate(check: Check[Parameters]) -> Check[Parameters]:
        signature = inspect.signature(check)

        @functools.wraps(check)
        def judged(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Score:
            try:
                return check(*args, **kwargs)
            except CheckFailed as failed:
                given = signature.bind(*args, **kwargs)
                given.apply_defaults()
                of = sum(float(given.arguments[name]) for name in points)
                return Score(0, of, findings=(failed.finding,))

        return judged

    return decorate
