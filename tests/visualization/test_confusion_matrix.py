"""The confusion matrix against scikit-learn's numbers."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix

from mnist_course.visualization import ConfusionMatrixDisplay, plot_confusion_matrix


@pytest.mark.parametrize("normalize", [None, "true", "pred", "all"])
def test_counts_and_shares_are_those_of_scikit_learn(predicted, normalize, look):
    _, y, probabilities = predicted
    said = probabilities.argmax(axis=1)
    display = ConfusionMatrixDisplay.from_predictions(y, probabilities, normalize=normalize)
    expected = confusion_matrix(y, said, labels=range(10), normalize=normalize)
    assert np.allclose(display.values, expected)
    assert np.array_equal(display.confusion_matrix, confusion_matrix(y, said))
    assert display.accuracy == pytest.approx(accuracy_score(y, said))
    assert not plt.get_fignums()
    assert look.is_drawn(display.plot().ax_)


def test_the_most_confused_pairs(predicted):
    _, y, probabilities = predicted
    said = probabilities.argmax(axis=1)
    display = ConfusionMatrixDisplay.from_predictions(y, said)
    pairs = display.most_confused(4)
    counted = pd.Series([f"{a}{b}" for a, b in zip(y, said, strict=True) if a != b]).value_counts()
    assert pairs["count"].tolist() == counted.head(4).tolist()
    for row in pairs.itertuples():
        assert counted[f"{row.true}{row.predicted}"] == row.count
        assert row.share == row.count / (y == int(row.true)).sum()
    assert display.most_confused(10**6)["count"].sum() == (y != said).sum()
    assert display.most_confused(0).empty


def test_a_perfect_and_a_constant_model(look):
    perfect = plot_confusion_matrix(np.arange(10), np.arange(10))
    assert perfect.most_confused().empty
    assert perfect.most_confused().columns.tolist() == ["true", "predicted", "count", "share"]
    assert perfect.accuracy == 1
    assert look.is_drawn(perfect.ax_)
    constant = plot_confusion_matrix(np.arange(10), np.ones(10, int), normalize="pred")
    assert np.isnan(constant.values[:, 0]).all()  # 0 was never predicted: it has no shares
    assert look.is_drawn(constant.ax_)


def test_the_cells_say_the_numbers(predicted, look):
    _, y, probabilities = predicted
    display = plot_confusion_matrix(y, probabilities)
    numbers = [int(text) for text in look.texts(display.ax_)]
    assert sum(numbers) == len(y)
    assert sorted(numbers) == sorted(display.confusion_matrix[display.confusion_matrix > 0])
    assert display.ax_.get_xlabel() == "predicted"
    assert display.ax_.get_ylabel() == "true"


def test_names_frames_and_missing_classes():
    names = ["cat", "dog", "owl"]
    display = plot_confusion_matrix([0, 0, 1], [0, 1, 1], class_names=names)
    frame = display.frame()
    assert frame.loc["cat", "dog"] == 1
    assert (frame.index.name, frame.columns.name) == ("true", "predicted")
    assert frame.loc["owl"].sum() == 0
    assert ConfusionMatrixDisplay.from_predictions([3], [3]).values.shape == (10, 10)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1, 2], [1]), "y_pred must have one entry per example: expected 2, got 1"),
        (([], []), "no examples"),
        (([1, 2], [1, np.nan]), "its weights are NaN"),
        ((np.zeros((2, 2, 2)), [1, 2]), r"y_true must be classes.*got shape \(2, 2, 2\)"),
        (([1, 2], [0.3, 0.6]), "whole numbers"),
        (([1, 200], [1, 2]), "Found class 200"),
    ],
)
def test_wrong_predictions_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        plot_confusion_matrix(*arguments)


def test_a_wrong_matrix_is_refused():
    with pytest.raises(ValueError, match="must be square"):
        ConfusionMatrixDisplay(np.zeros((2, 3), int), display_labels=["a", "b"])
    with pytest.raises(ValueError, match="Expected 2 names"):
        ConfusionMatrixDisplay(np.zeros((2, 2), int), display_labels=["a"])
    with pytest.raises(ValueError, match="normalize must be"):
        ConfusionMatrixDisplay(np.eye(2, dtype=int), display_labels="ab", normalize="rows")
    with pytest.raises(ValueError, match="expected 0 to 1"):
        plot_confusion_matrix([0, 2], [0, 1], class_names=["a", "b"])
