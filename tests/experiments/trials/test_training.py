"""A trial that is run: the same every time, as Keras would do it, measured as it is."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from mnist_course.experiments.recording.settings import changed_knobs
from mnist_course.experiments.trials.configuration import Configuration
from mnist_course.experiments.trials.data import load
from mnist_course.experiments.trials.trial import Trial

pytestmark = pytest.mark.keras

SMALL = Configuration(train_rows=256, validation_rows=200, hidden=(8,), epochs=2)
DENSE = {
    "dropout, in mid-epoch": SMALL.but(dropout=0.3, updates=11),
    "autoencoder": SMALL.but(task="reconstruct", latent=3),
    "augmentation, rates by layer": SMALL.but(
        augmentation=("shift", "rotate"), layer_rates=(0.5, 1)
    ),
}
CONVOLUTIONS = {"convolutions": SMALL.but(conv=(2, 4), hidden=(), augmentation=("flip", "zoom"))}
ALL = DENSE | CONVOLUTIONS


def train(configuration, seed=7, arm="an arm"):
    from mnist_course.experiments.trials.training import train

    return train(configuration, seed, arm)


def numbers(trial: Trial) -> str:
    """All of a trial that may not depend on the moment or the place, as JSON."""
    plain = replace(trial, seconds=0.0, fit=replace(trial.fit, seconds=0.0)).to_dict()
    return json.dumps(plain, sort_keys=True)


IN_ANOTHER_PROCESS = """
import json, sys
from mnist_course.experiments.trials.configuration import Configuration
from mnist_course.experiments.trials.training import train
for line in sys.stdin:
    trial = train(Configuration.from_dict(json.loads(line)), 7, "an arm")
    print(json.dumps(trial.to_dict()))
