"""A convolutional network on Fashion-MNIST, with and without augmentation."""

from __future__ import annotations

from mnist_course.experiments.studies.headline import Headline, above, first_above, most
from mnist_course.experiments.studies.named.figures import arms, curves
from mnist_course.experiments.studies.named_study import NamedStudy, Results, Steps
from mnist_course.experiments.studies.sizes import Size
from mnist_course.experiments.studies.study import Study
from mnist_course.experiments.trials.configuration import Configuration

__all__ = ["STUDY"]

BASE = Configuration(
    dataset="fashion_mnist",
    train_rows=55_000,
    conv=(32, 64, 64),
    hidden=(64,),
    dropout=0.2,
    batch_size=64,
    epochs=15,
)
PLAIN, FLIPPED, SHIFTED = "augmentation none", "augmentation flip", "augmentation flip + shift"


def steps(size: Size) -> Steps:
    """Yield the network without augmentation, with flips, with flips and shifts."""
    full = size == "full"
    base = BASE if full else BASE.but(train_rows=6_000, epochs=3)
    yield Study(
        "fashion",
        "Does augmentation help on clothes?",
        base,
        "augmentation",
        ((), ("flip",), ("flip", "shift")),
        control=(),
        seeds=range(5 if full else 2),
        metric="val_accuracy",
        also=("test_accuracy", "test_cross_entropy", "gap", "parameters", "seconds"),
    )


def headlines(results: Results) -> list[Headline]:
    """Judge "more than 90 % with augmentation"."""
    trials = results.trials["fashion"]
    accuracies = [t.measured["test_accuracy"] for t in trials if t.arm == FLIPPED]
    return [
        above("A CNN with augmentation passes 90 % on Fashion", accuracies, 0.90, "test accuracy"),
        first_above(
            "Flips make it more accurate", trials, FLIPPED, PLAIN, "test_accuracy", margin=0.005
        ),
        first_above(
            "Shifts besides make it more accurate (equal epochs)",
            trials,
            SHIFTED,
            FLIPPED,
            "test_accuracy",
            margin=0.005,
        ),
        most("Without augmentation the gap is larger", trials, PLAIN, "gap"),
    ]


STUDY = NamedStudy(
    "fashion",
    "Does a CNN with augmentation pass 90 % on Fashion-MNIST, and does the augmentation help?",
    steps,
    headlines,
    {"accuracy": arms("fashion", "test_accuracy"), "learning": curves("fashion")},
    notes="Flips left to right and shifts of up to 3 pixels, as Keras layers, in training alone.",
)
