"""Whether the arms differ in nothing but the axis."""

from __future__ import annotations

from mnist_course.experiments.trials.trial import Trial
from mnist_course.experiments.validity.axis_values import in_words
from mnist_course.experiments.validity.design import Design
from mnist_course.experiments.validity.differing import (
    Difference,
    other_differences,
    same_on_axes,
)
from mnist_course.experiments.validity.grouped import by_arm, listed
from mnist_course.experiments.validity.problem import Problem
from mnist_course.grading.results import Finding

__all__ = ["check_arms_differ", "check_one_change", "check_within_arms"]


def check_one_change(trials: list[Trial], design: Design) -> list[Problem]:
    """Find arms that differ from the others in more than the axis."""
    arms = by_arm(trials)
    found = _fewest(arms, design)
    if found is None:
        return []
    reference, changes = found
    problems = []
    for arm, differences in changes.items():
        if not differences:
            continue
        count = len(differences)
        problems.append(
            Problem(
                "two-changes",
                Finding(
                    f"{arm!r} and {reference!r} should differ in {listed(design.axes)} alone, but "
                    f"differ in {listed(differences)} too: {count} more "
                    f"change{'s' * (count != 1)}.",
                    "With two changes at once nobody can tell which of them made the difference.",
                    f"Run {arm!r} again, made from the same base: BASE.but(...) with "
                    f"{listed(design.axes)} only.",
                ),
                (arm, reference),
            )
        )
    return problems


def check_arms_differ(trials: list[Trial], design: Design) -> list[Problem]:
    """Find two arms that are the same network trained in the same way."""
    arms = list(by_arm(trials).items())
    problems = []
    # Two groups, one equal in epochs and one in updates, may share a setting.
    free = design.free if len(design.equals) < 2 else (*design.free, "epochs", "updates")
    for place, (arm, runs) in enumerate(arms):
        for other, others in arms[:place]:
            if same_on_axes(runs[0], others[0], free):
                if len(design.equals) > 1:
                    continue  # the same setting in both groups
                values = listed(f"{name} {in_words(runs[0], name)}" for name in design.axes)
                problems.append(
                    Problem(
                        "arms-equal",
                        Finding(
                            f"{other!r} and {arm!r} have the same {listed(design.axes)}: {values}.",
                            "Two arms with the same setting compare a network with itself: what "
                            "differs between them is chance.",
                            "Look at the configuration of each arm; was one copied and not "
                            "changed?",
                        ),
                        (other, arm),
                    )
                )
    return problems


def check_within_arms(trials: list[Trial], design: Design) -> list[Problem]:
    """Find arms whose runs differ in more than the seed."""
    del design
    problems = []
    for arm, runs in by_arm(trials).items():
        for run in runs[1:]:
            differences = other_differences(runs[0], run, ())
            if differences:
                problems.append(
                    Problem(
                        "arm-mixed",
                        Finding(
                            f"{arm!r} is not one setting: seeds {runs[0].seed} and {run.seed} "
                            f"differ in {listed(differences)}.",
                            "The spread over the seeds says how far chance goes; here it holds "
                            "another setting too.",
                            f"Give {arm!r} one configuration, and change the seed only.",
                        ),
                        (arm,),
                        (runs[0].seed, run.seed),
                    )
                )
                break
    return problems


def _fewest(
    arms: dict[str, list[Trial]], design: Design
) -> tuple[str, dict[str, tuple[Difference, ...]]] | None:
    """Return the arm to which the fewest others differ in more than the axis, with what in."""
    best: tuple[str, dict[str, tuple[Difference, ...]]] | None = None
    for reference, runs in arms.items():
        changes = {
            arm: other_differences(others[0], runs[0], design.free)
            for arm, others in arms.items()
            if arm != reference
        }
        if best is None or _wrong(changes) < _wrong(best[1]):
            best = reference, changes
    return best


def _wrong(changes: dict[str, tuple[Difference, ...]]) -> int:
    return sum(1 for differences in changes.values() if differences)
