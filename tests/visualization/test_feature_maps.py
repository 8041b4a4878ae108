"""Feature maps: they are the convolution that the filters ask for, and drawn as such."""

from __future__ import annotations

import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy.signal import correlate2d

from mnist_course.visualization import FeatureMapsDisplay, compute_feature_maps, plot_feature_maps

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def model() -> keras.Model:
    """Two convolutions with a pooling between them, random weights and biases."""
    keras.utils.set_random_seed(0)
    layers = keras.layers
    built = keras.Sequential(
        [
            keras.Input((28, 28)),
            layers.Reshape((28, 28, 1)),
            layers.RandomTranslation(0.3, 0.3),
            layers.Conv2D(4, 3, padding="same", activation="relu", name="first"),
            layers.MaxPooling2D(name="pool"),
            layers.Dropout(0.5),
            layers.Conv2D(6, 3, padding="same", activation="tanh", name="second"),
            layers.Flatten(name="flat"),
            layers.Dense(10, activation="softmax", name="answer"),
        ]
    )
    random = np.random.default_rng(0)
    built.set_weights([random.normal(0, 0.4, w.shape) for w in built.get_weights()])
    return built


def convolved(image: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """What the books say: for each filter, the sum over all input maps (h, w, filters)."""
    return np.stack(
        [
            bias[f]
            + sum(
                correlate2d(image[..., c], kernel[:, :, c, f], mode="same")
                for c in range(image.shape[2])
            )
            for f in range(kernel.shape[3])
        ],
        axis=-1,
    )


def test_maps_are_the_convolution_computed_by_hand(model, small_test):
    images = small_test[0][:3]
    first = model.get_layer("first").get_weights()
    by_hand = [np.maximum(convolved(image[..., np.newaxis], *first), 0) for image in images]
    maps = compute_feature_maps(model, images)
    assert maps.shape == (3, 28, 28, 4)
    assert np.allclose(maps, by_hand, atol=1e-5)

    pooled = [m.reshape(14, 2, 14, 2, 4).max(axis=(1, 3)) for m in by_hand]
    assert np.allclose(compute_feature_maps(model, images, layer="pool"), pooled, atol=1e-5)
    second = model.get_layer("second").get_weights()
    again = [np.tanh(convolved(m, *second)) for m in pooled]
    for layer in ("second", -3):
        assert np.allclose(compute_feature_maps(model, images, layer=layer), again, atol=1e-5)


@pytest.mark.parametrize("form", ["one", "channel", "batch", "flat"])
def test_every_form_of_one_image(model, small_test, form):
    image = small_test[0][0]
    forms = {
        "one": image,
        "channel": image[..., np.newaxis],
        "batch": image[np.newaxis],
        "flat": image.reshape(1, 784),
    }
    display = FeatureMapsDisplay.from_model(model, forms[form])
    assert np.allclose(display.maps, compute_feature_maps(model, image)[0].transpose(2, 0, 1))
    assert np.allclose(display.image, image)


def test_the_numbers_behind_the_picture(small_test):
    maps = np.zeros((2, 2, 3))
    maps[..., 1] = [[1, 2], [0, 0]]
    maps[..., 2] = [[-1, -1], [-1, 3]]
    frame = FeatureMapsDisplay.from_maps(small_test[0][0], maps).frame()
    assert frame["filter"].tolist() == [0, 1, 2]
    assert frame["mean"].tolist() == [0, 0.75, 0]
    assert frame["max"].tolist() == [0, 2, 3]
    assert frame["active"].tolist() == [0, 0.5, 0.25]


def panels(display):
    return display.ax_.child_axes[:2]


def test_each_panel_shows_its_numbers(model, small_test, look):
    display = plot_feature_maps(model, small_test[0][0], title="first convolution")
    assert look.is_drawn(display.ax_)
    left, right = panels(display)
    assert np.allclose(left.get_images()[0].get_array(), small_test[0][0])
    shown = right.get_images()[0].get_array()
    step = (np.asarray(shown).shape[1] - 28) // 3
    for number in range(4):
        cut = shown[:28, number * step : number * step + 28]
        assert np.allclose(cut, display.maps[number])
    assert look.texts(right) == ["0", "1", "2", "3"]


def test_one_scale_for_all_maps_with_both_signs_where_there_are_any(model, small_test):
    relu = plot_feature_maps(model, small_test[0][0], layer="first")
    [drawn] = panels(relu)[1].get_images()
    assert (drawn.norm.vmin, drawn.norm.vmax) == (0, relu.maps.max())
    tanh = plot_feature_maps(model, small_test[0][0], layer="second")
    [drawn] = panels(tanh)[1].get_images()
    assert drawn.norm.vmin == -drawn.norm.vmax == -np.abs(tanh.maps).max()


@pytest.mark.parametrize("count", [1, 8, 13, 32])
def test_captions_never_cover_each_other_and_given_axes(count, small_test, look):
    maps = np.random.default_rng(0).uniform(size=(14, 14, count))
    display = FeatureMapsDisplay.from_maps(small_test[0][0], maps).plot()
    assert look.overlaps(panels(display)[1]) == []
    _, (left, right) = plt.subplots(1, 2)
    assert FeatureMapsDisplay.from_maps(small_test[0][0], maps).plot(right).ax_ is right
    assert not left.child_axes


def test_a_silent_layer_is_drawn(small_test, look):
    display = FeatureMapsDisplay.from_maps(small_test[0][0], np.zeros((28, 28, 4))).plot()
    assert look.is_drawn(display.ax_)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("third", "no layer 'third'. Its layers: 'reshape.*'first'.*'answer'"),
        (9, "has 8 layers, got layer=9"),
        ("flat", r"'flat' has the shape \(1, 1176\).*Choose a Conv2D"),
    ],
)
def test_wrong_layers_are_refused_in_a_sentence(model, small_test, layer, message):
    with pytest.raises(ValueError, match=message):
        plot_feature_maps(model, small_test[0][0], layer=layer)


def test_models_that_cannot_be_asked(small_test):
    dense = keras.Sequential([keras.Input((784,)), keras.layers.Dense(3)])
    with pytest.raises(ValueError, match="no Conv2D layer"):
        compute_feature_maps(dense, small_test[0][:1])
    unbuilt = keras.Sequential([keras.layers.Conv2D(2, 3)])
    with pytest.raises(ValueError, match=r"Begin it with keras.Input"):
        compute_feature_maps(unbuilt, small_test[0][:1])
    small = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3)])
    with pytest.raises(ValueError, match="another number of pixels"):
        compute_feature_maps(small, small_test[0][:1])


@pytest.mark.parametrize(
    ("image", "maps", "message"),
    [
        (np.zeros((2, 28, 28)), np.zeros((4, 4, 2)), "one image, got 2"),
        (np.zeros((28, 28)), np.zeros((4, 4)), r"\(height, width, filters\).*got \(4, 4\)"),
        (np.zeros((28, 28)), np.zeros((4, 4, 200)), r"at most 100 maps, got 200.*maps\[..., :32\]"),
        (np.zeros((28, 28)), np.full((4, 4, 2), np.inf), "NaN or infinite"),
    ],
)
def test_wrong_maps_are_refused_in_a_sentence(image, maps, message):
    with pytest.raises(ValueError, match=message):
        FeatureMapsDisplay.from_maps(image, maps)
