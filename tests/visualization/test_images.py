"""The grid of images: every form of input, captions that can be read."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest

from mnist_course.visualization import ImageGridDisplay, plot_images, plot_mistakes


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x,
        lambda x: x[..., np.newaxis],
        lambda x: x.reshape(-1, 784),
        lambda x: (x * 255).astype(np.uint8),
        lambda x: x * 2 - 1,
        lambda x: x.tolist(),
    ],
    ids=["float", "channel", "flat", "uint8", "-1..1", "lists"],
)
def test_every_form_of_images_is_drawn_the_same(predicted, change, look):
    x, y, _ = predicted
    expected = look.pixels(plot_images(x[:6], y[:6]).ax_).astype(float)
    drawn = look.pixels(plot_images(change(x[:6]), y[:6]).ax_).astype(float)
    assert np.abs(drawn - expected).mean() < 0.5


def test_captions_say_what_is_wrong(predicted, look):
    x, y, _ = predicted
    wrong = y[:4].copy()
    wrong[1] = 9
    display = plot_images(x[:4], y[:4], wrong)
    assert display.captions == ("7", "2 read\nas 9", "1", "0")
    assert display.marked.tolist() == [False, True, False, False]
    assert look.texts(display.ax_) == list(display.captions)


def test_names_probabilities_and_one_hot_labels(predicted):
    x, y, probabilities = predicted
    names = [f"class {i}" for i in range(10)]
    display = ImageGridDisplay.from_images(
        x[:3], np.eye(10)[y[:3]], probabilities[:3], class_names=names
    )
    assert display.captions[0] == "class 7"
    assert ImageGridDisplay.from_images(x[:3]).captions == ("", "", "")
    assert ImageGridDisplay.from_images(x[:2], predictions=[1, 2]).captions == ("1", "2")


def test_one_image_and_one_label(predicted, look):
    x, y, _ = predicted
    assert look.is_drawn(plot_images(x[0], y[0]).ax_)
    assert look.is_drawn(plot_images(x[0]).ax_)


@pytest.mark.parametrize(("count", "columns"), [(1, None), (7, None), (20, None), (23, 6), (3, 9)])
def test_captions_never_cover_each_other(predicted, count, columns, look):
    x, y, probabilities = predicted
    names = ["T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker"]
    display = plot_images(
        x[:count], y[:count], (y[:count] + 1) % 10, class_names=names, columns=columns
    )
    assert look.overlaps(display.ax_) == []
    assert look.overlaps(plot_mistakes(x, y, probabilities, n=count).ax_) == []


def test_it_fits_into_given_axes(predicted):
    x, y, _ = predicted
    _, (left, right) = plt.subplots(1, 2)
    display = plot_images(x[:4], y[:4], columns=2, ax=right)
    assert display.ax_ is right
    assert not left.images


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.zeros((0, 28, 28)),), "1 to 400 images, got 0"),
        ((np.zeros((500, 28, 28), np.uint8),), r"images\[:20\]"),
        ((np.zeros((2, 28, 28, 3)),), r"got \(2, 28, 28, 3\)"),
        ((np.zeros(784),), r"got \(784,\)"),
        ((np.array(["a"]),), "images must have the shape"),
        ((np.full((1, 28, 28), np.nan),), "NaN or infinite"),
        ((np.zeros((2, 28, 28)), [1, 2, 3]), "labels must have one entry per image: expected 2"),
        ((np.zeros((2, 28, 28)), [1, 2], [1]), "predictions must have one entry per image"),
        ((np.zeros((2, 28, 28)), [1.5, 2]), "whole numbers.*1.5"),
        ((np.zeros((2, 28, 28)), [-1, 2]), "whole numbers.*-1"),
        ((np.zeros((2, 28, 28)), ["a", "b"]), "labels must be classes"),
    ],
)
def test_wrong_shapes_are_refused_in_a_sentence(arguments, message):
    with pytest.raises(ValueError, match=message):
        plot_images(*arguments)
