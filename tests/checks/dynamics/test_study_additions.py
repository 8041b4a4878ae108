"""Best learning rates, settings in common, and early stopping that restores the same epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from mnist_course.checks import check_best_rates, check_common_settings
from mnist_course.checks.score import Score
from mnist_course.experiments.trials.configuration import Configuration
from mnist_course.experiments.trials.trial import Trial
from mnist_course.experiments.validity.design import Design
from mnist_course.experiments.validity.examine import examine
from tests.experiments.validity.cases import STOPPING
from tests.experiments.validity.pretend import BASE, pretend, study, with_fit, with_measured

KINDS = {"sgd": BASE.but(optimizer="sgd"), "adam": BASE}
ENTROPIES = {
    "sgd": {0.1: 0.30, 0.3: 0.25, 1.0: math.nan},
    "adam": {0.001: 0.28, 0.003: 0.27, 0.01: 0.4},
}


def sweep(entropies: Mapping[str, Mapping[float, float]] = ENTROPIES) -> list[Trial]:
    return [
        with_measured(pretend(KINDS[kind].but(learning_rate=rate), seed), val_cross_entropy=value)
        for kind, rates in entropies.items()
        for rate, value in rates.items()
        for seed in (100, 101)
    ]


def arms(**rates: float) -> dict[str, Configuration]:
    return {kind: KINDS[kind].but(learning_rate=rate) for kind, rate in rates.items()}


def rated(trials: Any, search: Any, **others: Any) -> Score:
    told: dict[str, Any] = {"metric": "val_cross_entropy", "rates": 3, "points": 3.0} | others
    return check_best_rates(trials, search, **told)


def words(score: Score) -> str:
    return " ".join(f"{f.saw} {f.why} {f.next_step}" for f in score.findings)


def test_the_best_rate_of_each_arm_earns_the_points() -> None:
    score = rated(study(arms(sgd=0.3, adam=0.003)), sweep())
    assert float(score) == 3
    assert "sgd 0.3, adam 0.003" in words(score)


def test_one_wrong_rate_costs_the_share_of_its_arm_and_is_named() -> None:
    score = rated(study(arms(sgd=0.1, adam=0.003)), sweep())
    assert float(score) == 1.5
    assert "0.3000 in the search; 0.3 has 0.2500" in words(score)


def test_a_rate_that_is_as_good_for_all_that_matters_is_accepted() -> None:
    trials = study(arms(sgd=0.3, adam=0.001))
    assert float(rated(trials, sweep(), margin=0.02)) == 3
    assert float(rated(trials, sweep(), margin=0.005)) == 1.5


def test_a_rate_with_which_training_failed_is_the_worst() -> None:
    assert float(rated(study(arms(sgd=1.0, adam=0.003)), sweep())) == 1.5


def test_accuracy_is_better_when_it_is_higher() -> None:
    search = [
        with_measured(trial, val_accuracy=trial.measured["val_cross_entropy"])
        for trial in sweep({"adam": ENTROPIES["adam"]})
    ]
    assert float(rated(study(arms(adam=0.01)), search, metric="val_accuracy")) == 3


@pytest.mark.parametrize(
    ("rates", "search", "told"),
    [
        ({"adam": 0.1}, sweep(), "which was not tried; tried were 0.001, 0.003, 0.01"),
        ({"adam": 0.003}, sweep({"adam": {0.003: 0.2}}), "1 learning rate was tried; 3 are needed"),
        ({"adam": 0.003}, sweep({"sgd": ENTROPIES["sgd"]}), "0 learning rates were tried"),
        ({"adam": 0.003}, None, "`sweep_trials` is still None."),
        ({"adam": 0.003}, [1, 2], "are no trials"),
    ],
    ids=["not tried", "one rate", "another optimizer", "nothing", "numbers"],
)
def test_what_is_missing_is_said(rates: dict[str, float], search: Any, told: str) -> None:
    score = rated(study(arms(**rates)), search)
    assert float(score) == 0
    assert told in words(score)


def test_a_fit_of_ones_own_has_no_rate_to_look_up() -> None:
    own = [replace(trial, configuration=None) for trial in study(arms(adam=0.003))]
    assert "was not run from a Configuration" in words(rated(own, sweep()))


@pytest.mark.parametrize("nothing", [None, [], "trials", 3, [None]])
def test_without_arms_the_study_itself_says_so(nothing: Any) -> None:
    for score in (
        rated(nothing, sweep()),
        check_common_settings({"mine": (nothing, {"optimizer": "Adam"})}, points=1),
    ):
        assert (float(score), score.findings) == (0, ())


def test_settings_in_common_are_those_that_were_done() -> None:
    shallow, deep = study({"relu": BASE}), study({"relu": BASE.but(hidden=(8,) * 6)})
    wanted = {"hidden layers": 6}
    assert float(check_common_settings({"deep": (deep, wanted)}, points=2)) == 2
    score = check_common_settings({"deep": ([*deep, *shallow], wanted)}, points=2)
    assert float(score) == 0
    assert "has hidden layers 1; asked for is 6" in words(score)
    said = replace(shallow[0], configuration=BASE.but(hidden=(8,) * 6))
    assert float(check_common_settings({"deep": ([said], wanted)}, points=2)) == 0


def test_more_patience_may_restore_the_same_epoch() -> None:
    design = Design("patience", control="to the end", values=(None, 2, 4), arms=3)
    trials = [
        trial if trial.arm == "to the end" else with_fit(trial, weights_after=f"{trial.seed:032d}")
        for trial in study(STOPPING)
    ]
    assert examine(trials, design) == ()
    # Without early stopping, the same weights in two arms are one run told twice.
    copied = [
        with_fit(trial, weights_after=f"{trial.seed:032d}")
        for trial in study({"5": BASE.but(epochs=5), "10": BASE.but(epochs=10)})
    ]
    assert "run-copied" in {problem.kind for problem in examine(copied, Design("epochs"))}
