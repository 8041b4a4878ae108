"""The reference formulas against laws, numerical derivatives and the course's network library."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_course.checks.two_layers import formulas
from mnist_course.checks.two_layers.formulas import ACTIVATIONS, NAMES, gelu_by_tanh
from mnist_course.numpy_nn import SGD, Dense, Input, Sequential

Z = np.concatenate([np.linspace(-6, -0.05, 40), np.linspace(0.05, 6, 40)]).reshape(8, 10)


@pytest.mark.parametrize("name", [*ACTIVATIONS, "gelu by tanh"])
def test_slopes_are_those_of_the_values(name: str) -> None:
    pair = ACTIVATIONS.get(name, gelu_by_tanh)
    numerical = (pair.value(Z + 1e-6) - pair.value(Z - 1e-6)) / 2e-6
    np.testing.assert_allclose(pair.slope(Z), numerical, atol=1e-7)
    assert pair.slope(Z).shape == Z.shape


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_types_are_kept(name: str) -> None:
    z = Z.astype(np.float32)
    before = z.copy()
    assert ACTIVATIONS[name].value(z).dtype == ACTIVATIONS[name].slope(z).dtype == np.float32
    np.testing.assert_array_equal(z, before)


def test_softmax_is_a_distribution_and_ignores_a_shift() -> None:
    rng = np.random.default_rng(0)
    z = rng.normal(0, 300, size=(20, 10))
    np.testing.assert_allclose(formulas.softmax(z).sum(axis=1), 1)
    np.testing.assert_allclose(formulas.softmax(z + 1e4), formulas.softmax(z), atol=1e-9)
    np.testing.assert_array_equal(formulas.softmax(np.array([1000.0, 0.0])), [1, 0])


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_equal_numerical_ones(activation: str) -> None:
    rng = np.random.default_rng(3)
    parameters = formulas.start_parameters(5, 4, 10, seed=1, dtype=np.float64)
    parameters["b1"] += rng.normal(0, 0.2, size=4)
    x, labels = rng.normal(size=(6, 5)), rng.integers(0, 10, size=6)
    found = formulas.gradients(parameters, x, labels, activation)
    for name in NAMES:
        numerical = formulas.numerical_gradient(parameters, x, labels, activation, name)
        np.testing.assert_allclose(found[name], numerical, atol=1e-8)


def test_one_step_is_that_of_the_network_library() -> None:
    rng = np.random.default_rng(5)
    parameters = formulas.start_parameters(7, 6, 10, seed=2)
    x = rng.random((12, 7)).astype(np.float32)
    labels = rng.integers(0, 10, size=12)
    model = Sequential([Input((7,)), Dense(6, activation="tanh"), Dense(10, activation="softmax")])
    model.compile(optimizer=SGD(learning_rate=0.5), loss="sparse_categorical_crossentropy")
    model.set_weights([parameters[name] for name in NAMES])
    np.testing.assert_allclose(
        model.predict(x), formulas.forward(parameters, x, "tanh").probabilities, atol=1e-6
    )
    model.fit(x, labels, batch_size=None, epochs=1, verbose=0)
    slopes = formulas.gradients(parameters, x, labels, "tanh")
    for name, after in zip(NAMES, model.get_weights(), strict=True):
        np.testing.assert_allclose(after, parameters[name] - 0.5 * slopes[name], atol=1e-6)
