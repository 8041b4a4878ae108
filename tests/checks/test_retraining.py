"""What the grader trains again, and how little of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mnist_course.checks import backend
from mnist_course.checks.retraining import check_holds_up
from mnist_course.checks.score import CannotGrade
from mnist_course.exceptions import NotPortableError


def test_stops_as_soon_as_the_answer_is_known(
    known: Any, make_model: Any, final: Any, make_log: Any
) -> None:
    known.runs = {1: [0.94, 0.956, 0.97], 2: [0.955, 0.97]}
    model = make_model()
    score = check_holds_up(model, make_log(final(model)), seeds=(1, 2))
    assert score == 5
    assert known.trained == [(1, 1, 2), (1, 2, 1)]


@pytest.mark.parametrize(
    ("second", "points"), [([0.93] * 5, 0), ([0.9399] * 5, 0), ([0.9401] * 5, 5)]
)
def test_the_median_decides(
    known: Any, make_model: Any, final: Any, make_log: Any, second: list[float], points: float
) -> None:
    known.runs = {1: [0.95] * 5, 2: second}
    model = make_model()
    assert check_holds_up(model, make_log(final(model)), seeds=(1, 2)) == points


def test_at_most_the_epochs_of_the_chain_and_fifteen(
    known: Any, make_model: Any, make_fit: Any, final: Any, make_log: Any
) -> None:
    known.runs = {1: [0.95] * 99}
    model = make_model()
    first = make_fit(1, hidden=(64,), activation="relu", epochs=3)
    second = final(model, 2, epochs=4, continued_from=1, weights_before=first.weights_after)
    check_holds_up(model, make_log(first, second), seeds=(1,))
    assert known.trained == [(2, 1, 7)]
    known.trained.clear()
    model.weights[0] = model.weights[0] + 1
    check_holds_up(model, make_log(final(model, epochs=40)), seeds=(1,))
    assert known.trained == [(1, 1, 15)]


def test_a_hopeless_model_is_not_retrained(
    known: Any, make_model: Any, final: Any, make_log: Any
) -> None:
    known.accuracy = 0.89
    model = make_model()
    score = check_holds_up(model, make_log(final(model)), seeds=(1, 2))
    assert (score, known.trained) == (0, [])
    assert "was not trained again" in score.findings[0].saw


def test_in_the_students_notebook_it_only_explains(
    known: Any, make_model: Any, final: Any, make_log: Any
) -> None:
    model = make_model()
    score = check_holds_up(model, make_log(final(model)))
    assert (score, known.trained) == (0, [])
    assert "Decided when you submit" in score.findings[0].saw


def test_what_cannot_be_repeated_is_for_staff(
    known: Any, make_model: Any, final: Any, make_log: Any
) -> None:
    with pytest.raises(CannotGrade, match="no recorded fit"):
        check_holds_up(make_model(), make_log(), seeds=(1, 2))

    class NotPortable(type(known)):  # type: ignore[misc]
        def train_again(self, record: Any, **_: Any) -> Any:
            raise NotPortableError("a layer of the student's own")
            yield

    backend.use(NotPortable())
    model = make_model()
    with pytest.raises(CannotGrade, match="layer of the student's own"):
        check_holds_up(model, make_log(replace(final(model))), seeds=(1, 2))
