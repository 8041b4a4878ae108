from __future__ import annotations

import numpy as np
import pytest

from mnist_course.checks.backend import LayerActivity
from mnist_course.diagnosis.layer_facts import LayerFacts
from mnist_course.diagnosis.network import Network
from mnist_course.diagnosis.probe import (
    check_activity,
    check_predictions,
    effective_rank,
    unit_health,
)

RNG = np.random.default_rng(0)
SOFT = RNG.dirichlet(np.ones(10), 200).astype(np.float32)


def sigmoid(z: np.ndarray) -> np.ndarray:
    return (1 + np.tanh(z / 2)) / 2


def layer(values: np.ndarray, activation: str) -> LayerActivity:
    return LayerActivity("dense", "Dense", activation, values.astype(np.float32))


def test_dead_units_are_zero_for_every_image() -> None:
    values = np.maximum(RNG.normal(size=(100, 8)), 0)
    values[:, :2] = 0
    assert unit_health(values, "relu").dead_share == 2 / 8
    assert unit_health(values, "sigmoid").dead_share == 0
    assert unit_health(values, "leaky_relu").dead_share == 0


def test_a_channel_is_one_unit() -> None:
    values = np.maximum(RNG.normal(size=(20, 5, 5, 4)), 0)
    values[..., 1] = 0
    health = unit_health(values, "relu")
    assert (health.units, health.dead_share) == (4, 0.25)


@pytest.mark.parametrize(
    ("function", "name"),
    [(np.tanh, "tanh"), (sigmoid, "sigmoid"), (lambda z: z / (1 + abs(z)), "softsign")],
)
def test_saturated_units(function, name) -> None:
    wide = function(RNG.normal(size=(200, 6), scale=1000.0))
    usual = function(RNG.normal(size=(200, 6), scale=1.0))
    assert unit_health(wide, name).saturated_share == 1
    assert unit_health(usual, name).saturated_share == 0


@pytest.mark.parametrize("shape", [(0, 4), (4, 0), (4,)])
def test_nothing_to_look_at(shape) -> None:
    with pytest.raises(ValueError, match="at least one image and one unit"):
        unit_health(np.zeros(shape), "relu")


def test_effective_rank_counts_directions() -> None:
    directions = np.linalg.qr(RNG.normal(size=(40, 40)))[0][:3]
    assert effective_rank(RNG.normal(size=(300, 3)) @ directions) == 3
    assert effective_rank(RNG.normal(size=(30, 3)) @ directions) == 3
    assert effective_rank(np.ones((100, 5))) == 0


def test_wrong_activity_is_recognised() -> None:
    dead = np.maximum(RNG.normal(size=(100, 20)), 0) * (np.arange(20) < 8)
    saturated = sigmoid(RNG.normal(size=(100, 20), scale=500.0))
    narrow = np.maximum(RNG.normal(size=(100, 2)), 0)
    found = [check_activity([layer(*args)])[0].name for args in
             ((dead, "relu"), (saturated, "sigmoid"), (narrow, "relu"))]  # fmt: skip
    assert found == ["dead-units", "saturated-units", "low-rank"]


def test_healthy_or_too_little_activity() -> None:
    alive = np.maximum(RNG.normal(size=(100, 20)), 0)
    assert check_activity([layer(alive, "relu"), layer(np.tanh(alive), "tanh")]) == []
    assert check_activity([layer(np.zeros((10, 20)), "relu")]) == []


def test_wrong_predictions_are_recognised() -> None:
    one = np.zeros((100, 10))
    one[:, 3] = 1
    assert [f.name for f in check_predictions(one)] == ["always-one-class"]
    assert "answers 3" in check_predictions(one)[0].saw
    assert check_predictions(SOFT * np.nan)[0].name == "nan-weights"
    assert check_predictions(SOFT * 3)[0].name == "rows-not-probabilities"
    assert check_predictions(SOFT - 0.5)[0].name == "rows-not-probabilities"


def test_sound_predictions() -> None:
    one = np.zeros((100, 10))
    one[:, 3] = 1
    logits = Network(loss="sparse_categorical_crossentropy", from_logits=True)
    rebuilt = Network((LayerFacts("Dense", "d", 784, "sigmoid"),), input_size=784)
    assert check_predictions(SOFT) == []
    assert check_predictions(RNG.normal(size=(100, 10)), network=logits) == []
    assert check_predictions(one, classes_present=1) == []
    assert check_predictions(one[:5]) == []
    assert check_predictions(RNG.random((100, 784)), network=rebuilt) == []
    assert check_predictions(RNG.random((100, 28, 28))) == []
