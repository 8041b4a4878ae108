"""The network of M5, as it was given and repaired."""

from __future__ import annotations

from mnist_course.experiments.studies.headline import Headline, above
from mnist_course.experiments.studies.named.figures import arms
from mnist_course.experiments.studies.named_study import NamedStudy, Results, Steps
from mnist_course.experiments.studies.sizes import Size
from mnist_course.experiments.studies.study import Study
from mnist_course.experiments.trials.configuration import Configuration

__all__ = ["STUDY"]

GIVEN = Configuration(
    train_rows=55_000, hidden=(10, 10), activation="sigmoid", learning_rate=1e-5, epochs=5
)
REPAIRED = GIVEN.but(hidden=(64,), activation="relu", learning_rate=1e-3)


def steps(size: Size) -> Steps:
    """Yield the two networks."""
    rows = 55_000 if size == "full" else 10_000
    yield Study(
        "m5",
        "Does the repaired network pass 95 %?",
        arms={
            "as given": GIVEN.but(train_rows=rows),
            "784-64-10, ReLU, rate 0.001": REPAIRED.but(train_rows=rows),
        },
        axis=("hidden", "activation", "learning_rate"),
        control="as given",
        seeds=range(5 if size == "full" else 3),
        metric="val_accuracy",
        also=("test_accuracy", "parameters"),
    )


def headlines(results: Results) -> list[Headline]:
    """Judge "more than 95 %"."""
    accuracies = [
        trial.measured["test_accuracy"] for trial in results.trials["m5"] if trial.arm != "as given"
    ]
    return [
        above("The repaired network of M5 passes 95 %", accuracies, 0.95, "test accuracy"),
    ]


STUDY = NamedStudy(
    "m5",
    "Does the repaired network of M5 pass 95 % on the test images?",
    steps,
    headlines,
    {"accuracy": arms("m5", "test_accuracy")},
    notes="docs/M5_BASELINE.md has every knob alone, with 20 seeds.",
)
