"""Trials with given numbers, made without Keras: what a test of tables, verdicts needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mnist_course.experiments.recording.fit_record import FitRecord
from mnist_course.experiments.trials.configuration import Configuration
from mnist_course.experiments.trials.trial import Trial

__all__ = ["made_trial", "made_trials"]


def made_trial(arm: str, seed: int, *, source: str = "run", **measured: float) -> Trial:
    """A trial of an arm whose final network measured this."""
    return Trial(
        arm=arm,
        seed=seed,
        configuration=Configuration(),
        fit=made_fit(),
        measured=measured,
        seconds=1.5,
        source=source,
    )


def made_trials(
    arms: Mapping[str, Sequence[float]],
    metric: str = "val_accuracy",
    seeds: Sequence[int] | None = None,
) -> list[Trial]:
    """Trials with one measure, seeds 0, 1, 2 ... in every arm."""
    return [
        made_trial(arm, seed, **{metric: value})
        for arm, values in arms.items()
        for seed, value in zip(seeds or range(len(values)), values, strict=True)
    ]


def made_fit(**others: Any) -> FitRecord:
    """A record of a fit over two epochs."""
    fields: dict[str, Any] = {
        "number": 1,
        "model_name": "trial",
        "architecture": "",
        "compiled": {"optimizer": {"class_name": "Adam", "config": {"learning_rate": 0.001}}},
        "parameters": 7_850,
        "layers": (),
        "epochs": 2,
        "batch_size": 32,
        "steps": 20,
        "validation_split": 0.0,
        "shuffle": True,
        "callbacks": (),
        "history": {"loss": (0.5, 0.3), "val_cross_entropy": (0.45, 0.35)},
        "accuracy": 0.9,
        "seconds": 1.0,
        "data": None,
        "validation": None,
        "shared_rows": 0,
        "continued_from": None,
        "weights_before": "0" * 32,
        "weights_after": "1" * 32,
    }
    return FitRecord(**(fields | others))
