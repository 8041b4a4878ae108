"""Gradients, against formulas written by hand, and the law of their noise."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mnist_course.exceptions import ConfigurationError
from mnist_course.experiments.trials.configuration import Configuration
from mnist_course.experiments.trials.data import load
from mnist_course.experiments.trials.gradients import gradient_noise, gradient_norms

pytestmark = pytest.mark.keras

LINEAR = Configuration(train_rows=1_200, validation_rows=50, hidden=())


def by_hand(configuration, seed, chosen):
    """The gradient of a network without hidden layers: ``x.T @ (p - y) / n``."""
    from mnist_course.experiments.trials.model import build

    data = load(configuration)
    kernel, bias = (np.asarray(w, np.float64) for w in build(configuration, seed).get_weights())
    x = data.x_train[chosen].reshape(len(chosen), -1).astype(np.float64)
    scores = x @ kernel + bias
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(chosen)), data.y_train[chosen]] -= 1
    by_kernel = x.T @ p / len(chosen) + 2 * configuration.l2 * kernel
    return np.concatenate([by_kernel.reshape(-1), p.mean(axis=0)])


@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_signal_and_noise_are_those_of_the_formula(l2):
    configuration = LINEAR.but(l2=l2)
    found = gradient_noise(configuration, 2, 16, batches=20)
    signal = by_hand(configuration, 2, np.arange(1_200))
    order = np.random.default_rng(2)
    squares = [
        np.sum((by_hand(configuration, 2, order.choice(1_200, 16, replace=False)) - signal) ** 2)
        for _ in range(20)
    ]
    assert found.norm == pytest.approx(np.linalg.norm(signal), rel=1e-4)
    assert found.sd == pytest.approx(math.sqrt(np.mean(squares)), rel=1e-4)
    assert found.ratio == pytest.approx(found.sd / found.norm)
    assert (found.batch_size, found.batches) == (16, 20)


def test_the_noise_falls_with_the_root_of_the_batch_size():
    few, many = (gradient_noise(LINEAR, 0, size, batches=100) for size in (8, 32))
    assert few.norm == many.norm
    # 100 batches know a standard deviation to a tenth or better.
    assert few.sd / many.sd == pytest.approx(2, rel=0.15)


def test_all_images_at_once_have_no_noise():
    found = gradient_noise(LINEAR, 0, 1_200, batches=2)
    assert found.sd < 1e-5 * found.norm


def test_a_batch_size_is_that_of_the_configuration_unless_named():
    found = gradient_noise(LINEAR.but(batch_size=64), 0, batches=2)
    assert found.batch_size == 64


def test_dropout_and_augmentation_rest():
    plain = LINEAR.but(hidden=(6,))
    noisy = plain.but(dropout=0.5)
    assert gradient_noise(plain, 0, batches=3) == gradient_noise(noisy, 0, batches=3)


def test_a_trained_network_can_be_measured():
    from mnist_course.experiments.trials.model import build

    model = build(LINEAR, 5)
    assert gradient_noise(LINEAR, 0, batches=2, model=model) != gradient_noise(LINEAR, 0, batches=2)
    assert gradient_norms(LINEAR, 0, model=model) == gradient_norms(LINEAR, 5)


def test_a_network_with_weights_that_do_not_learn_can_be_measured():
    import keras

    keras.utils.set_random_seed(0)
    inner = keras.Sequential([keras.layers.Input((784,)), keras.layers.Dense(4, name="inner")])
    model = keras.Sequential(
        [
            keras.layers.Input((28, 28)),
            keras.layers.Flatten(),
            inner,
            keras.layers.BatchNormalization(),
            keras.layers.Dense(10, activation="softmax", name="output"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    norms = gradient_norms(LINEAR, 0, model=model)
    assert list(norms) == ["inner", "output"] and min(norms.values()) > 0
    found = gradient_noise(LINEAR, 0, 16, batches=2, model=model)
    assert found.norm > math.hypot(*norms.values()) / 2


def test_the_norm_of_each_layer_is_that_of_its_kernel():
    signal = by_hand(LINEAR, 2, np.arange(1_200))
    found = gradient_norms(LINEAR, 2)
    assert list(found) == ["output"]
    assert found["output"] == pytest.approx(np.linalg.norm(signal[:7_840]), rel=1e-4)


def test_gradients_vanish_through_sigmoids_and_not_through_relus():
    deep = Configuration(train_rows=500, validation_rows=50, hidden=(32,) * 5)
    relu, sigmoid = (gradient_norms(deep.but(activation=a), 0) for a in ("relu", "sigmoid"))
    assert list(relu) == [f"hidden_{number}" for number in range(1, 6)] + ["output"]
    assert sigmoid["hidden_1"] / sigmoid["output"] < 0.01 < relu["hidden_1"] / relu["output"]


def test_convolutions_and_autoencoders_are_measured_too():
    small = Configuration(train_rows=100, validation_rows=50)
    assert list(gradient_norms(small.but(conv=(2, 3)), 0)) == [
        "conv_1", "conv_2", "hidden_1", "output",
    ]  # fmt: skip
    code = small.but(task="reconstruct", latent=2, hidden=())
    assert list(gradient_norms(code, 0)) == ["code", "pixels"]
    assert gradient_noise(code, 0, batches=2).norm > 0


@pytest.mark.parametrize("batch_size", [0, 1_201, 8.0])
def test_a_batch_size_that_is_none_is_refused(batch_size):
    with pytest.raises(ConfigurationError, match="from 1 to 1,200"):
        gradient_noise(LINEAR, 0, batch_size)


def test_one_batch_is_too_few():
    with pytest.raises(ConfigurationError, match="from 2 to"):
        gradient_noise(LINEAR, 0, batches=1)
