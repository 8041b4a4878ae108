"""Records of fits and a backend whose answers are known, for tests of the rules alone."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from mnist_course.checks import backend
from mnist_course.checks.backend import LayerActivity
from mnist_course.checks.measurement import held_out
from mnist_course.checks.score import clear
from mnist_course.experiments import DataPrint, ExperimentLog, FitRecord, LayerRecord

DATA = DataPrint(
    rows=60_000,
    shape=(28, 28),
    dtype="float32",
    minimum=0.0,
    maximum=1.0,
    mean=0.13,
    factor=1 / 255,
    offset=0.0,
    train_rows=60_000,
    test_rows=0,
    digest="a" * 32,
    labels="integer",
)
TEST_DATA = replace(DATA, rows=10_000, train_rows=0, test_rows=10_000, digest="b" * 32)


def layers(
    hidden: Sequence[int], activation: str, output: str = "softmax"
) -> tuple[LayerRecord, ...]:
    """Return the records of Flatten with dense layers."""
    sizes = [784, *hidden, 10]
    dense = [
        LayerRecord(
            class_name="Dense",
            name=f"dense_{i}",
            units=after,
            activation=activation if i < len(hidden) else output,
            parameters=(before + 1) * after,
            rate=None,
            regularized=False,
        )
        for i, (before, after) in enumerate(itertools.pairwise(sizes))
    ]
    flatten = LayerRecord("Flatten", "flatten", None, None, 0, None, False)
    return (flatten, *dense)


@pytest.fixture
def make_fit() -> Callable[..., FitRecord]:
    """Return a function that makes the record of one fit of a network of dense layers."""

    def make(
        number: int,
        *,
        hidden: Sequence[int] = (10, 10),
        activation: str = "sigmoid",
        learning_rate: float = 1e-5,
        epochs: int = 5,
        accuracy: float | None = 0.2,
        why: str = "",
        **changes: Any,
    ) -> FitRecord:
        parts = layers(hidden, activation)
        record = FitRecord(
            number=number,
            model_name="sequential",
            architecture="",
            compiled={
                "optimizer": {"class_name": "Adam", "config": {"learning_rate": learning_rate}},
                "loss": "sparse_categorical_crossentropy",
                "metrics": ["accuracy"],
            },
            parameters=sum(part.parameters for part in parts),
            layers=parts,
            epochs=epochs,
            batch_size=32,
            steps=1875 * epochs,
            validation_split=0.0,
            shuffle=True,
            callbacks=(),
            history={"loss": (2.0,) * epochs},
            accuracy=accuracy,
            seconds=10.0,
            data=DATA,
            validation=TEST_DATA,
            shared_rows=0,
            continued_from=None,
            weights_before=f"{1000 + number:032x}",
            weights_after=f"{number:032x}",
            why=why,
        )
        return replace(record, **changes)

    return make


@pytest.fixture
def make_log() -> Callable[..., ExperimentLog]:
    """Return a function that makes a log of records, as the grader reads it."""

    def make(*fits: FitRecord) -> ExperimentLog:
        return ExperimentLog.from_dict({"fits": [fit.to_dict() for fit in fits], "evaluations": []})

    return make


def answers(accuracy: float) -> np.ndarray:
    """Return predicted classes, int (10000,), of which exactly this share is right."""
    _, labels = held_out()
    wrong = round(len(labels) * (1 - accuracy))
    predicted = labels.copy()
    predicted[:wrong] = (predicted[:wrong] + 1) % 10
    return predicted


@dataclass(eq=False)
class KnownBackend:
    """A backend that answers what the test says.

    ``accuracy`` is that of every model; ``runs`` maps a seed to the accuracy after each epoch of a
    fresh run; ``trained`` lists what was asked for, as (fit, seed, epochs really trained).
    """

    accuracy: float = 0.96
    outputs: np.ndarray | None = None
    runs: dict[int, list[float]] = field(default_factory=dict)
    activity: list[LayerActivity] = field(default_factory=list)
    trained: list[tuple[int, int, int]] = field(default_factory=list)
    inputs: list[np.ndarray] = field(default_factory=list)

    def predict(self, model: Any, x: np.ndarray) -> np.ndarray:
        self.inputs.append(x)
        if self.outputs is not None:
            return self.outputs
        return np.eye(10, dtype=np.float32)[answers(self.accuracy)]

    def hidden_activations(self, model: Any, x: np.ndarray) -> list[LayerActivity]:
        return self.activity

    def train_again(
        self,
        record: FitRecord,
        *,
        seed: int,
        x_test: np.ndarray,
        epochs: int | None = None,
        initial_weights: Any = None,
    ) -> Iterator[np.ndarray]:
        assert x_test.dtype == np.uint8
        wanted = record.epochs if epochs is None else epochs
        done = 0
        try:
            for accuracy in self.runs[seed][:wanted]:
                done += 1
                yield answers(accuracy)
        finally:
            self.trained.append((record.number, seed, done))


@pytest.fixture
def known() -> Iterator[KnownBackend]:
    """Make the checks ask a ``KnownBackend``."""
    made = KnownBackend()
    backend.use(made)
    clear()
    yield made
    backend.use(None)
    clear()


class Layer:
    """A layer as the test runner's facade shows it; the class name is Keras' own."""

    def __init__(self, parameters: int) -> None:
        self._parameters = parameters
        self.name = "layer"

    def count_params(self) -> int:
        return self._parameters


class Model:
    """A model as the test runner's facade shows it."""

    def __init__(
        self,
        hidden: Sequence[int] = (64,),
        activation: str = "relu",
        *,
        output: str = "softmax",
        kinds: Sequence[str] = (),
    ) -> None:
        sizes = [784, *hidden, 10]
        self.name = "model"
        self.loss = "sparse_categorical_crossentropy"
        self.optimizer = None
        self.input_shape = (None, 28, 28)
        self.weights = [
            np.zeros(shape, np.float32)
            for before, after in itertools.pairwise(sizes)
            for shape in ((before, after), (after,))
        ]
        self.layers = [type(kind, (Layer,), {})(0) for kind in ("InputLayer", "Flatten", *kinds)]
        for part in layers(hidden, activation, output)[1:]:
            layer = type("Dense", (Layer,), {})(part.parameters)
            layer.units = part.units
            layer.activation = type("function", (), {"__name__": part.activation})()
            self.layers.append(layer)

    def get_weights(self) -> list[np.ndarray]:
        return self.weights

    def predict(self, x: np.ndarray) -> np.ndarray:
        raise AssertionError("the checks ask the backend, never the model")


@pytest.fixture
def make_model() -> type[Model]:
    """Return the class of a facade model: ``make_model((64,), "relu")``."""
    return Model


@pytest.fixture
def final(make_fit: Callable[..., FitRecord]) -> Callable[..., FitRecord]:
    """Return a function that makes the record of the fit that made a model."""
    from mnist_course.experiments import weights_digest

    def make(model: Model, number: int = 1, **changes: Any) -> FitRecord:
        defaults: dict[str, Any] = {
            "hidden": (64,),
            "activation": "relu",
            "learning_rate": 1e-3,
            "accuracy": 0.97,
        }
        changes = {**defaults, **changes, "weights_after": weights_digest(model.get_weights())}
        return make_fit(number, **changes)

    return make
