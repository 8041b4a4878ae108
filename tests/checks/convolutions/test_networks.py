"""Accuracy, size and robustness of real small networks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mnist_course.checks import (
    check_conv_accuracy,
    check_conv_size,
    check_translation,
)
from mnist_course.checks.convolutions.translation import accuracies_when_shifted
from mnist_course.datasets import fashion_mnist, mnist
from mnist_course.experiments import ExperimentLog

pytestmark = pytest.mark.keras

RAMP = {0.5: 6, 0.7: 15}
PIXELS = (0, 2)


def conv_net(units: int = 10) -> Any:
    from keras import layers
    from keras.models import Sequential

    return Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(6, 5, strides=3, activation="relu"),
            layers.Flatten(),
            layers.Dense(units, activation="softmax"),
        ]
    )


def trained(model: Any, images: np.ndarray, labels: np.ndarray, factor: float = 1 / 255) -> Any:
    x = images[..., None].astype(np.float32) * np.float32(factor)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, labels, batch_size=32, epochs=3, verbose=0)
    return model


@pytest.fixture(scope="module")
def log() -> ExperimentLog:
    return ExperimentLog()


@pytest.fixture(scope="module")
def digits(log: ExperimentLog) -> Any:
    (x, y), _ = mnist.load_data()
    return trained(conv_net(), x[:4_000], y[:4_000])


@pytest.fixture(scope="module")
def clothes(log: ExperimentLog) -> Any:
    (x, y), _ = fashion_mnist.load_data()
    return trained(conv_net(), x[:4_000], y[:4_000], factor=1.0)


def judged(model: Any, log: ExperimentLog, **others: Any) -> Any:
    return check_conv_accuracy(model, log, points=RAMP, of=15, next_step="Train.", **others)


def test_digits_are_measured_on_digits(digits: Any, log: ExperimentLog) -> None:
    score = judged(digits, log)
    assert score == 15
    assert "read correctly" in str(score)


def test_clothes_are_measured_on_clothes_in_their_own_scaling(
    clothes: Any, log: ExperimentLog
) -> None:
    score = judged(clothes, log, data="fashion_mnist", name="fashion_model")
    assert score >= 6
    assert "named correctly" in str(score)
    _, (x_test, y_test) = fashion_mnist.load_data()
    answers = clothes.predict(x_test[..., None].astype(np.float32), verbose=0).argmax(axis=1)
    assert f"{np.mean(answers == y_test):.2%}" in str(score)


def test_a_network_for_digits_is_no_network_for_clothes(digits: Any, log: ExperimentLog) -> None:
    assert judged(digits, log, data="fashion_mnist", name="fashion_model") == 0


def test_clothes_of_the_test_set_earn_nothing(log: ExperimentLog) -> None:
    _, (x, y) = fashion_mnist.load_data()
    model = trained(conv_net(), x[:3_000], y[:3_000])
    score = judged(model, log, data="fashion_mnist", name="fashion_model")
    assert score == 0
    assert "3,000 images of the test set" in str(score)


def test_without_a_convolution_there_is_nothing_to_measure(log: ExperimentLog) -> None:
    from keras import layers
    from keras.models import Sequential

    dense = Sequential(
        [layers.Input((28, 28)), layers.Flatten(), layers.Dense(10, activation="softmax")]
    )
    for score in (
        judged(dense, log),
        check_conv_size(dense, log, at_most=60_000, points=5, accuracy=RAMP),
    ):
        assert score == 0
        assert "no convolution" in str(score)


@pytest.mark.parametrize("value", [None, 0.99, "model"])
def test_what_is_no_network_earns_nothing(value: Any, log: ExperimentLog) -> None:
    score = judged(value, log, name="fashion_model")
    assert (score, score.of) == (0, 15)
    assert "`fashion_model`" in str(score)


def test_size_counts_for_a_network_that_reads(digits: Any, log: ExperimentLog) -> None:
    size = {"points": 5, "accuracy": RAMP}
    assert check_conv_size(digits, log, at_most=60_000, **size) == 5
    large = check_conv_size(digits, log, at_most=100, **size)
    assert large == 0
    assert "Dense" in str(large)
    hard = {0.999: 15}
    assert check_conv_size(digits, log, at_most=60_000, points=5, accuracy=hard) == 0


def table_of(model: Any, log: ExperimentLog) -> list[float]:
    return accuracies_when_shifted(model, log, pixels=PIXELS, rows=300, name="model")


def judged_table(table: Any, models: Any, log: ExperimentLog) -> Any:
    return check_translation(
        table, models, log, pixels=PIXELS, rows=300, tolerance=0.005, points=6, of=10
    )


def test_a_table_is_measured_again(digits: Any, log: ExperimentLog) -> None:
    import pandas as pd

    right = table_of(digits, log)
    assert right[0] > right[1]
    other = trained(conv_net(), *(part[:600] for part in mnist.load_data()[0]))
    models = {"dense": other, "conv": digits}
    both = {"dense": table_of(other, log), "conv": right}
    for form in (
        both,
        {name: dict(zip(PIXELS, row, strict=True)) for name, row in both.items()},
        {name: [100 * value for value in row] for name, row in both.items()},
        pd.DataFrame(both, index=PIXELS),
        pd.DataFrame(both, index=PIXELS).T,
    ):
        score = judged_table(form, models, log)
        assert (score, score.of) == (6, 10), str(score)
    same = judged_table({"dense": right, "conv": right}, models, log)
    assert same == 3
    assert "one and the same network" in str(same)
    assert "missing" in str(judged_table({"conv": right}, models, log))


def two_inputs() -> Any:
    import keras
    from keras import layers

    image, more = keras.Input((784,)), keras.Input((3,))
    both = layers.Concatenate()([image, more])
    return keras.Model([image, more], layers.Dense(10)(both))


def test_a_network_with_two_inputs_is_told_by_its_name(log: ExperimentLog) -> None:
    score = judged_table({}, {"dense": two_inputs()}, log)
    assert (score, score.of) == (0, 10)
    assert "`dense` cannot predict" in str(score)


@pytest.mark.parametrize(
    ("table", "words"),
    [(None, "still None"), (3, "is a int"), ({"dense": "good"}, "missing"), ({}, "missing")],
)
def test_no_table_earns_nothing(table: Any, words: str, digits: Any, log: ExperimentLog) -> None:
    score = judged_table(table, {"dense": digits, "conv": digits}, log)
    assert (score, score.of) == (0, 10)
    assert words in str(score)
