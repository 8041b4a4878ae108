"""Whether each run began with fresh weights of its own."""

from __future__ import annotations

from mnist_course.experiments.trials.trial import Trial
from mnist_course.experiments.validity.design import Design
from mnist_course.experiments.validity.grouped import by_arm, listed, of_arm
from mnist_course.experiments.validity.problem import Problem
from mnist_course.grading.results import Finding

__all__ = ["check_fresh_weights", "check_own_start"]

_WARM_LOSS, _WARM_LOSS_CONVOLUTION = 0.15, 0.06  # cold runs of one epoch have .27 to .45
_WARM_ACCURACY = 0.955
_NEXT = "Build and compile the network inside the loop, once for every run."


def check_fresh_weights(trials: list[Trial], design: Design) -> list[Problem]:
    """Find runs that went on with a network that was trained already."""
    del design
    # A network whose layers were all frozen ends as it began, as do others with the same seed.
    after = {t.fit.weights_after: t for t in trials if t.fit.weights_after != t.fit.weights_before}
    problems = []
    for trial in trials:
        before = after.get(trial.fit.weights_before)
        if trial.fit.continued_from is not None or (before is not None and before is not trial):
            whose = "an earlier fit" if before is None else f"{of_arm(before)}"
            problems.append(
                _not_fresh(trial, f"{of_arm(trial)} began with the weights that {whose} had left.")
            )
            continue
        first = _first_loss(trial)
        if first is not None:
            problems.append(
                _not_fresh(
                    trial,
                    f"{of_arm(trial)} has a loss of {first:.3f} in its first epoch; a network that "
                    "begins with fresh weights has more than that.",
                )
            )
    return problems


def check_own_start(trials: list[Trial], design: Design) -> list[Problem]:
    """Find arms whose runs all began with the same weights although their seeds differ."""
    del design
    problems = []
    for arm, runs in by_arm(trials).items():
        starts: dict[str, set[int]] = {}
        for run in runs:
            if run.fit.weights_before:
                starts.setdefault(run.fit.weights_before, set()).add(run.seed)
        shared = max(starts.values(), key=len, default=set())
        if len(shared) > 1:
            problems.append(
                Problem(
                    "same-start",
                    Finding(
                        f"In {arm!r} {len(shared)} runs (seeds {listed(sorted(shared))}) began "
                        "with the same weights.",
                        "The first weights are the largest part of chance. Runs that share them "
                        "agree more than they should, so the spread is too small.",
                        "Call keras.utils.set_random_seed(seed) before the network is built, once "
                        "for every run.",
                    ),
                    (arm,),
                    tuple(sorted(shared)),
                )
            )
    return problems


def _first_loss(trial: Trial) -> float | None:
    """Return the loss of the first epoch where it is too low for a network that begins."""
    history = trial.fit.history
    loss, accuracy = history.get("loss", ()), history.get("accuracy", ())
    if not loss or (trial.configuration is not None and trial.configuration.task != "classify"):
        return None
    if not accuracy or accuracy[0] < _WARM_ACCURACY or _updates_per_epoch(trial) > 10_000:
        return None
    layers = {layer.class_name for layer in trial.fit.layers}
    limit = _WARM_LOSS_CONVOLUTION if any("Conv" in name for name in layers) else _WARM_LOSS
    return loss[0] if loss[0] < limit else None


def _updates_per_epoch(trial: Trial) -> float:
    return trial.fit.steps / max(trial.fit.epochs, 1)


def _not_fresh(trial: Trial, saw: str) -> Problem:
    return Problem(
        "not-fresh",
        Finding(
            saw,
            "What it reached is the work of both trainings, so it cannot be compared with a run "
            "that began with nothing.",
            _NEXT,
        ),
        (trial.arm,),
        (trial.seed,),
    )
