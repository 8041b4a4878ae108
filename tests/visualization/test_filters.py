"""Filters of a convolution: the numbers behind them, every form, readable captions."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest

from mnist_course.visualization import FiltersDisplay, plot_filters


@pytest.fixture(scope="module")
def kernel() -> np.ndarray:
    """Weights (3, 3, 2, 12), each number telling where it stands."""
    return np.random.default_rng(0).normal(size=(3, 3, 2, 12)).astype(np.float32)


@pytest.mark.parametrize("channel", [0, 1])
def test_each_filter_gets_its_own_part_of_the_kernel(kernel, channel):
    display = FiltersDisplay.from_weights(kernel, channel=channel)
    assert display.images.shape == (12, 3, 3)
    for number in range(12):
        assert np.allclose(display.images[number], kernel[:, :, channel, number])
    frame = display.frame()
    assert frame["filter"].tolist() == list(range(12))
    assert np.allclose(frame["sum"], kernel[:, :, channel].sum(axis=(0, 1)))
    assert np.allclose(frame["norm"], np.sqrt((kernel[:, :, channel] ** 2).sum(axis=(0, 1))))
    assert np.allclose(frame["max"], kernel[:, :, channel].max(axis=(0, 1)))


def test_an_edge_detector_sums_to_nothing_and_is_drawn_with_both_signs():
    edge = np.array([[1, 0, -1]] * 3, dtype=float).reshape(3, 3, 1, 1)
    display = plot_filters(edge)
    assert display.frame()["sum"].item() == 0
    [drawn] = display.ax_.get_images()
    assert drawn.norm.vmin == -drawn.norm.vmax
    left, right = drawn.to_rgba(edge[0, 0, 0, 0]), drawn.to_rgba(edge[0, 2, 0, 0])
    assert left[2] > left[0] and right[0] > right[2]  # blue asks for ink, orange for paper


def test_chosen_filters_in_their_order_and_the_map_they_read(kernel, look):
    display = plot_filters(kernel, channel=1, filters=[7, 2], title="second layer")
    assert np.allclose(display.images[0], kernel[:, :, 1, 7])
    assert look.texts(display.ax_) == ["7", "2"]
    assert display.ax_.get_title(loc="left") == "second layer (input map 1 of 2)"
    assert plot_filters(kernel[:, :, :1]).ax_.get_title(loc="left") == ""


@pytest.mark.parametrize("count", [1, 8, 16, 23, 32])
def test_captions_never_cover_each_other(count, look):
    display = plot_filters(np.random.default_rng(count).normal(size=(3, 3, 1, count)))
    assert look.is_drawn(display.ax_)
    assert look.overlaps(display.ax_) == []
    assert len(look.texts(display.ax_)) == count


def test_given_axes(kernel):
    _, (left, right) = plt.subplots(1, 2)
    assert plot_filters(kernel, ax=right).ax_ is right
    assert not left.images


@pytest.mark.keras
def test_a_layer_of_keras_is_taken_as_it_is():
    import keras

    layer = keras.layers.Conv2D(4, 5)
    layer.build((None, 28, 28, 1))
    display = FiltersDisplay.from_weights(layer.kernel)
    assert np.allclose(display.images[3], layer.get_weights()[0][:, :, 0, 3])


@pytest.mark.parametrize(
    ("weights", "options", "message"),
    [
        (np.zeros((784, 10)), {}, r"height, width, channels, filters.*got \(784, 10\)"),
        (np.zeros((3, 3, 1, 0)), {}, r"got \(3, 3, 1, 0\)"),
        (np.full((3, 3, 1, 2), np.nan), {}, "NaN or infinite.*learning rate"),
        (np.zeros((3, 3, 1, 300)), {}, r"1 to 256 filters, got 300.*filters=range\(32\)"),
        (np.zeros((3, 3, 1, 2)), {"channel": 1}, "from 0 to 0, got 1: this layer reads 1 input"),
        (np.zeros((3, 3, 4, 2)), {"channel": -1}, "from 0 to 3, got -1.*4 input maps"),
        (np.zeros((3, 3, 4, 2)), {"channel": "all"}, "got 'all'"),
        (np.zeros((3, 3, 1, 2)), {"filters": [2]}, "numbers from 0 to 1; got 2 to 2"),
        (np.zeros((3, 3, 1, 2)), {"filters": []}, "1 to 256 filters, got 0"),
        (np.zeros((3, 3, 1, 2)), {"filters": [0.5]}, "1 to 256 filters"),
    ],
)
def test_wrong_weights_are_refused_in_a_sentence(weights, options, message):
    with pytest.raises(ValueError, match=message):
        plot_filters(weights, **options)
