"""The contract: kept by any honest form, and each promise that is broken costs its own points."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from mnist_course.autoencoders import build_autoencoder
from mnist_course.checks import check_autoencoder

pytestmark = pytest.mark.keras
POINTS = {"latent": 16, "encodes": 3, "decodes": 3, "chained": 4}


def functional() -> tuple:
    """The same promise in another form: flat images, no Sequential."""
    image = keras.Input((784,))
    encoder = keras.Model(image, layers.Dense(16)(layers.Dense(32, activation="tanh")(image)))
    code = keras.Input((16,))
    decoder = keras.Model(code, layers.Dense(784, activation="sigmoid")(code))
    return encoder, decoder, keras.Model(image, decoder(encoder(image)))


@pytest.mark.parametrize(
    "build", [lambda: build_autoencoder(16), lambda: build_autoencoder(16, hidden=()), functional]
)
def test_every_honest_form_earns_all_points(build):
    keras.utils.set_random_seed(0)
    assert check_autoencoder(*build(), **POINTS) == 10


def parts(**changes):
    """Encoder, decoder, autoencoder with one thing changed."""
    keras.utils.set_random_seed(0)
    code = changes.get("code", layers.Dense(16))
    pixels = changes.get("pixels", layers.Dense(784, activation="sigmoid"))
    shape = changes.get("shape", (28, 28))
    encoder = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), code])
    decoder = keras.Sequential(
        [keras.Input(encoder.output_shape[1:]), pixels, layers.Reshape(shape)]
    )
    both = [keras.models.clone_model(m) for m in (encoder, decoder)]
    chain = both if changes.get("again") else [encoder, decoder]
    return encoder, decoder, keras.Sequential([keras.Input((28, 28)), *chain])


@pytest.mark.parametrize(
    ("changes", "points", "words"),
    [
        ({"code": layers.Dense(8)}, 0, r"array of the shape \(500, 8\); expected \(500, 16\)"),
        ({"code": layers.Dense(16, activation="relu")}, 7, "below 0.*ReLU cuts off half"),
        (
            {"code": layers.Dense(16, kernel_initializer="zeros")},
            3,
            "the same code for every image",
        ),
        ({"pixels": layers.Dense(784)}, 7, "pixels from -.*activation='sigmoid'"),
        ({"pixels": layers.Dense(784, activation="tanh")}, 7, "pixels from -"),
        (
            {"pixels": layers.Dense(196, activation="sigmoid"), "shape": (14, 14)},
            3,
            r"shape \(14, 14\); expected \(28, 28\)",
        ),
        ({"again": True}, 6, "differ by up to.*share their layers"),
    ],
)
def test_each_broken_promise_costs_its_own_points(changes, points, words, said_by):
    import re

    score = check_autoencoder(*parts(**changes), **POINTS)
    assert score == points
    assert re.search(words, said_by(score))


def test_what_is_no_model_earns_nothing_and_stops_nothing(said_by):
    score = check_autoencoder(None, lambda codes: codes, 7, **POINTS)
    assert score == 0
    assert "`encoder` is still None" in said_by(score)
    encoder, decoder, whole = build_autoencoder(16)
    assert check_autoencoder(encoder, None, whole, **POINTS) == 3
    assert check_autoencoder(decoder, encoder, whole, **POINTS) == 0
    encoder.layers[-1].set_weights([w * float("nan") for w in encoder.layers[-1].get_weights()])
    assert "NaN" in said_by(check_autoencoder(encoder, decoder, whole, **POINTS))


class Encoder(keras.Model):
    """Right, but of the notebook's own making: the grader cannot build it again."""

    def __init__(self) -> None:
        super().__init__()
        self.flat, self.code = layers.Flatten(), layers.Dense(16)

    def call(self, images):
        return self.code(self.flat(images))


def test_a_model_that_the_grader_cannot_rebuild_is_refused_in_the_notebook(said_by):
    encoder = Encoder()
    encoder(np.zeros((1, 28, 28)))
    score = check_autoencoder(encoder, None, None, **POINTS)
    assert score == 0
    assert "`encoder` cannot be rebuilt by the grader: a subclassed model" in said_by(score)


def test_a_model_with_two_inputs_stops_nothing(said_by):
    image, more = keras.Input((784,)), keras.Input((3,))
    both = keras.Model([image, more], layers.Dense(16)(layers.Concatenate()([image, more])))
    score = check_autoencoder(both, both, both, **POINTS)
    assert score == 0
    assert "`encoder` cannot predict" in said_by(score)
