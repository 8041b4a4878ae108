"""Choose what a notebook goes on with: the student's own curve or network, or a given one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mnist_course.checks.autoencoders.images import LENGTHS
from mnist_course.checks.plain_values import as_number

__all__ = ["own_or_given_curve"]


def own_or_given_curve(
    errors: Any, given: Mapping[int, float], lengths: tuple[int, ...] = LENGTHS
) -> tuple[dict[int, float], bool]:
    """Return the student's errors when there is a number above 0 for each length, else given ones.

    Parameters
    ----------
    errors : object
        The student's; never raises for a wrong one.
    given : mapping of int to float
    lengths : tuple of int

    Returns
    -------
    (curve, own)
        ``own`` is True for the student's.
    """
    if isinstance(errors, dict):
        own = {k: as_number(errors.get(k)) for k in lengths}
        curve = {k: error for k, error in own.items() if error is not None and error > 0}
        if len(curve) == len(lengths):
            return curve, True
    return {k: float(given[k]) for k in lengths}, False
