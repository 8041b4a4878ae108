"""Errors of six networks: measured again, falling, one change; PCA beside them."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from sklearn.decomposition import PCA

from mnist_course.checks import check_against_pca, check_pca_errors, check_reconstruction_errors
from mnist_course.checks.autoencoders.curve import measured_errors
from mnist_course.checks.autoencoders.images import LENGTHS, grader_images, variance
from mnist_course.experiments import ExperimentLog

pytestmark = pytest.mark.keras
POINTS = {"recomputed": 8, "falling": 3, "one_change": 4}


@pytest.fixture
def networks(trained):
    return {k: pair.whole for k, pair in trained[0].items()}


@pytest.fixture
def log(trained):
    return trained[1]


def test_a_linear_autoencoder_with_the_directions_of_pca_has_the_error_of_pca(networks, errors):
    measured, findings = measured_errors(networks)
    assert not findings
    assert measured == pytest.approx(errors, rel=1e-4)


def test_right_errors_earn_all_points_in_any_form(networks, log, errors):
    assert check_reconstruction_errors(errors, networks, log, **POINTS) == 15
    other = {str(k): np.float32(error) for k, error in reversed(errors.items())}
    assert check_reconstruction_errors(other, networks, log, **POINTS) == 15


@pytest.mark.parametrize(
    ("change", "points", "words"),
    [
        (lambda e: {k: 784 * v for k, v in e.items()}, 7, "sum over the 784 pixels"),
        (lambda e: {k: v**0.5 for k, v in e.items()}, 7, "root of the mean squared error"),
        (lambda e: {k: 1.03 * v for k, v in e.items()}, 7, "is no measure of this one"),
        (lambda e: {**e, 8: 0.5}, 15 - 8 / 6, "`errors[8]` is 0.50000"),
        (lambda e: {k: v for k, v in e.items() if k > 8}, 11, "no entry for k = 2, 4, 8"),
        (lambda e: {**e, 2: "0.05"}, 15 - 8 / 6, "is a str, not a number"),
        (lambda e: {}, 7, "`errors` is still empty"),
        (lambda e: None, 7, "`errors` is still empty"),
        (lambda e: list(e.values()), 7, "is a list; expected a dict"),
    ],
)
def test_wrong_errors_cost_their_part(networks, log, errors, change, points, words, said_by):
    score = check_reconstruction_errors(change(errors), networks, log, **POINTS)
    assert score == pytest.approx(points, abs=0.01)
    assert words in said_by(score)


def test_an_entry_must_hold_what_it_is_called(networks, log, errors, said_by):
    score = check_reconstruction_errors(errors, {**networks, 4: networks[8]}, log, **POINTS)
    assert score == pytest.approx(8 * 5 / 6, abs=0.01)
    assert "has 8 units at its narrowest; expected 4" in said_by(score)


def test_a_longer_code_that_is_worse_was_not_trained(networks, log, errors, make_pair, said_by):
    bad = make_pair(32)
    bad.encoder.set_weights([0.3 * w for w in bad.encoder.get_weights()])
    models = {**networks, 32: bad.whole}
    measured, _ = measured_errors(models)
    score = check_reconstruction_errors(measured, models, log, **POINTS)
    assert score == 8
    assert "With 32 numbers the error is" in said_by(score)
    assert "No recorded fit ends in the weights of `autoencoders[32]`" in said_by(score)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"epochs": 2}, "epochs: 2 for k = 16, but 1 for k = 2"),
        ({"batch_size": 500}, "batch size: 500 for k = 16"),
        ({"rows": 5_000}, "5,000 images that are not those in x_train"),
        ({"test": True}, "10,000 images that are not those in x_train"),
    ],
)
def test_one_network_that_was_trained_otherwise(
    networks, errors, make_pair, trained, how, words, said_by
):
    images = grader_images()
    x = images.x_test if how.get("test") else images.x_train[: how.get("rows", 10_000)]
    log = ExperimentLog()
    models = {}
    for k in LENGTHS:
        models[k] = make_pair(k).whole
        own = k == 16
        models[k].fit(
            x if own else images.x_train,
            x if own else images.x_train,
            batch_size=how.get("batch_size", 1_000) if own else 1_000,
            epochs=how.get("epochs", 1) if own else 1,
            verbose=0,
        )
    score = check_reconstruction_errors(errors, models, log, **POINTS)
    assert score == 11
    assert words in said_by(score)


def test_hidden_layers_must_be_the_same(networks, errors, make_pair, said_by):
    x = grader_images().x_train
    log = ExperimentLog()
    models = {}
    for k in LENGTHS:
        models[k] = make_pair(k).whole
        if k == 16:
            pair = make_pair(k)
            inside = keras.layers.Dense(784, use_bias=False, kernel_initializer="identity")
            models[k] = keras.Sequential(
                [
                    keras.Input((28, 28)), keras.layers.Flatten(), inside,
                    keras.layers.Reshape((28, 28)), pair.encoder, pair.decoder,
                ]
            )  # fmt: skip
            models[k].compile(optimizer=keras.optimizers.SGD(0.0), loss="mse")
        models[k].fit(x, x, batch_size=1_000, epochs=1, verbose=0)
    score = check_reconstruction_errors(errors, models, log, **POINTS)
    assert score == 11
    assert "784-784 units for k = 16, but 784 for k = 2" in said_by(score)


@pytest.mark.parametrize("given", [None, {}, [], {2: None}, {2: 3.0}, {"a": 1}])
def test_no_networks_earn_nothing_and_stop_nothing(given, log, errors):
    assert check_reconstruction_errors(errors, given, log, **POINTS) == 0
    assert check_against_pca(given, each=2.5) == 0


@pytest.mark.parametrize(
    ("change", "points", "words"),
    [
        (lambda e: e, 10, "Your 6 errors of PCA are right"),
        (lambda e: {np.int64(k): np.float64(1.0005 * v) for k, v in e.items()}, 10, "right"),
        (lambda e: {k: 784 * v for k, v in e.items()}, 0, "sum over the 784 pixels"),
        (lambda e: {k: v / variance() for k, v in e.items()}, 0, "share of the variance"),
        (lambda e: {k: 1 - v / variance() for k, v in e.items()}, 0, "share of the variance"),
        (lambda e: {**e, 64: 2 * e[64]}, 10 * 5 / 6, "`pca_errors[64]`"),
        (lambda e: {k: e[k] for k in (2, 4)}, 10 / 3, "no entry for k = 8, 16, 32, 64"),
        (lambda e: None, 0, "still empty"),
    ],
)
def test_errors_of_pca(errors, change, points, words, said_by):
    score = check_pca_errors(change(errors), points=10)
    assert score == pytest.approx(points, abs=0.01)
    assert words in said_by(score)


@pytest.mark.parametrize("part", ["x_train", "x_val"])
def test_the_wrong_images_are_recognised(part, said_by):
    from mnist_course.autoencoders import pca_errors

    images = grader_images()
    x = getattr(images, part)
    score = check_pca_errors(pca_errors(x, x, LENGTHS), points=10)
    assert score < 6
    wrong = {"x_train": "in which the components were found", "x_val": "in the validation images"}
    assert wrong[part] in said_by(score)


def test_as_good_as_pca_is_good_enough_and_worse_is_not(networks, make_pair, said_by):
    assert check_against_pca(networks, each=2.5) == 10
    worse = make_pair(8)
    worse.decoder.set_weights(
        [0.9 * worse.decoder.get_weights()[0], worse.decoder.get_weights()[1]]
    )
    score = check_against_pca({**networks, 8: worse.whole}, each=2.5)
    assert score == 7.5
    assert "With 8 numbers your autoencoder has the error" in said_by(score)


def test_validation_images_that_were_learnt_by_heart_do_not_count(networks, make_pair, said_by):
    known = PCA(16, svd_solver="covariance_eigh").fit(grader_images().x_val.reshape(-1, 784))
    pair = make_pair(16)
    pair.encoder.set_weights([known.components_.T, -known.components_ @ known.mean_])
    pair.decoder.set_weights([known.components_, known.mean_])
    score = check_against_pca({**networks, 16: pair.whole}, each=2.5)
    assert score == 7.5
    assert "on the test images" in said_by(score)
    assert "by heart" in said_by(score)
