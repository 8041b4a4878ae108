"""What a worker does: train one trial, send it back as plain values."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["quiet_start", "train_trial"]


def train_trial(configuration: dict[str, Any], seed: int, arm: str) -> dict[str, Any]:
    """Train one trial.

    Parameters
    ----------
    configuration : dict
        What ``Configuration.to_dict`` wrote.
    seed : int
    arm : str

    Returns
    -------
    dict
        What ``Trial.to_dict`` writes.
    """
    quiet_start()
    from mnist_course.experiments.trials.configuration import Configuration
    from mnist_course.experiments.trials.training import train

    return train(Configuration.from_dict(configuration), seed, arm).to_dict()


def quiet_start() -> None:
    """Load TensorFlow without its greetings, which would stand in the middle of a progress bar."""
    if "tensorflow" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _no_standard_error():
        import tensorflow as tf

        from mnist_course.experiments.trials.isolation import on_one_thread

        on_one_thread()
        tf.constant(0) + 0  # looks for devices


@contextmanager
def _no_standard_error() -> Iterator[None]:
    """Close the error stream of the whole process, C++ included, for a moment."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
