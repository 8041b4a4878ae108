"""Train the network of a configuration, measure it, write down what was done."""

from __future__ import annotations

import math
import time
from typing import Any

import keras

from mnist_course import plain_batches
from mnist_course.experiments.recording.fit_call import FitCall
from mnist_course.experiments.recording.fit_record import FitRecord
from mnist_course.experiments.recording.recorder import unrecorded
from mnist_course.experiments.trials.configuration import Configuration
from mnist_course.experiments.trials.data import TrialData, load
from mnist_course.experiments.trials.isolation import isolated, on_one_thread
from mnist_course.experiments.trials.measures import (
    TRAINING_ROWS,
    best_epoch,
    classification,
    reconstruction,
    weight_norms,
)
from mnist_course.experiments.trials.model import build
from mnist_course.experiments.trials.trial import Trial
from mnist_course.experiments.trials.versions import versions

__all__ = ["StopAfterUpdates", "train", "train_model"]

_MOST_STEPS = 128  # updates in one call of TensorFlow; more gains nothing
_VALIDATION_BATCH = 1_000


def train(configuration: Configuration, seed: int, arm: str) -> Trial:
    """Train a network with fresh weights, then measure it.

    The same configuration with the same seed gives the same numbers, in this process or in
    another. The random states of Python and NumPy are as before afterwards.

    Parameters
    ----------
    configuration : Configuration
    seed : int
        Of the weights, the order of the batches, dropout and augmentation. Two trials with the
        same seed and the same training images see them in the same order.
    arm : str

    Returns
    -------
    Trial
        Its source is ``run``.

    Raises
    ------
    CorruptDataError, DatasetError
        If the images cannot be had.
    """
    return train_model(configuration, seed, arm)[0]


@plain_batches.enabled()
def train_model(configuration: Configuration, seed: int, arm: str) -> tuple[Trial, keras.Model]:
    """Do the same as `train`, and return the trained network too."""
    data = load(configuration)
    started = time.perf_counter()
    on_one_thread()
    with isolated():
        plan = _Plan(configuration)
        model = build(configuration, seed, steps_per_execution=plan.steps_per_execution)
        # Again, so that the order of the batches does not depend on how many numbers the
        # initial weights took.
        keras.utils.set_random_seed(seed)
        record = _fit(model, configuration, data, plan)
    measured = _measured(model, record, configuration, data)
    trial = Trial(
        arm=arm,
        seed=seed,
        configuration=configuration,
        fit=record,
        measured=measured,
        seconds=time.perf_counter() - started,
        source="run",
        versions=versions(),
    )
    return trial, model


class StopAfterUpdates(keras.callbacks.Callback):  # type: ignore[misc]
    """End a fit after so many updates of the weights, in the middle of an epoch if need be.

    Parameters
    ----------
    updates : int
        With ``steps_per_execution`` it must be one of the numbers at which an execution ends.
    """

    def __init__(self, updates: int) -> None:
        super().__init__()
        self._updates = updates

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Stop where the number is reached."""
        if int(self.model.optimizer.iterations) >= self._updates:
            self.model.stop_training = True


class _Plan:
    """How many epochs, in how large steps."""

    def __init__(self, configuration: Configuration) -> None:
        steps = math.ceil(configuration.train_rows / configuration.batch_size)
        self.epochs = configuration.epochs
        self.stop_after: int | None = None
        self.steps_per_execution = min(_MOST_STEPS, steps)
        if configuration.updates is None:
            return
        self.epochs = min(configuration.epochs, math.ceil(configuration.updates / steps))
        rest = configuration.updates % steps
        if rest and configuration.updates < steps * configuration.epochs:
            self.stop_after = configuration.updates
            # Executions end at the multiples of this number, so it must divide the rest.
            self.steps_per_execution = max(
                size for size in range(1, min(_MOST_STEPS, rest) + 1) if rest % size == 0
            )

    def callbacks(self, patience: int | None) -> list[Any]:
        found: list[Any] = []
        if patience is not None:
            found.append(
                keras.callbacks.EarlyStopping(
                    monitor="val_loss", patience=patience, restore_best_weights=True
                )
            )
        if self.stop_after is not None:
            found.append(StopAfterUpdates(self.stop_after))
        return found


def _fit(
    model: keras.Model, configuration: Configuration, data: TrialData, plan: _Plan
) -> FitRecord:
    reconstruct = configuration.task == "reconstruct"
    arguments: dict[str, Any] = {
        "x": data.x_train,
        "y": data.x_train if reconstruct else data.y_train,
        "batch_size": configuration.batch_size,
        "epochs": plan.epochs,
        "verbose": 0,
        "callbacks": plan.callbacks(configuration.patience),
        "validation_data": (data.x_val, data.x_val if reconstruct else data.y_val),
        "validation_batch_size": _VALIDATION_BATCH,
    }
    call = FitCall.begin({"self": model, **arguments})
    arguments["callbacks"] = [*arguments["callbacks"], call.observer]
    with unrecorded():  # a trial keeps its own record
        started = time.perf_counter()
        model.fit(**arguments)
        call.seconds = time.perf_counter() - started
    call.initial_weights = None
    record = call.record()
    if record is None:  # pragma: no cover - only a fit that failed has none, and that has raised
        raise RuntimeError("The fit left no record.")
    return record


def _measured(
    model: keras.Model, record: FitRecord, configuration: Configuration, data: TrialData
) -> dict[str, float]:
    x_seen, y_seen = data.x_train[:TRAINING_ROWS], data.y_train[:TRAINING_ROWS]
    if configuration.task == "reconstruct":
        found = reconstruction(model, {"val": data.x_val, "train": x_seen, "test": data.x_test})
    else:
        found = classification(
            model,
            {
                "val": (data.x_val, data.y_val),
                "train": (x_seen, y_seen),
                "test": (data.x_test, data.y_test),
            },
        )
        found["gap"] = found["val_cross_entropy"] - found["train_cross_entropy"]
    return {
        "parameters": float(record.parameters),
        "updates": float(record.steps),
        "epochs": float(record.epochs),
        "best_epoch": best_epoch(record.history),
        **found,
        **weight_norms(model),
    }
