"""The table shows why the baseline of Activity M5 is bad, and finds no fault with 784-64-10."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from mnist_course.diagnosis.plots import plot_gradient_norms, plot_learning_rate_sweep
from mnist_course.diagnosis.table import COLUMNS, diagnosis_table

pytestmark = pytest.mark.keras


def network(units: tuple[int, ...], activation: str, rate: float) -> Any:
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((28, 28)), layers.Flatten()])
    for index, count in enumerate(units, start=1):
        model.add(layers.Dense(count, activation=activation, name=f"hidden_{index}"))
    model.add(layers.Dense(10, "softmax", name="output"))
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    return model


@pytest.mark.parametrize("seed", [0, 1])
def test_the_reference_is_healthy_throughout(seed: int, small_train) -> None:
    table = diagnosis_table(
        lambda: network((64,), "relu", 1e-3), *small_train, rates=(1e-2,), seed=seed
    )
    assert list(table.columns) == list(COLUMNS)
    assert list(table["measurement"][table["verdict"] != "ok"]) == []


@pytest.mark.parametrize("seed", [0, 1])
def test_the_baseline_is_told_from_a_healthy_network(seed: int, small_train) -> None:
    table = diagnosis_table(
        lambda: network((10, 10), "sigmoid", 1e-5), *small_train, rates=(1e-2,), seed=seed
    )
    flagged = set(table["measurement"][table["verdict"] == "look here"])
    assert flagged == {
        "narrowest hidden layer",
        "gradient per weight, layer hidden_1",
        "first update moves the weights by",
        "50 images learned by heart",
        "loss after 200 updates, own learning rate 1e-05",
        "loss after 200 updates, best learning rate 0.01",
    }


def test_a_sweep_can_be_drawn() -> None:
    sweep = pd.DataFrame(
        {
            "learning rate": [1e-5, 1e-2, 1.0],
            "loss after": [2.4, 0.3, float("nan")],
            "verdict": ["too low", "good", "too high"],
        }
    )
    _, given = plt.subplots()
    assert plot_learning_rate_sweep(sweep, ax=given) is given
    ax = plot_learning_rate_sweep(sweep)
    assert ax.get_xscale() == "log" and ax.get_xlabel() == "learning rate"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "too low",
        "good",
        "too high",
    ]
    plt.close("all")


def test_gradients_can_be_drawn() -> None:
    norms = pd.DataFrame({"layer": ["a", "b"], "per weight": [1e-4, 1e-2]})
    ax = plot_gradient_norms(norms)
    assert [patch.get_width() for patch in ax.patches] == [1e-4, 1e-2]
    assert plot_gradient_norms(norms.assign(**{"per weight": 0.0}), ax=ax) is ax
    plt.close("all")
