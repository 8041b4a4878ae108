"""What is measured of a trained network, against Keras' own evaluation and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mnist_course.experiments.trials.configuration import Configuration
from mnist_course.experiments.trials.data import load

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def penalised():
    """A trial with a penalty, with its network."""
    from mnist_course.experiments.trials.training import train_model

    configuration = Configuration(
        train_rows=400, validation_rows=200, hidden=(8,), epochs=1, l2=0.01, dropout=0.2
    )
    return configuration, *train_model(configuration, 1, "penalised")


def test_accuracy_and_cross_entropy_are_those_that_keras_measures(penalised):
    configuration, trial, model = penalised
    data = load(configuration)
    for name, x, y in (
        ("val", data.x_val, data.y_val),
        ("train", data.x_train, data.y_train),
        ("test", data.x_test, data.y_test),
    ):
        theirs = model.evaluate(x, y, verbose=0, return_dict=True)
        assert trial.measured[f"{name}_accuracy"] == pytest.approx(theirs["accuracy"], abs=1e-6)
        ours = trial.measured[f"{name}_cross_entropy"]
        assert ours == pytest.approx(theirs["cross_entropy"], rel=1e-5)
    assert trial.measured["gap"] == pytest.approx(
        trial.measured["val_cross_entropy"] - trial.measured["train_cross_entropy"]
    )


def test_the_cross_entropy_is_the_loss_without_its_penalty(penalised):
    configuration, trial, _ = penalised
    penalty = configuration.l2 * trial.measured["weight_norm"] ** 2
    assert penalty > 0.1
    for end in ("", "val_"):
        loss = trial.fit.history[f"{end}loss"][-1]
        cross_entropy = trial.fit.history[f"{end}cross_entropy"][-1]
        assert loss > cross_entropy
    difference = trial.fit.history["val_loss"][-1] - trial.measured["val_cross_entropy"]
    assert difference == pytest.approx(penalty, rel=1e-4)


def test_the_kernels_of_nested_models_count():
    import keras

    from mnist_course.experiments.trials.measures import weight_norms

    parts = [
        keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(3), keras.layers.Dense(2)])
        for _ in range(2)
    ]
    model = keras.Sequential([keras.layers.Input((2,)), *parts])
    kernels = [weight for weight in model.get_weights() if weight.ndim == 2]
    norms = [float(np.linalg.norm(kernel)) for kernel in kernels]
    expected = {"weight_norm": math.hypot(*norms)} | {
        f"weight_norm_{number}": norm for number, norm in enumerate(norms, 1)
    }
    assert weight_norms(model) == pytest.approx(expected, rel=1e-6)


def test_the_norms_are_those_of_the_kernels(penalised):
    _, trial, model = penalised
    kernels = [weight for weight in model.get_weights() if weight.ndim == 2]
    norms = [float(np.linalg.norm(kernel)) for kernel in kernels]
    measured = [trial.measured["weight_norm_1"], trial.measured["weight_norm_2"]]
    assert measured == pytest.approx(norms)
    assert trial.measured["weight_norm"] == pytest.approx(math.hypot(*norms))
    assert "weight_norm_3" not in trial.measured


def test_a_classifier_measures_all_that_the_course_names(penalised):
    assert sorted(penalised[1].measured) == sorted(
        [
            "parameters", "updates", "epochs", "best_epoch", "val_accuracy", "val_cross_entropy",
            "train_accuracy", "train_cross_entropy", "test_accuracy", "test_cross_entropy", "gap",
            "weight_norm", "weight_norm_1", "weight_norm_2",
        ]
    )  # fmt: skip


def test_an_autoencoder_measures_its_error_on_pixels():
    from mnist_course.experiments.trials.training import train_model

    configuration = Configuration(
        train_rows=300, validation_rows=1_100, task="reconstruct", latent=4, epochs=1, l2=0.001
    )
    trial, model = train_model(configuration, 0, "code of 4")
    data = load(configuration)
    for name, x in (("val", data.x_val), ("train", data.x_train), ("test", data.x_test[:3_000])):
        error = float(np.mean((model.predict(x, verbose=0).astype(np.float64) - x) ** 2))
        if name != "test":
            assert trial.measured[f"{name}_mse"] == pytest.approx(error, rel=1e-5)
        else:
            assert trial.measured["test_mse"] == pytest.approx(error, rel=0.1)
    assert trial.fit.history["val_mse"][-1] == pytest.approx(trial.measured["val_mse"], rel=1e-4)
    assert trial.fit.history["val_loss"][-1] > trial.fit.history["val_mse"][-1]
    assert not [name for name in trial.measured if "accuracy" in name or "entropy" in name]


def test_a_probability_of_0_is_no_infinity_and_nan_stays_nan():
    from mnist_course.experiments.trials.measures import classification

    outputs = {
        0: np.array([[1.0, 0.0], [0.0, 1.0]]),
        1: np.array([[np.nan, np.nan], [np.nan, np.nan]]),
    }
    for kind, expected in ((0, -math.log(1e-7)), (1, math.nan)):

        def model(x, training, kind=kind):
            return outputs[kind]

        found = classification(model, {"val": (np.zeros((2, 1)), np.array([1, 0]))})
        assert found["val_cross_entropy"] == pytest.approx(expected, nan_ok=True, rel=1e-3)


def test_logits_are_measured_as_the_probabilities_that_they_stand_for():
    from mnist_course.experiments.trials.measures import classification

    numbers = np.random.default_rng(0)
    logits = numbers.normal(size=(20, 10)) * 3
    classes = numbers.integers(0, 10, 20)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    as_logits, as_probabilities = (
        classification(lambda x, training, o=outputs: o, {"val": (np.zeros((20, 1)), classes)})
        for outputs in (logits, probabilities)
    )
    assert as_logits == pytest.approx(as_probabilities)
    zeros = classification(
        lambda x, training: np.zeros((20, 10)), {"val": (np.zeros((20, 1)), classes)}
    )
    assert zeros["val_cross_entropy"] == pytest.approx(-math.log(1e-7))


@pytest.mark.parametrize(
    ("losses", "epoch"),
    [((3.0, 1.0, 2.0), 2), ((math.nan, 2.0), 2), ((), math.nan), ((math.nan,), math.nan)],
)
def test_the_best_epoch_is_counted_from_1(losses, epoch):
    from mnist_course.experiments.trials.measures import best_epoch

    assert best_epoch({"val_loss": losses}) == pytest.approx(epoch, nan_ok=True)
