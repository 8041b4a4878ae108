"""Points for test accuracy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_course.checks.measurement import Measured, held_out, measure, rows_of_test_set
from mnist_course.checks.retraining import trained_again
from mnist_course.checks.score import CheckFailed, Score, note, note_confusion, note_curves, ramp
from mnist_course.checks.trained_model import (
    CLASSES,
    is_verified,
    lineage,
    record_of,
    weights_of,
)
from mnist_course.grading.results import Finding

if TYPE_CHECKING:
    from mnist_course.experiments.recording.log import ExperimentLog

__all__ = ["accuracy_share", "check_accuracy"]

_NEXT_STEP = "Change one setting, train a freshly built network, and compare in the log."


@dataclass(frozen=True, slots=True)
class _Evidence:
    """The accuracy that counts, with the reason where it is not the measured one."""

    accuracy: float
    reason: Finding | None = None


def _evidence(model: Any, log: ExperimentLog, seed: int | None, data: str, name: str) -> _Evidence:
    accuracy = measure(model, log, data=data, name=name).accuracy
    record, _ = record_of(model, log)
    seen = rows_of_test_set(record, log)
    if not seen or record is None:
        return _Evidence(accuracy)
    saw = (
        f"`{name}` was trained on {seen:,} images of the test set and scores {accuracy:.2%} on it."
    )
    why = "A test measures what a network does with images that it has never seen."
    step = "Train on the training images only, and keep the test images for measuring."
    if data != "mnist":  # only MNIST is trained again
        raise CheckFailed(saw, why, step)
    if seed is None:
        why += " The grader will train your configuration on training images and measure that."
        return _Evidence(accuracy, Finding(saw, why, step))
    again = trained_again(record, log, seed=seed)
    why += f" The same configuration, trained on training images, scores {again:.2%}."
    return _Evidence(again, Finding(saw, why, step))


def check_accuracy(
    model: Any,
    log: ExperimentLog,
    *,
    points: Mapping[float, float],
    seed: int | None = None,
    next_step: str = _NEXT_STEP,
    data: str = "mnist",
    name: str = "model",
) -> Score:
    """Turn test accuracy into points.

    Parameters
    ----------
    model : keras.Model
    log : ExperimentLog
    points : mapping of float to float
        Accuracy to points, such as ``{0.90: 8, 0.95: 20}``; the largest is the item's maximum.
    seed : int, optional
        When given, a model that was trained on test images is judged by the same configuration
        trained afresh with this seed, on training images.
    next_step : str
        What to try for more points.
    data : str
        Which test images: ``mnist`` or ``fashion_mnist``.
    name : str
        Of the student's variable.

    Raises
    ------
    CheckFailed
        If there is no Keras model with ten finite outputs, or one that was trained on test images
        of Fashion-MNIST.
    CannotGrade
        If the training data cannot be scaled as the student did, or the model not be retrained.
    """
    measured = measure(model, log, data=data, name=name)
    evidence = _evidence(model, log, seed, data, name)
    if data == "mnist":
        _note(model, log, measured)
        note(accuracy=evidence.accuracy)
    else:
        note(fashion_accuracy=evidence.accuracy)
    earned, of = ramp(evidence.accuracy, points), max(points.values())
    findings = [evidence.reason] if evidence.reason is not None else []
    findings.append(_in_words(evidence.accuracy, points, next_step, data))
    if earned < of:
        findings += _always_one_answer(measured, name)
    return Score(earned, of, findings=findings)


def accuracy_share(
    model: Any, log: ExperimentLog, *, points: Mapping[float, float], seed: int | None = None
) -> tuple[float, Finding]:
    """Return which part of the accuracy points a model earns (0..1), with the sentence for it.

    Items that reward a simple or healthy network are multiplied by it: the given network is small
    and tidy too, but it does not read digits.
    """
    evidence = _evidence(model, log, seed, "mnist", "model")
    share = ramp(evidence.accuracy, points) / max(points.values())
    return share, Finding(
        f"These points are multiplied by {share:.0%}, your share of the accuracy points.",
        f"At {evidence.accuracy:.2%} on the test images the task is not done yet.",
        "Raise the accuracy first; these points come with it.",
    )


def _in_words(accuracy: float, points: Mapping[float, float], next_step: str, data: str) -> Finding:
    verb = "read" if data == "mnist" else "named"
    saw = f"{accuracy:.2%} of the 10,000 test images are {verb} correctly."
    higher = [limit for limit in points if accuracy < limit]
    if not higher:
        return Finding(saw)
    limit = min(higher)
    return Finding(
        saw,
        f"{points[limit]:g} points begin at {100 * limit:g}%.",
        next_step,
    )


def _always_one_answer(measured: Measured, name: str) -> list[Finding]:
    if len(set(measured.predicted.tolist())) > 1:
        return []
    return [
        Finding(
            f"`{name}` answers {int(measured.predicted[0])} for every image.",
            "Its outputs no longer depend on the picture: an output layer without softmax, dead "
            "units, or a learning rate far too high or too low.",
            "Look at the diagnosis of this model: output layer first, then learning rate.",
        )
    ]


def _note(model: Any, log: ExperimentLog, measured: Measured) -> None:
    _, labels = held_out()
    matrix = np.zeros((CLASSES, CLASSES), dtype=np.int64)
    np.add.at(matrix, (labels, measured.predicted), 1)
    note_confusion(matrix)
    note(**measured.unverified)
    if is_verified(model):
        note(parameters=sum(int(np.size(array)) for array in weights_of(model)))
    record, exact = record_of(model, log)
    if record is None or not exact:
        return
    fits = lineage(record, log)
    note(training_seconds=sum(fit.seconds for fit in fits))
    names = set.intersection(*(set(fit.history) for fit in fits))
    note_curves({n: [v for fit in fits for v in fit.history[n]] for n in sorted(names)})
