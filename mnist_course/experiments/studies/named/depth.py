"""Depth against breadth at equal parameters, and breadth alone."""

from __future__ import annotations

from mnist_course.experiments.studies.headline import Headline, best, most
from mnist_course.experiments.studies.named.equal_parameters import width_for
from mnist_course.experiments.studies.named.figures import arms, sweep
from mnist_course.experiments.studies.named_study import NamedStudy, Results, Steps
from mnist_course.experiments.studies.sizes import Size
from mnist_course.experiments.studies.study import Study
from mnist_course.experiments.trials.configuration import Configuration

__all__ = ["STUDY"]

PARAMETERS = 50_000
DEPTHS = range(1, 6)
WIDTHS = (8, 16, 32, 64, 128, 256)
BASE = Configuration(train_rows=6_000, epochs=15)


def steps(size: Size) -> Steps:
    """Yield the depths, then the widths."""
    full = size == "full"
    base = BASE if full else BASE.but(train_rows=2_000, epochs=5)
    seeds = range(5 if full else 2)
    also = ("val_cross_entropy", "test_accuracy", "gap", "parameters")
    yield Study(
        "depth",
        "Deep or wide, with 50,000 parameters?",
        arms={
            f"{depth} hidden layer{'s' * (depth > 1)}": base.but(
                hidden=(width_for(depth, PARAMETERS),) * depth
            )
            for depth in DEPTHS
        },
        axis="depth",
        control="1 hidden layer",
        seeds=seeds,
        metric="val_accuracy",
        margin=0.003,
        equal=("parameters",),
        also=also,
    )
    yield Study(
        "width",
        "How wide must one hidden layer be?",
        arms={f"{units} units": base.but(hidden=(units,)) for units in WIDTHS},
        axis="units",
        control=f"{WIDTHS[0]} units",
        seeds=seeds,
        metric="val_accuracy",
        margin=0.003,
        also=also,
    )


def headlines(results: Results) -> list[Headline]:
    """Judge depth against breadth, "more parameters overfit more"."""
    depth, width = results.trials["depth"], results.trials["width"]
    return [
        best(
            "At equal parameters, breadth beats depth",
            depth,
            "1 hidden layer",
            "test_accuracy",
            0.003,
        ),
        most("The widest layer overfits most (largest gap)", width, f"{WIDTHS[-1]} units", "gap"),
        best(
            "The widest layer is most accurate",
            width,
            f"{WIDTHS[-1]} units",
            "test_accuracy",
            0.003,
        ),
    ]


STUDY = NamedStudy(
    "depth",
    "Deep or wide: where are parameters spent better, and how many are enough?",
    steps,
    headlines,
    {
        "depth": sweep("depth", "depth", "test_accuracy"),
        "depth_arms": arms("depth", "test_accuracy"),
        "width": sweep("width", "parameters", "test_accuracy", log=True),
        "width_gap": sweep("width", "parameters", "gap", log=True),
    },
)
