"""Whether the loss that is compared is free of a penalty."""

from __future__ import annotations

from mnist_course.experiments.trials.trial import Trial
from mnist_course.experiments.validity.design import Design
from mnist_course.experiments.validity.grouped import by_arm, listed, of_arm
from mnist_course.experiments.validity.problem import Problem
from mnist_course.grading.results import Finding

__all__ = ["check_penalty", "holds_penalty", "penalised"]

_LOSSES = ("val_loss", "loss", "train_loss", "test_loss")
_NEXT = "Compare val_cross_entropy, which is the loss without the penalty."


def penalised(trial: Trial) -> bool:
    """Tell whether some weights or outputs of the network cost something in the loss."""
    return any(layer.regularized for layer in trial.fit.layers)


def holds_penalty(metric: str, trials: list[Trial]) -> bool:
    """Tell whether a number holds a penalty that is not the same in all arms."""
    return metric in _LOSSES and any(map(penalised, trials))


def check_penalty(trials: list[Trial], design: Design) -> list[Problem]:
    """Find a loss with a penalty in it that is compared between arms."""
    arms = [arm for arm, runs in by_arm(trials).items() if any(map(penalised, runs))]
    if not arms:
        return []
    if design.metric in _LOSSES:
        return [_problem(f"{design.metric} is compared, and {listed(arms)} have a penalty.", arms)]
    taken = [trial for trial in trials if penalised(trial) and _is_the_loss(trial)]
    if not taken:
        return []
    value = taken[0].measured["val_cross_entropy"]
    return [
        _problem(
            f"val_cross_entropy {value:.4f} of {of_arm(taken[0])} is its val_loss, penalty "
            "included.",
            arms,
        )
    ]


def _is_the_loss(trial: Trial) -> bool:
    """Tell whether the reported cross-entropy is the recorded loss of a penalised network."""
    losses = trial.fit.history.get("val_loss", ())
    pure = trial.fit.history.get("val_cross_entropy", ())
    value = trial.measured.get("val_cross_entropy")
    if value is None or not losses:
        return False
    known = {round(loss, 5) for loss in losses}
    if {round(entropy, 5) for entropy in pure} & known:
        return False  # a penalty too small to be seen
    return round(value, 5) in known


def _problem(saw: str, arms: list[str]) -> Problem:
    return Problem(
        "penalty-in-loss",
        Finding(
            saw,
            "Under L2 the loss is cross-entropy plus the penalty, and the penalty grows with its "
            "factor: a larger loss does not mean worse predictions.",
            _NEXT,
        ),
        tuple(arms),
    )
