"""Networks that were judged on the wrong images."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mnist_course.diagnosis import check_evaluations
from mnist_course.experiments import DataPrint, EvaluationRecord, FitRecord
from tests.experiments.validity.pretend import BASE, data_of, pretend

TRAIN = data_of(50_000, "train")
ALL = data_of(60_000, "all of train")
SOME = data_of(1_000, "some of train")
TEST = data_of(10_000, "test", train_rows=0, test_rows=10_000)


def fit(number: int, data: DataPrint, validation: DataPrint | None = None) -> FitRecord:
    record = pretend(BASE, number).fit
    return replace(record, number=number, data=data, validation=validation)


def judged(record: FitRecord, data: DataPrint | None) -> EvaluationRecord:
    return EvaluationRecord(record.number, record.weights_after, data, 0.98)


def names(fits: list[FitRecord], evaluations: list[EvaluationRecord]) -> list[str]:
    return [finding.name for finding in check_evaluations(fits, evaluations)]


@pytest.mark.parametrize(("trained", "rows"), [(TRAIN, TRAIN), (ALL, SOME), (ALL, ALL)])
def test_evaluated_on_training_data_alone(trained: DataPrint, rows: DataPrint) -> None:
    one = fit(1, trained)
    (finding,) = check_evaluations([one], [judged(one, rows)])
    assert finding.name == "evaluated-on-training" and f"{rows.rows:,}" in finding.saw


def test_training_beside_test_images_is_a_right_question() -> None:
    one = fit(1, TRAIN)
    assert names([one], [judged(one, TRAIN), judged(one, TEST)]) == []
    assert names([fit(1, TRAIN, SOME)], [judged(one, TRAIN)]) == []


def test_what_is_not_known_is_not_said() -> None:
    one = fit(1, TRAIN)
    assert names([one], [judged(one, SOME)]) == []  # perhaps held back: 50,000 of 60,000
    assert names([one], [judged(one, None)]) == []
    assert names([], []) == []


def test_several_networks_judged_on_the_test_set() -> None:
    three = [fit(number, TRAIN) for number in (1, 2, 3)]
    once = [judged(record, TEST) for record in three]
    assert names(three, once) == ["test-for-choosing"]
    assert names(three[:2], once[:2]) == []
    assert names([fit(n, TRAIN, TEST) for n in (1, 2, 3)], []) == ["test-for-choosing"]
