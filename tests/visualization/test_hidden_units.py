"""Weights as images: the numbers behind them, every form, readable captions."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest

from mnist_course.visualization import HiddenUnitsDisplay, plot_hidden_units


@pytest.fixture(scope="module")
def kernel() -> np.ndarray:
    """Weights (784, 12) of units that each look for a stroke in another row."""
    images = np.random.default_rng(0).normal(0, 0.02, (12, 28, 28))
    for unit in range(12):
        images[unit, 2 * unit : 2 * unit + 2] += 0.3
        images[unit, 2 * unit + 2 : 2 * unit + 4] -= 0.3
    return images.reshape(12, 784).T.astype(np.float32)


def test_each_unit_gets_its_own_column_of_the_kernel(kernel):
    display = HiddenUnitsDisplay.from_weights(kernel)
    assert display.images.shape == (12, 28, 28)
    for unit in range(12):
        assert np.allclose(display.images[unit].ravel(), kernel[:, unit])
        assert display.images[unit].sum(axis=1).argmax() in (2 * unit, 2 * unit + 1)
    assert np.allclose(display.norms, np.linalg.norm(kernel, axis=0))
    frame = display.frame()
    assert frame["unit"].tolist() == list(range(12))
    assert np.allclose(frame["max"], kernel.max(axis=0))
    assert np.allclose(frame["min"], kernel.min(axis=0))


def test_chosen_units_are_shown_in_their_order(kernel, look):
    display = plot_hidden_units(kernel, units=[7, 2])
    assert np.allclose(display.images[0].ravel(), kernel[:, 7])
    assert look.texts(display.ax_) == ["7", "2"]


def test_positive_weights_are_blue_and_negative_ones_orange(kernel):
    display = plot_hidden_units(kernel, units=[3])
    [drawn] = display.ax_.get_images()
    assert drawn.norm.vmin == -drawn.norm.vmax  # white is 0
    speaks_for, against = drawn.to_rgba(0.3), drawn.to_rgba(-0.3)
    assert speaks_for[2] > speaks_for[0] and against[0] > against[2]


def test_all_units_share_one_scale_which_one_weight_does_not_make(kernel):
    loud = kernel.copy()
    loud[0, 0] = 100.0
    [calm], [odd] = (plot_hidden_units(weights).ax_.get_images() for weights in (kernel, loud))
    assert odd.norm.vmax == pytest.approx(calm.norm.vmax, rel=0.05)
    # Half as large weights are half as coloured beside the others.
    both = np.concatenate([kernel, kernel / 2], axis=1)
    [drawn] = plot_hidden_units(both).ax_.get_images()
    assert drawn.norm.vmax > 0.9 * calm.norm.vmax


@pytest.mark.parametrize("count", [1, 3, 10, 11, 64])
def test_captions_never_cover_each_other(count, look):
    weights = np.random.default_rng(count).normal(size=(784, count))
    display = plot_hidden_units(weights, title="What each hidden unit looks for")
    assert look.is_drawn(display.ax_)
    assert look.overlaps(display.ax_) == []
    assert len(look.texts(display.ax_)) == count


def test_other_images_than_square_ones_and_given_axes():
    _, (left, right) = plt.subplots(1, 2)
    display = plot_hidden_units(np.ones((12, 2)), image_shape=(3, 4), ax=right)
    assert display.images.shape == (2, 3, 4)
    assert display.ax_ is right and not left.images


def test_a_layer_without_any_weight_is_white(look):
    [drawn] = plot_hidden_units(np.zeros((784, 3))).ax_.get_images()
    assert drawn.to_rgba(0.0)[:3] == pytest.approx((1, 1, 1), abs=0.01)


@pytest.mark.parametrize(
    ("weights", "options", "message"),
    [
        (np.zeros(784), {}, r"shape \(pixels, units\).*got \(784,\)"),
        (np.zeros((784, 0)), {}, r"got \(784, 0\)"),
        (np.zeros((784, 2), dtype=complex), {}, "complex"),
        (np.full((784, 2), np.nan), {}, "NaN or infinite.*learning rate"),
        (np.zeros((10, 10)), {}, "no image of 3 × 3 pixels"),
        (np.zeros((784, 2)), {"image_shape": (28, 27)}, "no image of 28 × 27"),
        (np.zeros((784, 500)), {}, r"1 to 400 units, got 500.*units=range\(100\)"),
        (np.zeros((784, 2)), {"units": []}, "1 to 400 units, got 0"),
        (np.zeros((784, 2)), {"units": [2]}, "numbers from 0 to 1; got 2 to 2"),
        (np.zeros((784, 2)), {"units": [-1]}, "got -1 to -1"),
        (np.zeros((784, 2)), {"units": [0.5]}, "1 to 400 units"),
    ],
)
def test_wrong_weights_are_refused_in_a_sentence(weights, options, message):
    with pytest.raises(ValueError, match=message):
        plot_hidden_units(weights, **options)
