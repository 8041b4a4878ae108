"""Points for the rule of the dimension, and for what it says about one's own curves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mnist_course.autoencoders.dimension_rule import GAIN, elbow, gains
from mnist_course.checks.asking import ask, must_be_function, unless_hidden
from mnist_course.checks.plain_values import as_number
from mnist_course.checks.score import CheckFailed, Score
from mnist_course.grading.results import Finding

__all__ = ["check_dimension", "check_elbow", "random_curves"]

_CLOSE = 0.003  # of the variance: a gain as near to the limit as this may fall on either side

Curve = dict[int, float]

KNOWN: tuple[tuple[Curve, str], ...] = (
    ({2: 0.5, 4: 0.2, 8: 0.18, 16: 0.17}, "the gains per doubling are 0.30, 0.02, 0.01"),
    ({2: 0.6, 4: 0.4, 8: 0.2, 16: 0.1}, "every step gains more than 0.05"),
    ({2: 0.4, 4: 0.39, 8: 0.38}, "no step gains 0.05"),
    ({2: 0.5, 4: 0.48, 8: 0.2, 16: 0.19}, "the first step gains little, the second much"),
)
"""Curves for a variance of 1, each with what is particular about it."""


def random_curves(count: int, *, seed: int) -> list[tuple[Curve, float]]:
    """Return curves with their variances, no gain of which is near the limit."""
    random = np.random.default_rng(seed)
    found: list[tuple[Curve, float]] = []
    while len(found) < count:
        factors = random.choice([1.5, 2, 3, 4], size=int(random.integers(2, 8)))
        lengths = [int(k) for k in 2 * np.cumprod(factors)]
        variance = float(random.uniform(0.03, 90.0))
        steps = random.choice([0.01, 0.03, 0.04, 0.07, 0.12, 0.2], size=len(lengths))
        errors = variance * np.clip(0.9 - np.cumsum(steps), 0.01, None)
        curve = {k: float(error) for k, error in zip(lengths, errors, strict=True)}
        if all(abs(gained - GAIN) > _CLOSE for gained in gains(curve, variance).values()):
            found.append((curve, variance))
    return found


def check_elbow(
    function: Any, *, points: float, of: float | None = None, hidden: int = 0, seed: int = 0
) -> Score:
    """Give points for a function that finds the elbow of any curve.

    Parameters
    ----------
    function : callable
        ``function(errors, variance)``: a dict of int to float, and a number; returns a length of
        the dict, or None.
    points : float
    of : float, optional
        Points of the whole item, where other parts add to it.
    hidden : int
        Random curves to ask about as well.
    seed : int
        Of these.
    """
    whole = points if of is None else of
    try:
        must_be_function(function, "elbow")
    except CheckFailed as failed:
        return Score(0, whole, findings=(failed.finding,))
    for curve, about in KNOWN:
        found = _wrong(function, curve, 1.0, about)
        if found is not None:
            return Score(0, whole, findings=(found,))
    for curve, variance in random_curves(hidden, seed=seed):
        found = _wrong(function, curve, variance, "")
        if found is not None:
            hint = "It is right for the four known curves; try other lengths, units and variances."
            return Score(0, whole, findings=(unless_hidden(found, "elbow", hint),))
    return Score(points, whole, f"`elbow` is right for {len(KNOWN) + hidden} curves.")


def _wrong(
    function: Callable[..., Any], curve: Curve, variance: float, about: str
) -> Finding | None:
    answer = ask(function, curve, variance, name="elbow")
    if answer.problem is not None:
        return answer.problem
    expected = elbow(curve, variance)
    number = as_number(answer.value)
    if answer.value is None and expected is None:
        return None
    if number is not None and number == expected:
        return None
    return Finding(
        f"{answer.call} gives {answer.value!r}; expected {expected}{f': {about}' * bool(about)}."[
            :400
        ],
        "The elbow is the shortest length from which on no step gains 0.05 of the variance; None "
        "when the last step still does.",
        "Go through the steps from the shortest to the longest, and keep the longer length of the "
        "last one that gains 0.05 or more.",
    )


def check_dimension(
    dimension: Any, curves: Mapping[str, Mapping[int, float]], variance: float, *, each: float
) -> Score:
    """Give points for estimates that follow from the curves by the rule of the course.

    Parameters
    ----------
    dimension : dict of str to (int or None)
        By the name of the curve; None for an elbow beyond the longest code.
    curves : mapping of str to mapping of int to float
        Errors by length: what the estimates must follow from.
    variance : float
        The error of the mean image.
    each : float
        Points for each curve.
    """
    of = each * len(curves)
    if not isinstance(dimension, dict) or not dimension:
        return Score(
            0,
            of,
            "`dimension` holds no estimate yet.",
            "The rule has to be applied to your curves.",
            'dimension = {"autoencoder": ..., "PCA": ...}',
        )
    parts = [_estimate(dimension, name, curve, variance, each) for name, curve in curves.items()]
    findings = [finding for part in parts for finding in part.findings]
    return Score(sum(map(float, parts)), of, findings=findings)


def _estimate(
    dimension: Mapping[str, Any],
    name: str,
    curve: Mapping[int, float],
    variance: float,
    points: float,
) -> Score:
    if name not in dimension:
        return Score(
            0,
            points,
            f"`dimension` has no entry {name!r}.",
            "There is one estimate for each curve.",
            f"dimension[{name!r}] = elbow(...)",
        )
    said = dimension[name]
    number = None if said is None else as_number(said)
    right = {elbow(curve, variance, gain=GAIN + by) for by in (-_CLOSE, 0.0, _CLOSE)}
    if (said is None and None in right) or (number is not None and number in right):
        where = "beyond the longest code" if said is None else f"{int(number or 0)} numbers"
        return Score(points, points, f"{name}: {where}, as your curve says.")
    shown = ", ".join(f"{k}: {gained:.3f}" for k, gained in gains(curve, variance).items())
    expected = elbow(curve, variance)
    return Score(
        0,
        points,
        f"{name}: you say {said!r}; by the rule your curve says {expected}.",
        f"Its gains per doubling are {shown}; the limit is {GAIN:g}.",
        "Apply elbow to the curve that is drawn above, with its variance.",
    )
