"""In which way a value is not the expected one, in words."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mnist_course.grading.results import Finding

__all__ = ["difference", "in_words"]

_LONGEST = 120
_NUMBERS = "biufc"


def difference(got: Any, expected: Any, *, tolerance: float, call: str) -> Finding | None:
    """Compare a value with the expected one.

    Parameters
    ----------
    got, expected : object
        None, bool, numbers, str, lists, tuples, dicts, NumPy arrays.
    tolerance : float
        How far a number may be away, as a part of its size and absolutely.
    call : str
        What gave the value, such as ```softmax([1. 2.])```, for the sentences.

    Returns
    -------
    Finding or None
        What was seen, why it matters, what to try; None when the values agree.
    """
    if got is None and expected is not None:
        return Finding(
            f"{call} gives None.",
            "A function without `return` gives None, whatever it computed or printed.",
            "End it with `return` and the result.",
        )
    if isinstance(expected, (list, tuple, dict)):
        return _parts(got, expected, tolerance=tolerance, call=call)
    if isinstance(expected, (str, bool, np.bool_)) or expected is None:
        # An exact type: `True == 1` is no answer to a question of yes or no.
        same = isinstance(got, (bool, np.bool_)) == isinstance(expected, (bool, np.bool_))
        if same and np.ndim(got) == 0 and bool(got == expected):
            return None
        return _wrong(f"{call} gives {in_words(got)}; expected {in_words(expected)}.")
    return _numbers(got, expected, tolerance=tolerance, call=call)


def _wrong(saw: str) -> Finding:
    return Finding(
        saw,
        "The expected value follows from the definition in the text.",
        "Work this case out by hand, and compare step by step.",
    )


def _parts(got: Any, expected: Any, *, tolerance: float, call: str) -> Finding | None:
    mapping = isinstance(expected, dict)
    if not isinstance(got, dict if mapping else (list, tuple)):
        if isinstance(got, np.ndarray) and not mapping:
            return difference(got, np.asarray(expected), tolerance=tolerance, call=call)
        name = type(expected).__name__
        return _wrong(f"{call} gives {in_words(got)}; expected a {name}.")
    if isinstance(expected, dict):
        if set(got) != set(expected):
            keys = in_words(list(expected))
            return _wrong(f"{call} gives the keys {in_words(list(got))}; expected {keys}.")
        pairs = [(f"{call}[{key!r}]", got[key], expected[key]) for key in expected]
    else:
        if len(got) != len(expected):
            return _wrong(f"{call} gives {len(got)} values; expected {len(expected)}.")
        pairs = [(f"{call}[{i}]", g, e) for i, (g, e) in enumerate(zip(got, expected, strict=True))]
    for inner, one, other in pairs:
        found = difference(one, other, tolerance=tolerance, call=inner)
        if found is not None:
            return found
    return None


@np.errstate(all="ignore")  # what is beyond a float is far away
def _numbers(got: Any, expected: Any, *, tolerance: float, call: str) -> Finding | None:
    want = np.asarray(expected)
    try:
        have = np.asarray(got)
    except ValueError:  # rows of different lengths
        return _wrong(f"{call} gives {in_words(got)}; expected {in_words(expected)}.")
    if have.dtype.kind not in _NUMBERS or (have.dtype.kind == "b" and want.dtype.kind != "b"):
        return Finding(
            f"{call} gives a {type(got).__name__} of {have.dtype}; expected numbers.",
            "What comes next computes with the result.",
            "Return numbers: a float, an int or an array of them.",
        )
    if have.shape != want.shape:
        return Finding(
            f"{call} gives {_shape(have)}; expected {_shape(want)}.",
            "Arrays of other shapes may still be added or compared, but then row meets column.",
            "Print x.shape after each line, and look at axis= and keepdims= of sums.",
        )
    broken = int((~np.isfinite(have) & np.isfinite(want)).sum())
    if broken:
        return Finding(
            f"{call} gives {broken} numbers that are NaN or infinite.",
            "exp() of a large number and log(0) are beyond what a float can hold.",
            "Keep their argument small first: subtract the largest value before exp().",
        )
    if np.allclose(have, want, rtol=tolerance, atol=tolerance, equal_nan=True):
        return None
    if have.size == 1:
        return _wrong(f"{call} gives {in_words(got)}; expected {in_words(expected)}.")
    gap = np.abs(have.astype(np.complex128) - want.astype(np.complex128))
    far = float(np.nanmax(gap))
    where = tuple(int(i) for i in np.unravel_index(int(np.nanargmax(gap)), gap.shape))
    told = f"by up to {far:.3g}" if math.isfinite(far) else "without bound"
    return _wrong(
        f"{call} is away from the expected values {told}: at {list(where)} it gives "
        f"{have[where]:.6g}, expected {want[where]:.6g}."
    )


def _shape(array: np.ndarray[Any, Any]) -> str:
    return f"an array of shape {array.shape}" if array.ndim else "a single number"


def in_words(value: Any) -> str:
    """Return a value on one short line."""
    if isinstance(value, np.ndarray) and value.size > 12:
        return f"an array of shape {value.shape}"
    text = " ".join(repr(value).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
