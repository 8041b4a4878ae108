"""The gallery of mistakes: which, in which order, with which words."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.metrics import accuracy_score

from mnist_course.visualization import MistakesDisplay, plot_mistakes


def test_mistakes_are_sorted_by_confidence(predicted):
    x, y, probabilities = predicted
    said = probabilities.argmax(axis=1)
    display = MistakesDisplay.from_predictions(x, y, probabilities)
    assert set(display.indices) == set(np.flatnonzero(said != y))
    assert (np.diff(display.confidence) <= 0).all()
    assert np.array_equal(display.y_true, y[display.indices])
    assert np.array_equal(display.y_pred, said[display.indices])
    assert np.allclose(display.confidence, probabilities.max(axis=1)[display.indices])
    assert np.allclose(display.true_confidence, probabilities[display.indices, y[display.indices]])
    assert np.array_equal(display.images, x[display.indices])
    assert display.is_probability
    assert display.rate == pytest.approx(1 - accuracy_score(y, said))
    assert not plt.get_fignums()


def test_the_gallery_says_how_sure(predicted, look):
    x, y, probabilities = predicted
    display = plot_mistakes(x, y, probabilities, n=3)
    first = display.frame().iloc[0]
    assert look.texts(display.ax_)[0].startswith(f"{first.true} read as {first.predicted}\n")
    assert look.texts(display.ax_)[0].endswith("% sure")
    assert len(look.texts(display.ax_)) == 3
    title = display.ax_.get_title(loc="left")
    assert title.startswith(f"{len(display.indices)} of 1,000 wrong")
    assert title.endswith("the surest first")
    assert look.is_drawn(display.ax_)


def test_nobody_is_said_to_be_100_percent_sure_of_a_mistake(look):
    display = plot_mistakes(np.zeros((1, 28, 28)), [1], [[1.0, 0.0]])
    assert look.texts(display.ax_) == ["1 read as 0\n99.9% sure"]


def test_classes_only_keep_their_order(predicted, look):
    x, y, probabilities = predicted
    display = plot_mistakes(x, y, probabilities.argmax(axis=1), n=2)
    assert (np.diff(display.indices) > 0).all()
    assert np.isnan(display.confidence).all()
    assert "sure" not in "".join(look.texts(display.ax_)) + display.ax_.get_title(loc="left")


def test_scores_that_are_no_probabilities_are_not_called_sure(predicted, look):
    x, y, probabilities = predicted
    display = plot_mistakes(x, y, np.log(probabilities) + 20, n=2)
    assert not display.is_probability
    assert "sure" not in "".join(look.texts(display.ax_))


def test_no_mistakes(predicted, look):
    x, y, _ = predicted
    display = plot_mistakes(x, y, y)
    assert display.frame().empty
    assert look.texts(display.ax_) == ["No mistakes to show."]
    assert look.is_drawn(display.ax_)
    empty = plot_mistakes(x[:0], y[:0], np.zeros((0, 10)))
    assert np.isnan(empty.rate)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x, y, p: (x[:10], y, p), "y_true must have one entry per example: expected 10"),
        (lambda x, y, p: (x, y, p[:10]), "y_pred must have one entry per example: expected 1000"),
        (lambda x, y, p: (x, y, p * np.nan), "its weights are NaN"),
        (lambda x, y, p: (x, y, p[:, :5]), "y_true holds class 9, but y_pred has columns for 0"),
    ],
)
def test_what_does_not_fit_is_refused(predicted, change, message):
    with pytest.raises(ValueError, match=message):
        plot_mistakes(*change(*predicted))


def test_the_number_of_mistakes_has_limits(predicted):
    with pytest.raises(ValueError, match="n must be 1 to 400, got 0"):
        plot_mistakes(*predicted, n=0)
