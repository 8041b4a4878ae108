"""Points for a capstone that is a whole experiment: question, control, seeds, claim, limits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from mnist_course.checks.plain_values import as_mapping, type_name
from mnist_course.checks.score import Score
from mnist_course.experiments.studies.claim import Claim
from mnist_course.grading.results import Finding

__all__ = ["TOPICS", "check_capstone"]

TOPICS = ("layer rates", "error analysis", "distillation", "ensembling", "calibration")
WORDS = {"question": 5, "prediction": 5, "limits": 8}
"""How many words each text needs to say anything."""

_SEEDS = 3
_MOST = 100

Results = dict[str, tuple[float, ...]]


def check_capstone(capstone: Any, *, words: float, design: float, claim: float) -> Score:
    """Give points for the form of a capstone; what it is worth is for a person to say.

    Parameters
    ----------
    capstone : dict
        ``topic``, ``question``, ``prediction``, ``metric``, ``better`` (``"higher"`` or
        ``"lower"``), ``control``, ``results`` (arm to one number for each seed), ``claim``,
        ``limits``.
    words : float
        For a topic of `TOPICS`, and texts of some words.
    design : float
        For two arms or more, the control among them, three runs or more of each.
    claim : float
        For a claim that the numbers support: a winner, a tie, or inconclusive.
    """
    of = words + design + claim
    if not isinstance(capstone, dict) or not any(map(_is_filled, capstone.values())):
        return Score(
            0,
            of,
            "`capstone` is not filled in yet.",
            "The last part is an experiment of your own.",
            "Choose a topic, write down question and prediction, then run it.",
        )
    texts = _texts(capstone)
    results, wrong_design = _results(capstone)
    wrong_claim = _claim(capstone, results) if len(results) > 1 else _no_numbers()
    parts = ((texts, words), (wrong_design, design), (wrong_claim, claim))
    findings = [found for found, _ in parts if found is not None]
    earned = sum(points for found, points in parts if found is None)
    if findings:
        return Score(earned, of, findings=findings)
    return Score(of, of, f"A whole experiment: {len(results)} arms, and a claim that they support.")


def _is_filled(value: Any) -> bool:
    # An array has no truth value.
    return bool(value) if isinstance(value, (str, dict, list, tuple)) else value is not None


def _text(capstone: Mapping[str, Any], name: str) -> str:
    value = capstone.get(name)
    return "" if value is None else str(value).strip()


def _texts(capstone: Mapping[str, Any]) -> Finding | None:
    topic = _text(capstone, "topic").lower()
    if topic not in TOPICS:
        return Finding(
            f"The topic is {topic!r}; expected one of {', '.join(map(repr, TOPICS))}."[:300],
            "The rubric of the report depends on it.",
            "Choose one. A question of your own goes with the topic that is nearest.",
        )
    for name, least in WORDS.items():
        count = len(_text(capstone, name).split())
        if count < least:
            return Finding(
                f'"{name}" has {count} words; expected {least} or more.',
                "Someone who reads only this dict should know what was asked, what was expected "
                "and what remains open.",
                f'Write a sentence into capstone["{name}"].',
            )
    return None


def _results(capstone: Mapping[str, Any]) -> tuple[Results, Finding | None]:
    given = as_mapping(capstone.get("results"))
    if not given:
        return {}, Finding(
            '"results" holds no arm yet.',
            "The claim rests on these numbers.",
            'capstone["results"] = {"control": [0.93, 0.94, 0.93], "mine": [...]}',
        )
    results: Results = {}
    for arm, values in given.items():
        try:
            runs = list(values.values()) if isinstance(values, Mapping) else values
            numbers = tuple(float(v) for v in np.asarray(runs, dtype=float).ravel()[:_MOST])
        except (TypeError, ValueError, OverflowError):
            numbers = ()
        if not numbers or not all(map(math.isfinite, numbers)):
            return {}, Finding(
                f'"results" holds no numbers for the arm {str(arm)[:60]!r}.',
                "Only numbers can be compared.",
                "A list with one number for each seed.",
            )
        results[str(arm)] = numbers
    return results, _poor_design(results, str(capstone.get("control")))


def _poor_design(results: Results, control: str) -> Finding | None:
    if len(results) < 2:
        return Finding(
            f'"results" has one arm, {next(iter(results))!r}.',
            "A number says something only beside another one.",
            "Run the control as well: the same without your change.",
        )
    if control not in results:
        return Finding(
            f'The control is {control[:60]!r}, but "results" has the arms '
            f"{', '.join(map(repr, results))}."[:300],
            "Every other arm is compared with the control.",
            'Give capstone["control"] the name of an arm.',
        )
    for arm, numbers in results.items():
        if len(numbers) < _SEEDS:
            return Finding(
                f"The arm {arm!r} has {len(numbers)} runs; expected {_SEEDS} or more.",
                "With fewer runs nobody can tell a difference from luck.",
                "Repeat it with other seeds.",
            )
    if all(len(set(numbers)) == 1 for numbers in results.values()):
        return Finding(
            "In every arm, all runs have the very same number.",
            "Runs with different seeds differ; one run copied three times is one run.",
            "Set the seed before each run, another one each time.",
        )
    return None


def _no_numbers() -> Finding:
    return Finding(
        "The claim is compared with the numbers once there are those of two arms.",
        "A claim without numbers is an opinion.",
        'Fill in capstone["results"] first.',
    )


def _claim(capstone: Mapping[str, Any], results: Results) -> Finding | None:
    claim, better = capstone.get("claim"), _text(capstone, "better").lower()
    if better not in ("higher", "lower"):
        return Finding(
            f'"better" is {capstone.get("better")!r}; expected "higher" or "lower".',
            "An accuracy should be high, an error or a loss low.",
            'Say which it is in capstone["better"].',
        )
    if not isinstance(claim, Claim):
        return Finding(
            f'"claim" is a {type_name(claim)}; expected a Claim.',
            "A study ends with what it shows, in a form that can be compared with its numbers.",
            'Claim("winner", "mine"), Claim("tie", ("mine", "control")) or Claim("inconclusive")',
        )
    unknown = [arm for arm in claim.arms if arm not in results]
    if unknown:
        return Finding(
            f"The claim is about {', '.join(map(repr, unknown))}, which is no arm of the results.",
            "A conclusion can only be about what was tried.",
            f"The arms are {', '.join(map(repr, results))}.",
        )
    return _unsupported(claim, results, 1.0 if better == "higher" else -1.0)


def _unsupported(claim: Claim, results: Results, sign: float) -> Finding | None:
    mean = {arm: float(np.mean(numbers)) for arm, numbers in results.items()}
    sd = {
        arm: float(np.std(numbers, ddof=1)) if len(numbers) > 1 else math.inf
        for arm, numbers in results.items()
    }
    best = max(mean, key=lambda arm: sign * mean[arm])
    shown = ", ".join(f"{arm} {mean[arm]:.4f} ± {sd[arm]:.4f}" for arm in results)
    rivals = [arm for arm in results if arm != best]
    ahead = {arm: sign * (mean[best] - mean[arm]) for arm in rivals}
    if claim.verdict == "winner":
        if (
            claim.arms[0] == best
            and all(ahead[arm] > 0 for arm in rivals)
            and _clear(results, best, rivals, sign, sd, ahead)
        ):
            return None
        why = (
            "A winner is ahead of every other arm by more than luck: mean ± sd do not overlap, or "
        )
        why += "it is ahead with every seed."
    elif claim.verdict == "tie":
        spread = math.sqrt(float(np.mean([sd[arm] ** 2 for arm in claim.arms])))
        if best in claim.arms and all(ahead.get(arm, 0.0) <= 2 * spread for arm in claim.arms):
            return None
        why = "Arms that tie include the best one, and lie within their spread."
    else:
        if not all(ahead[arm] > 2 * (sd[best] + sd[arm]) for arm in rivals):
            return None
        why = "One arm is so far ahead of all others that these runs do decide."
    return Finding(
        f"The claim is {claim.verdict} {', '.join(claim.arms)}; the numbers are {shown}."[:400],
        why,
        "Claim what the numbers show, or run more seeds.",
    )


def _clear(
    results: Results,
    best: str,
    rivals: list[str],
    sign: float,
    sd: Mapping[str, float],
    ahead: Mapping[str, float],
) -> bool:
    """Tell whether the best arm is ahead of every other one by more than luck."""
    for arm in rivals:
        apart = ahead[arm] > sd[best] + sd[arm]
        pairs = len(results[arm]) == len(results[best]) >= _SEEDS and all(
            sign * (a - b) > 0 for a, b in zip(results[best], results[arm], strict=True)
        )
        if not apart and not pairs:
            return False
    return True
