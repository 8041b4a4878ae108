"""Figures show every trial, the mean, its interval."""

from __future__ import annotations

import math
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import PathCollection

from mnist_course.exceptions import ConfigurationError
from mnist_course.experiments.studies.plots import plot_arms, plot_curves, plot_sweep
from mnist_course.experiments.studies.table import summary
from mnist_course.experiments.trials.configuration import Configuration
from tests.experiments.studies.made_trials import made_fit, made_trial, made_trials

TRIALS = made_trials({"a": [0.950, 0.953, 0.949], "b": [0.90, 0.91, 0.93]})


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def points(ax) -> list[tuple[float, float]]:
    drawn = [c for c in ax.collections if isinstance(c, PathCollection)]
    shown = [tuple(p) for c in drawn for p in np.asarray(c.get_offsets())]
    return [(x, y) for x, y in shown if not math.isnan(x)]


def test_arms_show_every_trial_and_the_interval_of_the_mean():
    ax = plot_arms(TRIALS, title="Which arm?")
    shown = sorted(x for x, _ in points(ax))
    assert shown == pytest.approx(sorted(t.measured["val_accuracy"] for t in TRIALS))
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]
    table = summary(TRIALS)
    ends = [
        (min(xs), max(xs))
        for line in ax.lines
        if len(xs := np.asarray(line.get_xdata(), dtype=float)) > 1
    ]
    for arm in ("a", "b"):
        expected = (table.low[arm], table.high[arm])
        assert any(np.allclose(end, expected) for end in ends), (expected, ends)
    assert ax.get_title(loc="left") == "Which arm?"


def test_failed_trials_are_told():
    ax = plot_arms(made_trials({"a": [0.5, math.nan], "b": [0.4, 0.5]}, "val_loss"), "val_loss")
    assert [text.get_text() for text in ax.texts] == ["1 failed"]
    assert len(points(ax)) == 3


def test_curves_have_a_band_for_each_arm():
    trials = [
        replace(
            made_trial(arm, seed),
            fit=made_fit(history={"val_cross_entropy": (0.5 + seed / 10, 0.3 + seed / 20)}),
        )
        for arm in ("a", "b")
        for seed in range(3)
    ]
    ax = plot_curves(trials)
    assert ax.get_ylabel() == "val_cross_entropy"
    lines = [line for line in ax.lines if len(line.get_xdata())]
    assert len(lines) == 2 and list(lines[0].get_ydata()) == pytest.approx([0.6, 0.35])
    assert len(ax.collections) == 2, "a band for each arm"
    heights = np.asarray(ax.collections[0].get_paths()[0].vertices)[:, 1]
    # Mean .6, sd .1, three seeds: half width 4.3027 * .1 / sqrt(3).
    assert heights.max() == pytest.approx(0.6 + 4.3027 * 0.1 / math.sqrt(3), abs=1e-4)


def test_sweep_is_drawn_over_the_number():
    trials = [
        replace(
            made_trial(f"{units}", seed, val_accuracy=0.9 + units / 1_000 + seed / 100),
            configuration=Configuration(hidden=(units, units)),
        )
        for units in (8, 16)
        for seed in range(2)
    ]
    trials = [replace(t, measured={**t.measured, "parameters": 784.0 * int(t.arm)}) for t in trials]
    ax = plot_sweep(trials, "parameters", log=True)
    assert ax.get_xscale() == "log"
    assert sorted({x for x, _ in points(ax)}) == [784 * 8, 784 * 16]
    assert {x for x, _ in points(plot_sweep(trials, "depth"))} == {2}


@pytest.mark.parametrize("draw", [plot_arms, plot_curves])
def test_given_axes_are_used(draw):
    _, ax = plt.subplots()
    assert draw(TRIALS, ax=ax) is ax


def test_what_cannot_be_drawn():
    with pytest.raises(ConfigurationError, match="There is no trial to draw"):
        plot_arms([])
    with pytest.raises(ConfigurationError, match="no measure 'test_mse'"):
        plot_arms(TRIALS, "test_mse")
    with pytest.raises(ConfigurationError, match="no series 'val_mse'"):
        plot_curves(TRIALS, "val_mse")
    with pytest.raises(ConfigurationError, match="no measure 'val_acuracy'"):
        plot_sweep(TRIALS, "learning_rate", "val_acuracy")
    with pytest.raises(ConfigurationError, match="no number 'activation'"):
        plot_sweep(TRIALS, "activation")
    with pytest.raises(ConfigurationError, match="no number 'colour'"):
        plot_sweep(TRIALS, "colour")
