"""AccuracyHistory against Keras' own numbers."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

pytestmark = pytest.mark.keras

LINE = re.compile(r"^Epoch (\d+): Training Accuracy: (0\.\d{4}), Test Accuracy: (0\.\d{4})$", re.M)


@pytest.fixture(scope="module")
def keras():
    import keras

    return keras


def AccuracyHistory(*arguments, **keywords):
    # Imported late: collecting the tests loads no TensorFlow.
    from mnist_course import callbacks

    return callbacks.AccuracyHistory(*arguments, **keywords)


@pytest.fixture(scope="module")
def data(small_train, small_test):
    (x_train, y_train), (x_test, y_test) = small_train, small_test
    return x_train[:256], y_train[:256], x_test[:256], y_test[:256]


@pytest.fixture
def build(keras):
    def build(
        metrics=("accuracy",), loss="sparse_categorical_crossentropy", dropout=0.0, eagerly=True
    ):
        keras.utils.set_random_seed(3)
        model = keras.Sequential(
            [
                keras.layers.Input((28, 28)),
                keras.layers.Flatten(),
                keras.layers.Dense(8, activation="relu"),
                keras.layers.Dropout(dropout),
                keras.layers.Dense(10, activation="softmax"),
            ]
        )
        # Eager: 8 steps cost less than tracing them.
        model.compile("adam", loss, metrics=list(metrics), run_eagerly=eagerly)
        return model

    return build


@pytest.fixture
def evaluations(keras, monkeypatch):
    """Counts the evaluations that are not fit's own."""
    calls = []
    original = keras.Model.evaluate

    def evaluate(self, *args, **kwargs):
        if not kwargs.get("_use_cached_eval_dataset"):
            calls.append(kwargs)
        return original(self, *args, **kwargs)

    monkeypatch.setattr(keras.Model, "evaluate", evaluate)
    return calls


def test_form_and_numbers_are_those_of_keras(build, data, capsys):
    x, y, x_test, y_test = data
    callback, model = AccuracyHistory(x_test, y_test), build(eagerly=False)
    fitted = model.fit(x, y, epochs=2, verbose=0, callbacks=[callback])
    expected = model.evaluate(x_test, y_test, verbose=0, return_dict=True)["accuracy"]
    assert callback.history["accuracy"] == fitted.history["accuracy"]
    assert callback.history["val_accuracy"][-1] == pytest.approx(expected, abs=1e-6)
    assert callback.epoch == [0, 1]
    lines = LINE.findall(capsys.readouterr().out)
    assert lines == [
        (str(i + 1), f"{a:.4f}", f"{b:.4f}")
        for i, (a, b) in enumerate(zip(*callback.history.values(), strict=True))
    ]


@pytest.mark.parametrize("verbose", ["auto", 1, 2, 0])
def test_its_line_stands_alone_beside_the_progress_bar(build, data, capsys, verbose):
    x, y, x_test, y_test = data
    build().fit(x, y, epochs=2, verbose=verbose, callbacks=[AccuracyHistory(x_test, y_test)])
    assert len(LINE.findall(capsys.readouterr().out)) == 2


def test_quiet_keeps_the_numbers(build, data, capsys):
    x, y, x_test, y_test = data
    callback = AccuracyHistory(x_test, y_test, verbose=0)
    build().fit(x, y, epochs=1, verbose=0, callbacks=[callback])
    assert capsys.readouterr().out == ""
    assert len(callback.history["val_accuracy"]) == 1


def as_tensors(x, y):
    import tensorflow as tf

    return (tf.constant(x), tf.constant(y)), (x, y)


@pytest.mark.parametrize(
    "pair",
    [
        lambda x, y: ((x, y), (x, y)),
        lambda x, y: (((x, y),), (x, y)),
        lambda x, y: ((x.copy(), y.copy()), (x, y)),
        as_tensors,
    ],
    ids=["same objects", "one tuple", "equal copies", "tensors"],
)
def test_fits_own_measurement_is_used_for_the_same_data(build, data, evaluations, pair):
    x, y, x_test, y_test = data
    given, validation = pair(x_test, y_test)
    callback = AccuracyHistory(*given, verbose=0)
    fitted = build().fit(
        x, y, epochs=2, verbose=0, validation_data=validation, callbacks=[callback]
    )
    assert evaluations == []
    assert callback.history["val_accuracy"] == fitted.history["val_accuracy"]


