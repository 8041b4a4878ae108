"""Whatever stands in a trial, a check of a study ends in a score."""

from __future__ import annotations

import json
import math
import random
import subprocess
import sys
from dataclasses import fields, replace
from typing import Any

import pytest

from mnist_course.checks import check_study
from mnist_course.checks.score import Score
from mnist_course.experiments import Claim, Configuration, FitRecord, Trial
from tests.checks.study.test_study import DESIGN, POINTS
from tests.experiments.validity.cases import ARMS
from tests.experiments.validity.pretend import study

WEIRD: tuple[Any, ...] = (
    None, 0, -1, 1, 10**12, 1e308, math.nan, math.inf, "", "adam", "\ud800", (), [], {}, (0.5,),
    {"loss": ()}, {"loss": (math.nan,)}, {"val_accuracy": (0.5,) * 500}, object(), True,
)  # fmt: skip


def _judged(trials: Any) -> Score:
    return check_study(
        trials, design=DESIGN, points=POINTS, claim=Claim("inconclusive"), table=5, figure=5
    )


@pytest.mark.parametrize("name", [field.name for field in fields(FitRecord)])
def test_any_value_in_a_record_gives_a_score(name: str) -> None:
    trials = study(ARMS)
    for value in WEIRD:
        changed = [replace(t, fit=replace(t.fit, **{name: value})) for t in trials]
        assert 0 <= _judged(changed) <= 15
        assert 0 <= _judged([*trials[:-1], changed[-1]]) <= 15


@pytest.mark.parametrize("name", [field.name for field in fields(Trial)])
def test_any_value_in_a_trial_gives_a_score(name: str) -> None:
    trials = study(ARMS)
    for value in (*WEIRD, {"val_accuracy": "high"}, {"val_accuracy": math.nan}, {5: 5}):
        assert 0 <= _judged([replace(t, **{name: value}) for t in trials]) <= 15


def test_records_that_were_mixed_up_at_random_give_a_score() -> None:
    rng = random.Random(0)
    trials = study(ARMS)
    names = [field.name for field in fields(FitRecord)]
    other = study({"other": Configuration(conv=(4,), l2=0.1, updates=7, dataset="fashion_mnist")})
    for _ in range(200):
        mixed = []
        for trial in trials:
            donor = rng.choice([*trials, *other])
            taken = {name: getattr(donor.fit, name) for name in rng.sample(names, 6)}
            mixed.append(replace(trial, fit=replace(trial.fit, **taken)))
        score = _judged(mixed)
        assert 0 <= score <= 15 and all(finding.saw for finding in score.findings)


def test_judging_loads_neither_keras_nor_pictures() -> None:
    code = """
import json, sys
from tests.checks.study.test_robust import study, ARMS, DESIGN, POINTS, Claim, check_study
from mnist_course.grading.serialization import Portable
heavy = {"keras", "tensorflow", "matplotlib", "seaborn", "dask"}
before = heavy & set(sys.modules)
figure = Portable("figure", {"axes": [{"lines": [], "points": []}]})
score = check_study(
    study(ARMS), design=DESIGN, points=POINTS, claim=Claim("inconclusive"), figure=figure
)
print(json.dumps([float(score), sorted(before), sorted(heavy & set(sys.modules))]))
"""
    result = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    points, before, after = json.loads(result.stdout)
    assert (before, after) == ([], [])
    assert points >= 9
