"""Points for arms that have the learning rate that a search found best for them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mnist_course.checks.score import CheckFailed, Score
from mnist_course.checks.study.reading import trials_in
from mnist_course.experiments.studies.metrics import higher_is_better, value
from mnist_course.experiments.trials.configuration import Configuration
from mnist_course.experiments.trials.trial import Trial
from mnist_course.grading.results import Finding

__all__ = ["check_best_rates"]

_WHY = (
    "The same rate means steps of different sizes for different optimizers: whoever compares them "
    "at any other rate compares how well the rate was guessed."
)


@dataclass(frozen=True, slots=True)
class _Tried:
    """One learning rate in a search: its mean, infinite where a run failed (less is better)."""

    rate: float
    mean: float


def check_best_rates(
    trials: Any,
    sweep: Any,
    *,
    metric: str,
    rates: int,
    points: float,
    margin: float = 0.0,
    name: str = "optimizer_trials",
    sweep_name: str = "sweep_trials",
) -> Score:
    """Compare the learning rate of every arm with those that were tried for its optimizer.

    Parameters
    ----------
    trials : list of Trial
        The arms that are compared.
    sweep : list of Trial
        The search: configurations like those of the arms but for the learning rate.
    metric : str
        What the search is judged by, a name in ``Trial.measured``.
    rates : int
        Different rates that must have been tried for every arm.
    points : float
        Shared among the arms. Where there are no arms, none without a word: the check of the
        study itself says so.
    margin : float
        A rate whose mean is this close to the best one is as good.
    name, sweep_name : str
        The student's variables.
    """
    try:
        arms = _one_of_each(trials_in(trials, name=name))
    except CheckFailed:
        return Score(0, points)
    try:
        search = trials_in(sweep, name=sweep_name)
    except CheckFailed as failed:
        return Score(0, points, findings=(failed.finding,))
    findings, right = [], 0
    for arm, asked in arms.items():
        found = _judge(arm, asked, search, metric=metric, rates=rates, margin=margin)
        right += found is None
        findings += [] if found is None else [found]
    if not findings:
        each = ", ".join(f"{arm} {asked.learning_rate:g}" for arm, asked in arms.items() if asked)
        findings = [
            Finding(f"Every arm has the rate that is best for it in `{sweep_name}`: {each}.")
        ]
    return Score(points * right / len(arms), points, findings=findings)


def _one_of_each(trials: Sequence[Trial]) -> Mapping[str, Configuration | None]:
    arms: dict[str, Configuration | None] = {}
    for trial in trials:
        arms.setdefault(trial.arm, trial.configuration)
    return arms


def _judge(
    arm: str,
    asked: Configuration | None,
    search: Sequence[Trial],
    *,
    metric: str,
    rates: int,
    margin: float,
) -> Finding | None:
    if asked is None:
        return Finding(
            f"{arm!r} was not run from a Configuration, so its rate cannot be looked up.",
            _WHY,
            "Use run_arms with KINDS[name].but(learning_rate=...).",
        )
    tried = _tried(asked, search, metric)
    if len(tried) < rates:
        return Finding(
            f"For {arm!r} {len(tried)} learning rate{'s' * (len(tried) != 1)} "
            f"{'was' if len(tried) == 1 else 'were'} tried; {rates} are needed.",
            _WHY,
            f"Run the search with at least {rates} rates for this optimizer, everything else as in "
            "the arm.",
        )
    best = min(tried, key=lambda one: one.mean)
    own = next((one for one in tried if math.isclose(one.rate, asked.learning_rate)), None)
    if own is None:
        listed = ", ".join(f"{one.rate:g}" for one in tried)
        return Finding(
            f"{arm!r} has the learning rate {asked.learning_rate:g}, which was not tried; tried "
            f"were {listed}.",
            _WHY,
            f"Give it {best.rate:g}, or add its rate to the search.",
        )
    if own.mean > best.mean + margin:
        return Finding(
            f"{arm!r} has the learning rate {own.rate:g}, with a mean {metric} of "
            f"{abs(own.mean):.4f} in the search; {best.rate:g} has {abs(best.mean):.4f}.",
            _WHY,
            f"Give it {best.rate:g}.",
        )
    return None


def _tried(asked: Configuration, search: Sequence[Trial], metric: str) -> list[_Tried]:
    """Return the rates that were tried for a configuration, from the lowest one."""
    sign = -1 if higher_is_better(metric) else 1
    values: dict[float, list[float]] = {}
    for trial in search:
        if trial.configuration is None or set(asked.differences(trial.configuration)) - {
            "learning_rate"
        }:
            continue
        if metric in trial.measured:
            measured = value(trial, metric)
            values.setdefault(trial.configuration.learning_rate, []).append(
                math.inf if math.isnan(measured) else sign * measured
            )
    return [_Tried(rate, sum(of) / len(of)) for rate, of in sorted(values.items())]
