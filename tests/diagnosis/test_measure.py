from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mnist_course.diagnosis.measure import gradient_norms, initial_loss, unit_activity

pytestmark = pytest.mark.keras


def network(hidden: tuple[int, ...] = (32,), activation: str = "relu", **compiled: Any) -> Any:
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((28, 28)), layers.Flatten()])
    for units in hidden:
        model.add(layers.Dense(units, activation=activation))
    model.add(layers.Dense(10, "softmax"))
    model.compile(**({"optimizer": "adam", "loss": "sparse_categorical_crossentropy"} | compiled))
    return model


def test_a_fresh_network_starts_near_ln_10(small_train, trained_model) -> None:
    losses = [initial_loss(trained_model, *small_train, seed=seed) for seed in range(3)]
    assert all(abs(loss - math.log(10)) < 0.35 for loss in losses)
    assert len(set(losses)) == 3 and losses[0] == initial_loss(trained_model, *small_train)


def test_initial_loss_leaves_the_penalty_out(small_train) -> None:
    import keras
    from keras import layers

    def build() -> Any:
        model = keras.Sequential([keras.Input((28, 28)), layers.Flatten()])
        model.add(layers.Dense(64, "relu", kernel_regularizer=keras.regularizers.L2(0.1)))
        model.add(layers.Dense(10))
        logits = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", logits)
        return model

    x, y = small_train
    assert initial_loss(build, x, y) == pytest.approx(math.log(10), abs=0.4)
    assert build().evaluate(x[:100], y[:100], verbose=0) > 3


def test_large_inputs_start_far_above_ln_10(small_train) -> None:
    assert initial_loss(network, small_train[0] * 255, small_train[1]) > 10


def test_gradients_equal_those_of_automatic_differentiation(small_train) -> None:
    import keras
    import tensorflow as tf

    model = network((16, 12), "tanh")
    x, y = small_train[0][:256], small_train[1][:256]
    frame = gradient_norms(model, x, y)  # all 256 images, in another order
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(y, model(x)))
    expected = tape.gradient(loss, [weight.value for weight in model.trainable_weights])
    for index, norm in enumerate(frame["gradient norm"]):
        kernel, bias = expected[2 * index : 2 * index + 2]
        by_tape = math.sqrt(float(tf.reduce_sum(kernel**2) + tf.reduce_sum(bias**2)))
        assert norm == pytest.approx(by_tape, rel=1e-3)
    assert list(frame["weights"]) == [784 * 16 + 16, 16 * 12 + 12, 12 * 10 + 10]


def test_sigmoid_layers_lose_the_gradient_and_relu_layers_do_not(small_train) -> None:
    def first_over_last(activation: str) -> float:
        pull = gradient_norms(network((32,) * 4, activation), *small_train)["per weight"]
        return float(pull.iloc[0] / pull.iloc[-1])

    assert first_over_last("sigmoid") < 0.01 < 0.1 < first_over_last("relu")


def test_unit_activity(trained_model, small_test) -> None:
    frame = unit_activity(trained_model, small_test[0])
    assert list(frame["activation"]) == ["relu"] and list(frame["units"]) == [32]
    assert frame["dead"][0] < 0.2 and frame["saturated"][0] == 0
    assert 10 <= frame["directions"][0] <= 32


def test_unit_activity_looks_behind_the_activation_layer(small_test) -> None:
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            layers.Reshape((28, 28, 1)),
            layers.Conv2D(4, 5, strides=3),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Flatten(),
            layers.Dense(12),
            layers.Dropout(0.5),
            layers.Activation("tanh"),
            layers.Dense(10),
            layers.Softmax(),
        ]
    )
    frame = unit_activity(model, small_test[0][:100])
    assert list(frame["activation"]) == ["relu", "tanh"]
    assert list(frame["units"]) == [4, 12]


@pytest.mark.parametrize("measure", [initial_loss, gradient_norms])
def test_nothing_is_changed(
    measure: Callable[..., Any], trained_model, small_train, small_test
) -> None:
    before = [weight.copy() for weight in trained_model.get_weights()]
    updates = int(trained_model.optimizer.iterations.numpy())
    random.seed(5)
    np.random.seed(5)
    expected = random.random(), np.random.random()
    random.seed(5)
    np.random.seed(5)
    measure(trained_model, *small_train)
    unit_activity(trained_model, small_test[0])
    assert (random.random(), np.random.random()) == expected
    for old, new in zip(before, trained_model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert int(trained_model.optimizer.iterations.numpy()) == updates


def test_a_network_that_keras_cannot_copy(small_train) -> None:
    import keras

    class Written(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.out = keras.layers.Dense(10, "softmax")

        def call(self, x: Any) -> Any:
            return self.out(keras.ops.reshape(x, (-1, 784)))

    model = Written()
    model.compile("adam", "sparse_categorical_crossentropy")
    model(small_train[0][:1])
    with pytest.raises(ValueError, match="Keras cannot copy this network"):
        gradient_norms(model, *small_train)
    # A function that builds it needs no copy.
    assert initial_loss(lambda: model, *small_train) == pytest.approx(2.303, abs=0.5)


def test_clear_refusals(small_train) -> None:
    import keras

    uncompiled = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten()])
    with pytest.raises(ValueError, match="no loss and optimizer yet"):
        initial_loss(uncompiled, *small_train)
    with pytest.raises(TypeError, match="got int"):
        initial_loss(3, *small_train)
    with pytest.raises(TypeError, match="returned NoneType"):
        initial_loss(lambda: None, *small_train)
    with pytest.raises(ValueError, match="same number of images and labels"):
        initial_loss(network, small_train[0], small_train[1][:5])
    with pytest.raises(ValueError, match="needs ten outputs"):
        initial_loss(_five, *small_train)


def _five() -> Any:
    import keras

    model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(5)])
    model.compile("adam", "sparse_categorical_crossentropy")
    return model
