"""Occlusion: it points at what a model is known to look at, and nowhere else."""

from __future__ import annotations

import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest

from mnist_course.visualization import OcclusionDisplay, plot_occlusion

IMAGE = np.full((28, 28), 0.5, dtype=np.float32)
IMAGE[4:12, 16:24] = 1.0


def ink_of(part):
    """A model whose probability of class 1 is the mean ink of one part of the image."""

    def predict(images):
        ink = np.asarray(images)[(slice(None), *part)].mean(axis=(1, 2))
        return np.stack([1 - ink, ink], axis=1)

    return predict


PATCH = np.s_[4:12, 16:24]


def test_the_drop_is_the_ink_that_was_covered():
    display = OcclusionDisplay.from_model(ink_of(PATCH), IMAGE, 1, size=4, stride=4)
    assert display.probability == 1.0
    expected = np.zeros((7, 7))
    expected[1:3, 4:6] = 16 / 64  # a square of 16 of the 64 pixels that count
    assert np.allclose(display.drops, expected)


@pytest.mark.parametrize(("size", "stride"), [(6, 2), (4, 1), (8, 3)])
def test_it_points_at_the_part_that_the_model_looks_at(size, stride):
    display = OcclusionDisplay.from_model(ink_of(PATCH), IMAGE, size=size, stride=stride)
    assert display.label == 1  # the model's own answer
    row, column = display.strongest
    assert 4 <= row < 12 and 16 <= column < 24
    inside = np.zeros((28, 28), dtype=bool)
    inside[PATCH] = True
    far = np.ones((28, 28), dtype=bool)
    far[max(0, 4 - size) : 12 + size, 16 - size : 24 + size] = False
    seen = ~np.isnan(display.map)
    assert np.all(display.map[inside & seen] > 0)
    assert np.all(display.map[far & seen] == 0)


def test_a_part_that_speaks_against_the_class_has_a_negative_drop():
    display = OcclusionDisplay.from_model(ink_of(PATCH), IMAGE, 0, size=4, stride=4)
    assert display.drops.min() == -16 / 64
    assert display.drops.max() == 0


def test_the_map_is_the_mean_over_all_squares_that_cover_a_pixel():
    drops = np.array([[1.0, 3.0], [5.0, 7.0]])
    display = OcclusionDisplay(
        np.zeros((4, 4)), label=0, probability=1.0, drops=drops, size=2, stride=1
    )
    expected = np.array([[1, 2, 3, np.nan], [3, 4, 5, np.nan], [5, 6, 7, np.nan], [np.nan] * 4])
    assert np.allclose(display.map, expected, equal_nan=True)
    assert display.frame()["drop"].tolist() == [1, 3, 5, 7]
    assert display.frame()[["top", "left"]].to_numpy().tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]


def test_the_fill_is_what_is_painted():
    seen = []

    def predict(images):
        seen.append(images.copy())
        return np.tile([0.4, 0.6], (len(images), 1))

    OcclusionDisplay.from_model(predict, IMAGE, 1, size=28, fill=0.25)
    [(whole, covered)] = seen
    assert np.array_equal(whole, IMAGE)
    assert np.all(covered == 0.25)


@pytest.mark.keras
@pytest.mark.parametrize("shape", [(28, 28), (28, 28, 1), (784,)])
@pytest.mark.parametrize("scores", [False, True], ids=["softmax", "scores"])
def test_a_model_of_keras_in_any_shape_with_or_without_softmax(shape, scores):
    model = keras.Sequential(
        [
            keras.Input(shape),
            keras.layers.Flatten(),
            keras.layers.Dense(3, activation=None if scores else "softmax"),
        ]
    )
    kernel = np.zeros((28, 28, 3))
    kernel[20:26, 2:8, 2] = 0.1
    model.set_weights([kernel.reshape(784, 3), np.zeros(3)])
    display = OcclusionDisplay.from_model(model, IMAGE, size=6, stride=2)
    ink = 0.1 * 0.5 * 36
    assert display.label == 2
    assert display.probability == pytest.approx(np.exp(ink) / (np.exp(ink) + 2), abs=1e-5)
    assert display.drops.max() == pytest.approx(display.probability - 1 / 3, abs=1e-5)
    assert display.strongest == (23, 5)


def test_each_panel_shows_its_numbers(look):
    display = plot_occlusion(ink_of(PATCH), IMAGE, class_names=["no", "yes"], title="Why yes?")
    assert look.is_drawn(display.ax_)
    left, right = display.ax_.child_axes[:2]
    assert np.allclose(left.get_images()[0].get_array(), IMAGE)
    [drawn] = right.get_images()
    assert np.allclose(drawn.get_array(), display.map)
    assert drawn.norm.vmin == -drawn.norm.vmax
    assert left.get_xlabel() == "yes: 100.0%"


def test_an_even_image_a_model_that_never_changes_its_mind_and_given_axes(look):
    _, (left, right) = plt.subplots(1, 2)
    same = plot_occlusion(
        lambda images: np.tile([0.5, 0.5], (len(images), 1)), np.zeros((28, 28)), ax=right
    )
    assert same.ax_ is right and not left.child_axes
    assert look.is_drawn(same.ax_)
    assert not same.drops.any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image": np.zeros((2, 28, 28))}, "one image, got 2"),
        ({"size": 0}, "from 1 to 28, got 0"),
        ({"size": 29}, "from 1 to 28, got 29"),
        ({"stride": 0}, "from 1 on, got 0"),
        ({"label": 2}, "label is 2, but the model has outputs for the classes 0 to 1"),
        ({"model": 7}, "got a int"),
        ({"model": lambda images: np.zeros(len(images))}, r"expected \(145, classes\), got"),
        ({"model": lambda images: np.full((len(images), 2), np.nan)}, "NaN or infinite"),
    ],
)
def test_wrong_arguments_are_refused_in_a_sentence(options, message):
    given = {"model": ink_of(PATCH), "image": IMAGE, "label": None} | options
    with pytest.raises(ValueError, match=message):
        plot_occlusion(**given)