"""


def other_process(configurations):
    lines = "\n".join(json.dumps(each.to_dict()) for each in configurations)
    ended = subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_PROCESS],
        input=lines,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "retracing" not in ended.stderr  # each has a network of its own, on purpose
    return [Trial.from_dict(json.loads(line)) for line in ended.stdout.splitlines()]


def test_a_trial_gives_the_same_numbers_in_this_process_and_in_others():
    names, configurations = list(ALL), list(ALL.values())
    backwards = other_process(configurations[::-1])[::-1]
    for name, trial, other in zip(names, other_process(configurations), backwards, strict=True):
        assert numbers(trial) == numbers(other), name
        if name in DENSE:  # sums of a convolution depend on how many threads this process has
            assert numbers(train(ALL[name])) == numbers(trial), name


def test_another_seed_gives_another_trial(small, trained):
    other = train(small, seed=8)
    assert other.fit.weights_before != trained.fit.weights_before
    assert other.fit.weights_after != trained.fit.weights_after
    assert other.measured["val_cross_entropy"] != trained.measured["val_cross_entropy"]


def test_what_has_been_drawn_before_does_not_matter(small, trained):
    import keras

    keras.utils.set_random_seed(99)
    keras.random.normal((3,))
    random.random()
    np.random.random()
    assert numbers(train(small, arm="small")) == numbers(trained)


def test_random_numbers_go_on_as_if_there_had_been_no_trial(small):
    random.seed(5)
    np.random.seed(5)
    expected = random.random(), np.random.random()
    random.seed(5)
    np.random.seed(5)
    train(small.but(epochs=1))
    assert (random.random(), np.random.random()) == expected


@pytest.mark.parametrize("updates", [None, 13])
def test_it_is_what_plain_keras_does_step_by_step(small, updates):
    """The oracle: compiled by hand, without blocks of steps, without a recorder."""
    import keras

    from mnist_course.experiments.recording.weights import weights_digest

    data = load(small)
    keras.utils.set_random_seed(7)
    model = keras.Sequential(
        [
            keras.layers.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])

    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = int(self.model.optimizer.iterations) == updates

    keras.utils.set_random_seed(7)
    history = model.fit(
        data.x_train, data.y_train, batch_size=32, epochs=2, verbose=0, callbacks=[Stop()],
        validation_data=(data.x_val, data.y_val),
    ).history  # fmt: skip
    trial = train(small.but(updates=updates))
    assert trial.fit.weights_after == weights_digest(model.get_weights())
    for name, values in history.items():
        assert trial.fit.history[name] == pytest.approx(values, rel=1e-5), name


@pytest.mark.parametrize(
    ("updates", "epochs", "expected"),
    [(1, 2, (1, 1)), (8, 2, (8, 1)), (13, 2, (13, 2)), (16, 9, (16, 2)), (99, 2, (16, 2))],
)
def test_it_stops_after_exactly_so_many_updates(small, updates, epochs, expected):
    trial = train(small.but(updates=updates, epochs=epochs))
    assert (trial.fit.steps, trial.fit.epochs) == expected
    assert (trial.measured["updates"], trial.measured["epochs"]) == expected
    assert len(trial.fit.history["val_accuracy"]) == expected[1]


def test_early_stopping_leaves_the_weights_of_the_best_epoch(small):
    trial = train(small.but(epochs=30, patience=2, learning_rate=0.05))
    losses = trial.fit.history["val_loss"]
    assert trial.fit.epochs == len(losses) < 30
    assert trial.fit.callbacks == ("EarlyStopping",)
    best = int(np.argmin(losses))
    assert trial.measured["best_epoch"] == best + 1 == len(losses) - 2
    assert trial.measured["val_cross_entropy"] == pytest.approx(losses[best], rel=1e-5)
    accuracy = trial.fit.history["val_accuracy"][best]
    assert trial.measured["val_accuracy"] == pytest.approx(accuracy)


def test_what_was_done_is_written_down(small, trained):
    record = trained.fit
    assert (trained.source, trained.seed, trained.configuration) == ("run", 7, small)
    assert (record.epochs, record.epochs_planned, record.steps, record.batch_size) == (2, 2, 16, 32)
    assert record.continued_from is None
    assert (record.data.rows, record.data.train_rows, record.data.test_rows) == (256, 256, 0)
    assert (record.validation.rows, record.validation.test_rows) == (200, 0)
    assert record.shared_rows == 0
    assert record.initial_weights is None
    assert sorted(record.history) == [
        "accuracy", "cross_entropy", "loss", "val_accuracy", "val_cross_entropy", "val_loss",
    ]  # fmt: skip
    assert trained.done()["units"] == (8,)
    assert 0 < record.seconds < trained.seconds


@pytest.mark.parametrize(
    ("changes", "knobs"),
    [
        ({"dropout": 0.3}, ("dropout",)),
        ({"l2": 0.01}, ("regularisation",)),
        ({"batch_size": 64}, ("batch size",)),
        ({"learning_rate": 0.01}, ("learning rate",)),
        ({"layer_rates": (0.1, 1)}, ("learning rate",)),
        ({"optimizer": "rmsprop"}, ("optimizer",)),
        ({"activation": "tanh"}, ("activation",)),
        ({"patience": 1}, ("callbacks",)),
        ({"epochs": 1}, ("epochs",)),
        ({"hidden": (8, 8)}, ("hidden layers", "units")),
    ],
)
def test_a_field_that_is_changed_is_a_knob_that_was_changed(small, trained, changes, knobs):
    from mnist_course.experiments.recording.model_facts import compiled_facts, layer_records
    from mnist_course.experiments.trials.model import build

    if set(changes) & {"batch_size", "patience", "epochs"}:
        record = train(small.but(**changes)).fit
    else:  # what a fit would write down, without the fit
        model = build(small.but(**changes), 7)
        record = replace(trained.fit, compiled=compiled_facts(model), layers=layer_records(model))
    expected = knobs[:1] if changes == {"hidden": (8, 8)} else knobs
    assert changed_knobs(record, trained.fit) == expected


def test_a_training_that_goes_wrong_is_a_trial_all_the_same(small):
    # A linear network with a step that is far too long: the weights grow beyond any number.
    broken = small.but(
        optimizer="sgd", learning_rate=99.0, activation="linear", hidden=(8, 8, 8), epochs=3
    )
    trial = train(broken)
    assert np.isnan(trial.measured["val_cross_entropy"])
    assert np.isnan(trial.measured["weight_norm"])
    assert trial.measured["val_accuracy"] <= 0.2
    again = Trial.from_dict(json.loads(json.dumps(trial.to_dict())))
    assert numbers(again) == numbers(trial)


def test_the_notebooks_own_log_stays_its_own(small):
    from mnist_course.experiments import ExperimentLog

    log = ExperimentLog(fresh=True)
    before = len(log), len(log.evaluations)
    train(small.but(epochs=1))
    assert (len(log), len(log.evaluations)) == before
    import keras

    mine = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(2)])
    mine.compile("sgd", "mse")
    mine.evaluate(np.zeros((8, 4)), np.zeros((8, 2)), verbose=0)
    assert len(log.evaluations) == before[1] + 1  # and goes on afterwards


def test_trials_with_the_same_seed_see_the_images_in_the_same_order(small, monkeypatch):
    import tensorflow as tf

    from mnist_course.experiments.trials import training

    seen: list[float] = []
    build = training.build

    def watched(configuration, seed, **others):
        model = build(configuration, seed, **others)
        step = model.train_step

        def train_step(data):
            total = tf.reduce_sum(data[0] * tf.range(28, dtype=tf.float32))
            tf.py_function(lambda value: seen.append(float(value)), [total], [])
            return step(data)

        model.train_step = train_step
        return model

    monkeypatch.setattr(training, "build", watched)
    orders = []
    for changes in ({}, {"dropout": 0.5, "optimizer": "sgd", "hidden": (3, 4, 5)}):
        seen.clear()
        train(small.but(epochs=1, **changes))
        orders.append(tuple(seen))
    assert len(orders[0]) == 8
    assert orders[0] == orders[1]
    seen.clear()
    train(small.but(epochs=1), seed=8)
    assert sorted(seen) != sorted(orders[0])


def test_other_warnings_of_tensorflow_are_still_given(caplog):
    import logging

    from mnist_course.experiments.trials.isolation import isolated

    logger = logging.getLogger("tensorflow")
    with isolated():
        logger.warning("5 out of 9 calls triggered tf.function retracing.")
        logger.warning("something else")
    logger.warning("5 out of 10 calls triggered tf.function retracing.")
    assert "something else" in caplog.text
    assert "10 calls" in caplog.text
    assert "9 calls" not in caplog.text
