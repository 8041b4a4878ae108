"""A study is worth the same in the student's notebook and in the grader."""

from __future__ import annotations

import time
from typing import Any, cast

import pytest

from mnist_course.checks import check_study
from mnist_course.experiments import Claim, frame, summary
from mnist_course.grading.captured_values import Builders
from mnist_course.grading.control import Control
from mnist_course.grading.namespace import take_apart
from mnist_course.grading.serialization import decode, encode
from tests.checks.study.test_study import DESIGN, LEVELS, POINTS
from tests.experiments.validity.cases import ARMS
from tests.experiments.validity.faulty import FAULTY
from tests.experiments.validity.pretend import study


def sent(value: Any) -> Any:
    """Return what the grader reads of a value of the student's kernel."""
    build = Builders(cast(Control, None)).of(lambda parts: parts)
    return decode(encode(value, take_apart=take_apart), build=build)


@pytest.mark.parametrize("make", [frame, lambda trials: summary(trials, "val_accuracy")])
def test_a_right_study_has_all_points_on_both_sides(make: Any) -> None:
    from matplotlib.figure import Figure

    trials = study(ARMS, levels=LEVELS)
    figure = Figure()
    axes = figure.subplots()
    axes.set(xlabel="arm", ylabel="accuracy")
    table = frame(trials)
    axes.plot(table["arm"], table["val_accuracy"], "o")
    answers = {
        "trials": trials,
        "table": make(trials),
        "figure": figure,
        "claim": Claim("winner", "dropout 0.3"),
    }
    for side in (answers, sent(answers)):
        score = check_study(**side, design=DESIGN, points=POINTS)
        assert float(score) == 15, str(score)


@pytest.mark.parametrize("case", FAULTY, ids=lambda case: case.name)
def test_a_faulty_study_is_told_the_same_on_both_sides(case: Any) -> None:
    points = {"arms": 3, "one change": 3, "runs": 3, "claim": 3}
    here, there = (
        check_study(trials, claim=claim, design=case.design, points=points)
        for trials, claim in ((case.trials, case.claim), sent((case.trials, case.claim)))
    )
    assert (float(here), here.findings) == (float(there), there.findings)


def test_fifty_trials_are_judged_in_a_moment() -> None:
    trials = study(ARMS, range(17))
    started = time.process_time()
    check_study(trials, design=DESIGN, points=POINTS)
    assert time.process_time() - started < 5
