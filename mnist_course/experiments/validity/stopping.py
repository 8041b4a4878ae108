"""Whether early stopping could act, whether what it restored is what is reported."""

from __future__ import annotations

import math

from mnist_course.experiments.trials.trial import Trial
from mnist_course.experiments.validity.design import Design
from mnist_course.experiments.validity.grouped import of_arm, planned_epochs
from mnist_course.experiments.validity.problem import Problem
from mnist_course.grading.results import Finding

__all__ = ["check_patience", "check_restored", "kept_epoch"]

_CLOSE = 2e-4  # an accuracy on 5,000 images moves in steps of this size


def check_patience(trials: list[Trial], design: Design) -> list[Problem]:
    """Find arms whose early stopping would wait longer than the training lasts."""
    del design
    found = [t for t in trials if _patience(t) is not None and _patience(t) >= planned_epochs(t)]  # type: ignore[operator]
    if not found:
        return []
    first = found[0]
    return [
        Problem(
            "patience-too-long",
            Finding(
                f"{of_arm(first)} has patience {_patience(first)} and {planned_epochs(first)} "
                "epochs.",
                "Early stopping waits that many epochs without progress before it stops. Here the "
                "training is over by then: it never stopped anything, whatever the arm is called.",
                "Allow many more epochs than the patience, such as 20 with patience 3.",
            ),
            tuple(dict.fromkeys(t.arm for t in found)),
        )
    ]


def check_restored(trials: list[Trial], design: Design) -> list[Problem]:
    """Find runs that report the last epoch although an earlier one was restored."""
    del design
    found = []
    for trial in trials:
        kept = kept_epoch(trial)
        last = trial.fit.history.get("val_accuracy", ())
        reported = trial.measured.get("val_accuracy")
        if kept is None or reported is None or kept >= len(last):
            continue
        if abs(last[-1] - last[kept - 1]) > _CLOSE and _near(reported, last[-1]):
            found.append((trial, kept))
    if not found:
        return []
    trial, kept = found[0]
    values = trial.fit.history["val_accuracy"]
    return [
        Problem(
            "last-epoch-reported",
            Finding(
                f"{of_arm(trial)} reports {values[-1]:.4f}, the accuracy of its last epoch; the "
                f"weights that it keeps are those of epoch {kept}, with {values[kept - 1]:.4f}.",
                "Early stopping put the best weights back. history[-1] belongs to weights that are "
                "gone.",
                "Report what model.evaluate gives for the final network.",
            ),
            tuple(dict.fromkeys(t.arm for t, _ in found)),
            tuple(dict.fromkeys(t.seed for t, _ in found)),
        )
    ]


def kept_epoch(trial: Trial) -> int | None:
    """Return the epoch, from 1, whose weights a run kept, where that was not the last one."""
    values = trial.fit.history.get("val_accuracy", ())
    kept = trial.fit.accuracy
    if kept is not None and values and not _near(kept, values[-1]):
        same = [epoch for epoch, value in enumerate(values, 1) if _near(kept, value)]
        return same[-1] if same else None
    losses = trial.fit.history.get("val_loss", ())
    asked = trial.configuration
    if asked is None or asked.patience is None or len(losses) < 2:
        return None
    finite = [loss if math.isfinite(loss) else math.inf for loss in losses]
    best = min(range(len(finite)), key=finite.__getitem__) + 1
    return best if best < len(losses) else None


def _patience(trial: Trial) -> int | None:
    return None if trial.configuration is None else trial.configuration.patience


def _near(one: float, other: float) -> bool:
    return abs(one - other) < _CLOSE / 4
