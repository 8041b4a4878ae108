"""What is wrong with a study stands before what happened in single runs."""

from __future__ import annotations

import pytest

from mnist_course.diagnosis import diagnose_study
from tests.experiments.validity.cases import Case, Odd
from tests.experiments.validity.faulty import FAULTY
from tests.experiments.validity.odd import ODD

# They need what came with the course, which a diagnosis looks up by itself.
OWN = [case for case in FAULTY if case.find_shipped.__name__ == "none_shipped"]


@pytest.mark.parametrize("case", OWN, ids=lambda case: case.name)
def test_a_faulty_study_has_its_problem(case: Case) -> None:
    found = diagnose_study(case.trials, case.design, claim=case.claim)
    assert [problem.name for problem in found.problems] == [case.kind]


@pytest.mark.parametrize(
    "odd", [o for o in ODD if o.find_shipped.__name__ == "none_shipped"], ids=lambda odd: odd.name
)
def test_an_odd_study_has_none(odd: Odd) -> None:
    assert diagnose_study(odd.trials, odd.design, claim=odd.claim).problems == ()


def test_runs_that_did_not_learn_are_hints() -> None:
    diverged = next(odd for odd in ODD if "diverged" in odd.name)
    found = diagnose_study(diverged.trials, diverged.design)
    assert "nan-loss" in [hint.name for hint in found.hints]
    (lost,) = (hint for hint in found.hints if hint.name == "nan-loss")
    assert "'rate 10', seed 0" in lost.saw
