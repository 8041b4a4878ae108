"""L2 penalties, compared by cross-entropy without the penalty."""

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
        "l2",
        "Which L2 penalty gives the lowest cross-entropy, the penalty left out?",
        BASE if full else BASE.but(train_rows=3_000, epochs=8),
        "l2",
        (0.0, 1e-4, 1e-3, 1e-2),
        control=0.0,
        seeds=range(5 if full else 3),
        metric="val_cross_entropy",
        margin=0.01,
        also=("weight_norm", "gap", "val_accuracy", "test_accuracy"),
    )


def headlines(results: Results) -> list[Headline]:
    """Judge "0.001 is best", "large penalties underfit"."""
    trials = results.trials["l2"]
    return [
        best(
            "L2 0.001 has the best validation loss", trials, "l2 0.001", "val_cross_entropy", 0.01
        ),
        most("L2 0.01 has the worst validation loss", trials, "l2 0.01", "val_cross_entropy"),
        most("Without a penalty the weights are largest", trials, "l2 0", "weight_norm"),
    ]


STUDY = NamedStudy(
    "l2",
    "Is an L2 penalty of 0.001 the best?",
    steps,
    headlines,
    {
        "loss": arms("l2"),
        "weights": arms("l2", "weight_norm"),
        "learning": curves("l2", "val_cross_entropy"),
    },
    notes=(
        "Keras' val_loss holds the penalty, which grows with its factor, so it cannot be compared "
        "between arms; val_cross_entropy leaves it out."
    ),
)
