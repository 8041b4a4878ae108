"""Dropout 0, 0.1, 0.3, for a network that can overfit."""

from __future__ import annotations

from mnist_course.experiments.studies.headline import Headline, best, most
from mnist_course.experiments.studies.named.figures import arms, curves
from mnist_course.experiments.studies.named_study import NamedStudy, Results, Steps
from mnist_course.experiments.studies.sizes import Size
from mnist_course.experiments.studies.study import Study
from mnist_course.experiments.trials.configuration import Configuration

__all__ = ["STUDY"]

BASE = Configuration(train_rows=10_000, hidden=(128,), epochs=20)


def steps(size: Size) -> Steps:
    """Yield the study."""
    full = size == "full"
    yield Study(
        "dropout",
        "How much dropout does 784-128-10 need after 20 epochs?",
        BASE if full else BASE.but(train_rows=3_000, epochs=8),
        "dropout",
        (0.0, 0.1, 0.3),
        control=0.0,
        seeds=range(5 if full else 3),
        metric="val_cross_entropy",
        margin=0.01,
        also=("gap", "val_accuracy", "test_accuracy", "train_cross_entropy"),
    )


def headlines(results: Results) -> list[Headline]:
    """Judge what was printed about the three rates."""
    trials = results.trials["dropout"]
    return [
        most("No dropout overfits most (largest gap)", trials, "dropout 0", "gap"),
        most("No dropout has the worst validation loss", trials, "dropout 0", "val_cross_entropy"),
        best("Dropout 0.1 is the best balance", trials, "dropout 0.1", "val_cross_entropy", 0.01),
    ]


STUDY = NamedStudy(
    "dropout",
    "Does a network without dropout overfit, and is a rate of 0.1 the best?",
    steps,
    headlines,
    {"loss": arms("dropout"), "gap": arms("dropout", "gap"), "learning": curves("dropout")},
    notes="The gap is cross-entropy on validation images less that on training images.",
)
