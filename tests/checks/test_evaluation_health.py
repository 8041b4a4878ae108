"""Clean evaluation, and parts that do their work."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mnist_course.checks.backend import LayerActivity
from mnist_course.checks.evaluation import check_evaluation
from mnist_course.checks.health import check_health
from mnist_course.checks.score import CannotGrade


def test_the_template_is_clean(known: Any, make_model: Any, final: Any, make_log: Any) -> None:
    model = make_model()
    assert check_evaluation(model, make_log(final(model))) == 5


def test_no_validation_at_all_is_clean(
    known: Any, make_model: Any, final: Any, make_log: Any
) -> None:
    model = make_model()
    assert check_evaluation(model, make_log(final(model, validation=None))) == 5


def test_test_images_in_the_training_data_cost_everything(
    known: Any, make_model: Any, final: Any, make_log: Any
) -> None:
    model = make_model()
    record = final(model)
    seen = replace(record.data, train_rows=59_999, test_rows=1)
    score = check_evaluation(model, make_log(replace(record, data=seen)))
    assert score == 0
    assert "hold 1 images of the test set" in score.findings[0].saw


def test_overlap_and_scaling_cost_their_part(
    known: Any, make_model: Any, final: Any, make_log: Any
) -> None:
    model = make_model()
    record = final(model)
    assert check_evaluation(model, make_log(replace(record, shared_rows=10))) == 3
    raw = replace(record.validation, factor=1.0, maximum=255.0)
    assert check_evaluation(model, make_log(replace(record, validation=raw))) == 4
    # A common mistake that is consistent: both divided by 225.
    by_225 = {"factor": 1 / 225, "maximum": 255 / 225}
    both = replace(
        record,
        data=replace(record.data, **by_225),
        validation=replace(record.validation, **by_225),
    )
    assert check_evaluation(model, make_log(both)) == 5


def test_a_model_without_a_record_is_for_staff(known: Any, make_model: Any, make_log: Any) -> None:
    with pytest.raises(CannotGrade):
        check_evaluation(make_model(), make_log())


def activity(dead: int, units: int = 10) -> LayerActivity:
    values = np.ones((1000, units), np.float32)
    values[:, :dead] = 0
    return LayerActivity("dense", "Dense", "relu", values)


@pytest.mark.parametrize(("dead", "points"), [(0, 5), (4, 5), (5, 3), (10, 3)])
def test_dead_units(
    known: Any, make_model: Any, final: Any, make_log: Any, dead: int, points: float
) -> None:
    known.activity = [activity(0), activity(dead)]
    model = make_model()
    assert check_health(model, make_log(final(model))) == points


@pytest.mark.parametrize(
    ("output", "points"), [("softmax", 5), ("relu", 3), ("linear", 3), ("sigmoid", 5)]
)
def test_output_and_loss(
    known: Any, make_model: Any, final: Any, make_log: Any, output: str, points: float
) -> None:
    model = make_model(output=output)
    assert check_health(model, make_log(final(model))) == points


def test_a_narrow_layer_needs_an_experiment(
    known: Any, make_model: Any, make_fit: Any, final: Any, make_log: Any
) -> None:
    model = make_model((1000, 10))
    record = final(model, hidden=(1000, 10))
    score = check_health(model, make_log(record))
    assert score == 4
    assert "10 units" in score.findings[-1].saw
    looked = make_fit(1, hidden=(1000, 64), activation="relu", learning_rate=1e-3, accuracy=0.97)
    why = "Does the second layer really need so many units?"
    log = make_log(looked, replace(record, number=2, why=why))
    assert check_health(model, log) == 5


def test_an_experiment_on_another_width_excuses_no_narrow_layer(
    known: Any, make_model: Any, make_fit: Any, final: Any, make_log: Any
) -> None:
    model = make_model((1000, 10))
    record = final(model, hidden=(1000, 10))
    looked = make_fit(1, hidden=(64, 10), activation="relu", learning_rate=1e-3, accuracy=0.97)
    log = make_log(looked, replace(record, number=2, why="Wider, because 64 units were few."))
    assert check_health(model, log) == 4
