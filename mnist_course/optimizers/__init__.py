"""Optimizers that Keras does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnist_course.late_names import late_names

if TYPE_CHECKING:
    from mnist_course.optimizers.per_layer_learning_rate import PerLayerLearningRate

__all__ = ["PerLayerLearningRate"]

_MODULES = {"PerLayerLearningRate": "per_layer_learning_rate"}

# Late: Keras loads when a name is used, not when the package is.
__getattr__, __dir__ = late_names(globals(), _MODULES)
