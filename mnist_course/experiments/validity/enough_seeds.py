"""Whether there are enough runs of each arm, really different ones."""

from __future__ import annotations

import math
from collections.abc import Callable

from mnist_course.experiments.trials.trial import Trial
from mnist_course.experiments.validity.design import Design
from mnist_course.experiments.validity.grouped import by_arm, listed
from mnist_course.experiments.validity.problem import Problem
from mnist_course.grading.results import Finding

__all__ = ["check_copies", "check_own_runs", "check_seeds", "different_runs"]


def different_runs(runs: list[Trial]) -> list[Trial]:
    """Return the runs without copies: each seed once, each network once."""
    once: dict[str, Trial] = {}
    for run in runs:
        once.setdefault(_network(run), run)
    seeds: dict[int, Trial] = {}
    for run in once.values():
        seeds.setdefault(run.seed, run)
    return list(seeds.values())


def check_seeds(trials: list[Trial], design: Design) -> list[Problem]:
    """Find arms with too few different runs."""
    few = {
        arm: seeds
        for arm, runs in by_arm(trials).items()
        if (seeds := len(different_runs(runs))) < design.seeds
    }
    if not few:
        return []
    arm = min(few, key=few.__getitem__)
    return [
        Problem(
            "too-few-seeds",
            Finding(
                f"{arm!r} has {few[arm]} run{'s' * (few[arm] != 1)} of its own; {design.seeds} "
                f"seeds are needed{_others(few)}.",
                "Two runs that differ in nothing but the seed differ too. Without several of them "
                "nobody can tell a better setting from better luck.",
                f"Run every arm with at least {design.seeds} seeds.",
            ),
            tuple(few),
        )
    ]


def check_copies(trials: list[Trial], design: Design) -> list[Problem]:
    """Find runs that are one and the same network, under several seeds or in several arms."""
    same: dict[str, list[Trial]] = {}
    for trial in trials:
        same.setdefault(_network(trial), []).append(trial)
    problems = []
    for runs in same.values():
        seeds = sorted({run.seed for run in runs})
        arms = tuple(dict.fromkeys(run.arm for run in runs))
        if len(seeds) > 1:
            saw = (
                f"The runs with seeds {listed(seeds)} of {listed(map(repr, arms))} ended with "
                "exactly the same weights."
            )
        elif len(runs) > len(arms):
            saw = f"Seed {seeds[0]} of {arms[0]!r} is there {len(runs)} times."
        elif (
            len(arms) > 1
            and len(design.equals) < 2
            and not (_one_setting(runs) or _best_epoch_restored(runs))
        ):
            saw = (
                f"{listed(map(repr, arms))} with seed {seeds[0]} ended with exactly the same "
                "weights."
            )
        else:
            continue
        problems.append(
            Problem(
                "run-copied",
                Finding(
                    saw,
                    "A copy adds nothing that was not known: the spread becomes smaller than "
                    "chance makes it.",
                    "Train each of them: another seed for each run, the arm's own setting for each "
                    "arm.",
                ),
                arms,
                tuple(seeds),
            )
        )
    return problems


def check_own_runs(
    trials: list[Trial], design: Design, is_shipped: Callable[[Trial], bool]
) -> list[Problem]:
    """Find arms to which nothing was added to what the course ships.

    Parameters
    ----------
    trials : list of Trial
    design : Design
    is_shipped : callable
        Says of a trial whether the course ships it, whatever its source says.
    """
    lacking = {}
    for arm, runs in by_arm(trials).items():
        own = [run for run in different_runs(runs) if not is_shipped(run)]
        if len(own) < design.own_seeds:
            lacking[arm] = len(own)
    if not lacking:
        return []
    arm = next(iter(lacking))
    return [
        Problem(
            "no-own-run",
            Finding(
                f"{arm!r} has {lacking[arm]} run{'s' * (lacking[arm] != 1)} beside those that came "
                f"with the course; {design.own_seeds} of your own "
                f"{'is' if design.own_seeds == 1 else 'are'} needed{_others(lacking)}.",
                "A result counts as repeated when somebody else has repeated it.",
                "Add a seed that did not come with the course to `seeds`, and run the cell again.",
            ),
            tuple(lacking),
        )
    ]


def _network(run: Trial) -> str:
    """Name the network that a run ended with.

    Weights that are all NaN look alike whatever the run was, so a diverged run has a name by its
    arm and its seed.
    """
    return f"{run.arm}, seed {run.seed}" if _is_diverged(run) else run.fit.weights_after


def _is_diverged(run: Trial) -> bool:
    measured = run.measured
    loss = measured.get("val_mse", measured.get("val_cross_entropy", 0.0))
    seen = run.fit.history.get("val_loss", ())[-1:]
    return all(map(math.isnan, (measured.get("weight_norm", 0.0), loss, *seen)))


def _best_epoch_restored(runs: list[Trial]) -> bool:
    """Tell whether arms may be equal because early stopping gave them the same best epoch.

    More patience often finds no better one; without early stopping the best may be the last.
    """
    return any("EarlyStopping" in run.fit.callbacks for run in runs)


def _one_setting(runs: list[Trial]) -> bool:
    """Tell whether arms are equal because their settings are: that is said elsewhere."""
    asked = {run.configuration for run in runs}
    return None not in asked and len(asked) == 1


def _others(arms: dict[str, int]) -> str:
    others = len(arms) - 1
    return f" ({others} more arm{'s' * (others != 1)} likewise)" if others else ""
