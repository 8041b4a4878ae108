"""Points for a conclusion that the trials support."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mnist_course.checks.plain_values import type_name
from mnist_course.checks.score import Score
from mnist_course.exceptions import ConfigurationError
from mnist_course.experiments.studies.claim import Claim
from mnist_course.experiments.trials.trial import Trial
from mnist_course.experiments.validity.claimed_arms import (
    check_claimed_arms,
    check_claimed_metric,
)
from mnist_course.experiments.validity.design import Design
from mnist_course.experiments.validity.grouped import listed
from mnist_course.grading.results import Finding

__all__ = ["check_claim", "margin_for"]

_EXAMPLE = 'Claim("winner", "adam"), Claim("tie", ("adam", "adamw")) or Claim("inconclusive")'
# Differences that do not matter, by a word in the name of the measure.
_MARGINS = {"accuracy": 0.005, "cross_entropy": 0.01, "mse": 0.0005}


def check_claim(
    claim: Any, trials: Sequence[Trial], design: Design, *, points: float, name: str = "claim"
) -> Score:
    """Give points for a claim that the student's own trials support, whichever it is.

    Parameters
    ----------
    claim : Claim
    trials : sequence of Trial
    design : Design
        Its metric and margin.
    points : float
    name : str
        The student's variable.
    """
    if not isinstance(claim, Claim):
        return Score(0, points, findings=(_no_claim(claim, name),))
    chosen = list(trials)
    problems = [
        *check_claimed_arms(chosen, design, claim),
        *check_claimed_metric(chosen, design, claim),
    ]
    if problems:
        return Score(0, points, findings=[problem.finding for problem in problems[:2]])
    from mnist_course.experiments.studies.verdict import supports

    try:
        against = supports(chosen, claim, margin_for(claim.metric, design))
    except ConfigurationError as error:
        return Score(
            0,
            points,
            f"The claim cannot be compared with the trials: {error}",
            "A claim is about a number that all trials have.",
            f'Write Claim(..., metric="{design.metric}").',
        )
    if against is not None:
        return Score(0, points, findings=(Finding(against.saw, against.why, against.next_step),))
    about = f" ({listed(claim.arms)})" if claim.arms else ""
    return Score(points, points, f"Your trials support the claim: {claim.verdict}{about}.")


def margin_for(metric: str, design: Design) -> float:
    """Return the difference of a measure below which arms are as good as equal."""
    if metric == design.metric and design.margin is not None:
        return design.margin
    return next((margin for word, margin in _MARGINS.items() if word in metric), 0.01)


def _no_claim(claim: Any, name: str) -> Finding:
    if claim is None:
        return Finding(
            f"`{name}` is still None.",
            "A study ends with what it shows, in a form that can be compared with its numbers.",
            f"Write {name} = {_EXAMPLE}.",
        )
    reason = getattr(claim, "reason", "")
    kind = type_name(claim) + (f": {reason}"[:200] if reason else "")
    return Finding(
        f"`{name}` is a {kind}; expected a Claim.",
        "In a sentence nobody can look up which arm is meant by which number.",
        f"Write {name} = {_EXAMPLE}.",
    )
