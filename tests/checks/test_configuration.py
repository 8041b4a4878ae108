"""The asked-for network: any form of it earns all points, any other says what differs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mnist_course.checks import check_configuration
from mnist_course.experiments import ExperimentLog

pytestmark = pytest.mark.keras

SPARSE = "sparse_categorical_crossentropy"


@pytest.fixture
def log() -> Iterator[ExperimentLog]:
    from mnist_course.checks import backend
    from mnist_course.experiments.recording import recorder

    backend.use(None)
    yield ExperimentLog(fresh=True)
    recorder.stop()


def network(
    *layers: Any, loss: Any = SPARSE, shape: tuple[int, ...] = (28, 28), compiled: bool = True
) -> Any:
    import keras

    model = keras.Sequential([keras.Input(shape), *layers])
    if compiled:
        model.compile("adam", loss)
    return model


def asked(*, output: Any = "softmax", hidden: Any = "relu", units: int = 128) -> list[Any]:
    from keras.layers import Dense, Flatten

    return [Flatten(), Dense(units, activation=hidden), Dense(10, activation=output)]


def logits(sparse: bool = True, **options: Any) -> Any:
    import keras

    kind = "SparseCategoricalCrossentropy" if sparse else "CategoricalCrossentropy"
    return getattr(keras.losses, kind)(from_logits=True, **options)


def functional() -> Any:
    import keras

    inputs = keras.Input((28, 28))
    x = keras.layers.Reshape((784,))(inputs)
    x = keras.layers.Dense(128)(x)
    x = keras.layers.Activation("relu")(x)
    x = keras.layers.Dropout(0.1)(x)
    model = keras.Model(inputs, keras.layers.Softmax()(keras.layers.Dense(10)(x)))
    model.compile("sgd", SPARSE)
    return model


def tf_keras() -> Any:
    import tensorflow as tf

    model = tf.keras.Sequential(
        [
            tf.keras.layers.Flatten(),
            tf.keras.layers.Dense(128, tf.nn.relu),
            tf.keras.layers.Dense(10, tf.nn.softmax),
        ]
    )
    model.build((None, 28, 28))
    model.compile("adam", tf.keras.losses.SparseCategoricalCrossentropy(name="mine"))
    return model


def nested() -> Any:
    import keras
    from keras.layers import ReLU

    flatten, _, output = asked()
    inner = keras.Sequential([flatten, keras.layers.Dense(128), ReLU()])
    return network(keras.layers.Rescaling(1 / 255), inner, output)


FORMS: dict[str, Any] = {
    "sequential": lambda: network(*asked()),
    "784 inputs": lambda: network(*asked()[1:], shape=(784,)),
    "functional": functional,
    "tf.keras": tf_keras,
    "nested": nested,
    "logits": lambda: network(*asked(output=None), loss=logits()),
    "one-hot logits": lambda: network(*asked(output="linear"), loss=logits(sparse=False)),
    "one-hot": lambda: network(*asked(), loss="categorical_crossentropy"),
    "softmax and from_logits": lambda: network(*asked(), loss=logits(name="mine")),
}


@pytest.mark.parametrize("form", FORMS)
def test_right_in_any_form(form: str, log: ExperimentLog) -> None:
    score = check_configuration(FORMS[form](), log)
    assert score == score.of == 15, str(score)
    assert ("Keras notices" in str(score)) == (form == "softmax and from_logits")


def test_a_loss_of_another_name_in_the_test_runner(make_model: Any, make_log: Any) -> None:
    from mnist_course.grading.model_facade import _Named

    model = make_model((128,), "relu", output="linear")
    model.loss = _Named(
        "SparseCategoricalCrossentropy", {"name": "meine_kosten", "from_logits": True}
    )
    assert float(check_configuration(model, make_log())) == 15


def without_flatten() -> Any:
    return network(*asked()[1:])


def deeper() -> Any:
    import keras

    flatten, hidden, output = asked()
    return network(flatten, hidden, keras.layers.Dense(64, activation="relu"), output)


def no_biases() -> Any:
    from keras.layers import Dense, Flatten

    plain = {"use_bias": False}
    hidden, output = Dense(128, "relu", **plain), Dense(10, "softmax", **plain)
    return network(Flatten(), hidden, output)


def normalised() -> Any:
    import keras

    flatten, hidden, output = asked()
    return network(flatten, hidden, keras.layers.BatchNormalization(), output)


def eleven() -> Any:
    from keras.layers import Dense

    return network(*asked()[:2], Dense(11, activation="softmax"))


@pytest.mark.parametrize(
    ("make", "points", "words"),
    [
        (lambda: network(*asked(units=64)), 10, "64 units; asked for was 128"),
        (deeper, 10, "128, 64 units"),
        (without_flatten, 10, "takes 28 numbers; a picture has 784"),
        (no_biases, 10, "have no biases"),
        (normalised, 10, "Another layer with weights"),
        (eleven, 6, "11 outputs for 10 classes"),
        (lambda: network(*asked(hidden=None)), 12, "has no activation function"),
        (lambda: network(*asked(hidden="tanh")), 12, "tanh; asked for was relu"),
        (lambda: network(*asked(output="sigmoid")), 11, "sigmoid"),
        (lambda: network(*asked(output="relu")), 11, "activation of the output layer is relu"),
        (lambda: network(*asked(output=None)), 11, "has no softmax"),
        (lambda: network(*asked(), loss="mse"), 12, "The loss is mean_squared_error"),
        (lambda: network(*asked(), compiled=False), 12, "was not compiled"),
    ],
    ids=[
        "narrow", "deeper", "no flatten", "no biases", "normalised", "eleven", "linear", "tanh",
        "sigmoid", "relu output", "no softmax", "mse", "not compiled",
    ],
)  # fmt: skip
def test_what_differs_is_said(make: Any, points: float, words: str, log: ExperimentLog) -> None:
    score = check_configuration(make(), log)
    assert words in str(score)
    assert score == points
    assert score.of == 15


def test_the_worked_example_is_not_the_task(log: ExperimentLog) -> None:
    flatten, _, output = asked()
    for model, words in ((network(flatten, output), "no hidden layer"), (3, "not a Keras model")):
        score = check_configuration(model, log)
        assert (float(score), score.of) == (0, 15)
        assert words in str(score)


def test_the_loss_must_suit_the_labels(log: ExperimentLog, small_train: tuple[Any, Any]) -> None:
    import numpy as np

    x, y = small_train
    model = network(*asked())
    model.fit(x[:320], y[:320], verbose=0)
    assert check_configuration(model, log) == 15
    model = network(*asked(), loss="categorical_crossentropy")
    model.fit(x[:320], np.eye(10)[y[:320]], verbose=0)
    assert check_configuration(model, log) == 15
    # The sparse loss does run on one-hot labels of another shape in no version of Keras; what was
    # compiled afterwards is what counts.
    model.compile("adam", SPARSE)
    score = check_configuration(model, log)
    assert score == 12
    assert "the labels are one-hot" in str(score)
