"""One small trial that was really run, with the configuration it was run from."""

from __future__ import annotations

import pytest

from mnist_course.experiments.trials.configuration import Configuration
from mnist_course.experiments.trials.trial import Trial

SMALL = Configuration(train_rows=256, validation_rows=200, hidden=(8,), epochs=2)


@pytest.fixture(scope="session")
def small() -> Configuration:
    """A network of 6,370 parameters, trained for 2 epochs on 256 images."""
    return SMALL


@pytest.fixture(scope="session")
def trained(small: Configuration) -> Trial:
    """The trial of `small` with seed 7."""
    from mnist_course.experiments.trials.training import train

    return train(small, 7, "small")


@pytest.fixture(autouse=True)
def no_store_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """Keep what is written, unless a test names a folder, away from the current one."""
    monkeypatch.setenv("MNIST_COURSE_TRIALS", str(tmp_path / "trials of the environment"))
