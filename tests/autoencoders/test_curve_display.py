"""Reconstruction curves: the numbers behind them, and what is drawn."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest

from mnist_course.autoencoders import ReconstructionCurveDisplay, plot_reconstruction_curve

CURVES = {
    "autoencoder": {4: [0.5, 0.6], 2: [0.8, 0.8], 8: [0.53, 0.55]},
    "PCA": {2: 0.9, 4: 0.7, 8: 0.6},
}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_the_numbers_behind_it():
    display = ReconstructionCurveDisplay.from_errors(CURVES, variance=1.0)
    assert display.elbows == {"autoencoder": 4, "PCA": None}
    frame = display.frame().set_index(["method", "k"])
    one = frame.loc[("autoencoder", 4)]
    assert one["error"] == pytest.approx(0.55)
    assert one["sd"] == pytest.approx(np.std([0.5, 0.6], ddof=1))
    assert one["share"] == pytest.approx(0.45)
    assert one["gain"] == pytest.approx(0.25)
    assert one["elbow"]
    assert frame.loc[("PCA", 2), "n"] == 1
    assert np.isnan(frame.loc[("PCA", 2), "sd"])


def test_every_curve_is_drawn_with_its_shares_and_named_with_its_elbow():
    display = plot_reconstruction_curve(CURVES, 1.0, title="How many numbers?")
    drawn = {box.get_label(): box.lines[0].get_xydata() for box in display.ax_.containers}
    assert list(drawn) == ["autoencoder (elbow at 4)", "PCA (no elbow up to 8)"]
    assert np.allclose(drawn["PCA (no elbow up to 8)"], [(2, 0.1), (4, 0.3), (8, 0.4)])
    assert [t.get_text() for t in display.ax_.get_xticklabels()] == ["2", "4", "8"]
    _, (left, right) = plt.subplots(1, 2)
    assert plot_reconstruction_curve(CURVES, 1.0, ax=right).ax_ is right
    assert not left.lines


def test_one_length_has_no_elbow_and_is_drawn():
    display = plot_reconstruction_curve({"PCA": {2: 0.5}}, 1.0)
    assert display.elbows == {"PCA": None}


@pytest.mark.parametrize(
    ("curves", "variance", "message"),
    [
        ({}, 1.0, "no curve to show"),
        ({"PCA": {}}, 1.0, "no curve to show"),
        ({"PCA": {2: [0.1, np.nan]}}, 1.0, "nan"),
        ({"PCA": {2: []}}, 1.0, "nan"),
        ({"PCA": {2: 0.1}}, 0.0, "variance=0.0"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_a_sentence(curves, variance, message):
    with pytest.raises(ValueError, match=message):
        plot_reconstruction_curve(curves, variance)
