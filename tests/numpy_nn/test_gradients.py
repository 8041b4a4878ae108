"""Gradients of whole networks against measured slopes, for networks of any form."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_course.exceptions import NetworkError
from mnist_course.numpy_nn import (
    ACTIVATIONS,
    SGD,
    Activation,
    CategoricalCrossentropy,
    CustomActivation,
    Dense,
    Flatten,
    Input,
    MeanSquaredError,
    RandomNormal,
    RandomUniform,
    Sequential,
    SparseCategoricalCrossentropy,
    gradient_check,
)
from mnist_course.numpy_nn import gradients as gradients_module
from mnist_course.numpy_nn.gradients import BatchGradient

TOLERANCE = 1e-5  # what the course promises
LEAKY = CustomActivation(
    lambda z: np.where(z > 0, z, 0.1 * z),
    lambda z: np.where(z > 0, 1.0, 0.1),
    name="leaky",
    kinks=[0],
)
CUBE = CustomActivation(lambda z: z + 0.1 * z**3, lambda z: 1 + 0.3 * z**2, name="cube")
LOSSES = (
    SparseCategoricalCrossentropy(),
    SparseCategoricalCrossentropy(from_logits=True),
    CategoricalCrossentropy(),
    CategoricalCrossentropy(from_logits=True),
    MeanSquaredError(),
)
activation = st.sampled_from([*ACTIVATIONS, LEAKY, CUBE])


def compiled(layers, loss, *, inputs=(4,), examples=6, seed=0):
    """A network with data for it: weights and inputs from continuous distributions."""
    model = Sequential([Input(inputs), *layers], seed=seed)
    model.compile(SGD(0.1), loss)
    rng = np.random.default_rng([seed, 1])
    for layer in model.layers:  # biases of 0 would hide what is done to them
        if "bias" in layer.weight_names:
            layer.bias = rng.normal(0, 0.3, layer.bias.shape)
    x = rng.normal(size=(examples, *inputs)).astype(np.float32)
    classes = model.output_shape[0]
    y = (
        rng.integers(0, classes, examples)
        if model.loss.sparse
        else rng.dirichlet(np.ones(classes), examples)
    )
    return model, x, y


@st.composite
def networks(draw):
    loss = draw(st.sampled_from(LOSSES))
    layers = [Flatten()] if draw(st.booleans()) else []
    inputs = (2, 3) if layers else (draw(st.integers(1, 7)),)
    for _ in range(draw(st.integers(0, 4))):
        function, alone = draw(activation), draw(st.booleans())
        units, bias = draw(st.integers(1, 9)), draw(st.booleans())
        layers.append(Dense(units, activation=None if alone else function, use_bias=bias))
        if alone:
            layers.append(Activation(function))
    of_probabilities = getattr(loss, "from_logits", True) is False
    last = "softmax" if of_probabilities else draw(st.sampled_from(["linear", "tanh", "gelu"]))
    layers.append(Dense(draw(st.integers(2, 6)), activation=last))
    return compiled(
        layers,
        loss,
        inputs=inputs,
        examples=draw(st.integers(1, 12)),
        seed=draw(st.integers(0, 2**32)),
    )


@settings(max_examples=300, deadline=None)
@given(networks())
def test_gradients_are_the_measured_slopes(network):
    check = gradient_check(*network, samples=12)
    assert check.difference < TOLERANCE, f"\n{check}"
    # Only units that sit next to a kink may be left out, and never most of a large network.
    assert all(c.checked or c.skipped for c in check.weights)


@pytest.mark.parametrize("name", [*ACTIVATIONS, LEAKY, CUBE], ids=str)
def test_every_activation_in_a_deep_network(name):
    layers = [Dense(8, activation=name) for _ in range(4)]
    check = gradient_check(*compiled([*layers, Dense(3, activation="softmax")], LOSSES[0]))
    assert check.passed(TOLERANCE), f"\n{check}"
    assert check.difference < 1e-7
    assert min(c.checked for c in check.weights) >= 3


@pytest.mark.parametrize("outputs", ["sigmoid", "softmax", "relu"])
@pytest.mark.parametrize("loss", [SparseCategoricalCrossentropy(), CategoricalCrossentropy()])
def test_probabilities_that_are_no_softmax_of_the_last_layer(outputs, loss):
    layers = [Dense(5, activation="tanh"), Dense(4, activation=outputs), Activation("sigmoid")]
    assert gradient_check(*compiled(layers, loss)).passed(TOLERANCE)


def test_softmax_may_stand_alone():
    layers = [Dense(5, activation="relu"), Dense(4), Activation("softmax")]
    model, x, y = compiled(layers, "sparse_categorical_crossentropy")
    assert model.trains_on_logits
    assert gradient_check(model, x, y).passed(TOLERANCE)


MISTAKES = {
    "kernel not of this batch": lambda g: g["1.kernel"].__imul__(0.99),
    "bias summed over the units too": lambda g: g["0.bias"].__setitem__(
        slice(None), g["0.bias"].sum()
    ),
    "one weight without gradient": lambda g: g["0.kernel"].__setitem__((1, 1), 0),
    "sign": lambda g: g["1.bias"].__imul__(-1),
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_a_wrong_gradient_is_found(monkeypatch, mistake):
    model, x, y = compiled([Dense(5, activation="tanh"), Dense(4, activation="softmax")], LOSSES[0])
    right = BatchGradient.__call__

    def wrong(self, *batch):
        measured = right(self, *batch)
        layers = self._model.layers
        mistake(
            {
                f"{i}.{n}": layer.gradient_of(n)
                for i, layer in enumerate(layers)
                for n in layer.weight_names
            }
        )
        return measured

    monkeypatch.setattr(BatchGradient, "__call__", wrong)
    check = gradient_check(model, x, y, samples=None)
    assert not check.passed(1e-3)
    assert check.checked == model.count_params()


def test_a_wrong_derivative_is_found(monkeypatch):
    monkeypatch.setattr(
        type(ACTIVATIONS["tanh"]), "backward", lambda self, gradient, z, a: gradient.__imul__(1 - a)
    )
    model, x, y = compiled([Dense(5, activation="tanh"), Dense(4, activation="softmax")], LOSSES[0])
    assert not gradient_check(model, x, y).passed(1e-2)


def test_the_check_leaves_the_model_alone():
    model, x, y = compiled([Dense(5, activation="relu"), Dense(4, activation="softmax")], LOSSES[0])
    before = model.parameters.values.copy()
    check = gradient_check(model, x, y, samples=3)
    np.testing.assert_array_equal(model.parameters.values, before)
    assert model.parameters.values.dtype == np.float32
    assert [c.name for c in check.weights] == [
        "dense/kernel",
        "dense/bias",
        "dense_1/kernel",
        "dense_1/bias",
    ]
    assert [c.checked + c.skipped for c in check.weights] == [3] * 4
    assert "dense_1/kernel" in str(check)


def test_what_lies_at_a_kink_is_counted_not_judged():
    layers = [Dense(3, activation="relu", kernel_initializer="zeros"), Dense(2)]
    model, x, y = compiled(layers, "mse")
    model.layers[0].bias = np.zeros(3)
    check = gradient_check(model, x, y, samples=None)
    assert check.weights[0].checked == 0
    assert check.weights[0].skipped == 12
    assert check.weights[3].checked == 2


def test_nothing_checked_is_not_passed():
    model, x, y = compiled([Dense(2, activation="relu", kernel_initializer="zeros")], "mse")
    model.layers[0].bias = np.zeros(2)
    assert not gradient_check(model, x, y).passed()


def test_a_check_needs_a_compiled_model_and_an_epsilon():
    model, x, y = compiled([Dense(2)], "mse")
    with pytest.raises(NetworkError, match="epsilon"):
        gradient_check(model, x, y, epsilon=0)
    with pytest.raises(NetworkError, match="not compiled"):
        gradient_check(Sequential([Input((4,)), Dense(2)]), x, y)


def test_a_large_batch_gives_the_gradient_of_its_examples(monkeypatch):
    layers = [Dense(7, activation="gelu"), Dense(5, activation="softmax")]
    model, x, y = compiled(layers, LOSSES[0], inputs=(20,), examples=1003)
    model = model.astype(np.float64)
    data = model.prepare(x, y)
    with BatchGradient(model) as gradient:
        loss, correct = gradient(*data)
    at_once = model.parameters.gradients.copy()
    monkeypatch.setattr(gradients_module, "_PIECE_BYTES", 20 * 8 * 33)
    monkeypatch.setattr(gradients_module, "_BLOCK_PRODUCTS", 100 * at_once.size)
    results = []
    for workers in (1, 2, 3):
        with BatchGradient(model, workers) as gradient:
            assert gradient(*data) == (pytest.approx(loss, rel=1e-12), correct)
            results.append(model.parameters.gradients.copy())
            assert gradient._pool is not None
    np.testing.assert_allclose(results[0], at_once, rtol=1e-9, atol=1e-14)
    for other in results[1:]:  # bit for bit, whatever the number of cores
        np.testing.assert_array_equal(results[0], other)


def test_an_error_in_a_worker_is_heard(monkeypatch):
    monkeypatch.setattr(gradients_module, "_BLOCK_PRODUCTS", 1)
    model, x, y = compiled([Dense(3, activation="relu"), Dense(2)], "mse")
    monkeypatch.setattr(
        type(ACTIVATIONS["relu"]), "backward", lambda *_: (_ for _ in ()).throw(OSError("broken"))
    )
    with BatchGradient(model, 2) as gradient:
        for _ in range(5):  # and no worker is lost
            with pytest.raises(OSError, match="broken"):
                gradient(*model.prepare(x, y))


@pytest.mark.parametrize("initializer", [RandomNormal(stddev=0.01), RandomUniform(-0.5, 0.5)])
def test_the_first_loss_of_small_weights_is_log_of_the_classes(initializer):
    layers = [
        Dense(10, activation="relu", kernel_initializer=initializer),
        Dense(10, activation="softmax", kernel_initializer=initializer),
    ]
    model = Sequential([Input((20,)), *layers], seed=0)
    model.compile("sgd", "sparse_categorical_crossentropy")
    x = np.random.default_rng(0).random((500, 20))
    loss = model.evaluate(x, np.arange(500) % 10)
    assert loss == pytest.approx(
        np.log(10), rel=0.05 if initializer.get_config().get("stddev") else 0.3
    )
