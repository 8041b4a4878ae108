"""Points for the contract of ``to_mnist``: whatever comes in, the same form comes out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_course.checks.handwriting.conversions import (
    Conversion,
    converted,
    refuse_the_courses_own,
)
from mnist_course.checks.handwriting.look import as_frame, look
from mnist_course.checks.score import Score
from mnist_course.grading.results import Finding

__all__ = ["check_conversion"]

_SLACK = 1e-3  # beyond 0..1, from interpolation


@dataclass(frozen=True, slots=True)
class _Case:
    kind: str
    image: NDArray[Any]
    ink: NDArray[np.float32]


def check_conversion(
    function: Callable[..., Any], *, seed: int, form: float, inputs: float, unchanged: float
) -> Score:
    """Call a conversion with pictures of many kinds and look at the form of what it gives.

    Parameters
    ----------
    function : callable
        The student's ``to_mnist``.
    seed : int
        Of the drawings.
    form : float
        Points for results of shape (28, 28), dtype float32, within 0..1 and with a digit in them.
    inputs : float
        Points for accepting every kind of picture; for most of them, a part.
    unchanged : float
        Points for leaving the input as it was.

    Returns
    -------
    Score
        Form and unchanged input count in proportion to the kinds of pictures that are accepted.
    """
    cases = _cases(seed)
    conversions = converted(function, [case.image for case in cases])
    refuse_the_courses_own(conversions, [case.image for case in cases])
    whole = form + inputs + unchanged
    refused = [
        (case, reason)
        for case, one in zip(cases, conversions, strict=True)
        if (reason := _refusal(case, one))
    ]
    share = 1 - len(refused) / len(cases)
    points, told = 0.0, []
    if refused:
        told.append(_of_inputs(refused, len(cases)))
    points += inputs * max(0.0, 2 * share - 1)  # half of the kinds are no achievement
    made = [one for one in conversions if one.problem is None]
    wrong_form = _of_form(made)
    if wrong_form is None:
        points += form * share
    else:
        told.append(wrong_form)
    changed = sum(one.changed for one in made)
    if changed:
        told.append(_of_change(changed, len(made)))
    elif made:
        points += unchanged * share
    if not told:
        told.append(
            Finding(
                f"{len(cases)} pictures of different kinds all became float32 images of "
                "28 × 28 in 0..1, and stayed as they were themselves."
            )
        )
    return Score(points, whole, findings=told)


@lru_cache(maxsize=4)
def _cases(seed: int) -> tuple[_Case, ...]:
    """Return pictures of the kinds that people have."""
    from mnist_course.drawings import draw

    rng = np.random.default_rng(seed)

    def case(kind: str, paper: str, shape: tuple[int, int], **more: Any) -> _Case:
        drawing = draw(
            int(rng.integers(10)), paper=paper, seed=(seed, len(kind)), shape=shape, **more
        )
        return _Case(kind, drawing.image, drawing.ink)

    gray = case("grey, uint8", "scan", (150, 180))
    tint = case("RGB, uint8", "photo", (200, 160))
    clear = case("RGBA, a shape on nothing", "transparent", (170, 170))
    clear.image[..., :3] = 0  # whoever drops alpha sees nothing but black
    opaque = case("RGBA without anything transparent", "ruled", (190, 170))
    full = np.full((*opaque.image.shape[:2], 1), 255, np.uint8)
    unit = case("grey, float32 in 0..1", "shadow", (160, 150))
    return (
        gray,
        tint,
        clear,
        _Case(opaque.kind, np.dstack([opaque.image, full]), opaque.ink),
        _Case(unit.kind, unit.image.mean(axis=2, dtype=np.float32) / np.float32(255), unit.ink),
        _Case("RGB, float64 in 0..1", tint.image / 255, tint.ink),
        case("tiny", "screen", (30, 34), height=(0.6, 0.7), pen=(0.1, 0.13)),
        case("huge", "photo", (1300, 1000)),
        case("wide", "blackboard", (90, 420)),
        case("high", "pencil", (400, 100)),
    )


def _refusal(case: _Case, one: Conversion) -> str:
    """Return why a picture counts as not accepted; empty when it is."""
    if one.problem is not None:
        return one.problem.saw
    seen = look(one.value, case.ink)
    if seen.mistake == "form":
        return "The result is no image of 28 × 28 numbers."
    if seen.mistake == "empty":
        return "The result is the same everywhere: the digit is gone."
    return "The digit is not to be seen in the result." if seen.mistake == "other" else ""


def _of_inputs(refused: list[tuple[_Case, str]], of: int) -> Finding:
    case, reason = refused[0]
    more = len(refused) - 1
    others = f" (and {more} other kind{'s' if more > 1 else ''})" if more else ""
    return Finding(
        f"A picture of this kind is not converted: {case.kind}, shape {case.image.shape}{others}. "
        f"{reason}",
        f"{len(refused)} of {of} kinds that people have on their phones and computers fail.",
        "Print `image.shape` and `image.dtype` first in your function, and think of each kind: two "
        "or three dimensions, three or four channels, whole numbers or floats.",
    )


def _of_form(made: list[Conversion]) -> Finding | None:
    """Return what is wrong with the form of the results, None when nothing is."""
    for one in made:
        if as_frame(one.value) is None:
            continue  # told as a kind of picture that is not accepted
        array = np.asarray(one.value)
        low, high = float(array.min()), float(array.max())
        if array.shape != (28, 28):
            return Finding(
                f"A result has the shape {array.shape}; expected (28, 28).",
                "The reader takes images of 28 × 28, one channel.",
                "Drop the other dimensions with `[0]`, `[..., 0]` or `reshape(28, 28)`.",
            )
        if high > 1 + _SLACK or low < -_SLACK:
            scale = " (0 to 255 is the range of whole numbers)" if high > 100 else ""
            return Finding(
                f"A result goes from {low:.3g} to {high:.3g}; expected 0 to 1{scale}.",
                "The reader was trained on 0 to 1: larger numbers saturate it, and it is sure of "
                "anything.",
                "Divide by 255 where the input has whole numbers, and use np.clip(..., 0, 1).",
            )
        if high < 0.5:
            return Finding(
                f"The brightest pixel of a result is {high:.3g}; ink should be near 1.",
                "Faint ink is nearly black for the reader.",
                "Divide by 255 only once, and by the largest value at the end.",
            )
    wrong = next((np.asarray(o.value).dtype for o in made if as_frame(o.value) is not None
                  and np.asarray(o.value).dtype != np.float32), None)  # fmt: skip
    if wrong is None and any(as_frame(one.value) is not None for one in made):
        return None
    return Finding(
        f"A result has the dtype {wrong}; expected float32."
        if wrong is not None
        else "No result is an image.",
        "Networks compute in float32; float64 takes twice the memory and says no more.",
        "End with `.astype(np.float32)`.",
    )


def _of_change(changed: int, of: int) -> Finding:
    return Finding(
        f"{changed} of {of} pictures were changed by the call.",
        "An array is handed over as it is, not as a copy: whoever calls you twice gets something "
        "else the second time.",
        "Begin with a copy, `np.array(image, dtype=np.float32)`, or write x = x / 255 instead of "
        "x /= 255.",
    )
