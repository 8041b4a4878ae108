"""The record of every fit: what changed, what came out, why it was tried.

Nothing heavy is loaded here: the grader reads records with NumPy alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mnist_course.experiments.fit_record import (
        DataPrint,
        EvaluationRecord,
        FitRecord,
        LayerRecord,
        weights_digest,
    )
    from mnist_course.experiments.log import ExperimentLog

__all__ = [
    "DataPrint",
    "EvaluationRecord",
    "ExperimentLog",
    "FitRecord",
    "LayerRecord",
    "weights_digest",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "log" if name == "ExperimentLog" else "fit_record"
    return getattr(import_module(f"{__name__}.{module}"), name)
