"""A trial of a network that somebody trained with code of their own."""

from __future__ import annotations

import pytest

from mnist_course.exceptions import ConfigurationError, RecordError
from mnist_course.experiments import ExperimentLog, own_trial
from mnist_course.experiments.trials.data import load
from mnist_course.experiments.trials.trial import Trial

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def own(small):
    """A network that was fitted twice, by hand: the model, its log, its data."""
    import keras

    data = load(small)
    log = ExperimentLog(fresh=True)
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
    keras.utils.set_random_seed(7)
    for epochs in (2, 1):
        model.fit(
            data.x_train, data.y_train, epochs=epochs, verbose=0,
            validation_data=(data.x_val, data.y_val),
        )  # fmt: skip
    return model, log, data


def test_it_is_measured_as_run_measures_its_own(own, trained):
    model, log, data = own
    trial = own_trial(
        "mine", 7, log, model=model, x_val=data.x_val, y_val=data.y_val,
        x_train=data.x_train, y_train=data.y_train,
    )  # fmt: skip
    assert (trial.arm, trial.seed, trial.source) == ("mine", 7, "own fit")
    assert trial.configuration is None
    assert trial.fit == log.fits[1]
    assert set(trained.measured) - set(trial.measured) == {"test_accuracy", "test_cross_entropy"}
    assert trial.measured["updates"] == 24  # of both fits: the second one went on with the first
    assert trial.measured["epochs"] == 3
    theirs = model.evaluate(data.x_val, data.y_val, verbose=0, return_dict=True)
    assert trial.measured["val_accuracy"] == pytest.approx(theirs["accuracy"])
    assert trial.measured["val_cross_entropy"] == pytest.approx(theirs["loss"], rel=1e-5)
    assert Trial.from_dict(trial.to_dict()) == trial


def test_the_same_training_by_hand_has_the_same_numbers(own, trained):
    _, log, _ = own
    assert log.fits[0].weights_after == trained.fit.weights_after


def test_without_training_images_less_is_measured(own):
    model, log, data = own
    trial = own_trial("mine", 7, log.fits[1], model=model, x_val=data.x_val, y_val=data.y_val)
    assert "train_accuracy" not in trial.measured
    assert "gap" not in trial.measured


def test_a_record_of_other_weights_is_refused(own):
    model, log, data = own
    with pytest.raises(RecordError, match="Fit 1 ended with other weights"):
        own_trial("mine", 7, log.fits[0], model=model, x_val=data.x_val, y_val=data.y_val)


def test_a_model_that_is_not_in_the_log_is_refused(own):
    import keras

    _, log, data = own
    other = keras.Sequential([keras.layers.Input((28, 28)), keras.layers.Flatten()])
    with pytest.raises(RecordError, match="No fit in this log ended with the weights"):
        own_trial("mine", 7, log, model=other, x_val=data.x_val, y_val=data.y_val)


def test_classes_of_another_form_are_refused(own):
    import keras

    model, log, data = own
    one_hot = keras.utils.to_categorical(data.y_val, 10)
    with pytest.raises(ConfigurationError, match=r"y_val must be the classes of 200 .*argmax"):
        own_trial("mine", 7, log, model=model, x_val=data.x_val, y_val=one_hot)
    with pytest.raises(ConfigurationError, match=r"y_train must be the classes of 256 images"):
        own_trial(
            "mine", 7, log, model=model, x_val=data.x_val, y_val=data.y_val,
            x_train=data.x_train, y_train=data.y_train[:5],
        )  # fmt: skip


@pytest.mark.parametrize(
    ("arm", "seed", "words"),
    [("x" * 81, 7, "name of an arm"), ("mine", -1, "A seed is a whole"), ("mine", 7.0, "A seed")],
)
def test_a_name_that_could_not_be_read_again_is_refused(own, arm, seed, words):
    model, log, data = own
    with pytest.raises(ConfigurationError, match=words):
        own_trial(arm, seed, log, model=model, x_val=data.x_val, y_val=data.y_val)


def test_what_is_no_record_is_refused(own):
    model, _, data = own
    with pytest.raises(RecordError, match="needs the record of a fit"):
        own_trial("mine", 7, model.history, model=model, x_val=data.x_val, y_val=data.y_val)
