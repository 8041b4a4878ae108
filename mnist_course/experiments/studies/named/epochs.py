"""Training for 5, 10, 20 epochs."""

from __future__ import annotations

from mnist_course.experiments.studies.headline import Headline, best, most
from mnist_course.experiments.studies.named.figures import arms, curves
from mnist_course.experiments.studies.named_study import NamedStudy, Results, Steps
from mnist_course.experiments.studies.sizes import Size
from mnist_course.experiments.studies.study import Study
from mnist_course.experiments.trials.configuration import Configuration

__all__ = ["STUDY"]

BASE = Configuration(train_rows=10_000, hidden=(128,))


def steps(size: Size) -> Steps:
    """Yield the study; a longer run of a seed begins as the shorter one did."""
    full = size == "full"
    yield Study(
        "epochs",
        "How many epochs are enough for 784-128-10?",
        BASE if full else BASE.but(train_rows=3_000),
        "epochs",
        (5, 10, 20),
        control=5,
        seeds=range(5 if full else 3),
        metric="val_cross_entropy",
        margin=0.01,
        also=("val_accuracy", "test_accuracy", "gap", "train_cross_entropy"),
    )


def headlines(results: Results) -> list[Headline]:
    """Judge "longer training overfits"."""
    trials = results.trials["epochs"]
    return [
        most("After 20 epochs the gap is largest", trials, "epochs 20", "gap"),
        best(
            "10 epochs give the lowest validation loss",
            trials,
            "epochs 10",
            "val_cross_entropy",
            0.01,
        ),
        best("20 epochs give the highest accuracy", trials, "epochs 20", "test_accuracy", 0.003),
    ]


STUDY = NamedStudy(
    "epochs",
    "When does longer training begin to overfit?",
    steps,
    headlines,
    {"loss": arms("epochs"), "gap": arms("epochs", "gap"), "learning": curves("epochs")},
)
