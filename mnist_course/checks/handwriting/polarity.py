"""Points for bright ink on black, whichever way round the picture was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mnist_course.checks.handwriting.conversions import converted, failures, refuse_the_courses_own
from mnist_course.checks.handwriting.look import Look, look
from mnist_course.checks.handwriting.mistakes import findings
from mnist_course.checks.score import Score, ramp
from mnist_course.grading.results import Finding

__all__ = ["check_polarity"]

_OF_MEDIUM_GREY = Finding(
    "What fails are the drawings on a ground of medium grey, and no others.",
    "Paper in the evening is as dark as chalk dust in daylight: 0.5 says nothing about what is "
    "ink and what is ground.",
    "Compare the ink with the ground at the rim of the same picture.",
)
_PAPERS = ("scan", "photo", "dim", "blackboard", "pencil", "shadow", "screen", "ruled")


def check_polarity(
    function: Callable[..., Any], *, seed: int, count: int, points: Mapping[float, float]
) -> Score:
    """Convert drawings and their negatives; only a pair that is right both ways counts.

    Parameters
    ----------
    function : callable
        The student's ``to_mnist``.
    seed : int
        Of the drawings.
    count : int
        How many pairs.
    points : mapping of float to float
        Share of right pairs: points.

    Returns
    -------
    Score
    """
    from mnist_course.drawings import CHANGES, drawings

    made = drawings(count, seed=seed, papers=_PAPERS)
    invert = CHANGES["invert"]
    images = [image for one in made for image in (one.image, invert(one.image))]
    conversions = converted(function, images)
    refuse_the_courses_own(conversions, images)
    inks = [one.ink for one in made for _ in range(2)]
    looks = [_way(look(o.value, ink)) for o, ink in zip(conversions, inks, strict=True)]
    right = [not seen.mistake for seen in looks]
    both = [one and other for one, other in zip(right[::2], right[1::2], strict=True)]
    share = sum(both) / count
    told: tuple[Finding, ...] = failures(conversions) or findings(looks, most=1)
    one_way = sum(a != b for a, b in zip(right[::2], right[1::2], strict=True))
    if one_way:
        told = (_of_one_way(one_way, count), *told)
    papers = {one.paper for one, well in zip(made, both, strict=True) if not well}
    if papers == {"dim"}:
        told = (_OF_MEDIUM_GREY,)
    if not told:
        told = (Finding(f"Ink is bright on black in all {count} drawings and their negatives."),)
    return Score(ramp(share, points), max(points.values()), findings=told)


def _way(seen: Look) -> Look:
    """Return what matters here: that there is a digit, and which way round it is."""
    if seen.mistake in ("form", "empty", "inverted", "other"):
        return seen
    return Look("")


def _of_one_way(count: int, of: int) -> Finding:
    return Finding(
        f"Of {count} drawings (of {of}) either the picture or its negative comes out the wrong way "
        "round.",
        "Black pen on paper, chalk on a blackboard, a drawing program in dark mode: the function "
        "has to find out by itself, also where the ground is a medium grey.",
        "Do not compare with 0.5. Compare the ink with the ground: which way from the ground lie "
        "the values that are farthest from it?",
    )
