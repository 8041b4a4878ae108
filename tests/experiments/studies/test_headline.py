"""Claims of others, judged by trials."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from mnist_course.exceptions import ConfigurationError
from mnist_course.experiments.studies.convergence import updates_to_reach
from mnist_course.experiments.studies.headline import Headline, above, best, first_above, most
from mnist_course.experiments.studies.sentence import number, spread
from mnist_course.experiments.studies.table import confidence_interval
from tests.experiments.studies.made_trials import made_fit, made_trial, made_trials

CLEAR = made_trials({"a": [0.95, 0.951, 0.949], "b": [0.90, 0.902, 0.899]})
EQUAL = made_trials({"a": [0.950, 0.951, 0.949], "b": [0.9502, 0.9508, 0.9489]})
NOISE = made_trials({"a": [0.95, 0.90, 0.93], "b": [0.91, 0.94, 0.92]})


@pytest.mark.parametrize(
    ("values", "holds"),
    [
        ([0.96, 0.961, 0.962], "yes"),
        ([0.94, 0.941, 0.942], "no"),
        ([0.949, 0.951, 0.953], "not decided"),
        ([0.99], "not decided"),  # one trial has no interval
    ],
)
def test_more_than_so_much(values, holds):
    found = above("more than 95 %", values, 0.95, "test accuracy")
    assert (found.holds, found.seeds) == (holds, len(values))
    assert found.measured.startswith("test accuracy 0.9")


@pytest.mark.parametrize(
    ("trials", "arm", "holds"),
    [
        (CLEAR, "a", "yes"),
        (CLEAR, "b", "no"),
        (EQUAL, "a", "no"),
        (EQUAL, "b", "no"),
        (NOISE, "a", "not decided"),
        (NOISE, "b", "not decided"),
    ],
    ids=["clear best", "clear worst", "tie 1", "tie 2", "noise 1", "noise 2"],
)
def test_this_arm_is_best(trials, arm, holds):
    found = best("best", trials, arm, "val_accuracy", 0.005)
    assert found.holds == holds
    assert found.seeds == 3 and "a 0.9" in found.measured


def test_two_arms_of_many():
    trials = [*CLEAR, *made_trials({"c": [0.99, 0.991, 0.992]})]
    assert best("", trials, "a", "val_accuracy", 0.005).holds == "no"
    assert first_above("", trials, "a", "b", "val_accuracy", margin=0.005).holds == "yes"


def test_an_arm_that_is_not_there():
    with pytest.raises(ConfigurationError, match="No trial is of the arm 'z'"):
        best("best", CLEAR, "z", "val_accuracy", 0.005)


@pytest.mark.parametrize(("arm", "holds"), [("a", "yes"), ("b", "no")])
def test_most(arm, holds):
    assert most("most", CLEAR, arm, "val_accuracy").holds == holds
    assert most("most", NOISE, arm, "val_accuracy").holds == "not decided"


def test_no_chance_is_written_as_none():
    far = made_trials({"a": [0.9, 0.9001, 0.9002, 0.9001], "b": [0.5, 0.5001, 0.5003, 0.5001]})
    assert "p < 0.001" in most("most", far, "a", "val_accuracy").because


def test_a_word_that_is_no_judgement():
    with pytest.raises(ConfigurationError, match="holds must be one of"):
        Headline("", "", "perhaps", 3, "")


@pytest.mark.parametrize(
    ("mean", "sd", "text"),
    [
        (0.95312, 0.00213, "0.9531 ± 0.0021"),
        (0.1539, 0.004939, "0.1539 ± 0.0049"),
        (34.52, 0.31, "34.52 ± 0.31"),
        (12345.6, 250.0, "12,346 ± 250"),
        (101770.0, 0.0, "101,770"),
        (0.5, math.nan, "0.5"),
        (math.nan, math.nan, "unknown"),
    ],
)
def test_two_digits_of_the_spread(mean, sd, text):
    assert spread(mean, sd) == text


def test_numbers_of_four_digits():
    assert [number(x) for x in (0.123456, 12345.6, math.nan)] == ["0.1235", "12,346", "unknown"]


def test_updates_until_a_loss_is_reached():
    # Two epochs of ten updates each: .45, then .35.
    trial = made_trial("a", 0)
    reached = updates_to_reach(trial, 0.4, "updates_to_0.4")
    assert reached.measured["updates_to_0.4"] == 20
    assert updates_to_reach(trial, 0.45, "n_updates").measured["n_updates"] == 10
    assert math.isnan(updates_to_reach(trial, 0.3, "n_updates").measured["n_updates"])


def test_a_loss_that_became_nan_is_not_reached():
    fit = made_fit(history={"val_cross_entropy": (math.nan, math.nan)})
    trial = replace(made_trial("a", 0), fit=fit)
    assert math.isnan(updates_to_reach(trial, 9.0, "n_updates").measured["n_updates"])


def test_a_series_that_is_not_there():
    with pytest.raises(ConfigurationError, match=r"no series 'val_mse'. It has: loss"):
        updates_to_reach(made_trial("a", 0), 0.4, "n_updates", series="val_mse")


def test_interval_of_too_few():
    import numpy as np

    assert all(math.isnan(x) for x in confidence_interval(np.array([0.5])))
