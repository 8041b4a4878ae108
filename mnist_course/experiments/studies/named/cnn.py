"""A convolutional network on all of MNIST."""

from __future__ import annotations

from mnist_course.experiments.studies.headline import Headline, above, first_above
from mnist_course.experiments.studies.named.figures import arms, curves
from mnist_course.experiments.studies.named_study import NamedStudy, Results, Steps
from mnist_course.experiments.studies.sizes import Size
from mnist_course.experiments.studies.study import Study
from mnist_course.experiments.trials.configuration import Configuration

__all__ = ["STUDY"]

DENSE = Configuration(
    train_rows=55_000, hidden=(117,), dropout=0.3, batch_size=64, epochs=10
)  # 93,025 parameters
AUGMENTATION = ("shift", "rotate")
AUGMENTED = "augmentation shift + rotate"
CONVOLUTIONAL = DENSE.but(conv=(32, 64, 64), hidden=(64,))  # 93,322 parameters


def steps(size: Size) -> Steps:
    """Yield a convolutional and a dense network of one size, then the former with augmentation."""
    full = size == "full"
    base = {"train_rows": 55_000, "epochs": 10} if full else {"train_rows": 6_000, "epochs": 3}
    yield Study(
        "cnn",
        "How far does a convolutional network with under 100,000 parameters come on MNIST?",
        arms={"dense": DENSE.but(**base), "3 convolutions": CONVOLUTIONAL.but(**base)},
        axis=("conv", "hidden"),
        control="dense",
        seeds=range(5 if full else 2),
        metric="val_accuracy",
        margin=0.002,
        also=("test_accuracy", "test_cross_entropy", "parameters", "seconds"),
    )
    yield Study(
        "cnn-augmentation",
        "How much further does it come with images that are shifted and turned?",
        CONVOLUTIONAL.but(**base),
        "augmentation",
        ((), AUGMENTATION),
        control=(),
        seeds=range(5 if full else 2),
        metric="val_accuracy",
        margin=0.002,
        also=("test_accuracy", "test_cross_entropy", "gap", "seconds"),
    )


def headlines(results: Results) -> list[Headline]:
    """Judge "more than 99 %"."""
    trials = results.trials["cnn"]
    accuracies = [t.measured["test_accuracy"] for t in trials if t.arm == "3 convolutions"]
    further = [
        t.measured["test_accuracy"]
        for t in results.trials["cnn-augmentation"]
        if t.arm == AUGMENTED
    ]
    return [
        above("A CNN passes 99 % on MNIST", accuracies, 0.99, "test accuracy"),
        above("With augmentation it passes 99.2 %", further, 0.992, "test accuracy"),
        first_above(
            "A CNN beats a dense network (all images, equal parameters)",
            trials,
            "3 convolutions",
            "dense",
            "test_accuracy",
            margin=0.002,
        ),
    ]


STUDY = NamedStudy(
    "cnn",
    "Does a convolutional network with under 100,000 parameters pass 99 % on MNIST?",
    steps,
    headlines,
    {
        "accuracy": arms("cnn", "test_accuracy"),
        "learning": curves("cnn"),
        "augmentation": arms("cnn-augmentation", "test_accuracy"),
    },
    notes="Digits may be shifted by up to 3 pixels and turned a little; mirrored they may not be.",
)
