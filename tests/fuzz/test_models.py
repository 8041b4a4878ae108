"""Damaged texts of real models: a specification of plain values, or NotPortableError."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_course.exceptions import NotPortableError
from mnist_course.grading.graph_spec import Tensor
from mnist_course.grading.model_spec import ModelSpec, parse_model
from mnist_course.grading.operation_table import OPERATIONS, Operation
from tests.fuzz.cases import CASES, damaged

pytestmark = pytest.mark.keras


@cache
def models() -> dict[str, str]:
    """Return the texts that Keras writes of a few architectures."""
    import keras
    from keras import layers

    dense = keras.Sequential(
        [
            keras.Input((28, 28)),
            layers.Rescaling(1 / 255),
            layers.Flatten(),
            layers.Dense(8, "relu", kernel_regularizer=keras.regularizers.L1L2(1e-3, 1e-4)),
            layers.BatchNormalization(),
            layers.Dropout(0.2, seed=1),
            layers.Dense(10, "softmax", kernel_initializer="he_normal"),
        ]
    )
    convolutional = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.RandomTranslation(0.1, 0.1),
            layers.Conv2D(4, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.SeparableConv2D(4, (3, 3), strides=2),
            layers.GlobalAveragePooling2D(),
            layers.Dense(10),
        ]
    )
    image = keras.Input((28, 28), name="image")
    middle = layers.Dense(8)(layers.Flatten()(image))
    added = layers.Add()([middle, layers.Dense(8, "gelu")(middle)])
    inner = keras.Sequential([keras.Input((8,)), layers.Dense(4)], name="inner")
    residual = keras.Model(image, [inner(added * 2.0), inner(middle)], name="residual")
    recurrent = keras.Sequential(
        [
            keras.Input((28, 28)),
            layers.Bidirectional(layers.LSTM(4, return_sequences=True)),
            layers.GRU(3, dropout=0.1),
            layers.Dense(10),
        ]
    )
    made = {"dense": dense, "cnn": convolutional, "residual": residual, "recurrent": recurrent}
    return {name: model.to_json() for name, model in made.items()}


NAMES = ["dense", "cnn", "residual", "recurrent"]
WORDS = (
    b'"class_name": "Lambda"', b'"class_name": "Dense"', b'"module": "os"', b'"config": {',
    b'"registered_name": "x"', b'"units": 10000000000', b"null", b"true", b"-1", b"1e999", b"NaN",
    b"9" * 30, b"9" * 5000, b"[", b"]", b"{", b"}", b'"', b"\\ud800", b",", b":", b'""',
    b'["image", 0, 0]', b'"keras_history": [', b'"__tensor__"', b'"__lambda__"', b'"value": [',
)  # fmt: skip
odd = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.lists(st.integers(), max_size=4) | st.builds(dict)
    | st.builds(dict, class_name=st.just("Dense"))
    | st.sampled_from([10**9, -1, 2**63, 10**30, "__lambda__", "Lambda", "../x", "keras"])
)  # fmt: skip


def plain(value: Any) -> bool:
    """Whether a value is data: exact built-in types, and our own frozen descriptions."""
    if isinstance(value, Operation):
        return any(value is ours for ours in OPERATIONS.values())
    if dataclasses.is_dataclass(value) and type(value).__module__.startswith("mnist_course."):
        return all(plain(getattr(value, f.name)) for f in dataclasses.fields(value))
    if isinstance(value, Mapping):
        return all(type(k) is str and plain(v) for k, v in value.items())
    if type(value) in (list, tuple, set, frozenset, Tensor):
        return all(map(plain, value))
    return value is None or type(value) in (str, int, float, bool)


def read(text: str) -> ModelSpec | None:
    try:
        spec = parse_model(text)
    except NotPortableError as error:
        assert 0 < len(str(error)) < 2000
        return None
    assert plain(spec)
    return spec


@pytest.mark.parametrize("name", NAMES)
def test_the_undamaged_text_is_portable(name: str) -> None:
    assert read(models()[name]) is not None


@pytest.mark.parametrize("name", NAMES)
def test_damaged_texts(name: str) -> None:
    @CASES
    @given(damaged(models()[name].encode(), WORDS))
    def run(raw: bytes) -> None:
        read(raw.decode("utf-8", "surrogateescape"))

    run()


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return (container, key) of everything in a JSON value."""
    found = []
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in pairs:
        found.append((value, key))
        if isinstance(inner, dict | list):
            found += places(inner)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_odd_values_in_their_place(name: str) -> None:
    @CASES
    @given(st.data())
    def run(data: Any) -> None:
        top = json.loads(models()[name])
        for _ in range(data.draw(st.integers(1, 3))):
            found = places(top)
            container, key = found[data.draw(st.integers(0, len(found) - 1))]
            action = data.draw(st.sampled_from(["replace", "remove", "swap"]))
            if action == "replace":
                container[key] = data.draw(odd)
            elif action == "remove":
                del container[key]
            else:
                other, where = found[data.draw(st.integers(0, len(found) - 1))]
                container[key] = json.loads(json.dumps(other[where]))
            if not places(top):
                break
        read(json.dumps(top))

    run()


@CASES
@given(st.binary(max_size=100))
def test_any_text(raw: bytes) -> None:
    assert read(raw.decode("latin-1")) is None
