"""Every planted error is found, with its own kind; nothing is found where nothing is wrong."""

from __future__ import annotations

import random

import pytest

from mnist_course.checks.study.parts import PART_OF
from mnist_course.experiments.trials.trial import Trial
from mnist_course.experiments.validity.examine import examine
from tests.experiments.validity.cases import Case, Odd
from tests.experiments.validity.faulty import FAULTY
from tests.experiments.validity.odd import ODD


@pytest.mark.parametrize("case", FAULTY, ids=lambda case: case.name)
def test_a_planted_error_is_found_with_its_own_kind(case: Case) -> None:
    problems = examine(case.trials, case.design, claim=case.claim, find_shipped=case.find_shipped)
    assert {problem.kind for problem in problems} == {case.kind}, [str(p) for p in problems]
    told = problems[0].finding
    assert case.says in told.saw
    assert told.why
    assert told.next_step


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd.name)
def test_nothing_is_found_in_a_study_that_is_only_unusual(odd: Odd) -> None:
    problems = examine(odd.trials, odd.design, claim=odd.claim, find_shipped=odd.find_shipped)
    assert not problems, [str(problem) for problem in problems]


def test_there_are_as_many_studies_as_the_course_promises() -> None:
    assert len({case.name for case in FAULTY}) == len(FAULTY) >= 30
    assert len({odd.name for odd in ODD}) == len(ODD) >= 15


def test_every_kind_of_problem_has_a_study() -> None:
    assert {case.kind for case in FAULTY} == set(PART_OF)


@pytest.mark.parametrize("case", FAULTY, ids=lambda case: case.name)
def test_the_order_of_the_trials_does_not_matter(case: Case) -> None:
    mixed = list(case.trials)
    random.Random(0).shuffle(mixed)
    problems = examine(mixed, case.design, claim=case.claim, find_shipped=case.find_shipped)
    assert case.kind in {problem.kind for problem in problems}


@pytest.mark.parametrize("case", [*FAULTY, *ODD], ids=lambda case: case.name)
def test_a_study_that_crossed_a_process_boundary_is_judged_alike(case: Case | Odd) -> None:
    read = [Trial.from_dict(trial.to_dict()) for trial in case.trials]
    claim, find = case.claim, case.find_shipped
    before = examine(case.trials, case.design, claim=claim, find_shipped=find)
    assert examine(read, case.design, claim=claim, find_shipped=find) == before
