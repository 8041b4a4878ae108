"""One learning rate for all layers, or one for each."""

from __future__ import annotations

from mnist_course.experiments.studies.headline import Headline, first_above
from mnist_course.experiments.studies.named.figures import arms, curves
from mnist_course.experiments.studies.named_study import NamedStudy, Results, Steps
from mnist_course.experiments.studies.sizes import Size
from mnist_course.experiments.studies.study import Study
from mnist_course.experiments.trials.configuration import Configuration

__all__ = ["STUDY"]

BASE = Configuration(train_rows=10_000, hidden=(64, 64), epochs=10)
FACTORS = {
    "the same for all": (1.0, 1.0, 1.0),
    "first layer frozen": (0.0, 1.0, 1.0),
    "rising 0.1, 0.3, 1": (0.1, 0.3, 1.0),
    "falling 1, 0.3, 0.1": (1.0, 0.3, 0.1),
    "first layer 3 times": (3.0, 1.0, 1.0),
}


def steps(size: Size) -> Steps:
    """Yield the study."""
    full = size == "full"
    base = BASE if full else BASE.but(train_rows=3_000, epochs=4)
    yield Study(
        "layer_rates",
        "Does a learning rate of its own for each layer help?",
        arms={name: base.but(layer_rates=factors) for name, factors in FACTORS.items()},
        axis="layer_rates",
        control="the same for all",
        seeds=range(5 if full else 2),
        metric="val_cross_entropy",
        margin=0.01,
        also=("val_accuracy", "test_accuracy", "train_cross_entropy"),
    )


def headlines(results: Results) -> list[Headline]:
    """Judge "other rates for other layers converge better"."""
    trials = results.trials["layer_rates"]
    same = "the same for all"
    judged = [
        first_above(
            f"Rates by layer ({name}) lower the validation loss",
            trials,
            name,
            same,
            "val_cross_entropy",
            margin=0.01,
        )
        for name in FACTORS
        if name not in (same, "first layer frozen")
    ]
    return [
        *judged,
        first_above(
            "A first layer that learns beats one that is frozen at random",
            trials,
            same,
            "first layer frozen",
            "test_accuracy",
            margin=0.003,
        ),
    ]


STUDY = NamedStudy(
    "layer-rates",
    "Does a learning rate of its own for each layer help?",
    steps,
    headlines,
    {
        "loss": arms("layer_rates"),
        "accuracy": arms("layer_rates", "test_accuracy"),
        "learning": curves("layer_rates"),
    },
    notes="Factors of Adam's rate 0.001, from the input on.",
)
