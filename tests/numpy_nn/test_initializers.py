"""First weights: their distributions against Keras' own, and their seeds."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_course.exceptions import NetworkError
from mnist_course.numpy_nn import (
    Constant,
    Dense,
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    Input,
    Ones,
    RandomNormal,
    RandomUniform,
    Sequential,
    Zeros,
    initializers,
)

RANDOM = {
    "GlorotNormal": GlorotNormal,
    "GlorotUniform": GlorotUniform,
    "HeNormal": HeNormal,
    "HeUniform": HeUniform,
    "RandomNormal": RandomNormal,
    "RandomUniform": RandomUniform,
}
SHAPE = (400, 300)


@pytest.mark.keras
@pytest.mark.parametrize("name", RANDOM)
def test_distributions_are_those_of_keras(name):
    import keras

    ours = RANDOM[name](seed=1)(SHAPE, np.random.default_rng(0))
    theirs = np.asarray(getattr(keras.initializers, name)(seed=2)(SHAPE))
    assert ours.dtype == np.float32
    # 120,000 numbers: quantiles of two such samples differ by far less than this.
    points = np.linspace(0.001, 0.999, 101)
    spread = theirs.std()
    difference = np.abs(np.quantile(ours, points) - np.quantile(theirs, points)) / spread
    assert difference.max() < 0.08
    assert abs(ours.std() / spread - 1) < 0.01
    assert np.abs(ours).max() <= np.abs(theirs).max() * (1.25 if name == "RandomNormal" else 1.01)


def test_constants():
    rng = np.random.default_rng(0)
    assert Zeros()((2, 2), rng).tolist() == [[0, 0], [0, 0]]
    assert Ones()((2,), rng).tolist() == [1, 1]
    assert Constant(0.5)((2,), rng).tolist() == [0.5, 0.5]


def test_the_model_seed_decides():
    def weights(seed):
        return Sequential([Input((5,)), Dense(4), Dense(3)], seed=seed).get_weights()

    for one, other in zip(weights(3), weights(3), strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(weights(3)[0], weights(4)[0])
    assert not np.array_equal(weights(None)[0], weights(None)[0])


def test_an_own_seed_is_stronger():
    def kernel(seed):
        dense = Dense(4, kernel_initializer=HeNormal(seed=9))
        return Sequential([Input((5,)), dense], seed=seed).layers[0].kernel

    np.testing.assert_array_equal(kernel(1), kernel(2))


def test_layers_of_one_model_differ():
    model = Sequential([Input((4,)), Dense(4), Dense(4)], seed=0)
    assert not np.array_equal(model.layers[0].kernel, model.layers[1].kernel)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(NetworkError, match="Expected one of constant, glorot_normal"):
        Dense(3, kernel_initializer="glorot")


@pytest.mark.parametrize("name", initializers.CLASSES)
def test_settings_make_an_equal_one(name):
    one = initializers.get(name)
    other = type(one)(**one.get_config())
    first, second = (i((50, 20), np.random.default_rng(5)) for i in (one, other))
    np.testing.assert_array_equal(first, second)
