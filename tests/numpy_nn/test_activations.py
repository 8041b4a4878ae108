"""Activations against Keras, their derivatives against measured slopes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mnist_course.exceptions import NetworkError
from mnist_course.numpy_nn import ACTIVATIONS, Activation, CustomActivation, Dense
from mnist_course.numpy_nn.error_function import erf

ELEMENTWISE = [name for name in ACTIVATIONS if name != "softmax"]


@pytest.mark.keras
@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name != "identity"])
def test_values_are_those_of_keras(name):
    import keras

    z = np.random.default_rng(0).normal(0, 4, (200, 10)).astype(np.float32)
    expected = np.asarray(keras.activations.get(name)(z))
    values = ACTIVATIONS[name](z)
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, expected, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_the_derivative_is_the_slope(name):
    f, h = ACTIVATIONS[name], 1e-5
    z = np.linspace(-8, 8, 501) + 0.0003
    slope = (f(z + h) - f(z - h)) / (2 * h)
    np.testing.assert_allclose(f.derivative(z), slope, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("z", [1e4, -1e4, 100.0, -100.0, 0.0])
def test_nothing_overflows(name, z):
    row = np.array([[z, 0, -z]], np.float32)
    assert np.isfinite(ACTIVATIONS[name](row)).all()
    if name != "softmax":
        assert np.isfinite(ACTIVATIONS[name].derivative(row)).all()


def test_softmax_of_a_thousand_is_one():
    p = ACTIVATIONS["softmax"](np.array([[1000.0, 0.0], [-1000.0, -1000.0]], np.float32))
    np.testing.assert_array_equal(p, [[1, 0], [0.5, 0.5]])


def test_the_softmax_gradient_is_its_matrix_of_slopes():
    rng = np.random.default_rng(1)
    z, gradient = rng.normal(size=(5, 4)), rng.normal(size=(5, 4))
    a = ACTIVATIONS["softmax"](z)
    matrices = np.einsum("ni,ij->nij", a, np.eye(4)) - np.einsum("ni,nj->nij", a, a)
    expected = np.einsum("ni,nij->nj", gradient, matrices)
    ACTIVATIONS["softmax"].backward(gradient, z, a)
    np.testing.assert_allclose(gradient, expected, rtol=1e-12, atol=1e-15)


def test_softmax_has_no_slope_of_single_numbers():
    with pytest.raises(NetworkError, match="got softmax"):
        ACTIVATIONS["softmax"].derivative(np.zeros((1, 3)))


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_an_argument_is_never_changed(name):
    z = np.linspace(-2, 2, 9, dtype=np.float32)
    before = z.copy()
    ACTIVATIONS[name](z)
    ACTIVATIONS[name].derivative(z)
    np.testing.assert_array_equal(z, before)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-15), (np.float32, 3e-7)])
def test_the_error_function_is_that_of_the_standard_library(dtype, tolerance):
    x = np.concatenate([np.linspace(-7, 7, 20001), [-1e9, 0.0, 1e-30, 1e9]]).astype(dtype)
    expected = [math.erf(float(value)) for value in x]
    result = erf(x)
    assert result.dtype == dtype
    assert np.abs(result.astype(np.float64) - expected).max() < tolerance


@pytest.mark.parametrize("name", ["ReLU", "relu", "RELU"])
def test_names_may_be_written_large(name):
    assert Activation(name).activation is ACTIVATIONS["relu"]


def test_linear_has_three_names():
    assert Dense(1).activation is ACTIVATIONS["linear"] is ACTIVATIONS["identity"]


@pytest.mark.parametrize("wrong", ["rleu", 3, len])
def test_an_unknown_name_lists_the_known_ones(wrong):
    with pytest.raises(NetworkError, match=r"Expected one of relu, tanh.*CustomActivation"):
        Dense(3, activation=wrong)


def test_a_custom_activation_with_its_derivative():
    swish = CustomActivation(
        lambda z: z / (1 + np.exp(-z)),
        lambda z: (1 + np.exp(-z) + z * np.exp(-z)) / (1 + np.exp(-z)) ** 2,
        name="swish",
    )
    assert swish.name == "swish"
    values = swish(np.array([0.0, 1.0], np.float32))
    np.testing.assert_allclose(values, [0, 0.7310586], rtol=1e-6)


def leaky(z):
    return np.where(z > 0, z, 0.1 * z)


def test_a_kink_at_a_round_number_is_no_error():
    activation = CustomActivation(leaky, lambda z: np.where(z > 0, 1.0, 0.1))
    assert activation.name == "leaky"
    assert activation.derivative(np.float32([-1, 1])).tolist() == np.float32([0.1, 1]).tolist()


@pytest.mark.parametrize(
    ("function", "derivative", "words"),
    [
        (np.tanh, lambda z: 1 - z**2, "is not the slope"),
        (np.tanh, lambda z: (1 - np.tanh(z) ** 2) * 1.001, "is not the slope"),
        (lambda z: z * 0.5, leaky, "is not the slope"),
        (lambda z: z.sum(), np.ones_like, "changes the shape"),
        (np.sqrt, lambda z: 0.5 / np.sqrt(z), "NaN or infinity"),
        (lambda z: np.exp(z - z.max()), lambda z: np.exp(z - z.max()), "depends on more"),
        (lambda z: z - z.mean(axis=0), np.ones_like, "depends on more"),
    ],
    ids=["of tanh", "0.1 % off", "another", "sum", "root", "max", "mean"],
)
def test_a_wrong_derivative_is_found_when_it_is_made(function, derivative, words):
    with pytest.raises(NetworkError, match=words):
        CustomActivation(function, derivative, name="mine")
