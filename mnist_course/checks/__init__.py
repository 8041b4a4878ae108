"""What grade cells call: the same code in a student's notebook as in the trusted test runner.

Importing this package loads the standard library only; each name is loaded when it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mnist_course.checks.accuracy import accuracy_share, check_accuracy
    from mnist_course.checks.baselines.comparing import check_table, honest_share
    from mnist_course.checks.baselines.describing import check_description
    from mnist_course.checks.baselines.knn import check_knn
    from mnist_course.checks.baselines.nearest_mean import check_nearest_mean
    from mnist_course.checks.baselines.normalising import check_normalise
    from mnist_course.checks.baselines.plotting import check_plot
    from mnist_course.checks.baselines.splitting import check_split
    from mnist_course.checks.baselines.svm import check_svm
    from mnist_course.checks.configuration import check_configuration
    from mnist_course.checks.confused_pairs import check_confused_pairs
    from mnist_course.checks.confusion import check_confusion_matrix
    from mnist_course.checks.curves import check_curves
    from mnist_course.checks.evaluation import check_evaluation
    from mnist_course.checks.experiment_log import check_log, rerun_one_entry
    from mnist_course.checks.explained_mistake import check_mistake
    from mnist_course.checks.functions import allow_seconds, check_function
    from mnist_course.checks.handwriting.centring import check_centring
    from mnist_course.checks.handwriting.contract import check_conversion
    from mnist_course.checks.handwriting.polarity import check_polarity
    from mnist_course.checks.handwriting.reading import check_reading
    from mnist_course.checks.handwriting.robustness import check_robustness
    from mnist_course.checks.health import check_health
    from mnist_course.checks.minimality import check_minimal
    from mnist_course.checks.parameter_count import check_parameter_count
    from mnist_course.checks.points_so_far import overview
    from mnist_course.checks.probabilities import check_probabilities
    from mnist_course.checks.retraining import check_holds_up
    from mnist_course.checks.score import CannotGrade, CheckFailed, Score
    from mnist_course.checks.trained_model import check_model
    from mnist_course.checks.two_layers.accuracy import check_network
    from mnist_course.checks.two_layers.activations import check_activations
    from mnist_course.checks.two_layers.gradients import check_gradient
    from mnist_course.checks.two_layers.held_out import check_held_out
    from mnist_course.checks.two_layers.initial_weights import check_init
    from mnist_course.checks.two_layers.network import is_network
    from mnist_course.checks.two_layers.own_or_given import own_or_given
    from mnist_course.checks.two_layers.softmax import check_softmax
    from mnist_course.checks.two_layers.start_loss import check_start_loss
    from mnist_course.checks.two_layers.training import check_training
    from mnist_course.checks.two_layers.unit_images import check_unit_images

__all__ = [
    "CannotGrade",
    "CheckFailed",
    "Score",
    "accuracy_share",
    "allow_seconds",
    "check_accuracy",
    "check_activations",
    "check_centring",
    "check_configuration",
    "check_confused_pairs",
    "check_confusion_matrix",
    "check_conversion",
    "check_curves",
    "check_description",
    "check_evaluation",
    "check_function",
    "check_gradient",
    "check_health",
    "check_held_out",
    "check_holds_up",
    "check_init",
    "check_knn",
    "check_log",
    "check_minimal",
    "check_mistake",
    "check_model",
    "check_nearest_mean",
    "check_network",
    "check_normalise",
    "check_parameter_count",
    "check_plot",
    "check_polarity",
    "check_probabilities",
    "check_reading",
    "check_robustness",
    "check_softmax",
    "check_split",
    "check_start_loss",
    "check_svm",
    "check_table",
    "check_training",
    "check_unit_images",
    "honest_share",
    "is_network",
    "overview",
    "own_or_given",
    "rerun_one_entry",
]

_MODULES = {
    "CannotGrade": "score",
    "CheckFailed": "score",
    "Score": "score",
    "accuracy_share": "accuracy",
    "allow_seconds": "functions",
    "check_accuracy": "accuracy",
    "check_activations": "two_layers.activations",
    "check_centring": "handwriting.centring",
    "check_configuration": "configuration",
    "check_confused_pairs": "confused_pairs",
    "check_confusion_matrix": "confusion",
    "check_conversion": "handwriting.contract",
    "check_curves": "curves",
    "check_description": "baselines.describing",
    "check_evaluation": "evaluation",
    "check_function": "functions",
    "check_gradient": "two_layers.gradients",
    "check_health": "health",
    "check_held_out": "two_layers.held_out",
    "check_holds_up": "retraining",
    "check_init": "two_layers.initial_weights",
    "check_knn": "baselines.knn",
    "check_log": "experiment_log",
    "check_minimal": "minimality",
    "check_mistake": "explained_mistake",
    "check_model": "trained_model",
    "check_nearest_mean": "baselines.nearest_mean",
    "check_network": "two_layers.accuracy",
    "check_normalise": "baselines.normalising",
    "check_parameter_count": "parameter_count",
    "check_plot": "baselines.plotting",
    "check_polarity": "handwriting.polarity",
    "check_probabilities": "probabilities",
    "check_reading": "handwriting.reading",
    "check_robustness": "handwriting.robustness",
    "check_softmax": "two_layers.softmax",
    "check_split": "baselines.splitting",
    "check_start_loss": "two_layers.start_loss",
    "check_svm": "baselines.svm",
    "check_table": "baselines.comparing",
    "check_training": "two_layers.training",
    "check_unit_images": "two_layers.unit_images",
    "honest_share": "baselines.comparing",
    "is_network": "two_layers.network",
    "overview": "points_so_far",
    "own_or_given": "two_layers.own_or_given",
    "rerun_one_entry": "experiment_log",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
