"""Unusual but correct forms lose nothing: real Keras models, trained and recorded here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from mnist_course.checks import backend
from mnist_course.checks.accuracy import check_accuracy
from mnist_course.checks.evaluation import check_evaluation
from mnist_course.checks.health import check_health
from mnist_course.checks.measurement import measure
from mnist_course.checks.minimality import check_minimal
from mnist_course.checks.retraining import run_again, trained_again
from mnist_course.checks.score import CheckFailed
from mnist_course.checks.trained_model import check_model
from mnist_course.datasets.mnist import Split
from mnist_course.experiments import ExperimentLog

pytestmark = pytest.mark.keras

Pixels = np.ndarray
ROWS = 3000


@pytest.fixture
def log() -> Iterator[ExperimentLog]:
    from mnist_course.experiments.recording import recorder

    backend.use(None)
    yield ExperimentLog(fresh=True)
    recorder.stop()


def plain(x: Pixels) -> np.ndarray:
    return x.astype("float32") / 255


def flat(x: Pixels) -> np.ndarray:
    return plain(x).reshape(-1, 784)


def raw(x: Pixels) -> np.ndarray:
    return x.astype("float32")


def centred(x: Pixels) -> np.ndarray:
    return (x.astype("float32") - 127.5) / 127.5


def by_225(x: Pixels) -> np.ndarray:
    return x / 225.0


def channel(x: Pixels) -> np.ndarray:
    return plain(x)[..., None]


def sequential(shape: tuple[int, ...] = (28, 28), output: str | None = "softmax") -> Any:
    from keras import Input, Sequential
    from keras.layers import Dense, Flatten

    return Sequential(
        [Input(shape), Flatten(), Dense(64, activation="relu"), Dense(10, activation=output)]
    )


def functional() -> Any:
    import keras

    inputs = keras.Input((28, 28))
    x = keras.layers.Flatten()(inputs)
    x = keras.layers.Dense(64)(x)
    x = keras.layers.ReLU()(x)
    return keras.Model(inputs, keras.layers.Softmax()(keras.layers.Dense(10)(x)))


def tf_keras() -> Any:
    import tensorflow as tf

    return tf.keras.models.Sequential(
        [
            tf.keras.Input(shape=(28, 28)),
            tf.keras.layers.Flatten(),
            tf.keras.layers.Dense(64, activation=tf.nn.relu),
            tf.keras.layers.Dense(10, activation="softmax"),
        ],
        name="my_other_name",
    )


def rescaling() -> Any:
    import keras

    return keras.Sequential([keras.Input((28, 28)), keras.layers.Rescaling(1 / 255), sequential()])


def from_logits() -> Any:
    import keras

    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


SPARSE = "sparse_categorical_crossentropy"
FORMS: dict[str, tuple[Callable[[], Any], Callable[[Pixels], np.ndarray], Any, bool]] = {
    "sequential": (sequential, plain, SPARSE, False),
    "functional": (functional, plain, SPARSE, False),
    "tf.keras": (tf_keras, plain, SPARSE, False),
    "logits": (lambda: sequential(output=None), plain, from_logits, False),
    "one-hot": (sequential, plain, "categorical_crossentropy", True),
    "784 inputs": (lambda: sequential((784,)), flat, SPARSE, False),
    "a channel": (lambda: sequential((28, 28, 1)), channel, SPARSE, False),
    "centred": (sequential, centred, SPARSE, False),
    "divided by 225": (sequential, by_225, SPARSE, False),
    "Rescaling layer": (rescaling, raw, SPARSE, False),
    "pixels as they are": (sequential, raw, SPARSE, False),
}


def fitted(
    name: str,
    data: tuple[Split, Split],
    *,
    rows: int = ROWS,
    epochs: int = 1,
    seed: int = 1,
    **arguments: Any,
) -> tuple[Any, np.ndarray, np.ndarray]:
    """Return a trained model with its test data, both in the form's own way."""
    import keras

    build, scale, loss, one_hot = FORMS[name]
    (x, y), (x_test, y_test) = data
    keras.utils.set_random_seed(seed)
    model = build()
    model.compile(optimizer="adam", loss=loss() if callable(loss) else loss, metrics=["accuracy"])
    labels, test_labels = (np.eye(10)[y], np.eye(10)[y_test]) if one_hot else (y, y_test)
    arguments.setdefault("validation_data", (scale(x_test), test_labels))
    model.fit(scale(x[:rows]), labels[:rows], epochs=epochs, verbose=0, **arguments)
    return model, scale(x_test), test_labels


