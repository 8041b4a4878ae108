"""Whether all arms are there, the control among them."""

from __future__ import annotations

from mnist_course.experiments.recording.settings import wording
from mnist_course.experiments.trials.trial import Trial
from mnist_course.experiments.validity.axis_values import is_at
from mnist_course.experiments.validity.design import Design
from mnist_course.experiments.validity.grouped import by_arm, listed
from mnist_course.experiments.validity.problem import Problem
from mnist_course.grading.results import Finding

__all__ = ["check_arms_present", "check_control", "check_values", "control_arm"]


def check_arms_present(trials: list[Trial], design: Design) -> list[Problem]:
    """Find that there are too few arms, or that a named one is missing."""
    arms = by_arm(trials)
    if not isinstance(design.arms, int):
        have = {_plain(arm) for arm in arms}
        missing = [arm for arm in design.arms if _plain(arm) not in have]
        if missing:
            return [
                Problem(
                    "arm-missing",
                    Finding(
                        f"{len(missing)} of {len(design.arms)} arms "
                        f"{'is' if len(missing) == 1 else 'are'} missing: {listed(missing)}. There "
                        f"{'is' if len(arms) == 1 else 'are'} {listed(arms) or 'none'}.",
                        "A comparison says nothing about what was not tried.",
                        "Add the missing arms, called as in the task.",
                    ),
                    tuple(missing),
                )
            ]
        return []
    if len(arms) >= design.arms:
        return []
    return [
        Problem(
            "too-few-arms",
            Finding(
                f"There {'is' if len(arms) == 1 else 'are'} {len(arms)} "
                f"arm{'s' * (len(arms) != 1)} ({listed(arms) or 'none'}); at least {design.arms} "
                "are needed.",
                "A number by itself is neither good nor bad: it needs others beside it.",
                f"Try more values of {listed(design.axes)}, each as an arm with a name of its own.",
            ),
            tuple(arms),
        )
    ]


def check_values(trials: list[Trial], design: Design) -> list[Problem]:
    """Find values on the axis that no arm has, whatever the arms are called."""
    name = design.axes[0]
    missing = [v for v in design.values if not any(is_at(trial, name, v) for trial in trials)]
    if not missing:
        return []
    return [
        Problem(
            "value-missing",
            Finding(
                f"No arm has {name} {listed(missing)}; {len(design.values) - len(missing)} of "
                f"{len(design.values)} values are there.",
                "The question is about these values, so each of them needs its own arm.",
                "Add an arm for each missing value. What was done counts, not what an arm is "
                "called.",
            ),
        )
    ]


def check_control(trials: list[Trial], design: Design) -> list[Problem]:
    """Find that the arm is missing with which the others are to be compared."""
    if design.control is None or control_arm(trials, design) is not None:
        return []
    arms = by_arm(trials)
    wanted = design.control
    value = f"with {design.axes[0]} {wording(wanted)}"
    said = f"called {wanted!r}" if isinstance(wanted, str) else value
    return [
        Problem(
            "no-control",
            Finding(
                f"None of the {len(arms)} arms ({listed(arms)}) is the control, {said}.",
                "Without the untouched network beside it nobody knows whether a change helped: "
                "perhaps it would have been as good without.",
                "Add the arm in which nothing is changed, with the same seeds.",
            ),
        )
    ]


def control_arm(trials: list[Trial], design: Design) -> str | None:
    """Return the name of the control arm, by its name or by its value on the axis."""
    if design.control is None:
        return None
    arms = by_arm(trials)
    for arm, runs in arms.items():
        named = isinstance(design.control, str) and _plain(arm) == _plain(design.control)
        if named or is_at(runs[0], design.axes[0], design.control):
            return arm
    return None


def _plain(name: object) -> str:
    return " ".join(str(name).lower().replace("_", " ").split())
