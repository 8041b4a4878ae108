"""A maker of small Keras networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def sequential() -> Callable[..., Any]:
    """Return build(*layers, loss=, optimizer=): Flatten, the given layers, compiled, seed 0."""
    import keras

    # Layers take their seeds when they are made, which is before build is called.
    keras.utils.set_random_seed(0)

    def build(
        *layers: Any, loss: Any = "sparse_categorical_crossentropy", optimizer: Any = "adam"
    ) -> Any:
        model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), *layers])
        model.compile(optimizer=optimizer, loss=loss, metrics=["accuracy"])
        return model

    return build
