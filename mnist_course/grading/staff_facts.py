"""Gather in the test runner, after the last grade cell, what only staff gets to see."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from mnist_course.grading.integrity import (
    ROWS,
    accuracy_signals,
    data_signals,
    record_signals,
)
from mnist_course.grading.model_facade import ModelFacade
from mnist_course.grading.results import Signal

__all__ = ["staff_facts"]

_MOST_ARRAYS = 20
_log = logging.getLogger(__name__)


def staff_facts(
    values: Mapping[str, Any], measured: Mapping[str, float]
) -> tuple[dict[str, float], list[list[str]]]:
    """Measure the model on training rows and judge what was seen.

    Parameters
    ----------
    values : mapping
        The captured values by name.
    measured : mapping of str to float
        What the checks measured.

    Returns
    -------
    (measurements, signals)
        Further measurements; each signal as [kind, detail]. Whatever goes wrong costs the
        signals that depend on it, nothing else.
    """
    from mnist_course.experiments import ExperimentLog

    model = next((v for v in values.values() if isinstance(v, ModelFacade)), None)
    log = next((v for v in values.values() if isinstance(v, ExperimentLog)), None)
    further: dict[str, float] = {}
    found: list[Signal] = []

    def look(what: Callable[[], Any]) -> None:
        try:
            found.extend(what())
        except Exception:  # the grade is decided: nothing here may cost any of it
            _log.exception("a signal for staff could not be decided")

    def of_model() -> tuple[Signal, ...]:
        if model is not None and log is not None:
            further.update(_accuracies(model, log))
        return accuracy_signals({**measured, **further})

    look(of_model)
    if log is not None:
        look(lambda: record_signals(log))
    arrays = [(n, v) for n, v in values.items() if isinstance(v, np.ndarray)]
    for name, array in arrays[:_MOST_ARRAYS]:
        look(partial(data_signals, name, array))
    return further, [[signal.kind, signal.detail] for signal in found]


def _accuracies(model: Any, log: Any) -> dict[str, float]:
    """Measure a rebuilt model on test rows and on training rows, alike; nothing where it cannot."""
    from mnist_course.checks import backend
    from mnist_course.checks.measurement import held_out, inputs_for
    from mnist_course.checks.trained_model import record_of
    from mnist_course.datasets import mnist

    record, _ = record_of(model, log)
    (pixels, labels), _ = mnist.load_data()
    # Drawn, not every twelfth: MNIST's order repeats its writers, and every twelfth row is one of
    # the hard ones (a network that reads 91 % of all rows reads 88 % of those).
    drawn = np.sort(np.random.default_rng(0).choice(len(pixels), ROWS, replace=False))
    parts = {
        "test_rows_accuracy": held_out(),
        "training_rows_accuracy": (pixels[drawn], labels[drawn]),
    }
    accuracies = {}
    for name, (images, classes) in parts.items():
        outputs = backend.current().predict(model, inputs_for(model, record, images))
        if outputs.ndim != 2 or not np.isfinite(outputs).all():
            return {}
        accuracies[name] = float((outputs.argmax(axis=1) == classes).mean())
    return accuracies
