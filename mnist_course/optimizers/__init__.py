"""Optimizers that Keras does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mnist_course.optimizers.per_layer_learning_rate import PerLayerLearningRate

__all__ = ["PerLayerLearningRate"]


def __getattr__(name: str) -> Any:
    if name != "PerLayerLearningRate":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # Here, so that importing the package does not load Keras.
    from mnist_course.optimizers.per_layer_learning_rate import PerLayerLearningRate

    return PerLayerLearningRate


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
