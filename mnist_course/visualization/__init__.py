"""Pictures for students: first the numbers, then ``plot(ax=None)``, as scikit-learn does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnist_course.late_names import late_names

if TYPE_CHECKING:
    from mnist_course.visualization.activations import ActivationsDisplay, plot_activations
    from mnist_course.visualization.confusion_matrix import (
        ConfusionMatrixDisplay,
        plot_confusion_matrix,
    )
    from mnist_course.visualization.feature_maps import (
        FeatureMapsDisplay,
        compute_feature_maps,
        plot_feature_maps,
    )
    from mnist_course.visualization.filters import FiltersDisplay, plot_filters
    from mnist_course.visualization.hidden_units import HiddenUnitsDisplay, plot_hidden_units
    from mnist_course.visualization.images import ImageGridDisplay, plot_images
    from mnist_course.visualization.learning_curves import (
        LearningCurvesDisplay,
        plot_learning_curves,
    )
    from mnist_course.visualization.mistakes import MistakesDisplay, plot_mistakes
    from mnist_course.visualization.occlusion import OcclusionDisplay, plot_occlusion

__all__ = [
    "ActivationsDisplay",
    "ConfusionMatrixDisplay",
    "FeatureMapsDisplay",
    "FiltersDisplay",
    "HiddenUnitsDisplay",
    "ImageGridDisplay",
    "LearningCurvesDisplay",
    "MistakesDisplay",
    "OcclusionDisplay",
    "compute_feature_maps",
    "plot_activations",
    "plot_confusion_matrix",
    "plot_feature_maps",
    "plot_filters",
    "plot_hidden_units",
    "plot_images",
    "plot_learning_curves",
    "plot_mistakes",
    "plot_occlusion",
]

_MODULES = {
    "ActivationsDisplay": "activations",
    "ConfusionMatrixDisplay": "confusion_matrix",
    "FeatureMapsDisplay": "feature_maps",
    "FiltersDisplay": "filters",
    "HiddenUnitsDisplay": "hidden_units",
    "ImageGridDisplay": "images",
    "LearningCurvesDisplay": "learning_curves",
    "MistakesDisplay": "mistakes",
    "OcclusionDisplay": "occlusion",
    "compute_feature_maps": "feature_maps",
    "plot_activations": "activations",
    "plot_confusion_matrix": "confusion_matrix",
    "plot_feature_maps": "feature_maps",
    "plot_filters": "filters",
    "plot_hidden_units": "hidden_units",
    "plot_images": "images",
    "plot_learning_curves": "learning_curves",
    "plot_mistakes": "mistakes",
    "plot_occlusion": "occlusion",
}

# Late: matplotlib, seaborn and pandas load when a name is used, not when the package is.
__getattr__, __dir__ = late_names(globals(), _MODULES)
