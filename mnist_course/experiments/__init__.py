"""Experiments whose conclusions are true: the record of every fit, trials, studies, their checks.

Nothing heavy is loaded here: the grader reads records with NumPy alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mnist_course.experiments.recording.fit_record import (
        DataPrint,
        EvaluationRecord,
        FitRecord,
        LayerRecord,
        weights_digest,
    )
    from mnist_course.experiments.recording.log import ExperimentLog

__all__ = [
    "DataPrint",
    "EvaluationRecord",
    "ExperimentLog",
    "FitRecord",
    "LayerRecord",
    "weights_digest",
]

_MODULES = {
    "DataPrint": "recording.fit_record",
    "EvaluationRecord": "recording.fit_record",
    "ExperimentLog": "recording.log",
    "FitRecord": "recording.fit_record",
    "LayerRecord": "recording.fit_record",
    "weights_digest": "recording.fit_record",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
