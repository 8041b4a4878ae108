"""Points for a digit of the right size whose centre of mass is in the middle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from mnist_course.checks.handwriting.conversions import converted, failures, refuse_the_courses_own
from mnist_course.checks.handwriting.look import look
from mnist_course.checks.handwriting.mistakes import findings
from mnist_course.checks.score import Score, note, ramp
from mnist_course.grading.results import Finding

__all__ = ["check_centring"]


def check_centring(
    function: Callable[..., Any],
    *,
    seed: int,
    count: int,
    within: float,
    longest: tuple[int, int],
    points: Mapping[float, float],
) -> Score:
    """Convert drawings and measure where the digit lies in each result, and how large it is.

    Parameters
    ----------
    function : callable
        The student's ``to_mnist``.
    seed : int
        Of the drawings.
    count : int
        How many.
    within : float
        How far the centre of mass may be from the middle (13.5 or 14), in pixels, each way.
    longest : (least, most)
        Pixels that the digit's longer side may have.
    points : mapping of float to float
        Number of right results: points.

    Returns
    -------
    Score
    """
    from mnist_course.drawings import drawings

    made = drawings(count, seed=seed)
    images = [one.image for one in made]
    conversions = converted(function, images)
    refuse_the_courses_own(conversions, images)
    looks = [
        look(o.value, drawing.ink, within=within, longest=longest)
        for o, drawing in zip(conversions, made, strict=True)
    ]
    # How thick the strokes are is no matter of this item.
    looks = [replace(seen, mistake="") if seen.mistake == "thin" else seen for seen in looks]
    right = [not seen.mistake for seen in looks]
    offs = [seen.off for seen in looks if seen.off == seen.off]
    if offs:
        note(pixels_off_centre=max(offs))
    told: tuple[Finding, ...] = failures(conversions) or findings(looks)
    if all(right):
        worst = Finding(
            f"In all {count} results the digit has the right size, and its centre of mass is at "
            f"most {max(offs):.1f} pixels from the middle."
        )
        told = (worst, *told)
    return Score(ramp(sum(right), points), max(points.values()), findings=told)
