"""Trials as tables."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mnist_course.exceptions import ConfigurationError
from mnist_course.experiments.studies.table import frame, summary
from mnist_course.experiments.trials.configuration import Configuration
from tests.experiments.studies.made_trials import made_trial, made_trials


def test_a_row_for_every_trial():
    base = Configuration(epochs=3)
    trials = [
        replace(
            made_trial(f"dropout {rate}", seed, val_accuracy=0.9 + rate / 10, epochs=3.0),
            configuration=base.but(dropout=rate),
        )
        for rate in (0.0, 0.3)
        for seed in (0, 1)
    ]
    table = frame(trials)
    assert list(table.columns) == [
        "arm", "seed", "dropout", "epochs_asked", "epochs", "val_accuracy", "seconds", "source",
    ]  # fmt: skip
    assert list(table.arm) == ["dropout 0.0"] * 2 + ["dropout 0.3"] * 2
    assert list(table.dropout) == [0.0, 0.0, 0.3, 0.3]
    assert list(table.epochs_asked) == [3] * 4
    assert list(table.val_accuracy) == [0.9, 0.9, 0.93, 0.93]
    assert list(table.source) == ["run"] * 4


def test_measures_that_not_every_trial_has():
    own = replace(made_trial("own", 0, val_accuracy=0.9), configuration=None, source="own fit")
    other = replace(
        made_trial("l2", 1, weight_norm=3.0), configuration=Configuration(l2=0.1, hidden=(64, 32))
    )
    table = frame([own, other])
    assert math.isnan(table.weight_norm[0]) and table.weight_norm[1] == 3.0
    assert pd.isna(table.l2[0]) and table.l2[1] == 0.1
    assert table.hidden[1] == (64, 32)


def test_the_order_of_measures_in_a_trial_changes_nothing():
    one = made_trial("a", 0, gap=0.1, val_accuracy=0.9, parameters=10.0, zebra=1.0)
    two = replace(one, measured=dict(sorted(one.measured.items(), reverse=True)))
    expected = ["arm", "seed", "parameters", "val_accuracy", "gap", "zebra", "seconds", "source"]
    assert list(frame([one]).columns) == list(frame([two]).columns) == expected


def test_no_trials_make_an_empty_table():
    assert frame([]).empty
    assert summary([]).empty


@pytest.mark.parametrize("n", [2, 3, 5])
def test_interval_is_scipys(n: int):
    values = np.random.default_rng(n).normal(0.95, 0.003, n)
    row = summary(made_trials({"a": list(values)})).loc["a"]
    low, high = stats.t.interval(0.95, n - 1, values.mean(), stats.sem(values))
    assert (row.n, row.failed) == (n, 0)
    assert row["mean"] == pytest.approx(values.mean())
    assert row.sd == pytest.approx(values.std(ddof=1))
    assert (row.low, row.high) == pytest.approx((low, high))


def test_interval_of_a_worked_example():
    # Mean 2, sd 1, three values: half width t(.975, 2) / sqrt(3) = 4.3027 / 1.7321 = 2.4841.
    row = summary(made_trials({"a": [1.0, 2.0, 3.0]})).loc["a"]
    assert (row.low, row.high) == pytest.approx((2 - 2.48414, 2 + 2.48414), abs=1e-4)


def test_arms_keep_their_order():
    table = summary(made_trials({"b": [0.9, 0.8], "a": [0.7, 0.8], "c": [0.5]}))
    assert list(table.index) == ["b", "a", "c"] and table.index.name == "arm"
    assert math.isnan(table.sd["c"]) and math.isnan(table.low["c"]) and table["mean"]["c"] == 0.5


def test_failed_trials_are_counted_apart():
    table = summary(made_trials({"a": [0.5, math.nan, 0.7, math.inf]}, "val_loss"), "val_loss")
    assert (table.n["a"], table.failed["a"]) == (2, 2)
    assert table["mean"]["a"] == pytest.approx(0.6)


def test_order_of_trials_changes_no_number():
    trials = made_trials({"a": [0.91, 0.93, 0.97], "b": [0.5, 0.6, 0.8]})
    expected = summary(trials)
    for seed in range(5):
        shuffled = list(trials)
        random.Random(seed).shuffle(shuffled)
        pd.testing.assert_frame_equal(summary(shuffled).loc[expected.index], expected)


def test_seconds_is_a_measure_too():
    assert summary(made_trials({"a": [0.5, 0.6]}), "seconds")["mean"]["a"] == 1.5


def test_a_measure_that_is_not_there():
    with pytest.raises(ConfigurationError, match="no measure 'test_mse'"):
        summary(made_trials({"a": [0.5]}), "test_mse")
