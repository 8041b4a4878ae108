"""Trials, claims and configurations leave the student's kernel as data and come back equal."""

from __future__ import annotations

import json
import math
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from mnist_course.experiments.recording.fit_record import FitRecord, LayerRecord
from mnist_course.experiments.studies.claim import Claim
from mnist_course.experiments.trials.configuration import Configuration
from mnist_course.experiments.trials.trial import Trial
from mnist_course.grading.captured_values import Builders
from mnist_course.grading.control import Control
from mnist_course.grading.namespace import take_apart
from mnist_course.grading.serialization import Opaque, Portable, decode, encode


def a_trial(**changes: Any) -> Trial:
    fit = FitRecord(
        number=1,
        model_name="sequential",
        architecture="{}",
        compiled={"optimizer": {"class_name": "Adam", "config": {"learning_rate": 0.001}}},
        parameters=7850,
        layers=(LayerRecord("Dense", "dense", 10, "softmax", 7850, None, False),),
        epochs=2,
        batch_size=32,
        steps=376,
        validation_split=0.0,
        shuffle=True,
        callbacks=(),
        history={"loss": (0.5, math.nan), "val_loss": (0.6, math.inf)},
        accuracy=0.9,
        seconds=1.5,
        data=None,
        validation=None,
        shared_rows=0,
        continued_from=None,
        weights_before="0" * 32,
        weights_after="1" * 32,
    )
    fields: dict[str, Any] = {
        "arm": "größer",
        "seed": 3,
        "configuration": Configuration(conv=(8, 16), layer_rates=(1.0, 0.5, 1.0, 0.0)),
        "fit": fit,
        "measured": {"val_accuracy": 0.9, "val_cross_entropy": math.inf},
        "seconds": 2.0,
        "versions": {"keras": "3"},
    }
    return Trial(**{**fields, **changes})


def sent(value: Any) -> Any:
    """Return what the trusted side reads of a value of the student's kernel."""
    build = Builders(cast(Control, None)).of(lambda parts: parts)
    return decode(encode(value, take_apart=take_apart), build=build)


@pytest.mark.parametrize(
    "value",
    [
        Configuration(),
        Configuration(task="reconstruct", latent=8, hidden=(128, 64)),
        Configuration(augmentation=("flip", "shift"), dataset="fashion_mnist", updates=500),
        Claim("winner", "adam"),
        Claim("tie", ("a", "b"), "val_cross_entropy"),
        Claim("inconclusive"),
    ],
    ids=repr,
)
def test_comes_back_equal(value: Any) -> None:
    assert sent(value) == value
    assert type(sent({"one": [value]})["one"][0]) is type(value)


TABLES = {
    "counted": pd.crosstab(pd.Series([1, 1, 2]), pd.Series([1, 2, 2]), margins=True),
    "by arm": pd.DataFrame({"mean": [0.9, 0.8]}, index=pd.Index(["sgd", "adam"], name="arm")),
    "by arm and seed": pd.DataFrame(
        {"val": [0.9, math.nan]}, index=pd.MultiIndex.from_product([["sgd"], [0, 1]])
    ),
    "same names": pd.DataFrame([[1, 2.5], [3, 4.5]], columns=["n", "n"]),
    "unlike types": pd.DataFrame({"word": ["a", None], "n": [1, 2]}),
    "no columns": pd.DataFrame(index=[3, 4]),
    "no rows": pd.DataFrame({"n": []}),
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_table_comes_back_with_its_index(table: pd.DataFrame) -> None:
    back = sent(table)
    assert back.shape == table.shape
    assert list(back.columns) == [str(name) for name in table.columns]
    assert list(back.index.names) == [n if n is None else str(n) for n in table.index.names]
    assert list(back.index) == list(table.index)
    if table.size:
        assert np.array_equal(np.asarray(back, object)[0], np.asarray(table, object)[0])


def test_a_trial_comes_back_equal_with_nan_and_infinity() -> None:
    trial, back = a_trial(), sent(a_trial())
    assert repr(back) == repr(trial)  # NaN equals nothing
    assert back.configuration == trial.configuration
    assert math.isnan(back.fit.history["loss"][1])
    assert back.measured["val_cross_entropy"] == math.inf


def test_five_hundred_trials_fit_into_one_frame() -> None:
    long = a_trial(fit=a_trial().fit.__class__.from_dict(
        {**a_trial().fit.to_dict(), "architecture": "x" * 8_000}
    ))  # fmt: skip
    trials = sent([long.named(f"arm {i}") for i in range(500)])
    assert [t.arm for t in trials] == [f"arm {i}" for i in range(500)]


def portable(kind: str, text: bytes) -> Portable:
    return Portable(kind, {"json": np.frombuffer(text, np.uint8)})


GOOD = a_trial().to_dict()


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("trial", b""),
        ("trial", b"{}"),
        ("trial", b"[" * 5_000),
        ("trial", b"\xff\xfe"),
        ("trial", json.dumps({**GOOD, "seed": True}).encode()),
        ("trial", json.dumps({**GOOD, "seed": -1}).encode()),
        ("trial", json.dumps({**GOOD, "arm": "x" * 100_000}).encode()),
        ("trial", json.dumps({**GOOD, "source": "graded"}).encode()),
        ("trial", json.dumps({**GOOD, "measured": {"val_accuracy": "1.0"}}).encode()),
        ("trial", json.dumps({**GOOD, "measured": [1]}).encode()),
        ("trial", json.dumps({**GOOD, "more": 1}).encode()),
        ("trial", json.dumps({**GOOD, "configuration": {"hidden": [10**9]}}).encode()),
        ("trial", json.dumps({**GOOD, "configuration": {"hidden": [True]}}).encode()),
        ("trial", json.dumps({**GOOD, "configuration": {"learning_rate": math.nan}}).encode()),
        ("trial", json.dumps({**GOOD, "configuration": {"epochs": 10**400}}).encode()),
        ("configuration", b'{"hidden": [64], "hidden": [65]}'),
        ("configuration", b'{"__class__": "os"}'),
        ("configuration", b"null"),
        ("claim", b'{"verdict": "winner", "arms": [], "metric": "val_accuracy"}'),
        ("claim", b'{"verdict": "best", "arms": ["a"], "metric": "val_accuracy"}'),
        ("claim", b'{"verdict": "winner", "arms": "adam", "metric": "val_accuracy"}'),
    ],
)
def test_what_does_not_fit_costs_itself_alone(kind: str, text: bytes) -> None:
    values = sent({"bad": portable(kind, text), "good": 5})
    assert values["good"] == 5
    assert type(values["bad"]) is Opaque
    assert "cannot be read" in values["bad"].reason


class Trap:
    """Calls itself one of ours."""

    __module__ = "mnist_course.experiments"

    def to_dict(self) -> Any:
        raise OSError("a trap")


def test_an_object_that_calls_itself_a_trial_does_not_stop_the_others() -> None:
    Trap.__name__ = "Trial"
    values = sent({"trap": Trap(), "good": a_trial()})
    assert type(values["trap"]) is Opaque
    assert values["good"].seed == 3


class MyClaim(Claim):
    """A student's own kind of claim."""


def test_a_subclass_of_ours_arrives_as_ours() -> None:
    assert sent({"mine": MyClaim("winner", "sgd")}) == {"mine": Claim("winner", "sgd")}