@pytest.mark.parametrize("name", FORMS)
def test_measured_as_the_student_measures(
    name: str, mnist_data: tuple[Split, Split], log: ExperimentLog
) -> None:
    model, x_test, y_test = fitted(name, mnist_data)
    own = model.evaluate(x_test, y_test, batch_size=500, verbose=0)[1]
    # One image of 10,000 may fall on the other side where float32 sums come in another order.
    assert measure(model, log).accuracy == pytest.approx(own, abs=2e-4)
    assert own > 0.6
    assert check_model(model, log) == 5
    assert check_evaluation(model, log) == 5
    assert check_health(model, log) == 5


@pytest.mark.parametrize("name", ["functional", "one-hot", "Rescaling layer"])
def test_trained_again_like_the_student_trained(
    name: str, mnist_data: tuple[Split, Split], log: ExperimentLog
) -> None:
    model, _, _ = fitted(name, mnist_data, epochs=2)
    record = log.find(model.get_weights())
    assert record is not None
    own = measure(model, log).accuracy
    assert run_again(record, seed=5) == pytest.approx(own, abs=0.03)
    again = run_again(record, seed=5, initial_weights=record.initial_weights)
    assert again == pytest.approx(own, abs=0.03)


def test_two_fits_on_one_model_are_one_training(
    mnist_data: tuple[Split, Split], log: ExperimentLog
) -> None:
    model, x_test, y_test = fitted("sequential", mnist_data)
    (x, y), _ = mnist_data
    model.fit(plain(x[:ROWS]), y[:ROWS], epochs=2, validation_data=(x_test, y_test), verbose=0)
    other, _, _ = fitted("784 inputs", mnist_data)  # the model fitted last is another one
    score = check_minimal(
        model,
        log,
        baseline={"epochs": 2},
        parameters={150_000: 4},
        epochs={2: 2, 3: 1},
        simple_layers=2,
        changes={4: 2},
    )
    assert any("(1): epochs" in finding.saw for finding in score.findings)
    assert score == 4 + 1 + 2 + 2  # three epochs in all
    assert check_evaluation(model, log) == 5
    assert measure(model, log).accuracy > measure(other, log).accuracy


def test_trained_on_the_test_set(mnist_data: tuple[Split, Split], log: ExperimentLog) -> None:
    (x, y), (x_test, y_test) = mnist_data
    both = np.concatenate([x[:1500], x_test[:1500]]), np.concatenate([y[:1500], y_test[:1500]])
    model, _, _ = fitted("sequential", (both, (x_test, y_test)), epochs=2)
    record = log.find(model.get_weights())
    assert record is not None
    assert record.data is not None
    assert record.data.test_rows == 1500
    assert check_evaluation(model, log) == 0
    ramp = {0.5: 10, 0.99: 20}
    assert check_accuracy(model, log, points=ramp, seed=3) == 10
    assert trained_again(record, log, seed=3) < measure(model, log).accuracy + 0.02


def test_nan_weights(mnist_data: tuple[Split, Split], log: ExperimentLog) -> None:
    (x, y), _ = mnist_data
    model = sequential()
    model.compile("adam", SPARSE)
    broken = plain(x[:320])
    broken[0, 0, 0] = np.nan
    model.fit(broken, y[:320], verbose=0)
    for check in (
        lambda: check_model(model, log),
        lambda: check_accuracy(model, log, points={0.95: 20}),
        lambda: check_evaluation(model, log),
        lambda: check_health(model, log),
    ):
        with pytest.raises(CheckFailed, match="NaN or infinite"):
            check()


def test_a_rectified_output_is_no_pair_with_the_loss(
    mnist_data: tuple[Split, Split], log: ExperimentLog
) -> None:
    (x, y), _ = mnist_data
    model = sequential(output="relu")
    model.compile("adam", SPARSE)
    model.fit(plain(x[:640]), y[:640], verbose=0)
    score = check_health(model, log)
    assert score == 3
    assert "relu" in score.findings[0].saw
