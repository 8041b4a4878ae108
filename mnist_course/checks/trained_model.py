"""The trained model that a notebook leaves behind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_course.checks.score import CheckFailed, Score
from mnist_course.grading.results import Finding

if TYPE_CHECKING:
    from mnist_course.experiments.recording.fit_record import FitRecord
    from mnist_course.experiments.recording.log import ExperimentLog

__all__ = [
    "CLASSES",
    "Execution",
    "check_model",
    "input_shape_of",
    "is_verified",
    "layers_of",
    "lineage",
    "record_of",
    "weights_of",
]

CLASSES = 10
CHANCE = 0.15  # always answering the most frequent digit gives .1135
_NESTED = frozenset({"Sequential", "Functional", "Model"})

Execution = Mapping[str, Any]
"""What the grader's run looked like: ``{"cells": 9, "errors": [{"cell": 3, "kind": ...}]}``."""


def is_verified(model: Any) -> bool:
    """Tell whether the grader knows a model itself: False where it only hears its answers."""
    return getattr(model, "verified", True) is not False


def weights_of(model: Any, name: str = "model") -> list[np.ndarray[Any, Any]]:
    """Return the weight arrays of a Keras model.

    Parameters
    ----------
    model : keras.Model
    name : str
        Of the student's variable, for the sentences.

    Raises
    ------
    CheckFailed
        If ``model`` is no Keras model, has not been built, or holds NaN or infinite weights.
    CannotGrade
        If the grader cannot know the weights, because the model is not verified.
    """
    if not (hasattr(model, "get_weights") and hasattr(model, "predict")):
        raise CheckFailed(
            f"`{name}` holds a value of type {type(model).__name__}, not a Keras model.",
            f"Every automatic item looks at the network in `{name}`."
            if name == "model"
            else f"This item looks at the network in `{name}`.",
            f"Give your final network the name `{name}` and run that cell.",
        )
    weights = [np.asarray(array) for array in model.get_weights()]
    if not weights:
        raise CheckFailed(
            f"`{name}` has no weights yet.",
            "A network gets its weights when it knows its input shape, at the latest in fit().",
            f"Train it with {name}.fit(...).",
        )
    broken = sum(int(np.size(a) - np.isfinite(a).sum()) for a in weights)
    if broken:
        total = sum(int(np.size(a)) for a in weights)
        raise CheckFailed(
            f"{broken:,} of the {total:,} weights of `{name}` are NaN or infinite.",
            "One NaN spreads through every sum it enters, so the network always answers 0 "
            "(accuracy .0980).",
            "Check that the pixels are numbers from 0 to 1 (a division by 0 makes a NaN), keep "
            "softmax at the output, lower the learning rate; then build the network again, "
            "because a NaN never trains away.",
        )
    return weights


def input_shape_of(model: Any) -> tuple[int | None, ...]:
    """Return the shape of one input of a model; () where nobody knows it, or it takes several."""
    shape = getattr(model, "input_shape", None)
    if not isinstance(shape, tuple) or not all(n is None or isinstance(n, int) for n in shape):
        return ()
    return shape[1:]


def layers_of(model: Any) -> Iterator[Any]:
    """Yield the layers of a model from input to output, those of nested models included."""
    for layer in getattr(model, "layers", ()):
        if type(layer).__name__ in _NESTED and hasattr(layer, "layers"):
            yield from layers_of(layer)
        else:
            yield layer


def record_of(model: Any, log: ExperimentLog) -> tuple[FitRecord | None, bool]:
    """Find the recorded fit that made a model.

    Returns
    -------
    (record, exact)
        ``exact`` is True when the record ends in exactly these weights. Otherwise the record is
        that of the last fit of a network of the same layers (the weights were loaded, averaged
        or rolled back), or None.
    """
    found = _last_fit(model, log)
    if found is not None:
        return found, True
    shape = [layer for layer in _layers(model) if layer[0] != "InputLayer"]
    for record in reversed(log.fits):
        known = [
            (layer.class_name, layer.parameters)
            for layer in record.layers
            if layer.class_name != "InputLayer"
        ]
        if known == shape:
            return record, False
    return None, False


def _last_fit(model: Any, log: ExperimentLog) -> FitRecord | None:
    if is_verified(model):
        return log.find(weights_of(model))
    claimed = model.claims["weights_digest"]
    return next((fit for fit in reversed(log.fits) if fit.weights_after == claimed), None)


def _layers(model: Any) -> list[tuple[str, int]]:
    """Return class and number of weights of each layer; of an unverified model, as claimed."""
    if not is_verified(model):
        return [(str(name), int(size)) for name, size in model.claims["layers"]]
    return [(type(layer).__name__, int(layer.count_params())) for layer in layers_of(model)]


def lineage(record: FitRecord, log: ExperimentLog) -> Sequence[FitRecord]:
    """Return the fits that made a model, from its fresh weights to ``record``."""
    return log.chain(record) or (record,)


def check_model(
    model: Any,
    log: ExperimentLog,
    execution: Execution | None = None,
    *,
    points: float = 3,
    ran: float = 2,
) -> Score:
    """Check that there is a trained model with ten outputs, in a notebook that runs.

    Parameters
    ----------
    model : keras.Model
        Sequential, functional or subclassed.
    log : ExperimentLog
        The record of every fit.
    execution : mapping, optional
        How the grader's run from top to bottom went; None in a student's own notebook, where it
        is taken as good.
    points, ran : float
        For the model, and for a run without errors.

    Raises
    ------
    CheckFailed
        If there is no model, its output is not ten numbers an image, or it was never trained.
    """
    from mnist_course.checks.measurement import measure

    measured = measure(model, log)
    record, _ = record_of(model, log)
    if record is None and measured.accuracy < CHANCE:
        raise CheckFailed(
            f"`model` answers {measured.accuracy:.1%} of the test images correctly, and no fit() "
            "of it was recorded.",
            "Ten classes give about 10 % to a network that has not learnt anything yet.",
            "Train it: model.fit(x_train, y_train, ...), after `log = ExperimentLog(...)`.",
        )
    of = points + ran
    trained = "is trained" if record is not None else "works"
    size = ""
    if is_verified(model):
        size = f" and {sum(int(np.size(array)) for array in weights_of(model)):,} weights"
    found = Finding(f"`model` has ten outputs{size}, and it {trained}.")
    errors = list(execution["errors"]) if execution is not None else []
    if not errors:
        return Score(of, of, findings=(found,))
    told = [
        Finding(
            f"Cell {error['cell']} stopped with {error['kind']}.",
            "The notebook is run from top to bottom in a fresh kernel, as you find it after "
            "Kernel > Restart.",
            "Use Kernel > Restart & Run All, repair the first cell that stops, and save.",
        )
        for error in errors[:3]
    ]
    return Score(points, of, findings=(found, *told))
