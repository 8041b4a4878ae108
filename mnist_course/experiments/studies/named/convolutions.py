"""One or two convolutions against a dense network of as many parameters."""

from __future__ import annotations

from mnist_course.experiments.studies.headline import Headline, first_above
from mnist_course.experiments.studies.named.figures import arms, curves
from mnist_course.experiments.studies.named_study import NamedStudy, Results, Steps
from mnist_course.experiments.studies.sizes import Size
from mnist_course.experiments.studies.study import Study
from mnist_course.experiments.trials.configuration import Configuration

__all__ = ["ARMS", "STUDY"]

DENSE = Configuration(train_rows=10_000, hidden=(40,), batch_size=32, epochs=10)
ARMS = {
    "dense": DENSE,  # 31,810 parameters
    "1 convolution": DENSE.but(conv=(16,), hidden=()),  # 31,530
    "2 convolutions": DENSE.but(conv=(16, 32), hidden=(17,)),  # 31,653
}


def steps(size: Size) -> Steps:
    """Yield the study."""
    full = size == "full"
    changed = {} if full else {"train_rows": 2_000, "epochs": 4}
    yield Study(
        "convolutions",
        "What do convolutions gain at equal parameters?",
        arms={name: network.but(**changed) for name, network in ARMS.items()},
        axis=("conv", "hidden"),
        control="dense",
        seeds=range(5 if full else 2),
        metric="val_accuracy",
        margin=0.003,
        equal=("parameters",),
        also=("test_accuracy", "val_cross_entropy", "gap", "parameters", "seconds"),
    )


def headlines(results: Results) -> list[Headline]:
    """Judge "convolutions beat dense layers", "two beat one"."""
    trials = results.trials["convolutions"]
    return [
        first_above(claimed, trials, one, two, "test_accuracy", margin=0.003)
        for claimed, one, two in (
            ("One convolution beats a dense layer", "1 convolution", "dense"),
            ("Two convolutions beat a dense layer", "2 convolutions", "dense"),
            ("Two convolutions beat one", "2 convolutions", "1 convolution"),
        )
    ]


STUDY = NamedStudy(
    "convolutions",
    "Do one or two convolutions beat a dense network of as many parameters?",
    steps,
    headlines,
    {"accuracy": arms("convolutions", "test_accuracy"), "learning": curves("convolutions")},
    notes="10,000 training images; numbers of parameters within 1 % of each other.",
)
