"""The rule as a function, estimates that follow from curves, curves that are taken or given."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from mnist_course.autoencoders import dimension_rule
from mnist_course.checks import check_dimension, check_elbow, own_or_given_curve
from mnist_course.checks.autoencoders.dimension import random_curves

CURVES = {
    "autoencoder": {2: 0.5, 4: 0.2, 8: 0.18, 16: 0.17},
    "PCA": {2: 0.6, 4: 0.4, 8: 0.2, 16: 0.1},
}


def written_otherwise(errors, variance):
    k = np.array(sorted(errors))
    share = 1 - np.array([errors[i] for i in k]) / variance
    steep = np.flatnonzero(np.diff(share) / np.diff(np.log2(k)) >= 0.05)
    if len(steep) == 0:
        return int(k[0])
    return None if steep[-1] == len(k) - 2 else k[steep[-1] + 1]


def first_flat(errors, variance):
    gains = dimension_rule.gains(errors, variance)
    lengths = sorted(errors)
    flat = [before for before, k in pairwise(lengths) if gains[k] < 0.05]
    return flat[0] if flat else None


def per_step(errors, variance):
    scaled = {2**n: errors[k] for n, k in enumerate(sorted(errors), 1)}
    found = dimension_rule.elbow(scaled, variance)
    return None if found is None else sorted(errors)[found.bit_length() - 2]


def test_the_rule_in_any_form_earns_all_points():
    for function in (dimension_rule.elbow, written_otherwise):
        assert check_elbow(function, points=6, of=10, hidden=100, seed=1) == 6


@pytest.mark.parametrize(
    "function",
    [
        first_flat,
        per_step,
        lambda errors, variance: dimension_rule.elbow(errors, 1.0),
        lambda errors, variance: dimension_rule.elbow(errors, variance) or max(errors),
        lambda errors, variance: dimension_rule.elbow(errors, variance, gain=0.1),
        lambda errors, variance: 4,
        lambda errors, variance: None,
        lambda errors, variance: 1 / 0,
        lambda errors, variance: errors.clear(),
        lambda errors: 4,
    ],
    ids=["first flat", "per step", "no variance", "no None", "0.1", "4", "None", "raises",
         "changes its input", "one argument"],
)  # fmt: skip
def test_a_wrong_rule_earns_nothing(function, said_by):
    score = check_elbow(function, points=6, of=10, hidden=40, seed=90)
    assert (score, score.of) == (0, 10)
    assert said_by(score)


def test_what_is_no_function_or_not_written(said_by):
    assert "`elbow` is still None" in said_by(check_elbow(None, points=6))

    def elbow(errors, variance):
        raise NotImplementedError("elbow is not written yet.")

    assert "elbow is not written yet." in said_by(check_elbow(elbow, points=6))


def test_no_random_curve_is_near_the_limit():
    for curve, variance in random_curves(200, seed=3):
        expected = dimension_rule.elbow(curve, variance)
        for gain in (0.0475, 0.0525):
            assert dimension_rule.elbow(curve, variance, gain=gain) == expected
    found = {dimension_rule.elbow(c, v) is None for c, v in random_curves(50, seed=3)}
    assert found == {True, False}


@pytest.mark.parametrize(
    ("dimension", "points", "words"),
    [
        ({"autoencoder": 4, "PCA": None}, 4, "beyond the longest code"),
        ({"autoencoder": np.int64(4), "PCA": None}, 4, "4 numbers"),
        ({"autoencoder": 8, "PCA": None}, 2, "you say 8; by the rule your curve says 4"),
        ({"autoencoder": 4, "PCA": 16}, 2, "you say 16; by the rule your curve says None"),
        ({"autoencoder": None, "PCA": 16}, 0, "gains per doubling are 4: 0.300"),
        ({"autoencoder": 4}, 2, "no entry 'PCA'"),
        ({}, 0, "holds no estimate yet"),
        (None, 0, "holds no estimate yet"),
        (32, 0, "holds no estimate yet"),
        ({"autoencoder": "4", "PCA": "None"}, 0, "you say '4'"),
    ],
)
def test_estimates_follow_from_the_curves(dimension, points, words, said_by):
    score = check_dimension(dimension, CURVES, 1.0, each=2)
    assert (score, score.of) == (points, 4)
    assert words in said_by(score)


def test_a_gain_at_the_limit_may_fall_on_either_side():
    curve = {2: 0.5, 4: 0.2, 8: 0.2 - 0.0501, 16: 0.14}
    for answer, points in ((4, 2), (8, 2), (16, 0)):
        assert check_dimension({"a": answer}, {"a": curve}, 1.0, each=2) == points


@pytest.mark.parametrize(
    ("errors", "own"),
    [
        ({2: 0.3, 4: np.float32(0.2), 8: 0.1}, True),
        ({2: 0.3, 4: 0.2}, False),
        ({2: 0.3, 4: 0.2, 8: float("nan")}, False),
        ({2: 0.3, 4: 0.2, 8: "0.1"}, False),
        ({2: 0.3, 4: 0.2, 8: 0.0}, False),
        (None, False),
        ([0.3, 0.2, 0.1], False),
    ],
)
def test_own_curves_are_taken_where_they_are_whole(errors, own):
    given = {2: 1.0, 4: 0.9, 8: 0.8}
    curve, taken = own_or_given_curve(errors, given, (2, 4, 8))
    assert taken is own
    assert curve == (pytest.approx({2: 0.3, 4: 0.2, 8: 0.1}) if own else given)
