"""The same configuration, trained again by the grader."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mnist_course.checks import backend
from mnist_course.checks.measurement import Kept, held_out, measure, total_epochs
from mnist_course.checks.score import CannotGrade, Score
from mnist_course.checks.trained_model import record_of
from mnist_course.exceptions import NotPortableError

if TYPE_CHECKING:
    from mnist_course.experiments.recording.fit_record import FitRecord
    from mnist_course.experiments.recording.log import ExperimentLog

__all__ = ["CLEARLY_GOOD", "MAX_EPOCHS", "check_holds_up", "run_again", "trained_again"]

CLEARLY_GOOD = 0.955
"""A retraining that reaches this stops: the answer is known, with half a point of margin."""
MAX_EPOCHS = 15
HOPELESS = 0.90
"""A model below this is not retrained: no fresh seed turns it into one of 94.5 %."""

_TRAINED_AGAIN: Kept[float] = Kept()


def run_again(
    record: FitRecord,
    *,
    seed: int,
    epochs: int | None = None,
    initial_weights: Sequence[Any] | None = None,
    enough: float | None = None,
) -> float:
    """Train a recorded configuration on the grader's data and return its test accuracy (0..1).

    Parameters
    ----------
    record : FitRecord
    seed : int
    epochs : int, optional
        Instead of the recorded number.
    initial_weights : sequence of arrays, optional
        Instead of fresh ones.
    enough : float, optional
        Stop after an epoch that reaches this accuracy.

    Raises
    ------
    CannotGrade
        If the grader cannot rebuild the configuration.
    """
    pixels, labels = held_out()
    accuracy = 0.0
    rounds = backend.current().train_again(
        record, seed=seed, x_test=pixels, epochs=epochs, initial_weights=initial_weights
    )
    try:
        for predicted in rounds:
            accuracy = float((predicted == labels).mean())
            if enough is not None and accuracy >= enough:
                break
    except NotPortableError as error:
        message = f"fit {record.number} cannot be trained again: {error}"
        raise CannotGrade(message) from error
    finally:
        # A generator that is left half-way holds a training process until it is closed.
        close = getattr(rounds, "close", None)
        if close is not None:
            close()
    return accuracy


def trained_again(record: FitRecord, log: ExperimentLog, *, seed: int) -> float:
    """Return the test accuracy of a model's configuration, trained afresh as cheaply as decides.

    At most the recorded epochs, at most ``MAX_EPOCHS``, and no further once ``CLEARLY_GOOD``.
    """
    kept = _TRAINED_AGAIN.get(record.weights_after, record.number, seed)
    if kept is not None:
        return kept
    epochs = max(1, min(total_epochs(record, log), MAX_EPOCHS))
    accuracy = run_again(record, seed=seed, epochs=epochs, enough=CLEARLY_GOOD)
    return _TRAINED_AGAIN.put(accuracy, record.weights_after, record.number, seed)


def check_holds_up(
    model: Any,
    log: ExperimentLog,
    *,
    median: float = 0.945,
    seeds: Sequence[int] = (),
    points: float = 5,
) -> Score:
    """Check that a result is not the luck of one training run.

    Parameters
    ----------
    model : keras.Model
    log : ExperimentLog
    median : float
        What the median accuracy of the fresh runs must reach.
    seeds : sequence of int
        One fresh run for each; none in a student's own notebook.
    points : float

    Raises
    ------
    CannotGrade
        If no recorded fit says how to train the model, or the grader cannot rebuild it.
    """
    accuracy = measure(model, log).accuracy
    if accuracy < HOPELESS:
        return Score(
            0,
            points,
            f"The model itself reaches {accuracy:.2%}, so it was not trained again.",
            f"This item asks whether {median:.1%} holds with other random numbers.",
            "Raise the accuracy first.",
        )
    if not seeds:
        return Score(
            0,
            points,
            f"Decided when you submit: your model reaches {accuracy:.2%}.",
            "The grader trains the same configuration again with other random numbers; the "
            f"median must reach {median:.1%}.",
            "Train your final network twice more yourself and see how far the numbers differ.",
        )
    record, _ = record_of(model, log)
    if record is None:
        raise CannotGrade("no recorded fit says how `model` was trained, so it cannot be repeated")
    again = [trained_again(record, log, seed=seed) for seed in seeds]
    reached = statistics.median(again)
    runs = " and ".join(f"{value:.2%}" for value in again)
    if reached < median:
        return Score(
            0,
            points,
            f"Trained again with other random numbers, the same configuration reached {runs}; "
            f"the median must be at least {median:.1%}.",
            f"One run of {accuracy:.2%} can be luck, above all with few units or few epochs.",
            "Leave some room: a few more units or epochs until repeated runs agree.",
        )
    return Score(points, points, f"Trained again with other random numbers it reached {runs}.")
