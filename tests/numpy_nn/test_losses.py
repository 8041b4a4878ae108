"""Losses against Keras, their gradients against measured slopes, their checks of targets."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_course.exceptions import NetworkError
from mnist_course.numpy_nn import (
    CategoricalCrossentropy,
    Dense,
    Input,
    MeanSquaredError,
    Sequential,
    SparseCategoricalCrossentropy,
)

CASES = {
    "sparse, logits": (SparseCategoricalCrossentropy(from_logits=True), "logits", "classes"),
    "sparse": (SparseCategoricalCrossentropy(), "probabilities", "classes"),
    "sparse, rows not of sum 1": (SparseCategoricalCrossentropy(), "positive", "classes"),
    "rows, logits": (CategoricalCrossentropy(from_logits=True), "logits", "soft"),
    "rows": (CategoricalCrossentropy(), "probabilities", "soft"),
    "rows not of sum 1": (CategoricalCrossentropy(), "positive", "soft"),
    "mse": (MeanSquaredError(), "logits", "soft"),
}


def values(kind):
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3, (40, 6))
    powers = np.exp(logits)
    return {
        "logits": logits,
        "probabilities": powers / powers.sum(axis=1, keepdims=True),
        "positive": rng.uniform(0.05, 0.9, (40, 6)),
        "classes": rng.integers(0, 6, 40),
        "soft": rng.dirichlet(np.ones(6), 40),
    }[kind]


@pytest.mark.keras
@pytest.mark.parametrize("case", CASES)
def test_losses_are_those_of_keras(case):
    import keras

    loss, outputs, targets = CASES[case]
    theirs = getattr(keras.losses, type(loss).__name__)(**loss.get_config())
    output, y = values(outputs).astype(np.float32), values(targets)
    assert loss(y, output) == pytest.approx(float(theirs(y, output)), rel=2e-6)


@pytest.mark.parametrize("case", CASES)
def test_gradients_are_the_slopes(case):
    loss, outputs, targets = CASES[case]
    output, y = values(outputs)[:5].copy(), values(targets)[:5]
    gradient = np.empty_like(output)
    loss.sum_and_gradient(loss.prepare(y, 6, output.dtype), output, gradient, 0.25)
    for index in np.ndindex(output.shape):
        moved, h = [], 1e-4 * abs(output[index])
        for step in (h, -h):
            other = output.copy()
            other[index] += step
            moved.append(loss(y, other) * len(output))
        assert gradient[index] / 0.25 == pytest.approx(
            (moved[0] - moved[1]) / (2 * h), rel=1e-6, abs=2e-7
        )


def test_the_loss_at_the_start_is_log_of_ten():
    assert SparseCategoricalCrossentropy(from_logits=True)(
        np.arange(10), np.zeros((10, 10), np.float32)
    ) == pytest.approx(np.log(10), rel=1e-6)


@pytest.mark.parametrize("loss", [SparseCategoricalCrossentropy, CategoricalCrossentropy])
def test_huge_logits_give_finite_losses(loss):
    logits = np.array([[1e4, 0, -1e4]], np.float32)
    y = np.array([2]) if loss.sparse else np.array([[0, 0, 1.0]])
    gradient = np.empty_like(logits)
    loss = loss(from_logits=True)
    total = loss.sum_and_gradient(loss.prepare(y, 3, logits.dtype), logits, gradient, 1.0)
    assert total == pytest.approx(2e4)
    np.testing.assert_array_equal(gradient, [[1, 0, -1]])


@pytest.mark.parametrize("loss", [SparseCategoricalCrossentropy(), CategoricalCrossentropy()])
def test_a_probability_of_zero_gives_a_finite_loss(loss):
    p = np.array([[0, 1.0, 0]], np.float32)
    y = np.array([0]) if loss.sparse else np.array([[1.0, 0, 0]])
    assert loss(y, p) == pytest.approx(-np.log(1e-7), rel=1e-3)


def test_a_network_that_ends_in_softmax_learns_from_the_very_worst_start():
    # Probabilities 1 and 0 in float32: without logits every gradient would be 0 or infinite.
    model = Sequential([Input((1,)), Dense(2, activation="softmax")], seed=0)
    model.set_weights([[[300.0, -300.0]], [0.0, 0.0]])
    model.compile("sgd", "sparse_categorical_crossentropy", ["accuracy"])
    x, y = np.ones((4, 1), np.float32), np.ones(4)
    assert model.evaluate(x, y)[0] == pytest.approx(600)
    model.fit(x, y)
    assert model.layers[0].bias.tolist() == pytest.approx([-0.01, 0.01])


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (np.array([0, 1, 6]), r"Expected 0 to 5.*got 6 in row 2 \(1 such"),
        (np.array([0, -1, 2]), "got -1 in row 1"),
        (np.array([0, 1.5, 2]), "whole numbers from 0 to 5"),
        (np.array([0, np.nan, 2]), "whole numbers from 0 to 5"),
        (np.array(["0", "1", "2"]), "whole numbers from 0 to 5"),
        (np.eye(6)[:3], "One-hot rows need the loss categorical_crossentropy"),
        (np.zeros((3, 2)), r"got \(3, 2\)"),
        (np.int64(3), r"got \(\)"),
        (np.array([0, 1]), "got 2 targets and 3 predictions"),
    ],
)
def test_labels_that_cannot_be_are_refused(y, words):
    with pytest.raises(NetworkError, match=words):
        SparseCategoricalCrossentropy()(y, np.full((3, 6), 1 / 6))


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (np.array([0, 1, 2]), "need the loss sparse_categorical_crossentropy"),
        (np.zeros((3, 5)), r"Expected \(n, 6\), got \(3, 5\)"),
        (np.full((3, 6), np.nan), "got 18 that are none"),
        (np.full((3, 6), "a"), "are not numbers"),
    ],
)
def test_rows_that_cannot_be_are_refused(y, words):
    with pytest.raises(NetworkError, match=words):
        CategoricalCrossentropy()(y, np.full((3, 6), 1 / 6))


@pytest.mark.parametrize(
    "y", [np.array([[1], [0]]), [1, 0], np.array([1.0, 0.0]), np.uint8([1, 0])]
)
def test_labels_of_any_type_will_do(y):
    assert SparseCategoricalCrossentropy()(y, np.full((2, 2), 0.5)) == pytest.approx(np.log(2))


def test_an_unknown_loss_lists_the_known_ones():
    model = Sequential([Input((2,)), Dense(2)])
    with pytest.raises(NetworkError, match="Expected one of sparse_categorical_crossentropy"):
        model.compile("sgd", "crossentropy")


def test_softmax_twice_is_refused():
    model = Sequential([Input((2,)), Dense(2, activation="softmax")])
    with pytest.raises(NetworkError, match="applied twice"):
        model.compile("sgd", SparseCategoricalCrossentropy(from_logits=True))
