"""Winner, tie, inconclusive; which claims trials support."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest

from mnist_course.exceptions import ConfigurationError
from mnist_course.experiments.studies.claim import Claim
from mnist_course.experiments.studies.metrics import higher_is_better
from mnist_course.experiments.studies.verdict import supports, verdict
from tests.experiments.studies.made_trials import made_trial, made_trials

CLEAR = made_trials(
    {
        "sgd": [0.900, 0.903, 0.899, 0.901],
        "adam": [0.951, 0.949, 0.952, 0.950],
        "none": [0.700, 0.720, 0.710, 0.690],
    }
)
TIE = made_trials(
    {
        "adam": [0.951, 0.949, 0.952, 0.950],
        "adamw": [0.950, 0.951, 0.951, 0.950],
        "sgd": [0.900, 0.903, 0.899, 0.901],
    }
)
NOISE = made_trials({"a": [0.90, 0.95, 0.92], "b": [0.93, 0.91, 0.91], "c": [0.88, 0.94, 0.93]})


def test_winner():
    found = verdict(CLEAR)
    assert (found.verdict, found.arms) == ("winner", ("adam",))
    assert found.claim == Claim("winner", "adam")
    assert [result.arm for result in found.results] == ["adam", "sgd", "none"]
    assert "adam wins" in found.sentence and "0.9505 ± 0.0013" in found.sentence
    assert "paired by seed, Holm's correction for 2 comparisons" in found.sentence
    table = found.comparisons
    assert list(table.other) == ["sgd", "none"] and table.beaten.all()
    assert (table.p_holm > table.p).any()


def test_tie_leaves_out_what_is_beaten():
    found = verdict(TIE)
    assert (found.verdict, found.arms) == ("tie", ("adamw", "adam")) or (
        found.verdict,
        found.arms,
    ) == ("tie", ("adam", "adamw"))
    assert "less than 0.005" in found.sentence and "Worse than these: sgd" in found.sentence


def test_noise_is_inconclusive():
    found = verdict(NOISE)
    assert (found.verdict, found.arms) == ("inconclusive", ())
    assert "not clear of chance" in found.sentence


def test_a_smaller_margin_turns_a_tie_into_doubt():
    assert verdict(TIE, margin=0.0005).verdict == "inconclusive"


def test_a_clear_difference_that_does_not_matter_is_said_to_be_one():
    trials = made_trials({"a": [0.9500, 0.9511, 0.9520], "b": [0.9490, 0.9500, 0.9511]})
    found = verdict(trials)
    assert found.verdict == "winner"
    assert "less than the 0.005 that was said to matter" in found.sentence


def test_lower_is_better_for_losses():
    trials = made_trials({"a": [0.30, 0.31, 0.29], "b": [0.20, 0.21, 0.20]}, "val_cross_entropy")
    assert verdict(trials, "val_cross_entropy").arms == ("b",)


@pytest.mark.parametrize(
    ("metric", "higher"),
    [
        ("val_accuracy", True),
        ("test_accuracy", True),
        ("val_cross_entropy", False),
        ("loss", False),
        ("test_mse", False),
        ("updates", False),
        ("seconds", False),
        ("gap", False),
        ("updates_to_0.3", False),
    ],
)
def test_direction(metric: str, higher: bool):
    assert higher_is_better(metric) is higher


def test_a_measure_without_direction_is_refused():
    with pytest.raises(ConfigurationError, match="more or less of 'colour'"):
        verdict(made_trials({"a": [1.0, 2.0], "b": [1.0, 2.0]}, "colour"), "colour")


@pytest.mark.parametrize("trials", [CLEAR, TIE, NOISE], ids=["clear", "tie", "noise"])
def test_the_order_of_trials_and_arms_changes_nothing(trials):
    expected = verdict(trials)
    for seed in range(10):
        shuffled = list(trials)
        random.Random(seed).shuffle(shuffled)
        assert verdict(shuffled) == expected


def test_new_names_change_names_alone():
    renamed = {"sgd": "x", "adam": "y", "none": "z"}
    found = verdict([trial.named(renamed[trial.arm]) for trial in CLEAR])
    assert found.arms == ("y",)
    assert [pair.p_holm for pair in found.pairs] == [pair.p_holm for pair in verdict(CLEAR).pairs]


def test_shifting_all_values_changes_no_p():
    moved = made_trials(
        {
            arm: [trial.measured["val_accuracy"] - 0.3 for trial in CLEAR if trial.arm == arm]
            for arm in ("sgd", "adam", "none")
        }
    )
    assert [p.p for p in verdict(moved).pairs] == pytest.approx(
        [p.p for p in verdict(CLEAR).pairs], rel=1e-6
    )


def test_false_winners_are_as_rare_as_promised():
    """Two equal arms over 5 seeds: a winner in about 5 % of 400 studies."""
    draw = np.random.default_rng(0)
    winners = 0
    for _ in range(400):
        a, b = draw.normal(0.95, 0.002, (2, 5))
        winners += verdict(made_trials({"a": list(a), "b": list(b)})).verdict == "winner"
    assert 5 <= winners <= 35  # .05 +- 3.4 sd of a binomial


def test_one_trial_an_arm_is_inconclusive():
    found = verdict(made_trials({"a": [0.9], "b": [0.5]}))
    assert found.verdict == "inconclusive" and "two trials" in found.sentence


def test_failed_trials_are_worst():
    nan = math.nan
    found = verdict(
        made_trials({"bad": [nan, nan, nan], "good": [0.4, 0.5, 0.6]}, "val_cross_entropy"),
        "val_cross_entropy",
    )
    assert found.arms == ("good",) and "training failed in all other arms" in found.sentence
    shaky = verdict(
        made_trials({"shaky": [0.1, 0.1, 0.11, nan], "good": [0.4, 0.5, 0.6, 0.5]}, "val_loss"),
        "val_loss",
    )
    assert shaky.results[0].arm == "good" and shaky.verdict == "inconclusive"
    none = verdict(made_trials({"a": [nan, nan], "b": [nan, nan]}, "val_loss"), "val_loss")
    assert none.verdict == "inconclusive" and "every arm failed" in none.sentence


def test_infinity_is_a_failure_too():
    trials = made_trials({"a": [math.inf, math.inf], "b": [0.5, 0.6]}, "val_loss")
    assert verdict(trials, "val_loss").arms == ("b",)


@pytest.mark.parametrize("margin", [0, -1, math.nan, math.inf, "0.1", None, True])
def test_margin_must_be_a_number_above_0(margin):
    with pytest.raises(ConfigurationError, match="margin must be a number above 0"):
        verdict(CLEAR, margin=margin)


def test_fewer_than_two_arms():
    with pytest.raises(ConfigurationError, match=r"at least two arms, got 1 \(sgd\)"):
        verdict(made_trials({"sgd": [0.9, 0.9]}))
    with pytest.raises(ConfigurationError, match="got 0"):
        verdict([])


def test_a_measure_that_is_not_there():
    with pytest.raises(ConfigurationError, match=r"no measure 'val_mse'. It has: val_accuracy"):
        verdict(CLEAR, "val_mse")


def test_the_strict_verdict_is_always_supported():
    for trials in (CLEAR, TIE, NOISE):
        assert supports(trials, verdict(trials).claim) is None


@pytest.mark.parametrize("seed", range(30))
def test_the_strict_verdict_is_always_supported_by_random_trials(seed: int):
    draw = np.random.default_rng(seed)
    centres = draw.normal(0.95, 0.004, 4)
    trials = made_trials(
        {f"arm {i}": list(draw.normal(c, 0.002, 4)) for i, c in enumerate(centres)}
    )
    found = verdict(trials)
    assert supports(trials, found.claim) is None
    # At least one claim of the three kinds is refused, else the rule judges nothing.
    worst = found.results[-1].arm
    refused = supports(trials, Claim("winner", worst))
    assert refused is not None and found.results[0].arm in refused.saw


def test_a_winner_that_is_not_the_best_is_refused():
    finding = supports(CLEAR, Claim("winner", "sgd"))
    assert finding is not None
    assert "adam has the better val_accuracy: 0.9505 ± 0.0013" in finding.saw
    assert finding.why and finding.next_step


def test_a_winner_that_failed_once_is_refused_with_the_reason():
    trials = made_trials(
        {"shaky": [0.1, 0.1, 0.11, math.nan], "good": [0.4, 0.5, 0.6, 0.5]}, "val_loss"
    )
    against = supports(trials, Claim("winner", "shaky", "val_loss"))
    assert against is not None and "(1 of 4 failed)" in against.saw


def test_a_winner_within_the_spread_is_refused():
    best = verdict(NOISE).results[0].arm
    finding = supports(NOISE, Claim("winner", best))
    assert finding is not None and "overlap" in finding.saw


def test_ranges_apart_are_enough_for_a_winner():
    # Not significant with three seeds after the correction, but mean +- sd do not touch.
    trials = made_trials(
        {"a": [0.950, 0.960, 0.955], "b": [0.945, 0.938, 0.935], "c": [0.930, 0.944, 0.937]}
    )
    assert verdict(trials).verdict == "inconclusive"
    assert supports(trials, Claim("winner", "a")) is None
    assert supports(trials, Claim("inconclusive")) is None


def test_a_tie_must_include_the_best_and_only_what_is_near():
    assert supports(TIE, Claim("tie", ("adam", "adamw"))) is None
    far = supports(TIE, Claim("tie", ("adam", "adamw", "sgd")))
    assert far is not None and "sgd is said to tie" in far.saw
    without = supports(TIE, Claim("tie", ("sgd", "adam")))
    assert without is not None
    best = supports(CLEAR, Claim("tie", ("sgd", "none")))
    assert best is not None and "adam has the best" in best.saw


def test_near_means_tie_although_nothing_is_proven():
    trials = made_trials({"a": [0.95, 0.97, 0.96], "b": [0.962, 0.948, 0.955]})
    assert verdict(trials).verdict == "inconclusive"
    for claim in (Claim("tie", ("a", "b")), Claim("inconclusive")):
        assert supports(trials, claim) is None


def test_doubt_about_what_is_clear_is_refused():
    finding = supports(CLEAR, Claim("inconclusive"))
    assert finding is not None and "it is clear: adam wins" in finding.saw


def test_doubt_about_what_does_not_matter_is_accepted():
    trials = made_trials({"a": [0.9500, 0.9511, 0.9520], "b": [0.9490, 0.9500, 0.9511]})
    assert verdict(trials).verdict == "winner"
    assert supports(trials, Claim("inconclusive")) is None
    assert supports(trials, Claim("tie", ("a", "b"))) is None


def test_an_arm_that_was_never_run():
    finding = supports(CLEAR, Claim("winner", "rmsprop"))
    assert finding is not None and "'rmsprop', and no trial has that name" in finding.saw


def test_single_trials_support_no_winner():
    trials = [made_trial("a", 0, val_accuracy=0.9), made_trial("b", 0, val_accuracy=0.5)]
    assert supports(trials, Claim("winner", "a")) is not None
    assert supports(trials, Claim("inconclusive")) is None


def test_every_pair_of_arms_is_judged_alike():
    for first, second in itertools.permutations(("adam", "adamw")):
        assert supports(TIE, Claim("tie", (first, second))) is None
