"""What staff sees is measured on the grader's own rows, and costs nothing when it fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from mnist_course.checks import backend as backends
from mnist_course.datasets.mnist import Split
from mnist_course.experiments import ExperimentLog
from mnist_course.grading.keras_backend import KerasBackend
from mnist_course.grading.model_facade import ModelFacade
from mnist_course.grading.remote_backend import RemoteBackend
from mnist_course.grading.staff_facts import staff_facts

EMPTY: dict[str, Any] = {"fits": [], "evaluations": []}


class _InThisProcess(KerasBackend):
    """Answers for a facade with the Keras model that it stands for."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def predict(self, model: Any, x: Any) -> Any:
        return super().predict(self.model, x)


def facade(model: Any) -> ModelFacade:
    described = {
        "id": 0, "name": "m", "class_name": "Sequential", "input_shape": (None, 28, 28),
        "output_shape": (None, 10), "parameters": 0, "layers": [],
    }  # fmt: skip
    parts = {"config": model.to_json(), "weights": model.get_weights(), "compiled": {}}
    made = ModelFacade(described, parts, RemoteBackend(None))  # type: ignore[arg-type]
    backends.use(_InThisProcess(model))
    return made


@pytest.fixture(autouse=True)
def _own_backend() -> Iterator[None]:
    yield
    backends.use(None)


@pytest.mark.keras
def test_an_honest_model_is_measured_and_gives_no_signal(trained_model: Any) -> None:
    values = {"model": facade(trained_model), "log": ExperimentLog.from_dict(EMPTY)}
    measured, signals = staff_facts(values, {})
    assert signals == []
    assert 0.8 < measured["training_rows_accuracy"] < 1
    assert abs(measured["training_rows_accuracy"] - measured["test_rows_accuracy"]) < 0.03


@pytest.mark.keras
def test_a_model_that_learnt_the_test_set_is_named(mnist_data: tuple[Split, Split]) -> None:
    import keras

    _, (x, y) = mnist_data
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(128, "relu"),
            keras.layers.Dense(10, "softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x / 255, y, epochs=8, batch_size=64, verbose=0)
    values = {"model": facade(model), "log": ExperimentLog.from_dict(EMPTY)}
    measured, signals = staff_facts(values, {})
    assert [kind for kind, _ in signals] == ["better on test rows"]
    assert measured["test_rows_accuracy"] > measured["training_rows_accuracy"] + 0.02


def test_values_without_a_model(mnist_data: tuple[Split, Split]) -> None:
    _, (x_test, _) = mnist_data
    values = {"x_train": x_test[:20], "y": 3, "name": "model", "log": None}
    measured, signals = staff_facts(values, {"known_rows_accuracy": 0.9, "new_rows_accuracy": 0.1})
    assert measured == {}
    assert [kind for kind, _ in signals] == ["worse on new rows", "test rows in training data"]
    assert staff_facts({}, {}) == ({}, [])


@pytest.mark.keras
def test_what_fails_costs_its_own_signal_only(
    trained_model: Any, mnist_data: tuple[Split, Split], caplog: pytest.LogCaptureFixture
) -> None:
    _, (x_test, _) = mnist_data
    model = facade(trained_model)
    backends.use(_InThisProcess(None))  # every question fails
    values = {
        "model": model, "log": ExperimentLog.from_dict(EMPTY), "x_train": x_test[:5],
        "train_x": np.zeros((0, 784)),
    }  # fmt: skip
    measured, signals = staff_facts(values, {})
    assert measured == {} and [kind for kind, _ in signals] == ["test rows in training data"]
    assert "could not be decided" in caplog.text
