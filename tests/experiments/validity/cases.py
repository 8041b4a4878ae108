"""What a study with a planted error is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from mnist_course.experiments.studies.claim import Claim
from mnist_course.experiments.trials.configuration import Configuration
from mnist_course.experiments.trials.trial import Trial
from mnist_course.experiments.validity.design import Design
from tests.experiments.validity.pretend import BASE

__all__ = ["Case", "Find", "Odd", "changed", "first_changed", "none_shipped"]

Find = Callable[[Configuration, int], Trial | None]


def none_shipped(configuration: Configuration, seed: int) -> Trial | None:
    """Find no trial that came with the course."""
    del configuration, seed
    return None


@dataclass(frozen=True)
class Case:
    """A study, what it is meant to compare, the one kind of problem that it has."""

    name: str
    kind: str
    trials: list[Trial]
    design: Design
    says: str = ""
    claim: Claim | None = None
    find_shipped: Find = field(default=none_shipped)


@dataclass(frozen=True)
class Odd:
    """A study with which nothing is wrong."""

    name: str
    trials: list[Trial]
    design: Design
    claim: Claim | None = None
    find_shipped: Find = field(default=none_shipped)


DROPOUT = Design("dropout", control=0.0, arms=3)
ARMS = {
    "no dropout": BASE,
    "dropout 0.1": BASE.but(dropout=0.1),
    "dropout 0.3": BASE.but(dropout=0.3),
}
OPTIMIZER = Design("optimizer", control="sgd", arms=3, may_differ=("learning rate",))
OPTIMIZERS = {
    "sgd": BASE.but(optimizer="sgd", learning_rate=0.1),
    "momentum": BASE.but(optimizer="sgd", momentum=0.9, learning_rate=0.03),
    "adam": BASE,
}
BATCH = {f"batch {size}": BASE.but(batch_size=size) for size in (8, 32, 128)}
L2 = {"no L2": BASE, "L2 0.001": BASE.but(l2=0.001), "L2 0.01": BASE.but(l2=0.01)}
LONG = BASE.but(epochs=12)
STOPPING = {
    "to the end": LONG,
    "patience 2": LONG.but(patience=2),
    "patience 4": LONG.but(patience=4),
}


def changed(trials: list[Trial], change: Callable[[Trial], Trial], arm: str) -> list[Trial]:
    return [change(trial) if trial.arm == arm else trial for trial in trials]


def first_changed(trials: list[Trial], change: Callable[[Trial], Trial], arm: str) -> list[Trial]:
    """Change the first run of an arm alone."""
    place = next(i for i, trial in enumerate(trials) if trial.arm == arm)
    return [*trials[:place], change(trials[place]), *trials[place + 1 :]]
