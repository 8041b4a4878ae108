"""Autoencoders beside PCA, and how many numbers an image needs.

Nothing heavy is loaded here: the grader compares curves with NumPy alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnist_course.late_names import late_names

if TYPE_CHECKING:
    from mnist_course.autoencoders.curve_display import (
        ReconstructionCurveDisplay,
        plot_reconstruction_curve,
    )
    from mnist_course.autoencoders.dimension_rule import GAIN, elbow, gains, share_explained
    from mnist_course.autoencoders.models import build_autoencoder, build_decoder, build_encoder
    from mnist_course.autoencoders.neighbour_ratios import two_nearest_neighbours
    from mnist_course.autoencoders.pca_curve import mean_image_error, pca_errors

__all__ = [
    "GAIN",
    "ReconstructionCurveDisplay",
    "build_autoencoder",
    "build_decoder",
    "build_encoder",
    "elbow",
    "gains",
    "mean_image_error",
    "pca_errors",
    "plot_reconstruction_curve",
    "share_explained",
    "two_nearest_neighbours",
]

_MODULES = {
    "GAIN": "dimension_rule",
    "ReconstructionCurveDisplay": "curve_display",
    "build_autoencoder": "models",
    "build_decoder": "models",
    "build_encoder": "models",
    "elbow": "dimension_rule",
    "gains": "dimension_rule",
    "mean_image_error": "pca_curve",
    "pca_errors": "pca_curve",
    "plot_reconstruction_curve": "curve_display",
    "share_explained": "dimension_rule",
    "two_nearest_neighbours": "neighbour_ratios",
}

__getattr__, __dir__ = late_names(globals(), _MODULES)
