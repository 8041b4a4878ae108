"""Optimizers against Keras, step by step, with what they refuse."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_course.exceptions import NetworkError
from mnist_course.numpy_nn import SGD, Adam, Dense, Input, Sequential

CASES = {
    "sgd": (SGD, {"learning_rate": 0.3}),
    "momentum": (SGD, {"learning_rate": 0.1, "momentum": 0.9}),
    "nesterov": (SGD, {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    "adam": (Adam, {"learning_rate": 0.01}),
    "adam by default": (Adam, {}),
    "sgd by default": (SGD, {}),
    "adam, other settings": (
        Adam,
        {"learning_rate": 0.02, "beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3},
    ),
}


def small_model(optimizer):
    model = Sequential(
        [Input((6,)), Dense(5, activation="tanh"), Dense(3, activation="softmax")], seed=0
    )
    model.compile(optimizer, "sparse_categorical_crossentropy", ["accuracy"])
    return model


@pytest.mark.keras
@pytest.mark.parametrize("case", CASES)
def test_training_goes_as_in_keras(case):
    import keras

    kind, settings = CASES[case]
    ours = small_model(kind(**settings))
    theirs = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(5, activation="tanh"),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    theirs.set_weights(ours.get_weights())
    theirs.compile(
        getattr(keras.optimizers, kind.__name__)(**settings),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(70, 6)).astype(np.float32), rng.integers(0, 3, 70)
    arguments = {"batch_size": 16, "epochs": 2, "shuffle": False, "verbose": 0}
    expected = theirs.fit(x, y, validation_data=(x[:9], y[:9]), **arguments).history
    history = ours.fit(x, y, validation_data=(x[:9], y[:9]), **arguments).history
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-4, atol=3e-6)
    assert history.keys() == expected.keys()
    for name in history:
        assert history[name] == pytest.approx(expected[name], rel=1e-4), name


def test_the_learning_rate_may_change():
    model = small_model(SGD(0.0))
    before = model.parameters.values.copy()
    x, y = np.ones((4, 6), np.float32), np.zeros(4)
    model.fit(x, y)
    np.testing.assert_array_equal(model.parameters.values, before)
    model.optimizer.learning_rate = 0.5
    model.fit(x, y)
    assert not np.array_equal(model.parameters.values, before)
    assert model.optimizer.iterations == 2


def test_momentum_goes_on_from_fit_to_fit():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(8, 6)).astype(np.float32), rng.integers(0, 3, 8)
    once, twice = (small_model(SGD(0.1, momentum=0.9)) for _ in range(2))
    once.fit(x, y, batch_size=None, epochs=6)
    for _ in range(2):
        twice.fit(x, y, batch_size=None, epochs=3)
    np.testing.assert_array_equal(once.parameters.values, twice.parameters.values)


def test_an_optimizer_belongs_to_one_model():
    adam = Adam()
    first, second = small_model(adam), small_model(adam)
    x, y = np.ones((4, 6), np.float32), np.zeros(4)
    first.fit(x, y)
    first.fit(x, y)
    with pytest.raises(NetworkError, match=r"already trains another model.*optimizer=Adam"):
        second.fit(x, y)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: SGD(-0.1), "learning_rate is not usable"),
        (lambda: SGD(float("nan")), "learning_rate is not usable"),
        (lambda: SGD(0.1, momentum=1), "momentum is not usable"),
        (lambda: Adam(beta_2=1.5), "beta_2 is not usable"),
        (lambda: small_model("adagrad"), r"Expected one of sgd, adam"),
        (lambda: small_model(SGD), r"Expected one of sgd, adam"),
    ],
)
def test_settings_that_cannot_be_are_refused(make, words):
    with pytest.raises(NetworkError, match=words):
        make()
