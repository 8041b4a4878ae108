"""The numbers that a student left in a variable, whatever holds them."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_course.checks.score import CheckFailed

__all__ = ["as_array", "as_mapping", "as_number", "type_name"]

FloatArray = npt.NDArray[np.float64]


def type_name(value: Any) -> str:
    """Return the name of a value's class; of one that could not leave a notebook, as it was."""
    return str(getattr(value, "type_name", type(value).__name__))[:80]


def as_array(value: Any, *, name: str, expected: str) -> FloatArray:
    """Return the numbers of a list, array, tensor, Series or DataFrame.

    Parameters
    ----------
    value : object
    name : str
        The variable, for the sentences.
    expected : str
        What should be in it, such as ``"one row of ten numbers for each test image"``.

    Returns
    -------
    array of float64
        In the shape that the value has.

    Raises
    ------
    CheckFailed
        If there is no answer yet, or if it does not hold finite numbers only.
    """
    if value is None:
        raise CheckFailed(
            f"`{name}` is still None.",
            f"This item looks at it; expected {expected}.",
            f"Give the result of your cell the name `{name}`.",
        )
    try:
        array = np.asarray(value)
        if array.dtype.kind == "O":  # a DataFrame with columns of several types
            array = array.astype(np.float64)
    except (ValueError, TypeError) as error:
        raise _no_numbers(value, name, expected) from error
    if array.dtype.kind not in "biuf":
        raise _no_numbers(value, name, expected)
    floats = array.astype(np.float64)
    broken = int(np.size(floats) - np.isfinite(floats).sum())
    if broken:
        raise CheckFailed(
            f"{broken:,} of the {np.size(floats):,} numbers in `{name}` are NaN or infinite.",
            "Nothing can be counted or compared with a NaN.",
            "Find out where the first one comes from: a division by 0, or a network whose "
            "weights are NaN.",
        )
    return floats


def _no_numbers(value: Any, name: str, expected: str) -> CheckFailed:
    return CheckFailed(
        f"`{name}` holds a value of type {type_name(value)}, which is no table of numbers.",
        f"Expected {expected}.",
        f"Print {name} and type({name}); a NumPy array is the usual form.",
    )


def as_mapping(value: Any) -> Mapping[Any, Any] | None:
    """Return a dict as it is, a DataFrame as its columns by name; None for anything else."""
    if type(value).__name__ == "DataFrame":
        return {str(name): list(value.iloc[:, i]) for i, name in enumerate(value.columns)}
    return value if isinstance(value, Mapping) else None


def as_number(value: Any) -> float | None:
    """Return a single finite number as a float; None for anything else.

    Arrays of one element count, words and truth values do not.
    """
    if isinstance(value, (bool, np.bool_)) or value is None:
        return None
    if isinstance(value, numbers.Real):
        try:
            number = float(value)
        except OverflowError:  # a whole number of some hundred digits
            return None
    else:
        try:
            array = np.asarray(value)
        except ValueError:  # rows of different lengths
            return None
        if array.size != 1 or array.dtype.kind not in "iuf":
            return None
        number = float(array.reshape(()))
    return number if np.isfinite(number) else None