def test_fits_own_measurement_is_used_for_the_same_dataset(build, data, evaluations):
    import tensorflow as tf

    x, y, x_test, y_test = data
    dataset = tf.data.Dataset.from_tensor_slices((x_test, y_test)).batch(64)
    callback = AccuracyHistory(dataset, verbose=0)
    fitted = build().fit(x, y, epochs=2, verbose=0, validation_data=dataset, callbacks=[callback])
    assert evaluations == []
    assert callback.history["val_accuracy"] == fitted.history["val_accuracy"]


@pytest.mark.parametrize(
    "fit_arguments",
    [
        lambda x, y: {"validation_split": 0.1},
        lambda x, y: {"validation_data": (x[:128], y[:128])},
        lambda x, y: {"validation_data": (1 - x, y)},
        lambda x, y: {"validation_data": (x, (y + 1) % 10)},
        lambda x, y: {"validation_data": (x, y), "validation_steps": 1},
        lambda x, y: {"validation_data": (x, y, np.linspace(0, 1, len(y)))},
        lambda x, y: {},
    ],
    ids=["split", "a part", "same shape", "other labels", "one step", "weights", "none"],
)
def test_other_data_is_evaluated_each_epoch(build, data, evaluations, fit_arguments):
    x, y, x_test, y_test = data
    callback, model = AccuracyHistory(x_test, y_test, verbose=0), build()
    model.fit(x, y, epochs=2, verbose=0, callbacks=[callback], **fit_arguments(x_test, y_test))
    assert len(evaluations) == 2
    expected = model.evaluate(x_test, y_test, verbose=0, return_dict=True)["accuracy"]
    assert callback.history["val_accuracy"][-1] == pytest.approx(expected, abs=1e-6)


def test_epochs_without_validation_are_evaluated(build, data, evaluations):
    x, y, x_test, y_test = data
    callback = AccuracyHistory(x_test, y_test, verbose=0)
    build().fit(
        x, y, epochs=4, verbose=0, validation_data=(x_test, y_test), validation_freq=2,
        callbacks=[callback],
    )  # fmt: skip
    assert len(evaluations) == 2
    assert not any(math.isnan(value) for value in callback.history["val_accuracy"])


def test_without_data_it_shows_what_fit_validates_on(build, data, evaluations, capsys):
    x, y, *_ = data
    callback = AccuracyHistory()
    fitted = build().fit(x, y, epochs=1, verbose=0, validation_split=0.25, callbacks=[callback])
    assert evaluations == []
    assert callback.history["val_accuracy"] == fitted.history["val_accuracy"]
    assert ", Validation Accuracy: " in capsys.readouterr().out


def test_without_any_test_data_it_shows_the_training_accuracy(build, data, capsys):
    x, y, *_ = data
    callback = AccuracyHistory()
    build().fit(x, y, epochs=1, verbose=0, callbacks=[callback])
    assert math.isnan(callback.history["val_accuracy"][0])
    assert re.fullmatch(r"Epoch 1: Training Accuracy: 0\.\d{4}\n", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("metrics", "loss", "one_hot"),
    [
        (["accuracy"], "sparse_categorical_crossentropy", False),
        (["acc"], "sparse_categorical_crossentropy", False),
        (["sparse_categorical_accuracy"], "sparse_categorical_crossentropy", False),
        (["categorical_accuracy"], "categorical_crossentropy", True),
        (["accuracy"], "categorical_crossentropy", True),
        (["sparse_top_k_categorical_accuracy", "acc"], "sparse_categorical_crossentropy", False),
    ],
    ids=str,
)
def test_any_name_of_accuracy(build, data, keras, metrics, loss, one_hot):
    x, y, x_test, y_test = data
    if one_hot:
        y, y_test = np.eye(10, dtype=np.float32)[y], np.eye(10, dtype=np.float32)[y_test]
    callback, model = AccuracyHistory(x_test, y_test, verbose=0), build(metrics, loss)
    model.fit(x, y, epochs=1, verbose=0, callbacks=[callback])
    expected = model.evaluate(x_test, y_test, verbose=0, return_dict=True)
    assert callback.history["val_accuracy"][-1] == pytest.approx(expected[metrics[-1]], abs=1e-6)


