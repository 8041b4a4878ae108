"""Points for arms, one change and runs: what the checks of validity say."""

from __future__ import annotations

from collections.abc import Sequence

from mnist_course.checks.score import Score
from mnist_course.checks.study.parts import PART_OF
from mnist_course.experiments.trials.trial import Trial
from mnist_course.experiments.validity.design import Design
from mnist_course.experiments.validity.enough_seeds import different_runs
from mnist_course.experiments.validity.grouped import by_arm, listed
from mnist_course.experiments.validity.problem import Problem
from mnist_course.grading.results import Finding

__all__ = ["check_arms", "check_one_change", "check_runs", "comparable"]

_MOST_TOLD = 3
# What is there is good, only not enough of it: half the points.
_NOT_ENOUGH = ("too-few-seeds", "no-own-run")


def check_arms(
    trials: Sequence[Trial], design: Design, problems: Sequence[Problem], *, points: float
) -> Score:
    """Give points for the arms that are asked for, the control among them.

    Parameters
    ----------
    trials : sequence of Trial
    design : Design
    problems : sequence of Problem
        What `examine` found.
    points : float
        In part when some arms are missing; half of them without the control.
    """
    mine = _of("arms", problems)
    arms = by_arm(trials)
    if not mine:
        return Score(points, points, f"{len(arms)} arms: {listed(arms)}.")
    share = 1.0
    for problem in mine:
        if problem.kind == "too-few-arms":
            share *= (len(arms) - 1) / design.least_arms
        elif problem.kind == "arm-missing":
            share *= 1 - len(problem.arms) / design.least_arms
        else:
            share *= 0.5
    return _told(points * max(0.0, share), points, mine)


def check_one_change(
    trials: Sequence[Trial], design: Design, problems: Sequence[Problem], *, points: float
) -> Score:
    """Give points for arms that differ in the axis alone; all of them or none."""
    mine = _of("one change", problems)
    if mine:
        return _told(0, points, mine)
    if len(by_arm(trials)) < 2:
        return Score(0, points, *_alone(trials))
    saw = f"The {len(by_arm(trials))} arms differ in {listed(design.axes)}"
    allowed = f" and {listed(design.may_differ)}" if design.may_differ else ""
    return Score(points, points, f"{saw}{allowed} alone.")


def check_runs(
    trials: Sequence[Trial], design: Design, problems: Sequence[Problem], *, points: float
) -> Score:
    """Give points for fresh, really different, honestly judged runs.

    Half of them where there are only too few.
    """
    mine = _of("runs", problems)
    if mine:
        enough = all(problem.kind in _NOT_ENOUGH for problem in mine)
        there = comparable(trials) is None
        return _told(points / 2 if enough and there else 0, points, mine)
    counts = sorted({len(runs) for runs in by_arm(trials).values()})
    told = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    return Score(points, points, f"{told} different runs an arm, each with fresh weights.")


def comparable(trials: Sequence[Trial]) -> Finding | None:
    """Say why there is nothing to compare; None for two arms with two different runs each."""
    runs = {arm: len(different_runs(of_arm)) for arm, of_arm in by_arm(trials).items()}
    if sum(1 for count in runs.values() if count > 1) > 1:
        return None
    if len(runs) < 2:
        return Finding(*_alone(trials))
    few = [arm for arm, count in runs.items() if count < 2]
    return Finding(
        f"{len(few)} of {len(runs)} arms have a single run: {listed(few)}.",
        "Without a second run nobody knows how far chance goes, so nothing can be compared.",
        "Run every arm with several seeds.",
    )


def _alone(trials: Sequence[Trial]) -> tuple[str, str, str]:
    arms = by_arm(trials)
    return (
        f"The {len(trials)} trials belong to one arm, {listed(map(repr, arms))}.",
        "A comparison needs two things that are compared.",
        "Add the other arms.",
    )


def _of(part: str, problems: Sequence[Problem]) -> list[Problem]:
    return [problem for problem in problems if PART_OF.get(problem.kind, "runs") == part]


def _told(earned: float, points: float, problems: Sequence[Problem]) -> Score:
    """Return points with the first problem of each kind."""
    once: dict[str, Finding] = {}
    for problem in problems:
        once.setdefault(problem.kind, problem.finding)
    return Score(earned, points, findings=list(once.values())[:_MOST_TOLD])
