"""Look at a study from all sides."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mnist_course.experiments.studies.claim import Claim
from mnist_course.experiments.trials.shipped import shipped
from mnist_course.experiments.trials.trial import Trial
from mnist_course.experiments.validity.arms_present import (
    check_arms_present,
    check_control,
    check_values,
)
from mnist_course.experiments.validity.claimed_arms import (
    check_claimed_arms,
    check_claimed_metric,
)
from mnist_course.experiments.validity.design import Design
from mnist_course.experiments.validity.enough_seeds import (
    check_copies,
    check_own_runs,
    check_seeds,
)
from mnist_course.experiments.validity.equal_budget import check_equal
from mnist_course.experiments.validity.fresh_weights import check_fresh_weights, check_own_start
from mnist_course.experiments.validity.labels import check_labels
from mnist_course.experiments.validity.no_leak import (
    check_test_unused,
    check_training_rows,
    check_validation_rows,
)
from mnist_course.experiments.validity.one_change import (
    check_arms_differ,
    check_one_change,
    check_within_arms,
)
from mnist_course.experiments.validity.one_step_epochs import check_steps
from mnist_course.experiments.validity.penalty import check_penalty
from mnist_course.experiments.validity.possible_record import (
    check_asked_is_done,
    check_measured,
    check_possible,
)
from mnist_course.experiments.validity.problem import Problem
from mnist_course.experiments.validity.same_data import check_same_data, check_same_scaling
from mnist_course.experiments.validity.shipped_trials import Find, check_shipped, is_shipped
from mnist_course.experiments.validity.stopping import check_patience, check_restored

__all__ = ["examine"]

Check = Callable[[list[Trial], Design], list[Problem]]

_CHECKS: tuple[Check, ...] = (
    check_arms_present,
    check_values,
    check_control,
    check_labels,
    check_asked_is_done,
    check_within_arms,
    check_one_change,
    check_arms_differ,
    check_equal,
    check_same_data,
    check_same_scaling,
    check_training_rows,
    check_validation_rows,
    check_test_unused,
    check_fresh_weights,
    check_own_start,
    check_seeds,
    check_copies,
    check_possible,
    check_restored,
    check_measured,
    check_penalty,
    check_patience,
    check_steps,
)

# A problem that only shows the effect of another one in the same arms, which then stands for both.
_EFFECTS = {
    "label-differs": ("not-as-configured", "arms-equal", "no-control", "value-missing"),
    "run-copied": ("same-start", "too-few-seeds", "not-fresh", "no-own-run", "arms-equal"),
    "last-epoch-reported": ("measured-differs",),
    "penalty-in-loss": ("measured-differs",),
    "impossible-record": ("measured-differs", "arm-mixed", "two-changes"),
    "shipped-altered": ("measured-differs", "impossible-record"),
    "arm-mixed": ("two-changes", "not-as-configured"),
    "not-normalised": ("other-scaling", "scaled-differently"),
    "unequal-epochs": ("two-changes",),
    "not-fresh": ("same-start",),
    "other-data": ("two-changes",),
}


def examine(
    trials: Iterable[Trial],
    design: Design,
    *,
    claim: Claim | None = None,
    find_shipped: Find = shipped,
) -> tuple[Problem, ...]:
    """Say what keeps a study from showing what it seems to show.

    Parameters
    ----------
    trials : iterable of Trial
    design : Design
        What the study is meant to compare.
    claim : Claim, optional
        What somebody concludes from it: whether it is about something that was tried.
    find_shipped : callable, optional
        Gives the trial of a configuration and a seed that came with the course, or None.

    Returns
    -------
    tuple of Problem
        In the order in which they are best repaired; empty for a valid study. A diverged run, a
        tie, arms in any order or of any name are no problems.
    """
    given = list(trials)
    found = [problem for check in _CHECKS for problem in check(given, design)]
    found += check_shipped(given, design, find_shipped)
    if design.own_seeds:
        found += check_own_runs(given, design, lambda trial: is_shipped(trial, find_shipped))
    if claim is not None:
        found += check_claimed_arms(given, design, claim)
        found += check_claimed_metric(given, design, claim)
    return _causes(found)


def _causes(problems: list[Problem]) -> tuple[Problem, ...]:
    """Leave out what another problem of the same arms explains."""
    kept = []
    for problem in problems:
        explained = any(
            problem.kind in _EFFECTS.get(cause.kind, ())
            and (not cause.arms or not problem.arms or set(cause.arms) & set(problem.arms))
            for cause in problems
        )
        if not explained:
            kept.append(problem)
    return tuple(kept)
