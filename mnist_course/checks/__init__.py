"""What grade cells call: the same code in a student's notebook as in the trusted test runner.

Importing this package loads the standard library only; each name is loaded when it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnist_course.late_names import late_names

if TYPE_CHECKING:
    from mnist_course.checks.accuracy import accuracy_share, check_accuracy
    from mnist_course.checks.autoencoders.beside_pca import check_against_pca, check_pca_errors
    from mnist_course.checks.autoencoders.capstone import check_capstone
    from mnist_course.checks.autoencoders.contract import check_autoencoder
    from mnist_course.checks.autoencoders.curve import check_reconstruction_errors
    from mnist_course.checks.autoencoders.dimension import check_dimension, check_elbow
    from mnist_course.checks.autoencoders.own_or_given import own_or_given_curve
    from mnist_course.checks.autoencoders.probe import check_probe
    from mnist_course.checks.baselines.comparing import check_table, honest_share
    from mnist_course.checks.baselines.describing import check_description
    from mnist_course.checks.baselines.knn import check_knn
    from mnist_course.checks.baselines.nearest_mean import check_nearest_mean
    from mnist_course.checks.baselines.normalising import check_normalise
    from mnist_course.checks.baselines.plotting import check_plot
    from mnist_course.checks.baselines.splitting import check_split
    from mnist_course.checks.baselines.svm import check_svm
    from mnist_course.checks.capacity.equal_parameters import check_equal_parameters
    from mnist_course.checks.capacity.first_layer import check_first_layer
    from mnist_course.checks.capacity.parameter_formula import check_parameter_formula
    from mnist_course.checks.capacity.penalty_function import check_penalty, check_weight_norm
    from mnist_course.checks.capacity.shown import study_or_given
    from mnist_course.checks.capacity.two_measures import check_two_measures
    from mnist_course.checks.capacity.width_solver import check_width_solver, widths_or_given
    from mnist_course.checks.configuration import check_configuration
    from mnist_course.checks.confused_pairs import check_confused_pairs
    from mnist_course.checks.confusion import check_confusion_matrix
    from mnist_course.checks.convolutions.augmentation import check_augmentation
    from mnist_course.checks.convolutions.conv_accuracy import check_conv_accuracy, check_conv_size
    from mnist_course.checks.convolutions.conv_arms import check_conv_arms
    from mnist_course.checks.convolutions.output_shapes import (
        check_conv_parameters,
        check_output_side,
    )
    from mnist_course.checks.convolutions.shifting import check_shift
    from mnist_course.checks.convolutions.translation import check_translation
    from mnist_course.checks.curves import check_curves
    from mnist_course.checks.dynamics.best_rates import check_best_rates
    from mnist_course.checks.dynamics.common_settings import check_common_settings
    from mnist_course.checks.dynamics.gradient_noise import check_gradient_noise
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
    from mnist_course.checks.study.study import check_study
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
    "check_against_pca",
    "check_augmentation",
    "check_autoencoder",
    "check_best_rates",
    "check_capstone",
    "check_centring",
    "check_common_settings",
    "check_configuration",
    "check_confused_pairs",
    "check_confusion_matrix",
    "check_conv_accuracy",
    "check_conv_arms",
    "check_conv_parameters",
    "check_conv_size",
    "check_conversion",
    "check_curves",
    "check_description",
    "check_dimension",
    "check_elbow",
    "check_equal_parameters",
    "check_evaluation",
    "check_first_layer",
    "check_function",
    "check_gradient",
    "check_gradient_noise",
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
    "check_output_side",
    "check_parameter_count",
    "check_parameter_formula",
    "check_pca_errors",
    "check_penalty",
    "check_plot",
    "check_polarity",
    "check_probabilities",
    "check_probe",
    "check_reading",
    "check_reconstruction_errors",
    "check_robustness",
    "check_shift",
    "check_softmax",
    "check_split",
    "check_start_loss",
    "check_study",
    "check_svm",
    "check_table",
    "check_training",
    "check_translation",
    "check_two_measures",
    "check_unit_images",
    "check_weight_norm",
    "check_width_solver",
    "honest_share",
    "is_network",
    "overview",
    "own_or_given",
    "own_or_given_curve",
    "rerun_one_entry",
    "study_or_given",
    "widths_or_given",
]

_MODULES = {
    "CannotGrade": "score",
    "CheckFailed": "score",
    "Score": "score",
    "accuracy_share": "accuracy",
    "allow_seconds": "functions",
    "check_accuracy": "accuracy",
    "check_activations": "two_layers.activations",
    "check_against_pca": "autoencoders.beside_pca",
    "check_augmentation": "convolutions.augmentation",
    "check_autoencoder": "autoencoders.contract",
    "check_best_rates": "dynamics.best_rates",
    "check_capstone": "autoencoders.capstone",
    "check_centring": "handwriting.centring",
    "check_common_settings": "dynamics.common_settings",
    "check_configuration": "configuration",
    "check_confused_pairs": "confused_pairs",
    "check_confusion_matrix": "confusion",
    "check_conv_accuracy": "convolutions.conv_accuracy",
    "check_conv_arms": "convolutions.conv_arms",
    "check_conv_parameters": "convolutions.output_shapes",
    "check_conv_size": "convolutions.conv_accuracy",
    "check_conversion": "handwriting.contract",
    "check_curves": "curves",
    "check_description": "baselines.describing",
    "check_dimension": "autoencoders.dimension",
    "check_elbow": "autoencoders.dimension",
    "check_equal_parameters": "capacity.equal_parameters",
    "check_evaluation": "evaluation",
    "check_first_layer": "capacity.first_layer",
    "check_function": "functions",
    "check_gradient": "two_layers.gradients",
    "check_gradient_noise": "dynamics.gradient_noise",
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
    "check_output_side": "convolutions.output_shapes",
    "check_parameter_count": "parameter_count",
    "check_parameter_formula": "capacity.parameter_formula",
    "check_pca_errors": "autoencoders.beside_pca",
    "check_penalty": "capacity.penalty_function",
    "check_plot": "baselines.plotting",
    "check_polarity": "handwriting.polarity",
    "check_probabilities": "probabilities",
    "check_probe": "autoencoders.probe",
    "check_reading": "handwriting.reading",
    "check_reconstruction_errors": "autoencoders.curve",
    "check_robustness": "handwriting.robustness",
    "check_shift": "convolutions.shifting",
    "check_softmax": "two_layers.softmax",
    "check_split": "baselines.splitting",
    "check_start_loss": "two_layers.start_loss",
    "check_study": "study.study",
    "check_svm": "baselines.svm",
    "check_table": "baselines.comparing",
    "check_training": "two_layers.training",
    "check_translation": "convolutions.translation",
    "check_two_measures": "capacity.two_measures",
    "check_unit_images": "two_layers.unit_images",
    "check_weight_norm": "capacity.penalty_function",
    "check_width_solver": "capacity.width_solver",
    "honest_share": "baselines.comparing",
    "is_network": "two_layers.network",
    "overview": "points_so_far",
    "own_or_given": "two_layers.own_or_given",
    "own_or_given_curve": "autoencoders.own_or_given",
    "rerun_one_entry": "experiment_log",
    "study_or_given": "capacity.shown",
    "widths_or_given": "capacity.width_solver",
}

__getattr__, __dir__ = late_names(globals(), _MODULES)
