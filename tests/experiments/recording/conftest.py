"""Records of plausible fits, made without Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mnist_course.experiments.recording.fit_record import DataPrint, FitRecord, LayerRecord

MakeRecord = Callable[..., FitRecord]


def _dense(units: int, activation: str, **others: Any) -> LayerRecord:
    return LayerRecord(
        class_name="Dense",
        name=f"dense_{units}",
        units=units,
        activation=activation,
        parameters=units * 785,
        rate=None,
        regularized=False,
        initializer="GlorotUniform",
        **others,
    )


def _layer(class_name: str, **others: Any) -> LayerRecord:
    fields: dict[str, Any] = {
        "units": None,
        "activation": None,
        "parameters": 0,
        "rate": None,
        "regularized": False,
    }
    return LayerRecord(class_name=class_name, name=class_name.lower(), **(fields | others))


def _print(**others: Any) -> DataPrint:
    fields: dict[str, Any] = {
        "rows": 60_000,
        "shape": (28, 28),
        "dtype": "float32",
        "minimum": 0.0,
        "maximum": 1.0,
        "mean": 0.1307,
        "factor": 1 / 255,
        "offset": 0.0,
        "train_rows": 60_000,
        "test_rows": 0,
        "digest": "0" * 32,
        "labels": "integer",
    }
    return DataPrint(**(fields | others))


def _record(**others: Any) -> FitRecord:
    number = others.get("number", 1)
    fields: dict[str, Any] = {
        "number": number,
        "model_name": "sequential",
        "architecture": "{}",
        "compiled": {
            "optimizer": {"class_name": "Adam", "config": {"learning_rate": 1e-05}},
            "loss": "sparse_categorical_crossentropy",
            "metrics": ["accuracy"],
        },
        "parameters": 7_960,
        "layers": (_layer("Flatten"), _dense(10, "sigmoid"), _dense(10, "softmax")),
        "epochs": 5,
        "batch_size": 32,
        "steps": 9_375,
        "validation_split": 0.0,
        "shuffle": True,
        "callbacks": (),
        "history": {"loss": (2.3, 2.2), "accuracy": (0.1, 0.2)},
        "accuracy": 0.2,
        "seconds": 1.5,
        "data": _print(),
        "validation": None,
        "shared_rows": 0,
        "continued_from": None,
        "weights_before": f"{2 * number:032x}",
        "weights_after": f"{2 * number + 1:032x}",
    }
    return FitRecord(**(fields | others))


@pytest.fixture(scope="session")
def make_record() -> MakeRecord:
    """A fit of the course's baseline, with any field replaced."""
    return _record


@pytest.fixture(scope="session")
def make_print() -> Callable[..., DataPrint]:
    """MNIST's training images divided by 255, with any field replaced."""
    return _print


@pytest.fixture(scope="session")
def make_dense() -> Callable[..., LayerRecord]:
    """A dense layer of so many units with this activation."""
    return _dense


@pytest.fixture(scope="session")
def make_layer() -> Callable[..., LayerRecord]:
    """A layer of this class."""
    return _layer
