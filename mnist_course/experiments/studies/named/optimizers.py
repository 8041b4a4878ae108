"""Four optimizers, each at its own best of three learning rates."""

from __future__ import annotations

from collections.abc import Sequence

from mnist_course.experiments.studies.arm_result import ArmResult
from mnist_course.experiments.studies.convergence import updates_to_reach
from mnist_course.experiments.studies.headline import Headline, best, first_above
from mnist_course.experiments.studies.metrics import values_by_arm
from mnist_course.experiments.studies.named.figures import arms, curves
from mnist_course.experiments.studies.named_study import NamedStudy, Results, Steps
from mnist_course.experiments.studies.sizes import Size
from mnist_course.experiments.studies.study import Study
from mnist_course.experiments.trials.configuration import Configuration
from mnist_course.experiments.trials.trial import Trial

__all__ = ["STUDY"]

BASE = Configuration(train_rows=10_000, hidden=(128,), epochs=10)
OPTIMIZERS = {
    "SGD": BASE.but(optimizer="sgd"),
    "momentum": BASE.but(optimizer="sgd", momentum=0.9),
    "Adam": BASE.but(optimizer="adam"),
    "AdamW": BASE.but(optimizer="adamw", weight_decay=0.004),
}
RATES = {
    "SGD": (0.03, 0.1, 0.3),
    "momentum": (0.01, 0.03, 0.1),
    "Adam": (0.0003, 0.001, 0.003),
    "AdamW": (0.0003, 0.001, 0.003),
}
LEVEL = 0.25
"""Validation cross-entropy whose first epoch is looked for: "converged" for this study."""

FAST = f"updates_to_{LEVEL}"


def steps(size: Size) -> Steps:
    """Yield the choice of the rates, then the comparison with seeds that chose nothing."""
    full = size == "full"
    changed = {} if full else {"train_rows": 3_000, "epochs": 4}
    rates = yield Study(
        "optimizer_rates",
        "Which of three learning rates suits each optimizer?",
        arms={
            f"{name}, rate {rate:g}": network.but(learning_rate=rate, **changed)
            for name, network in OPTIMIZERS.items()
            for rate in RATES[name]
        },
        axis=("optimizer", "learning_rate"),
        seeds=(100, 101, 102) if full else (100,),
        metric="val_cross_entropy",
        margin=0.01,
    )
    yield Study(
        "optimizers",
        "Which optimizer is best, each at its own best learning rate?",
        arms={
            name: network.but(learning_rate=best_rate(rates, name), **changed)
            for name, network in OPTIMIZERS.items()
        },
        axis="optimizer",
        control="SGD",
        may_differ=("learning_rate",),
        seeds=range(5 if full else 3),
        metric="val_cross_entropy",
        margin=0.01,
        also=("val_accuracy", "test_accuracy", "train_cross_entropy"),
    )


def best_rate(trials: Sequence[Trial], optimizer: str) -> float:
    """Return the learning rate with the lowest mean validation cross-entropy.

    One at which a training failed is worse than all others.
    """
    by_arm = values_by_arm(trials, "val_cross_entropy")

    def rank(rate: float) -> tuple[bool, bool, float, str]:
        arm = f"{optimizer}, rate {rate:g}"
        return ArmResult.from_values(arm, by_arm[arm][1]).rank(higher=False)

    return min(RATES[optimizer], key=rank)


def headlines(results: Results) -> list[Headline]:
    """Judge "Adam is fastest, most accurate", "AdamW generalises better", "SGD is slow"."""
    trials = results.trials["optimizers"]
    timed = [updates_to_reach(trial, LEVEL, FAST) for trial in trials]
    return [
        best(f"Adam is fastest (updates to cross-entropy {LEVEL})", timed, "Adam", FAST, 150.0),
        best("Adam has the highest accuracy", trials, "Adam", "test_accuracy", 0.003),
        best("Adam has the lowest loss", trials, "Adam", "val_cross_entropy", 0.01),
        first_above(
            "AdamW generalises better than Adam",
            trials,
            "AdamW",
            "Adam",
            "test_accuracy",
            margin=0.003,
        ),
        first_above(
            "Momentum is faster than plain SGD", timed, "momentum", "SGD", FAST, margin=150.0
        ),
    ]


STUDY = NamedStudy(
    "optimizers",
    "Is Adam the fastest and the best optimizer?",
    steps,
    headlines,
    {
        "loss": arms("optimizers"),
        "accuracy": arms("optimizers", "test_accuracy"),
        "learning": curves("optimizers"),
        "rates": arms("optimizer_rates"),
    },
    notes=(
        "The rate of each optimizer is chosen with seeds that the comparison does not use. "
        "Where that is the largest or the smallest of the three, a better one may lie beyond it. "
        "Updates are counted in whole epochs."
    ),
)
