"""Many updates in one call are those of Keras' own ``fit``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mnist_course.traced_updates import traced_updates

pytestmark = pytest.mark.keras

ROWS, BATCH, EPOCHS = 1013, 32, 2  # the last batch of an epoch has 21 rows


@pytest.fixture(scope="module")
def data() -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(ROWS, 20)).astype(np.float32), rng.integers(0, 3, ROWS)


def network() -> Any:
    import keras

    keras.utils.set_random_seed(4)
    return keras.Sequential(
        [
            keras.Input((20,)),
            keras.layers.Dense(16, "relu", kernel_regularizer="l2"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(3, "softmax"),
        ]
    )


@pytest.mark.parametrize(("optimizer", "apart"), [("adam", 0), ("rmsprop", 0), ("sgd", 1e-6)])
def test_the_weights_of_fit(optimizer: str, apart: float, data: Any) -> None:
    x, y = data
    by_fit = network()
    by_fit.compile(optimizer, "sparse_categorical_crossentropy")
    by_fit.fit(x, y, batch_size=BATCH, epochs=EPOCHS, shuffle=False, verbose=0)
    by_updates = network()
    by_updates.compile(optimizer, "sparse_categorical_crossentropy")
    updates = traced_updates(by_updates, x, y)
    for _ in range(EPOCHS):
        updates(x, y, np.arange(ROWS, dtype=np.int32), BATCH)
    for one, other in zip(by_fit.get_weights(), by_updates.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=apart)
    assert int(by_updates.optimizer.iterations) == EPOCHS * 32


def test_the_order_is_that_of_the_rows_given(data: Any) -> None:
    x, y = data
    order = np.random.default_rng(1).permutation(ROWS).astype(np.int32)
    weights = []
    for images, labels, rows in ((x, y, order), (x[order], y[order], np.arange(ROWS))):
        model = network()
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        traced_updates(model, x, y)(images, labels, rows.astype(np.int32), BATCH)
        weights.append([weight.tobytes() for weight in model.get_weights()])
    assert weights[0] == weights[1]
