"""What grade cells call: the same code in a student's notebook as in the trusted test runner.

Importing this package loads the standard library only; each name is loaded when it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mnist_course.checks.accuracy import accuracy_share, check_accuracy
    from mnist_course.checks.evaluation import check_evaluation
    from mnist_course.checks.experiment_log import check_log, rerun_one_entry
    from mnist_course.checks.functions import allow_seconds, check_function
    from mnist_course.checks.health import check_health
    from mnist_course.checks.minimality import check_minimal
    from mnist_course.checks.points_so_far import overview
    from mnist_course.checks.retraining import check_holds_up
    from mnist_course.checks.score import CannotGrade, CheckFailed, Score
    from mnist_course.checks.trained_model import check_model

__all__ = [
    "CannotGrade",
    "CheckFailed",
    "Score",
    "accuracy_share",
    "allow_seconds",
    "check_accuracy",
    "check_evaluation",
    "check_function",
    "check_health",
    "check_holds_up",
    "check_log",
    "check_minimal",
    "check_model",
    "overview",
    "rerun_one_entry",
]

_MODULES = {
    "CannotGrade": "score",
    "CheckFailed": "score",
    "Score": "score",
    "accuracy_share": "accuracy",
    "allow_seconds": "functions",
    "check_accuracy": "accuracy",
    "check_evaluation": "evaluation",
    "check_function": "functions",
    "check_health": "health",
    "check_holds_up": "retraining",
    "check_log": "experiment_log",
    "check_minimal": "minimality",
    "check_model": "trained_model",
    "overview": "points_so_far",
    "rerun_one_entry": "experiment_log",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
