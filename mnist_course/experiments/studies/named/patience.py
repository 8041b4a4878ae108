"""Early stopping with a patience of 3 or 5, for Adam, for SGD."""

from __future__ import annotations

from mnist_course.experiments.studies.headline import Headline, first_above
from mnist_course.experiments.studies.named.figures import arms, curves
from mnist_course.experiments.studies.named_study import NamedStudy, Results, Steps
from mnist_course.experiments.studies.sizes import Size
from mnist_course.experiments.studies.study import Study
from mnist_course.experiments.trials.configuration import Configuration

__all__ = ["STUDY"]

BASE = Configuration(train_rows=10_000, hidden=(128,), epochs=40)
OPTIMIZERS = {
    "adam": BASE.but(optimizer="adam", learning_rate=0.001),
    "sgd": BASE.but(optimizer="sgd", learning_rate=0.1),
}


def steps(size: Size) -> Steps:
    """Yield a study for each optimizer."""
    full = size == "full"
    for name, network in OPTIMIZERS.items():
        yield Study(
            f"patience_{name}",
            f"What does early stopping do with {name}?",
            network if full else network.but(train_rows=3_000, epochs=15),
            "patience",
            (None, 3, 5),
            control="patience none",
            seeds=range(5 if full else 2),
            metric="val_cross_entropy",
            margin=0.01,
            also=("test_accuracy", "epochs", "gap"),
        )


def headlines(results: Results) -> list[Headline]:
    """Judge "early stopping regularises", "patience 5 is better than 3"."""
    judged = []
    for name in OPTIMIZERS:
        trials = results.trials[f"patience_{name}"]
        judged += [
            first_above(
                f"Early stopping lowers the validation loss ({name}, at most 40 epochs)",
                trials,
                "patience 3",
                "patience none",
                "val_cross_entropy",
                margin=0.01,
            ),
            first_above(
                f"A patience of 5 is better than one of 3 ({name})",
                trials,
                "patience 5",
                "patience 3",
                "val_cross_entropy",
                margin=0.01,
            ),
        ]
    return judged


STUDY = NamedStudy(
    "patience",
    "Does early stopping help, and how patient should it be?",
    steps,
    headlines,
    {
        "adam": arms("patience_adam"),
        "sgd": arms("patience_sgd"),
        "epochs_adam": arms("patience_adam", "epochs"),
        "epochs_sgd": arms("patience_sgd", "epochs"),
        "learning_adam": curves("patience_adam"),
        "learning_sgd": curves("patience_sgd"),
    },
    notes="The weights of the best epoch are restored; the numbers are those of these weights.",
)
