"""Small wrong networks, really trained, with their sound counterparts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mnist_course.datasets.mnist import Split
from mnist_course.diagnosis.examine import diagnose

pytestmark = pytest.mark.keras

Pair = tuple[np.ndarray, np.ndarray]
SPARSE = "sparse_categorical_crossentropy"


@pytest.fixture
def few(small_train: Pair) -> Pair:
    """400 training images with labels."""
    return small_train[0][:400], small_train[1][:400]


def dense(*pairs: tuple[int, str | None], **settings: Any) -> list[Any]:
    from keras import layers

    return [layers.Dense(units, activation=activation, **settings) for units, activation in pairs]


def fit(model: Any, pair: Pair, epochs: int = 2, **more: Any) -> Any:
    return model.fit(*pair, epochs=epochs, batch_size=32, verbose=0, **more)


def adam(rate: float) -> Any:
    import keras

    return keras.optimizers.Adam(rate)


def test_relu_output_always_answers_zero(sequential, few, mnist_data: tuple[Split, Split]) -> None:
    x_test = mnist_data[1][0].astype(np.float32) / 255
    model = sequential(*dense((32, "relu"), (10, "relu")), optimizer=adam(0.1))
    history = fit(model, few, epochs=3, validation_data=(x_test, mnist_data[1][1]))
    assert history.history["val_accuracy"][-1] == pytest.approx(0.0980)
    found = diagnose(model, history, x_test[:500], mnist_data[1][1][:500])
    assert {"output-activation", "always-one-class"} <= set(found.names)
    assert "always-one-class" in diagnose(history=history.history).names


def test_missing_softmax(sequential, few, small_test) -> None:
    model = sequential(*dense((32, "relu"), (10, None)))
    found = diagnose(model, fit(model, few), *small_test)
    assert "missing-softmax" in found.names
    assert "rows-not-probabilities" not in found.names  # its effect


def test_rows_that_are_no_probabilities_without_a_known_loss(small_test) -> None:
    import keras

    uncompiled = keras.Sequential([keras.Input((784,)), *dense((32, "relu"), (10, None))])
    assert diagnose(uncompiled, x=small_test[0]).names == ("rows-not-probabilities",)


def test_nan_weights(sequential, few, small_test) -> None:
    x, y = few
    model = sequential(*dense((32, "sigmoid"), (10, "softmax")))
    broken = np.where(x > 0.9, np.nan, x)
    history = fit(model, (broken, y))
    found = diagnose(model, history, *small_test)
    assert {"nan-weights", "nan-loss"} <= set(found.names)
    assert diagnose(x=broken).names == ("input-not-finite",)


def test_nan_weights_behind_relu_keep_the_loss_finite(sequential, few, small_test) -> None:
    # In a compiled graph on TensorFlow relu turns NaN into 0, so that only the weights tell.
    x, y = few
    model = sequential(*dense((32, "relu"), (10, "softmax")))
    history = fit(model, (np.where(x > 0.9, np.nan, x), y))
    assert np.isfinite(history.history["loss"]).all()
    assert "nan-weights" in diagnose(model, history, *small_test).names


def test_a_learning_rate_that_kills_relu_units(sequential, few, small_test) -> None:
    model = sequential(*dense((64, "relu"), (10, "softmax")), optimizer=adam(3.0))
    found = diagnose(model, fit(model, few, epochs=3), *small_test)
    assert {"dead-units", "learning-rate-too-high"} <= set(found.names)


def test_raw_pixels_saturate_sigmoid_units(sequential, few, small_test) -> None:
    model = sequential(*dense((64, "sigmoid"), (10, "softmax"), kernel_initializer="he_normal"))
    history = fit(model, (few[0] * 255, few[1]))
    found = diagnose(model, history, small_test[0] * 255, small_test[1])
    assert {"input-not-scaled", "saturated-units"} <= set(found.names)
    assert "input-not-scaled" in diagnose(x=small_test[0] * 255).names


def test_divided_by_225(small_test) -> None:
    assert diagnose(x=small_test[0] * 255 / 225).names == ("divided-by-225",)


def test_a_bottleneck_of_two_units(sequential, few, small_test) -> None:
    model = sequential(*dense((2, "relu"), (10, "softmax")))
    assert {"bottleneck", "low-rank"} <= set(diagnose(model, fit(model, few), *small_test).names)


def test_the_baseline(sequential, small_train, small_test) -> None:
    model = sequential(
        *dense((10, "sigmoid"), (10, "sigmoid"), (10, "softmax")), optimizer=adam(1e-5)
    )
    history = fit(model, small_train, epochs=3, validation_data=small_test)
    found = diagnose(model, history, *small_test)
    assert {"bottleneck", "stuck-at-ln10", "learning-rate-too-low"} <= set(found.names)
    assert len(found.problems) >= 3


def test_trained_twice(sequential, small_train) -> None:
    model = sequential(*dense((64, "relu"), (10, "softmax")))
    fit(model, small_train, epochs=8)
    assert "already-trained" in diagnose(model, fit(model, small_train)).names


def test_restored_weights(sequential, few, small_test) -> None:
    model = sequential(*dense((32, "relu"), (10, "softmax")))
    history = fit(model, few, validation_data=small_test)
    weights = model.get_weights()
    first = history.history["val_accuracy"]
    again = fit(model, few, epochs=2, validation_data=small_test)
    assert again.history["val_accuracy"][-1] != first[-1]
    model.set_weights(weights)
    curves = {
        name: history.history[name] + again.history[name] for name in ("loss", "val_accuracy")
    }
    assert "restored-weights" in diagnose(model, curves, *small_test).names


def test_not_built() -> None:
    import keras

    model = keras.Sequential(dense((10, "softmax")))
    assert "not-built" in diagnose(model, x=np.zeros((60, 784), np.float32)).names


def sound_networks(build: Callable[..., Any]) -> dict[str, Any]:
    import keras
    from keras import layers

    inputs = keras.Input((784,))
    hidden = keras.ops.relu(layers.Dense(32)(inputs))
    functional = keras.Model(inputs, layers.Dense(10, "softmax")(hidden))
    functional.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    logits = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return {
        "784-32-10": build(*dense((32, "relu"), (10, "softmax"))),
        "logits": build(*dense((32, "relu"), (10, None)), loss=logits),
        "logits, then Softmax": build(*dense((32, "relu"), (10, None)), layers.Softmax()),
        "functional": functional,
        "tanh": build(*dense((32, "tanh"), (32, "tanh"), (10, "softmax"))),
        "sigmoid": build(*dense((32, "sigmoid"), (10, "softmax")), optimizer=adam(0.01)),
        "BatchNormalization": build(
            layers.Dense(32),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            *dense((10, "softmax")),
        ),
        "LeakyReLU, Dropout": build(
            layers.Dense(32), layers.LeakyReLU(), layers.Dropout(0.2), *dense((10, "softmax"))
        ),
        "convolution": build(
            layers.Reshape((28, 28, 1)),
            layers.Conv2D(8, 3, strides=2, activation="relu"),
            layers.Flatten(),
            *dense((10, "softmax")),
            optimizer=adam(0.003),
        ),
    }


def test_sound_networks_raise_no_alarm(sequential, small_train, small_test) -> None:
    x, y = small_train[0][:2000], small_train[1][:2000]
    alarms = {}
    for name, model in sound_networks(sequential).items():
        flat = model.input_shape[1:] == (784,)
        pair = (x.reshape(-1, 784), y) if flat else (x, y)
        test = (small_test[0].reshape(-1, 784), small_test[1]) if flat else small_test
        history = fit(model, pair, epochs=4, validation_data=test)
        # The images of either shape are taken.
        alarms[name] = diagnose(model, history, *small_test).names
    assert {name: names for name, names in alarms.items() if names} == {}


def test_one_hot_labels(sequential, few, small_test) -> None:
    model = sequential(*dense((32, "relu"), (10, "softmax")), loss="categorical_crossentropy")
    one_hot = np.eye(10, dtype=np.float32)
    history = fit(model, (few[0], one_hot[few[1]]), epochs=6)
    assert diagnose(model, history, small_test[0], one_hot[small_test[1]]).names == ()
    assert diagnose(model, history, *small_test).names == ("categorical-loss-integer",)


def test_softmax_with_from_logits_is_a_hint_and_harmless(sequential, few, small_test) -> None:
    import keras

    def losses(loss: Any) -> list[float]:
        keras.utils.set_random_seed(0)
        model = sequential(*dense((32, "relu"), (10, "softmax")), loss=loss)
        curve: list[float] = fit(model, few, epochs=3).history["loss"]
        assert [f.severity for f in diagnose(model, x=small_test[0])] == ["hint"] * (loss != SPARSE)
        return curve

    with pytest.warns(UserWarning, match="from_logits=True"):
        repaired = losses(keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    assert repaired == pytest.approx(losses(SPARSE), abs=1e-4)


def test_nothing_is_changed(trained_model, small_test) -> None:
    weights = [w.copy() for w in trained_model.get_weights()]
    steps = int(trained_model.optimizer.iterations.numpy())
    diagnose(trained_model, None, *small_test)
    for before, after in zip(weights, trained_model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    assert int(trained_model.optimizer.iterations.numpy()) == steps


def test_what_cannot_be_diagnosed(trained_model, small_test) -> None:
    with pytest.raises(ValueError, match="nothing to look at"):
        diagnose()
    with pytest.raises(TypeError, match="expected a Keras model, got int"):
        diagnose(7)
    with pytest.raises(TypeError, match="no learning curves"):
        diagnose(history=[1, 2])
    with pytest.raises(ValueError, match="do not belong together: 10 images, 9 labels"):
        diagnose(trained_model, None, small_test[0][:10], small_test[1][:9])
    with pytest.raises(ValueError, match=r"it takes \(28, 28\), got \(14, 14\)"):
        diagnose(trained_model, x=small_test[0][:10, :14, :14])


def test_a_model_that_is_not_keras_is_asked_through_the_backend(trained_model, small_test) -> None:
    """What the trusted test runner does: attributes of Keras, predictions from elsewhere."""
    from mnist_course.checks import backend

    weights = trained_model.get_weights()

    class Facade:
        layers = ()
        loss = SPARSE
        optimizer = None

        def to_json(self) -> str:
            return str(trained_model.to_json())

    class ByNumPy:
        def __init__(self, scale: float) -> None:
            self.scale = scale

        def hidden(self, x: np.ndarray) -> np.ndarray:
            pre = x.reshape(len(x), -1) @ weights[0] + weights[1]
            return np.maximum(self.scale * pre, 0)

        def predict(self, model: Facade, x: np.ndarray) -> np.ndarray:
            scores = self.hidden(x) @ weights[2] + weights[3]
            powers = np.exp(scores - scores.max(axis=1, keepdims=True))
            return powers / powers.sum(axis=1, keepdims=True)

        def hidden_activations(self, model: Facade, x: np.ndarray) -> list[Any]:
            return [backend.LayerActivity("dense", "Dense", "relu", self.hidden(x))]

        def train_again(self, record: Any, **_: Any) -> Any:
            raise NotImplementedError

    try:
        backend.use(ByNumPy(1.0))
        assert diagnose(Facade(), None, *small_test).names == ()
        backend.use(ByNumPy(0.0))
        found = diagnose(Facade(), None, *small_test)
        assert set(found.names) == {"always-one-class", "dead-units"}
    finally:
        backend.use(None)
