"""Updates made inside TensorFlow are those of ``train_on_batch``: for these, to the last bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mnist_course.diagnosis.fresh import build_network
from mnist_course.diagnosis.fresh_training import FreshTraining

pytestmark = pytest.mark.keras

UPDATES, BATCH = 11, 32


def data(rows: int = 100, *, one_hot: bool = False) -> tuple[Any, Any]:
    """Return images with labels; 11 batches of 32 go through 100 of them three times and a half."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, rows)
    y = np.eye(10, dtype=np.float32)[labels] if one_hot else labels.astype(np.uint8)
    return rng.random((rows, 28, 28), dtype=np.float32), y


def dense(*, first: Any = None, optimizer: Any = "adam", **compiled: Any) -> Any:
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((28, 28)) if first is None else first])
    model.add(layers.Flatten())
    model.add(layers.Dense(8, "relu", kernel_regularizer="l2"))
    model.add(layers.BatchNormalization())
    model.add(layers.Dropout(0.3))
    model.add(layers.Dense(10, "softmax"))
    model.compile(optimizer, **{"loss": "sparse_categorical_crossentropy"} | compiled)
    return model


def without_input_layer() -> Any:
    import keras
    from keras import layers

    model = keras.Sequential([layers.Flatten(), layers.Dense(8, "relu"), layers.Dense(10)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def fixed_batch() -> Any:
    import keras

    return dense(first=keras.Input(batch_shape=(BATCH, 28, 28)))


def with_a_schedule() -> Any:
    import keras

    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 3, 0.5)
    return dense(optimizer=keras.optimizers.RMSprop(schedule))


def eager() -> Any:
    import keras

    class Numbers(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            assert not isinstance(x, keras.KerasTensor) and np.isfinite(x.numpy()).all()
            return x

        def compute_output_shape(self, shape: Any) -> Any:
            return shape

    model = keras.Sequential([Numbers(), keras.layers.Flatten(), keras.layers.Dense(10)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, run_eagerly=True)
    return model


NETWORKS: dict[str, Callable[[], Any]] = {
    "plain": dense,
    "metrics": lambda: dense(metrics=["accuracy", "sparse_top_k_categorical_accuracy"]),
    "labels one-hot": lambda: dense(loss="categorical_crossentropy"),
    "no input layer": without_input_layer,
    "fixed batch": fixed_batch,
    "schedule": with_a_schedule,
    "eager": eager,
}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_same_weights_as_train_on_batch(name: str) -> None:
    x, y = data(one_hot=name == "labels one-hot")
    NETWORKS[name]()  # loads Keras, which draws random numbers
    slow = build_network(NETWORKS[name], seed=3)
    for step in range(UPDATES):
        batch = np.arange(step * BATCH, (step + 1) * BATCH) % len(x)
        slow.train_on_batch(x[batch], y[batch])
    training = FreshTraining(NETWORKS[name], seed=3)
    for _ in range(2):  # the second time from the same weights
        training.restart(x)
        training.train(x, y, updates=UPDATES, batch_size=BATCH)
        assert [w.tobytes() for w in training.model.get_weights()] == [
            w.tobytes() for w in slow.get_weights()
        ]
        assert int(training.model.optimizer.iterations) == UPDATES


def test_it_is_traced_once(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    traced = []
    original = keras.Sequential.train_step

    def train_step(self: Any, data: Any) -> Any:
        traced.append(self)
        return original(self, data)

    monkeypatch.setattr(keras.Sequential, "train_step", train_step)
    training = FreshTraining(lambda: dense(metrics=["accuracy"]), seed=0)
    for rows, updates, batch in ((32, 1, 32), (50, 7, 50), (100, 5, 32)):
        x, y = data(rows)
        training.restart(x)
        training.train(x, y, updates=updates, batch_size=batch)
    assert len(traced) == 1


def test_a_rate_in_place_of_a_schedule_starts_from_the_same_weights() -> None:
    x, y = data()
    training = FreshTraining(with_a_schedule, seed=0)
    training.restart(x)
    fresh = training.model.get_weights()
    training.train(x, y, updates=3, batch_size=BATCH)
    for rate in (0.1, 0.2):
        training.restart(x, rate=rate)
        assert float(training.model.optimizer.learning_rate) == pytest.approx(rate)
        for now, then in zip(training.model.get_weights(), fresh, strict=True):
            np.testing.assert_array_equal(now, then)
        training.train(x, y, updates=3, batch_size=BATCH)
