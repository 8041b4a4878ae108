"""Points for test accuracy, and what they are based on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mnist_course.checks.accuracy import accuracy_share, check_accuracy
from mnist_course.checks.score import CannotGrade, CheckFailed, collected
from mnist_course.checks.trained_model import check_model

RAMP = {0.90: 8, 0.93: 12, 0.94: 16, 0.95: 20}


@pytest.mark.parametrize(
    ("accuracy", "points"), [(0.85, 0), (0.9269, 8), (0.931, 12), (0.9499, 16), (0.95, 20)]
)
def test_the_ramp(
    known: Any, make_model: Any, final: Any, make_log: Any, accuracy: float, points: float
) -> None:
    known.accuracy = accuracy
    model = make_model()
    score = check_accuracy(model, make_log(final(model)), points=RAMP)
    assert (score, score.of) == (points, 20)
    assert f"{accuracy:.2%}" in score.findings[0].saw
    assert collected().values["accuracy"] == pytest.approx(accuracy)
    assert collected().values["training_seconds"] == 10


def test_inputs_are_scaled_and_shaped_as_in_training(
    known: Any, make_model: Any, final: Any, make_log: Any
) -> None:
    model = make_model()
    record = final(model)
    data = replace(record.data, shape=(784,), factor=1 / 127.5, offset=-1.0, minimum=-1.0)
    check_accuracy(model, make_log(replace(record, data=data)), points=RAMP)
    (x,) = known.inputs
    assert (x.shape, x.dtype) == ((10_000, 784), np.float32)
    assert (x.min(), x.max()) == pytest.approx((-1, 1))


def test_without_a_record_the_models_own_shape_is_used(
    known: Any, make_model: Any, make_log: Any
) -> None:
    model = make_model()
    model.input_shape = (None, 28, 28, 1)
    check_accuracy(model, make_log(), points=RAMP)
    assert known.inputs[0].shape == (10_000, 28, 28, 1)
    assert known.inputs[0].max() == pytest.approx(1)


def test_a_model_is_measured_once(known: Any, make_model: Any, final: Any, make_log: Any) -> None:
    model = make_model()
    log = make_log(final(model))
    check_accuracy(model, log, points=RAMP)
    accuracy_share(model, log, points=RAMP)
    assert len(known.inputs) == 1
    model.weights[0] = model.weights[0] + 1
    accuracy_share(model, log, points=RAMP)
    assert len(known.inputs) == 2


def test_trained_on_test_rows_the_retrained_configuration_counts(
    known: Any, make_model: Any, final: Any, make_log: Any
) -> None:
    known.accuracy, known.runs = 0.999, {7: [0.90, 0.935, 0.94]}
    model = make_model()
    record = final(model, epochs=2)
    record = replace(record, data=replace(record.data, train_rows=50_000, test_rows=10_000))
    log = make_log(record)
    here = check_accuracy(model, log, points=RAMP)
    assert here == 20
    assert "10,000 images of the test set" in here.findings[0].saw
    graded = check_accuracy(model, log, points=RAMP, seed=7)
    assert graded == 12
    assert collected().values["accuracy"] == pytest.approx(0.935)
    share, reason = accuracy_share(model, log, points=RAMP, seed=7)
    assert share == pytest.approx(0.6)
    assert "60%" in reason.saw
    assert known.trained == [(1, 7, 2)]  # once, and no longer than the student did


@pytest.mark.parametrize("in_batches", [False, True])
def test_unknown_scaling_is_not_judged_by_a_wrong_number(
    known: Any, make_model: Any, final: Any, make_log: Any, in_batches: bool
) -> None:
    known.accuracy = 0.5
    model = make_model()
    record = final(model, accuracy=0.96)
    data = replace(record.data, factor=None, offset=None, train_rows=0)
    record = replace(record, data=None if in_batches else data)
    with pytest.raises(CannotGrade, match="scaling"):
        check_accuracy(model, make_log(record), points=RAMP)


def test_one_answer_for_every_image_is_named(
    known: Any, make_model: Any, final: Any, make_log: Any
) -> None:
    known.outputs = np.zeros((10_000, 10), np.float32)
    model = make_model()
    score = check_accuracy(model, make_log(final(model)), points=RAMP)
    assert score == 0
    assert any("answers 0 for every image" in finding.saw for finding in score.findings)
    assert any("9.80%" in finding.saw for finding in score.findings)


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        (np.zeros((10_000, 1), np.float32), "1 numbers for an image"),
        (np.zeros((10_000, 11), np.float32), "11 numbers"),
        (np.full((10_000, 10), np.nan, np.float32), "NaN"),
    ],
    ids=["one output", "eleven outputs", "NaN"],
)
def test_outputs_that_cannot_be_answers(
    known: Any, make_model: Any, make_log: Any, outputs: np.ndarray, message: str
) -> None:
    known.outputs = outputs
    with pytest.raises(CheckFailed, match=message):
        check_model(make_model(), make_log())


def test_no_model_nan_weights_untrained(known: Any, make_model: Any, make_log: Any) -> None:
    with pytest.raises(CheckFailed, match="holds a value of type str"):
        check_model("Test accuracy: 0.98", make_log())
    broken = make_model()
    broken.weights[0][0, 0] = np.nan
    with pytest.raises(CheckFailed, match="NaN or infinite"):
        check_model(broken, make_log())
    known.accuracy = 0.098
    with pytest.raises(CheckFailed, match="no fit"):
        check_model(make_model(), make_log())


def test_a_trained_model_in_a_notebook_that_runs(
    known: Any, make_model: Any, final: Any, make_log: Any
) -> None:
    known.accuracy = 0.11  # trained, though badly: the given network earns these points too
    model = make_model()
    log = make_log(final(model))
    assert check_model(model, log) == 5
    assert check_model(model, log, {"cells": 9, "errors": []}) == 5
    errors = [{"cell": 4, "kind": "TimeoutError", "message": "too long"}]
    score = check_model(model, log, {"cells": 9, "errors": errors})
    assert score == 3
    assert "Cell 4 stopped with TimeoutError" in score.findings[1].saw


def test_loaded_weights_are_traced_to_a_network_of_the_same_layers(
    known: Any, make_model: Any, make_fit: Any, make_log: Any
) -> None:
    model = make_model()
    model.weights[0] = model.weights[0] + 1
    data = replace(make_fit(1).data, factor=1.0, maximum=255.0)
    log = make_log(make_fit(1, hidden=(64,), activation="relu", data=data))
    check_accuracy(model, log, points=RAMP)
    assert known.inputs[0].max() == 255
