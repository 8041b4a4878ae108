"""Outputs of all layers: the numbers behind them, every form, readable captions."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest

from mnist_course.datasets.fashion_mnist import LABELS
from mnist_course.visualization import ActivationsDisplay, plot_activations


@pytest.fixture(scope="module")
def seen(predicted):
    """Four images, outputs of two hidden layers and probabilities, labels with one mistake."""
    x, y, probabilities = predicted
    random = np.random.default_rng(0)
    rows = np.flatnonzero(probabilities.argmax(axis=1) == y)[:4]
    hidden = np.maximum(random.normal(size=(4, 64)), 0)
    signed = np.tanh(random.normal(size=(4, 10)))
    labels = y[rows].copy()
    labels[1] = (labels[1] + 1) % 10
    return x[rows], {"first": hidden, "second": signed, "answer": probabilities[rows]}, labels


def panels(display, column: int):
    """The panels of one column, from the top."""
    inside = display.ax_.child_axes
    wide = 1 + len(display.layers)
    return inside[column::wide]


def test_the_numbers_behind_it(seen):
    images, layers, labels = seen
    display = ActivationsDisplay.from_layers(images, layers, labels)
    assert list(display.layers) == ["first", "second", "answer"]
    assert display.y_pred.tolist() == layers["answer"].argmax(axis=1).tolist()
    frame = display.frame()
    assert len(frame) == 4 * (64 + 10 + 10)
    one = frame[(frame.example == 2) & (frame.layer == "first")]
    assert np.allclose(one["output"], layers["first"][2])
    assert one["unit"].tolist() == list(range(64))


def test_each_panel_shows_its_numbers(seen, look):
    images, layers, labels = seen
    display = plot_activations(images, layers, labels, title="Right and wrong")
    assert look.is_drawn(display.ax_)
    for example in range(4):
        [image] = panels(display, 0)[example].get_images()
        assert np.allclose(image.get_array(), images[example])
        [field] = panels(display, 1)[example].get_images()
        assert np.allclose(field.get_array().compressed(), layers["first"][example])
        heights = [bar.get_height() for bar in panels(display, 3)[example].patches]
        assert np.allclose(heights, layers["answer"][example])


def test_a_hidden_layer_has_one_scale_for_all_examples(seen):
    images, layers, labels = seen
    display = plot_activations(images, layers, labels)
    scales = {
        (field.norm.vmin, field.norm.vmax)
        for panel in panels(display, 1)
        for field in panel.get_images()
    }
    assert scales == {(0, layers["first"].max())}
    [signed] = panels(display, 2)[0].get_images()
    assert signed.norm.vmin == -signed.norm.vmax < 0


def test_a_mistake_is_marked_and_said(seen):
    images, layers, labels = seen
    display = plot_activations(images, layers, labels)
    said = [panel.get_xlabel() for panel in panels(display, 0)]
    assert said[1] == f"{labels[1]} read as {display.y_pred[1]}"
    assert said[0] == str(labels[0])
    weights = [panel.xaxis.label.get_fontweight() for panel in panels(display, 0)]
    assert weights == ["normal", "bold", "normal", "normal"]
    # The answer's bar is filled, and the true class is in bold.
    bars = panels(display, 3)[1]
    filled = [i for i, bar in enumerate(bars.patches) if bar.get_facecolor()[:3] != (1, 1, 1)]
    assert filled == [display.y_pred[1]]
    bold = [t.get_text() for t in bars.get_xticklabels() if t.get_fontweight() == "bold"]
    assert bold == [str(labels[1])]


@pytest.mark.parametrize("names", [None, LABELS], ids=["digits", "words"])
def test_names_of_classes_never_cover_each_other(seen, names):
    images, layers, labels = seen
    display = plot_activations(images, layers, labels, class_names=names)
    display.ax_.get_figure().canvas.draw()
    boxes = [
        (label.get_text(), label.get_window_extent())
        for panel in panels(display, 3)
        for axis in (panel.xaxis, panel.yaxis)
        for label in axis.get_ticklabels()
        if label.get_text() in (names or "0123456789")
    ]
    assert len(boxes) >= 40
    covering = [
        (a, b)
        for i, (a, box) in enumerate(boxes)
        for b, other in boxes[i + 1 :]
        if box.overlaps(other)
    ]
    assert covering == []
    # And none is cut off by the panel of another column.
    fields = [panel.get_window_extent() for panel in panels(display, 2)]
    assert not any(box.overlaps(field) for _, box in boxes for field in fields)


@pytest.mark.parametrize(
    ("units", "columns"), [(10, 5), (64, 8), (32, 8), (128, 16), (1, 1), (37, 9), (500, 25)]
)
def test_a_field_has_full_rows_where_it_can(units, columns):
    values = np.random.default_rng(0).uniform(0.1, 1, (1, units))
    display = plot_activations(np.zeros((1, 28, 28)), [values, np.eye(10)[:1]], [0])
    [field] = panels(display, 1)[0].get_images()
    assert field.get_array().shape[1] == columns
    assert np.allclose(field.get_array().compressed(), values[0])


def test_layers_without_names_and_with_more_axes(seen):
    images, layers, labels = seen
    maps = np.arange(4 * 4 * 4 * 2, dtype=float).reshape(4, 4, 4, 2)
    display = ActivationsDisplay.from_layers(images, [maps, layers["answer"]], labels)
    assert {name: values.shape for name, values in display.layers.items()} == {
        "layer 1": (4, 32),
        "output": (4, 10),
    }


def test_one_image_one_layer_and_given_axes(seen):
    images, layers, labels = seen
    _, (left, right) = plt.subplots(1, 2)
    display = plot_activations(images[0], [layers["answer"][:1]], labels[:1], ax=right)
    assert display.ax_ is right and not left.child_axes


@pytest.mark.parametrize("fill", [0.0, -3.0], ids=["all silent", "all alike"])
def test_a_layer_that_says_nothing_is_drawn(seen, fill, look):
    images, _, labels = seen
    silent = {"hidden": np.full((4, 16), fill), "answer": np.full((4, 10), fill)}
    assert look.is_drawn(plot_activations(images, silent, labels).ax_)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": np.zeros((0, 28, 28))}, "1 to 20 images, got 0"),
        ({"images": np.zeros((21, 28, 28))}, r"got 21.*images\[:5\]"),
        ({"layers": {}}, "no layer to show"),
        ({"layers": []}, "no layer to show"),
        ({"layers": {"h": np.zeros((3, 5))}}, r"expected \(4, units\), got \(3, 5\)"),
        ({"layers": {"h": np.zeros(4)}}, r"expected \(4, units\), got \(4,\)"),
        ({"layers": {"h": np.full((4, 10), np.inf)}}, "'h' hold NaN or infinite"),
        ({"labels": [1, 2]}, "labels must have one entry per example: expected 4"),
        ({"labels": [1, 2, 3, 10]}, "class 10, but the last layer has outputs for 0 to 9"),
    ],
)
def test_wrong_shapes_are_refused_in_a_sentence(seen, change, message):
    images, layers, labels = seen
    given = {"images": images, "layers": layers, "labels": labels} | change
    with pytest.raises(ValueError, match=message):
        plot_activations(**given)
