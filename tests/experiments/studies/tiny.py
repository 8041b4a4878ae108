"""A study that takes seconds, to be run in other processes too."""

from __future__ import annotations

import sys
from pathlib import Path

from mnist_course.experiments.studies.run_study import run_study
from mnist_course.experiments.studies.study import Study
from mnist_course.experiments.trials.configuration import Configuration

__all__ = ["TINY"]

TINY = Study(
    "tiny",
    "Does dropout help after two epochs?",
    Configuration(train_rows=400, validation_rows=300, hidden=(8,), epochs=2),
    "dropout",
    (0.0, 0.3),
    control=0.0,
    seeds=range(3),
    metric="val_cross_entropy",
    also=("val_accuracy",),
)

if __name__ == "__main__":  # what the test that kills it starts
    run_study(TINY, store=Path(sys.argv[1]), workers=1)
