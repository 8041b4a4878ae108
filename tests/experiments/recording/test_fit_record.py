"""Records travel as plain values, hostile ones are refused."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_course.exceptions import RecordError
from mnist_course.experiments.recording import log_table
from mnist_course.experiments.recording.fit_record import (
    INITIAL_WEIGHTS_BYTES,
    DataPrint,
    EvaluationRecord,
    FitRecord,
    LayerRecord,
    weights_digest,
)
from mnist_course.experiments.recording.log import ExperimentLog

DIGESTS = st.text("0123456789abcdef", min_size=32, max_size=32)
WORDS = st.text(st.characters(codec="utf-8"), max_size=30)
COUNTS = st.integers(0, 2**53)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
SHARES = st.floats(0, 1)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | FINITE | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=10,
)


@st.composite
def data_prints(draw: st.DrawFn) -> DataPrint:
    rows = draw(COUNTS)
    factor = draw(st.none() | FINITE.filter(bool))
    return DataPrint(
        rows=rows,
        shape=tuple(draw(st.lists(st.integers(0, 500), max_size=4))),
        dtype=draw(st.sampled_from(["float32", "uint8"])),
        minimum=draw(FINITE),
        maximum=draw(FINITE),
        mean=draw(FINITE),
        factor=factor,
        offset=None if factor is None else draw(FINITE),
        train_rows=draw(st.integers(0, rows)),
        test_rows=draw(st.integers(0, rows)),
        digest=draw(DIGESTS),
        labels=draw(st.sampled_from(["integer", "one-hot", "none", "unknown"])),
        finite=draw(st.booleans()),
    )


LAYERS = st.builds(
    LayerRecord,
    class_name=st.sampled_from(["Dense", "ReLU", "Rescaling", "Dropout", "Conv2D"]) | WORDS,
    name=WORDS,
    units=st.none() | COUNTS,
    activation=st.none() | WORDS,
    parameters=COUNTS,
    rate=st.none() | FINITE,
    regularized=st.booleans(),
    regularizer=WORDS,
    initializer=WORDS,
    scale=st.none() | FINITE,
    offset=st.none() | FINITE,
)


@st.composite
def fit_records(draw: st.DrawFn, number: int = 3) -> FitRecord:
    compiled = draw(st.dictionaries(WORDS, PLAIN, max_size=3))
    if draw(st.booleans()):
        compiled["optimizer"] = {"class_name": draw(PLAIN), "config": draw(PLAIN)}
        compiled["loss"] = {"class_name": draw(PLAIN), "config": draw(PLAIN)}
    return FitRecord(
        number=number,
        model_name=draw(WORDS),
        architecture=draw(WORDS),
        compiled=compiled,
        parameters=draw(COUNTS),
        layers=tuple(draw(st.lists(LAYERS, max_size=4))),
        epochs=draw(st.integers(0, 10_000)),
        batch_size=draw(COUNTS),
        steps=draw(COUNTS),
        validation_split=draw(SHARES),
        shuffle=draw(st.booleans()),
        callbacks=tuple(draw(st.lists(WORDS, max_size=3))),
        history=draw(
            st.dictionaries(WORDS, st.lists(st.floats(), max_size=4).map(tuple), max_size=3)
        ),
        accuracy=draw(st.none() | SHARES),
        seconds=draw(st.floats(0, 1e6)),
        data=draw(st.none() | data_prints()),
        validation=draw(st.none() | data_prints()),
        shared_rows=draw(COUNTS),
        continued_from=draw(st.none() | st.integers(1, number - 1)) if number > 1 else None,
        weights_before=draw(st.just("") | DIGESTS),
        weights_after=draw(DIGESTS),
        initial_weights=draw(st.none() | st.just((np.ones((2, 3), np.float32), np.zeros(3)))),
        why=draw(WORDS),
        epochs_planned=draw(COUNTS),
        stopped_by=draw(WORDS),
        arguments=draw(st.dictionaries(WORDS, WORDS, max_size=2)),
    )


@given(fit_records())
@settings(max_examples=60, deadline=None)
def test_a_fit_survives_its_dictionary(record: FitRecord) -> None:
    again = FitRecord.from_dict(record.to_dict())
    # NaN differs from itself, so the comparison goes through text.
    assert repr(again) == repr(record)
    assert hash(again) == hash(record)
    assert (again.initial_weights is None) == (record.initial_weights is None)
    for one, two in zip(again.initial_weights or (), record.initial_weights or (), strict=True):
        np.testing.assert_array_equal(one, two)


@given(fit_records())
@settings(max_examples=40, deadline=None)
def test_a_fit_survives_json(record: FitRecord) -> None:
    text = json.dumps(record.to_dict(initial_weights=False))
    again = FitRecord.from_dict(json.loads(text))
    assert repr(again) == repr(record)
    assert again.initial_weights is None


@given(st.builds(EvaluationRecord, st.none() | st.integers(1, 9), DIGESTS, data_prints(), SHARES))
def test_an_evaluation_survives_its_dictionary(record: EvaluationRecord) -> None:
    assert EvaluationRecord.from_dict(record.to_dict()) == record


@given(st.tuples(*(fit_records(number) for number in (1, 2, 3))))
@settings(max_examples=60, deadline=None)
def test_any_record_can_be_shown(fits: tuple[FitRecord, ...]) -> None:
    log = ExperimentLog.from_dict({"fits": [fit.to_dict() for fit in fits], "evaluations": []})
    assert log_table.text(log_table.rows(log.fits))
    assert log._repr_html_().count("<tr>") == 4
    for fit in log.fits:
        log.one_knob_apart(fit)
        assert log.chain(fit)[-1] is fit


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": value}
    return value


class Text(str):
    """A string that is none."""


HOSTILE = [
    ("number", 0),
    ("number", True),
    ("number", 1.0),
    ("number", 10**5_000),
    ("model_name", None),
    ("model_name", "x" * 1_001),
    ("model_name", Text("x")),
    ("model_name", "\ud800"),
    ("architecture", "x" * 1_000_001),
    ("architecture", b"{}"),
    ("compiled", []),
    ("compiled", nested(9)),
    ("compiled", nested(100_000)),
    ("compiled", {"a": [0] * 6_000}),
    ("compiled", {"a": math.nan}),
    ("compiled", {"a": 10**400}),
    ("compiled", {1: 2}),
    ("compiled", {"a": object()}),
    ("compiled", {"a": np.zeros(3)}),
    ("parameters", -1),
    ("parameters", "7"),
    ("layers", {}),
    ("layers", [None]),
    ("layers", [{}]),
    ("layers", [{}] * 1_001),
    ("epochs", 10_001),
    ("epochs", math.nan),
    ("validation_split", 1.5),
    ("validation_split", math.nan),
    ("shuffle", 1),
    ("callbacks", "abc"),
    ("callbacks", ["a"] * 101),
    ("callbacks", [1]),
    ("history", [("loss", [1.0])]),
    ("history", {"loss": 1.0}),
    ("history", {"loss": ["1"]}),
    ("history", {"loss": [True]}),
    ("history", {"loss": [10**400]}),
    ("history", {"loss": [0.0] * 10_001}),
    ("history", {str(i): [] for i in range(201)}),
    ("history", {1: [1.0]}),
    ("accuracy", 1.01),
    ("accuracy", math.nan),
    ("accuracy", True),
    ("seconds", math.inf),
    ("seconds", -1.0),
    ("data", []),
    ("data", {"rows": 1}),
    ("validation", 3),
    ("shared_rows", -1),
    ("continued_from", 1),
    ("weights_before", "xyz"),
    ("weights_after", ""),
    ("weights_after", "A" * 32),
    ("weights_after", "0" * 32 + "\n"),
    ("initial_weights", "abc"),
    ("initial_weights", [[1.0]]),
    ("initial_weights", [np.array([None])]),
    ("initial_weights", [np.array([np.nan])]),
    ("initial_weights", [np.zeros(INITIAL_WEIGHTS_BYTES + 1, np.uint8)]),
    ("initial_weights", [np.zeros(0)] * 2_001),
    ("initial_weights", [np.ma.masked_array([1.0])]),
    ("why", 5),
    ("why", "x" * 10_001),
    ("arguments", {"a": 1}),
    ("arguments", {"a": ["b"]}),
    ("stopped_by", None),
]


@pytest.mark.parametrize(
    ("name", "value"), HOSTILE, ids=[f"{i}-{name}" for i, (name, _) in enumerate(HOSTILE)]
)
def test_a_hostile_field_is_a_record_error(name: str, value: Any, make_record: Any) -> None:
    plain = make_record().to_dict() | {name: value}
    with pytest.raises(RecordError):
        FitRecord.from_dict(plain)


@pytest.mark.parametrize("name", FitRecord.__slots__)
def test_every_field_must_be_there(name: str, make_record: Any) -> None:
    plain = make_record().to_dict()
    del plain[name]
    with pytest.raises(RecordError, match=name):
        FitRecord.from_dict(plain)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("train_rows", 60_001),
        ("factor", 0.0),
        ("factor", None),
        ("minimum", math.nan),
        ("labels", "five"),
        ("digest", "0"),
        ("shape", [28, -1]),
        ("shape", [1] * 17),
        ("finite", 1),
        ("another", 1),
    ],
)
def test_a_hostile_description_of_data_is_a_record_error(
    name: str, value: Any, make_print: Any
) -> None:
    with pytest.raises(RecordError):
        DataPrint.from_dict(make_print().to_dict() | {name: value})


@given(st.recursive(PLAIN | st.binary(max_size=3), lambda inner: st.lists(inner, max_size=3)))
def test_anything_else_is_a_record_error(value: object) -> None:
    for read in (
        FitRecord.from_dict,
        DataPrint.from_dict,
        LayerRecord.from_dict,
        EvaluationRecord.from_dict,
        ExperimentLog.from_dict,
    ):
        with pytest.raises(RecordError):
            read(value)


def test_messages_name_the_field_but_do_not_repeat_the_value(make_record: Any) -> None:
    with pytest.raises(RecordError, match="'why'") as caught:
        FitRecord.from_dict(make_record().to_dict() | {"why": "y" * 1_000_000})
    assert len(str(caught.value)) < 200


def test_weights_are_told_apart_by_value_shape_type_and_order() -> None:
    one, two = np.arange(6, dtype=np.float32), np.zeros(3, dtype=np.float32)
    digests = {
        weights_digest(weights)
        for weights in (
            [one, two],
            [two, one],
            [one.reshape(2, 3), two],
            [one.astype(np.float64), two],
            [one + np.float32(1e-6), two],
            [one],
            [],
        )
    }
    assert len(digests) == 7
    transposed = np.arange(6, dtype=np.float32).reshape(2, 3).T
    assert weights_digest([transposed]) == weights_digest([transposed.copy()])


def test_records_need_neither_keras_nor_pandas() -> None:
    code = (
        "import sys\n"
        "from mnist_course.experiments.recording import data_print, fit_record, log, settings\n"
        "print({'keras', 'tensorflow', 'pandas', 'matplotlib', 'IPython'} & set(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "set()"
