"""An unknown is no pass and no zero."""

from __future__ import annotations

import math

import pytest

from mnist_course.class_grading.exports.totals import totals_of
from mnist_course.exceptions import ClassError


def test_all_items_count(graded) -> None:
    totals = totals_of([graded("b", 7), graded("a")], {"a": 5, "b": 0})
    assert [(t.student.id, t.points) for t in totals.totals] == [("a", 15), ("b", 7)]
    assert totals.out_of == 20 and not totals.problems


@pytest.mark.parametrize(
    ("options", "by_hand", "words"),
    [
        ({}, {}, "a person has not graded “m5-why”"),
        ({"open": True}, {"ada": 5}, "the grader could not decide “m5-mean”"),
        ({"failed": True}, {}, "the grader failed"),
        ({"open": True, "manual": False}, {}, "could not decide"),
    ],
)
def test_what_is_unknown_gives_no_total(graded, options, by_hand, words) -> None:
    totals = totals_of([graded(**options)], by_hand)
    assert totals.totals[0].points is None
    assert words in str(totals.problems[0])


def test_a_broken_grade_does_not_change_what_the_assignment_is_worth(graded) -> None:
    totals = totals_of([graded("a", failed=True), graded("b")])
    assert totals.out_of == 20 and len(totals.items) == 3


@pytest.mark.parametrize("points", [-1, 5.1, math.nan, math.inf])
def test_points_by_hand_that_cannot_be(graded, points) -> None:
    with pytest.raises(ClassError, match="of ada: expected a number from 0 to 5"):
        totals_of([graded()], {"ada": points})


def test_points_by_hand_of_nobody(graded) -> None:
    totals = totals_of([graded()], {"ada": 5, "zoe": 3})
    assert [str(p) for p in totals.problems] == [
        "zoe: has points by hand, and no graded submission. Not written; check the id."
    ]


def test_grades_that_do_not_belong_together(graded) -> None:
    with pytest.raises(ClassError, match="two grades for ada"):
        totals_of([graded(), graded()])
    with pytest.raises(ClassError, match="different assignments or versions"):
        totals_of([graded(), graded("bob", manual=False)])
    with pytest.raises(ClassError, match="different assignments or versions"):
        totals_of([graded(), graded("bob", assignment="m6")])
    assert totals_of([]).out_of == 0
