"""Whether the trials that came with the course still are what came with the course."""

from __future__ import annotations

import math
from collections.abc import Callable

from mnist_course.experiments.trials.configuration import Configuration
from mnist_course.experiments.trials.shipped import shipped
from mnist_course.experiments.trials.trial import Trial
from mnist_course.experiments.validity.design import Design
from mnist_course.experiments.validity.grouped import of_arm
from mnist_course.experiments.validity.problem import Problem
from mnist_course.grading.results import Finding

__all__ = ["Find", "check_shipped", "is_shipped"]

Find = Callable[[Configuration, int], Trial | None]
"""Gives the trial that came with the course, None without one."""


def is_shipped(trial: Trial, find: Find = shipped) -> bool:
    """Tell whether a trial came with the course, by what it is, not by what it says."""
    if trial.source == "shipped":
        return True
    return trial.configuration is not None and find(trial.configuration, trial.seed) is not None


def check_shipped(trials: list[Trial], design: Design, find: Find = shipped) -> list[Problem]:
    """Find trials that say that they came with the course, and do not, or not like this."""
    del design
    problems = []
    for trial in trials:
        if trial.source != "shipped":
            continue
        original = None
        if trial.configuration is not None:
            original = find(trial.configuration, trial.seed)
        if original is None:
            problems.append(
                _altered(trial, f"{of_arm(trial)} is marked as shipped; no such trial came along.")
            )
        elif (changed := _changed(trial, original)) is not None:
            problems.append(_altered(trial, f"{of_arm(trial)}, a shipped trial, {changed}"))
    return problems


def _changed(trial: Trial, original: Trial) -> str | None:
    for name, value in original.measured.items():
        mine = trial.measured.get(name)
        if mine is None or not (mine == value or (math.isnan(mine) and math.isnan(value))):
            given = "nothing" if mine is None else f"{mine:.6g}"
            return f"has {name} {given}; as it came it has {value:.6g}."
    mine_fit, fit = (
        trial.fit.to_dict(initial_weights=False),
        original.fit.to_dict(initial_weights=False),
    )
    for name, part in fit.items():
        if repr(mine_fit[name]) != repr(part):
            return f"has another record than it came with: {name.replace('_', ' ')} differs."
    return None


def _altered(trial: Trial, saw: str) -> Problem:
    return Problem(
        "shipped-altered",
        Finding(
            saw,
            "Trials that came with the course are the same for everybody; they are evidence only "
            "as they are.",
            "Get it again with run(configuration, seed), which gives the shipped one unchanged.",
        ),
        (trial.arm,),
        (trial.seed,),
    )