@pytest.mark.parametrize("name", ["right", "digit_accuracy"])
def test_an_accuracy_under_ones_own_name(build, data, keras, name):
    x, y, x_test, y_test = data
    metric = keras.metrics.SparseCategoricalAccuracy(name=name)
    callback = AccuracyHistory(x_test, y_test, verbose=0)
    fitted = build([metric]).fit(x, y, epochs=1, verbose=0, callbacks=[callback])
    assert callback.history["accuracy"] == fitted.history[name]


@pytest.mark.parametrize("metrics", [[], ["sparse_top_k_categorical_accuracy"], ["mse"]], ids=str)
def test_no_accuracy_metric_is_said_before_the_first_step(build, data, metrics):
    x, y, x_test, y_test = data
    model = build(metrics)
    before = [weight.copy() for weight in model.get_weights()]
    with pytest.raises(ValueError, match=r"Compile it with metrics=\['accuracy'\]"):
        model.fit(x, y, verbose=0, callbacks=[AccuracyHistory(x_test, y_test)])
    assert all(map(np.array_equal, before, model.get_weights()))


def test_a_model_with_its_own_train_step(data, keras):
    class Constant(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(10)

        def call(self, x):
            return self.dense(keras.ops.reshape(x, (-1, 784)))

        def train_step(self, batch):
            return {"acc": 0.5}

    x, y, *_ = data
    model, callback = Constant(), AccuracyHistory(verbose=0)
    model.compile("sgd")
    model.fit(x, y, epochs=1, verbose=0, callbacks=[callback])
    assert callback.history["accuracy"] == [0.5]


def test_the_next_fit_starts_a_new_history(build, data):
    x, y, x_test, y_test = data
    callback = AccuracyHistory(x_test, y_test, verbose=0)
    build().fit(x, y, epochs=3, verbose=0, callbacks=[callback])
    first = callback.history
    model = build()
    model.fit(x, y, epochs=2, verbose=0, validation_data=(x_test, y_test), callbacks=[callback])
    assert [len(values) for values in callback.history.values()] == [2, 2]
    assert [len(values) for values in first.values()] == [3, 3]
    model.fit(x, y, epochs=4, initial_epoch=2, verbose=0, callbacks=[callback])
    assert callback.epoch == [2, 3]


def test_training_is_bit_for_bit_the_same_with_it(build, data):
    x, y, x_test, y_test = data
    plain = build(dropout=0.3, eagerly=False)
    without = plain.fit(x, y, epochs=2, verbose=0)
    plain_weights = plain.get_weights()
    watched = build(dropout=0.3, eagerly=False)
    with_it = watched.fit(
        x, y, epochs=2, verbose=0, callbacks=[AccuracyHistory(x_test, y_test, verbose=0)]
    )
    assert with_it.history == without.history
    assert all(map(np.array_equal, plain_weights, watched.get_weights()))


def test_it_watches_epochs_only():
    own = {name for name in vars(type(AccuracyHistory())) if name.startswith("on_")}
    assert own == {"on_train_begin", "on_epoch_end"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.zeros((2, 28, 28)),), "images without labels"),
        ((None, np.zeros(2)), "labels without images"),
        (((1, 2, 3),), "a tuple of 3"),
    ],
)
def test_half_the_data_is_refused_at_once(arguments, message):
    with pytest.raises(ValueError, match=message):
        AccuracyHistory(*arguments)
