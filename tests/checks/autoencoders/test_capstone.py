"""The form of a capstone: whatever was found is right, as long as the numbers carry it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mnist_course.checks import check_capstone
from mnist_course.experiments import Claim

POINTS = {"words": 1, "design": 2, "claim": 2}
WHOLE = {
    "topic": "distillation",
    "question": "Does a small network learn more from a teacher?",
    "prediction": "Yes, a little, because probabilities say more.",
    "metric": "accuracy",
    "better": "higher",
    "control": "labels",
    "results": {"labels": [0.90, 0.91, 0.90], "teacher": [0.93, 0.94, 0.93]},
    "claim": Claim("winner", "teacher"),
    "limits": "One teacher, one size, and only few images were used.",
}
TIED = {"labels": [0.90, 0.92, 0.91], "teacher": [0.915, 0.905, 0.912]}


def test_a_whole_experiment_earns_all_points():
    assert check_capstone(WHOLE, **POINTS) == 5


@pytest.mark.parametrize(
    ("results", "claims"),
    [
        (WHOLE["results"], [("winner", "teacher")]),
        (TIED, [("tie", ("labels", "teacher")), ("inconclusive", ())]),
        # Ahead with every seed, though the ranges overlap.
        ({"labels": [0.8, 0.85, 0.9], "teacher": [0.82, 0.87, 0.92]}, [("winner", "teacher")]),
        ({"labels": np.array([0.3, 0.5, 0.4]), "teacher": (0.31, 0.48, 0.44)},
         [("inconclusive", ()), ("tie", ("teacher", "labels"))]),
    ],
)  # fmt: skip
def test_every_claim_that_the_numbers_carry_is_right(results, claims):
    for verdict, arms in claims:
        given = {**WHOLE, "results": results, "claim": Claim(verdict, arms)}
        assert check_capstone(given, **POINTS) == 5


def test_lower_may_be_better():
    given = {**WHOLE, "better": "lower", "claim": Claim("winner", "labels")}
    assert check_capstone(given, **POINTS) == 5
    assert check_capstone({**WHOLE, "better": "lower"}, **POINTS) == 3


@pytest.mark.parametrize(
    ("change", "points", "words"),
    [
        ({"topic": "dropout"}, 4, "expected one of 'layer rates'"),
        ({"topic": None}, 4, "expected one of"),
        ({"question": "Better?"}, 4, '"question" has 1 words'),
        ({"prediction": ""}, 4, '"prediction" has 0 words'),
        ({"limits": "None."}, 4, '"limits" has 1 words'),
        ({"control": "nothing"}, 3, "The control is 'nothing'"),
        ({"results": {"teacher": [0.93, 0.94, 0.93]}}, 1, "one arm, 'teacher'"),
        ({"results": {"labels": [0.9], "teacher": [0.93]}}, 1, "has 1 runs"),
        (
            {"results": {"labels": [0.9] * 3, "teacher": [0.93] * 3}},
            3,
            "one run copied three times",
        ),
        ({"results": {"labels": ["a", "b", "c"], "teacher": [1, 2, 3]}}, 1, "no numbers"),
        ({"results": {"labels": [0.9, float("nan"), 0.9], "teacher": [1, 2, 3]}}, 1, "no numbers"),
        ({"results": {}}, 1, "holds no arm yet"),
        ({"results": [0.9, 0.93]}, 1, "holds no arm yet"),
        ({"better": None}, 3, '"better" is None'),
        ({"claim": "teacher wins"}, 3, "is a str; expected a Claim"),
        ({"claim": Claim("winner", "labels")}, 3, "The claim is winner labels"),
        ({"claim": Claim("tie", ("labels", "teacher"))}, 3, "lie within their spread"),
        ({"claim": Claim("inconclusive")}, 3, "these runs do decide"),
        ({"claim": Claim("winner", "me")}, 3, "'me', which is no arm"),
        ({"results": TIED}, 3, "more than luck"),
    ],
)
def test_what_is_missing_costs_its_part(change, points, words, said_by):
    score = check_capstone({**WHOLE, **change}, **POINTS)
    assert score == points, said_by(score)
    assert words in said_by(score)


@pytest.mark.parametrize(
    "change",
    [
        {"results": pd.DataFrame(WHOLE["results"])},
        {"results": {arm: dict(enumerate(of)) for arm, of in WHOLE["results"].items()}},
        {"results": {arm: pd.Series(of) for arm, of in WHOLE["results"].items()}},
        {"better": " Higher", "topic": "Distillation "},
    ],
    ids=["table", "by seed", "series", "words"],
)
def test_the_same_in_another_form_is_right(change):
    assert check_capstone({**WHOLE, **change}, **POINTS) == 5


@pytest.mark.parametrize(
    "change",
    [
        {"results": pd.DataFrame({"labels": [0.9, 0.8], "teacher": ["a", "b"]}), "topic": None},
        {"better": np.array([1, 2])},
        {"results": {"labels": [10**400] * 3, "teacher": [1, 2, 3]}},
        {"topic": np.array(["a", "b"])},
    ],
    ids=["table", "array", "huge", "words"],
)
def test_whatever_stands_there_stops_nothing(change):
    only = {name: value for name, value in WHOLE.items() if name not in change}
    for given in ({**change, **only}, change):
        assert check_capstone(given, **POINTS) < 5


@pytest.mark.parametrize("value", [None, {}, {"topic": None, "results": {}}, "report", 7])
def test_what_is_not_filled_in_earns_nothing(value, said_by):
    assert check_capstone(value, **POINTS) == 0
    assert "not filled in yet" in said_by(check_capstone(value, **POINTS))
