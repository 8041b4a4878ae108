"""The probe: linear, on codes that were learnt without labels, measured on the test images."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from mnist_course.checks import check_probe

pytestmark = pytest.mark.keras
POINTS = {"steps": {0.60: 2, 0.70: 3, 0.80: 5, 0.85: 6}, "linear": 2, "untouched": 2}


@pytest.fixture
def setting(trained):
    pairs, log = trained
    return pairs, {k: pair.whole for k, pair in pairs.items()}, log


def test_codes_of_pca_and_logistic_regression(setting, probe_of, said_by):
    pairs, networks, log = setting
    score = check_probe(pairs[64].encoder, probe_of(64), networks, log, **POINTS)
    assert score == 10
    assert "From 64 numbers, your probe reads" in said_by(score)
    # Networks in lists beside what is no network.
    nested = (None, [{}, networks], "no model")
    assert check_probe(pairs[64].encoder, probe_of(64), nested, log, **POINTS) == 10


def test_a_short_code_earns_the_steps_that_it_reaches(setting, probe_of, said_by):
    pairs, networks, log = setting
    score = check_probe(pairs[8].encoder, probe_of(8), networks, log, **POINTS)
    assert 4 < score < 10
    assert "the next step is at" in said_by(score)
    assert check_probe(pairs[2].encoder, probe_of(2), networks, log, **POINTS) == 4


def test_scores_and_harmless_layers_are_fine(setting, probe_of):
    pairs, networks, log = setting
    known = probe_of(64)
    other = keras.Sequential(
        [
            keras.Input((64,)), keras.layers.BatchNormalization(epsilon=1e-9),
            keras.layers.Dense(10), keras.layers.Softmax(),
        ]
    )  # fmt: skip
    other.layers[1].set_weights(known.get_weights())
    assert check_probe(pairs[64].encoder, other, networks, log, **POINTS) == 10


def test_a_probe_with_a_hidden_layer_earns_no_accuracy(setting, probe_of, said_by):
    pairs, networks, log = setting
    keras.utils.set_random_seed(0)
    deep = keras.Sequential(
        [
            keras.Input((64,)), keras.layers.Dense(64, kernel_initializer="identity"),
            probe_of(64).layers[-1],
        ]
    )  # fmt: skip
    score = check_probe(pairs[64].encoder, deep, networks, log, **POINTS)
    assert score == 2
    assert "`probe` is 64-64-10" in said_by(score)


def test_an_encoder_that_is_no_part_of_an_autoencoder(setting, probe_of, make_pair, said_by):
    _, networks, log = setting
    pair = make_pair(64)
    weights = pair.encoder.get_weights()
    pair.encoder.set_weights([weights[0] + 0.001, weights[1]])
    score = check_probe(pair.encoder, probe_of(64), networks, log, **POINTS)
    assert score == 2
    assert "not the encoder of one of your autoencoders" in said_by(score)
    # Nor does it help that the autoencoder has changed together with it.
    score = check_probe(pair.encoder, probe_of(64), {64: pair.whole}, log, **POINTS)
    assert score == 2
    assert "has learnt something since its autoencoder was trained" in said_by(score)


@pytest.mark.parametrize("which", ["encoder", "probe", "swapped", "images"])
def test_what_cannot_be_asked_earns_nothing(setting, probe_of, which, said_by):
    pairs, networks, log = setting
    encoder, probe = pairs[16].encoder, probe_of(16)
    given = {
        "encoder": (None, probe),
        "probe": (encoder, np.zeros((16, 10))),
        "swapped": (probe, encoder),
        "images": (networks[16], probe),
    }[which]
    score = check_probe(*given, networks, log, **POINTS)
    assert score == 0
    assert said_by(score)
