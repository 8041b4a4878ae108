"""The models: their shapes, shared layers, and what they learn on data of known dimension."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from mnist_course.autoencoders import (
    build_autoencoder,
    build_decoder,
    build_encoder,
    elbow,
    mean_image_error,
    pca_errors,
)
from mnist_course.exceptions import ConfigurationError

pytestmark = pytest.mark.keras


@pytest.mark.parametrize("hidden", [(), (32,), (64, 16)])
@pytest.mark.parametrize("shape", [(28, 28), (28, 28, 1), (12,)])
def test_shapes_range_and_a_decoder_that_mirrors_the_encoder(hidden, shape):
    encoder, decoder, autoencoder = build_autoencoder(3, hidden=hidden, image_shape=shape)
    x = np.random.default_rng(0).uniform(size=(7, *shape)).astype("float32")
    codes = encoder.predict(x, verbose=0)
    images = decoder.predict(codes, verbose=0)
    assert codes.shape == (7, 3)
    assert images.shape == x.shape
    assert images.min() >= 0 and images.max() <= 1
    assert np.allclose(autoencoder.predict(x, verbose=0), images, atol=1e-6)
    units = [layer.units for layer in encoder.layers if hasattr(layer, "units")]
    back = [layer.units for layer in decoder.layers if hasattr(layer, "units")]
    assert units == [*hidden, 3]
    assert back == [*reversed(hidden), int(np.prod(shape))]


def test_training_the_whole_trains_its_parts(small_train):
    keras.utils.set_random_seed(0)
    encoder, decoder, autoencoder = build_autoencoder(4, hidden=(16,))
    before = [w.copy() for w in (*encoder.get_weights(), *decoder.get_weights())]
    x = small_train[0][:200]
    autoencoder.fit(x, x, epochs=1, verbose=0)
    after = [*encoder.get_weights(), *decoder.get_weights()]
    assert all(not np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(after, autoencoder.get_weights(), strict=True))
    mse = np.mean((autoencoder.predict(x, verbose=0) - x) ** 2)
    assert autoencoder.evaluate(x, x, verbose=0) == pytest.approx(mse, rel=1e-4)


def test_codes_are_not_cut_off(small_train):
    keras.utils.set_random_seed(0)
    codes = build_encoder(16).predict(small_train[0][:100], verbose=0)
    assert (codes < 0).any() and (codes > 0).any()


def bumps(n: int, seed: int) -> np.ndarray:
    """Images (n, 12, 12) of one soft dot that may stand anywhere: two numbers tell all."""
    places = np.random.default_rng(seed).uniform(2, 9, size=(n, 2, 1, 1))
    rows, columns = np.mgrid[:12, :12]
    far = (rows - places[:, 0]) ** 2 + (columns - places[:, 1]) ** 2
    return np.exp(-far / 6).astype("float32")


@pytest.mark.slow
def test_the_elbow_of_an_autoencoder_finds_a_bent_surface_where_pca_does_not():
    train, others = bumps(4_000, 0), bumps(1_000, 1)
    variance = mean_image_error(train, others)
    errors = {}
    for k in (1, 2, 3, 4, 8):
        keras.utils.set_random_seed(0)
        *_, autoencoder = build_autoencoder(k, hidden=(64, 64), image_shape=(12, 12))
        autoencoder.fit(train, train, epochs=30, batch_size=64, verbose=0)
        errors[k] = float(autoencoder.evaluate(others, others, verbose=0))
    assert elbow(errors, variance) == 2
    flat = elbow(pca_errors(train, others, (1, 2, 3, 4, 8, 16)), variance)
    assert flat is None or flat > 4


@pytest.mark.parametrize("arguments", [{"latent": 0}, {"latent": 2, "hidden": (8, 0)}])
@pytest.mark.parametrize("build", [build_encoder, build_decoder, build_autoencoder])
def test_layers_without_units_are_refused(build, arguments):
    with pytest.raises(ConfigurationError, match="one unit at least, got 0"):
        build(**arguments)


def test_whole_numbers_of_numpy_are_whole_numbers():
    for latent in 2 ** np.arange(1, 3):
        encoder, _, _ = build_autoencoder(latent, hidden=np.array([8]))
        assert encoder.output_shape == (None, latent)
