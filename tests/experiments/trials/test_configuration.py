"""What a trial may be told to do."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest

from mnist_course.exceptions import ConfigurationError, RecordError
from mnist_course.experiments.trials.configuration import Configuration

VARIED = Configuration(
    dataset="fashion_mnist",
    train_rows=100,
    validation_rows=50,
    conv=(4, 8),
    hidden=(16, 16),
    activation="gelu",
    dropout=0.3,
    l2=0.001,
    optimizer="adamw",
    learning_rate=0.01,
    weight_decay=0.1,
    batch_size=8,
    epochs=3,
    updates=20,
    patience=2,
    augmentation=("flip", "shift"),
    layer_rates=(1.0, 0.5, 0.1, 1.0, 0.0),
)


@pytest.mark.parametrize("configuration", [Configuration(), VARIED])
def test_it_travels_as_json(configuration):
    for plain in (configuration.to_dict(), configuration.changed()):
        assert Configuration.from_dict(json.loads(json.dumps(plain))) == configuration


def test_only_what_was_changed_is_named():
    assert Configuration().changed() == {}
    assert Configuration(dropout=0.5, hidden=(32, 32)).changed() == {
        "hidden": [32, 32],
        "dropout": 0.5,
    }


def test_but_changes_a_copy():
    base = Configuration()
    other = base.but(dropout=0.3)
    assert (base.dropout, other.dropout) == (0.0, 0.3)
    assert base.differences(other) == ("dropout",)
    with pytest.raises(ConfigurationError, match="no field 'dropuot'"):
        base.but(dropuot=0.3)


def test_two_spellings_of_the_same_are_equal():
    one = Configuration(hidden=[64, 64], dropout=0, layer_rates=[1, 0, 2])
    assert one == Configuration(hidden=(64, 64), dropout=0.0, layer_rates=(1.0, 0.0, 2.0))
    assert hash(one) == hash(Configuration(hidden=(64, 64), layer_rates=(1.0, 0.0, 2.0)))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dataset": "cifar"}, "dataset must be one of"),
        ({"train_rows": 0}, "train_rows must be a whole number from 1"),
        ({"train_rows": 60_000}, r"60,000 \+ 5,000"),
        ({"train_rows": 100.0}, "train_rows must be a whole number"),
        ({"epochs": True}, "epochs must be a whole number"),
        ({"dropout": 1.0}, "dropout must be a number from 0 to below 1"),
        ({"dropout": float("nan")}, "dropout must be a number"),
        ({"learning_rate": 0}, "nothing would be learnt"),
        ({"learning_rate": "0.1"}, "learning_rate must be a number"),
        ({"momentum": 0.9}, "only SGD has momentum"),
        ({"weight_decay": 0.1}, "only AdamW has it"),
        ({"conv": (8, 8, 8, 8)}, "after three poolings"),
        ({"hidden": 64}, r"hidden must be a tuple"),
        ({"hidden": (64, 0)}, "hidden must be a whole number from 1"),
        ({"latent": 8}, "latent"),
        ({"task": "reconstruct"}, "needs latent"),
        ({"task": "reconstruct", "latent": 8, "conv": (8,)}, "dense layers alone"),
        ({"layer_rates": (1, 1, 1)}, "this network has 2 layers"),
        ({"layer_rates": 0.1}, "layer_rates must be a tuple"),
        ({"layer_rates": None}, "layer_rates must be a tuple"),
        ({"augmentation": ("mirror",)}, "augmentation must be one of"),
        ({"augmentation": ("flip", "flip")}, "a change twice: flip, flip"),
    ],
)
def test_what_is_not_possible_is_said(changes, words):
    with pytest.raises(ConfigurationError, match=words):
        Configuration(**changes)


@pytest.mark.parametrize("value", [None, [], {"dropuot": 0.1}, {1: 2}])
def test_a_foreign_dictionary_is_refused(value):
    with pytest.raises(RecordError):
        Configuration.from_dict(value)


def test_every_field_is_documented():
    for field in fields(Configuration):
        assert f"\n    {field.name} : " in (Configuration.__doc__ or "")
