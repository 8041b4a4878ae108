"""Functional models: arithmetic, masks, states, several inputs and outputs, nested models."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_course.exceptions import NotPortableError
from mnist_course.grading.model_build import build_model
from mnist_course.grading.model_spec import parse_model

pytestmark = pytest.mark.keras


def _random(*shape: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


def arithmetic() -> tuple[Any, Any]:
    import keras
    from keras import ops

    x = keras.Input((8,))
    y = (3 - (2 * x + x / 2.5) ** 2) + abs(-x) % 3
    y = ops.maximum(y, np.float32(0.5)) * np.arange(8, dtype=np.float32) + ops.sqrt(ops.exp(x))
    return keras.Model(x, ops.where(x > 0, y, ops.cast(x < y, "float32"))), _random(4, 8)


def constant_of_tensorflow() -> tuple[Any, Any]:
    import keras
    import tensorflow as tf

    x = keras.Input((4, 8))
    return keras.Model(x, x / tf.constant(255.0) - tf.constant([1.0] * 8)), _random(4, 4, 8)


def brackets() -> tuple[Any, Any]:
    import keras

    x = keras.Input((6, 8))
    parts = [x[:, 0], x[:, -1], x[..., 2], x[:, 1:5:2, 3], x[:, None, 0, ::-1]]
    flat = [keras.layers.Flatten()(part) for part in parts[:2] + parts[4:]]
    return keras.Model(x, keras.layers.Concatenate()([*flat, *parts[2:4]])), _random(4, 6, 8)


def shapes() -> tuple[Any, Any]:
    import keras
    from keras import ops

    x = keras.Input((4, 6))
    y = ops.transpose(ops.reshape(x, (-1, 6, 4)), (0, 2, 1))
    y = ops.concatenate([y, ops.flip(x, axis=1)], axis=-1)
    y = ops.stack([y, ops.softmax(y, axis=1)], axis=1)
    y = ops.squeeze(ops.expand_dims(ops.mean(y, axis=(1, 2), keepdims=True), -1), (1, 2, 4))
    return keras.Model(x, [y, ops.max(x, axis=-1), ops.clip(x, 0, 1) @ ops.swapaxes(x, 1, 2)]), (
        _random(3, 4, 6)
    )


def names_that_collide() -> tuple[Any, Any]:
    """A layer called ``add`` beside arithmetic that Keras would call so."""
    import keras
    from keras import layers

    x = keras.Input((8,))
    y = layers.Dense(8, name="add")(x) + layers.Dense(8, name="my_layer.1")(x)
    return keras.Model(x, layers.Add(name="multiply")([y, x]) * 2), _random(4, 8)


def attention() -> tuple[Any, Any]:
    import keras
    from keras import layers

    x = keras.Input((5, 8))
    y, scores = layers.MultiHeadAttention(2, 4)(x, x, return_attention_scores=True)
    y = layers.LayerNormalization()(x + y)
    y = layers.MultiHeadAttention(2, 4)(y, value=x, key=x, use_causal_mask=True)
    return keras.Model(x, [layers.Attention()([y, x]), scores]), _random(3, 5, 8)


def states() -> tuple[Any, Any]:
    import keras
    from keras import layers

    x = keras.Input((5, 4))
    y, h, c = layers.LSTM(6, return_sequences=True, return_state=True)(x)
    return keras.Model(x, [layers.LSTM(6)(y, initial_state=[h, c]), h]), _random(3, 5, 4)


def masks() -> tuple[Any, Any]:
    import keras
    from keras import layers

    x = keras.Input((7,))
    y = layers.Embedding(9, 4, mask_zero=True)(x)
    y = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(y)
    z = layers.GRU(4)(layers.Masking(0.5)(y))
    words = np.random.default_rng(0).integers(0, 9, (6, 7)).astype(np.float32)
    return keras.Model(x, layers.Concatenate()([z, layers.GlobalAveragePooling1D()(y)])), words


def cells() -> tuple[Any, Any]:
    import keras
    from keras import layers

    stacked = layers.RNN([layers.GRUCell(3), layers.LSTMCell(4)], return_sequences=True)
    return keras.Sequential(
        [keras.Input((5, 4)), stacked, layers.Bidirectional(layers.RNN(layers.SimpleRNNCell(3)))]
    ), _random(3, 5, 4)


def transfer() -> tuple[Any, Any]:
    """A frozen base, called with ``training=False``."""
    import keras
    from keras import layers

    base = keras.Sequential([keras.Input((8,)), layers.Dense(6), layers.BatchNormalization()])
    base.trainable = False
    x = keras.Input((8,))
    return keras.Model(x, layers.Dropout(0.5)(layers.Dense(3)(base(x, training=False)))), (
        _random(4, 8)
    )


def several_of_a_nested_model() -> tuple[Any, Any]:
    import keras
    from keras import layers

    a, b = keras.Input((8,)), keras.Input((3,))
    inner = keras.Model([a, b], [layers.Dense(4)(a), layers.Dense(4)(b)], name="inner")
    c, d = keras.Input((8,)), keras.Input((3,))
    one, two = inner([c, d])
    three, four = inner([c * 2, d])
    return keras.Model([c, d], layers.Concatenate()([one + four, two - three])), [
        _random(4, 8),
        _random(4, 3),
    ]


def dicts() -> tuple[Any, Any]:
    import keras
    from keras import layers

    x = {"a": keras.Input((8,), name="a"), "b": keras.Input((3,), name="b")}
    y = {"second": layers.Dense(2)(x["b"]), "first": layers.Dense(4)(x["a"])}
    return keras.Model(x, y), {"a": _random(4, 8), "b": _random(4, 3)}


def nested_inputs() -> tuple[Any, Any]:
    import keras
    from keras import layers

    a, b = keras.Input((8,)), keras.Input((3,))
    return keras.Model([a, [b]], [layers.Dense(2)(a), [layers.Dense(3)(b)]]), [
        _random(4, 8),
        [_random(4, 3)],
    ]


def begins_with_a_model() -> tuple[Any, Any]:
    import keras
    from keras import layers

    inner = keras.Sequential([keras.Input((8,)), layers.Dense(4)])
    return keras.Sequential([inner, layers.Dense(2)]), _random(4, 8)


def of_any_size() -> tuple[Any, Any]:
    import keras
    from keras import layers

    return keras.Sequential(
        [keras.Input((None, None, 1)), layers.Conv2D(4, 3), layers.GlobalMaxPooling2D()]
    ), _random(2, 9, 9, 1)


MAKERS = [
    arithmetic, constant_of_tensorflow, brackets, shapes, names_that_collide, attention, states,
    masks, cells, transfer, several_of_a_nested_model, dicts, nested_inputs, begins_with_a_model,
    of_any_size,
]  # fmt: skip


def comes_back_the_same(model: Any, x: Any) -> None:
    import keras

    rng = np.random.default_rng(5)
    model.set_weights([np.abs(rng.normal(size=w.shape)) for w in model.get_weights()])
    again = build_model(parse_model(model.to_json()), model.get_weights())
    before, after = model(x), again(x)
    keras.tree.assert_same_structure(before, after)
    for a, b in zip(keras.tree.flatten(before), keras.tree.flatten(after), strict=True):
        np.testing.assert_array_equal(a, b)
    assert again.name == model.name and again.count_params() == model.count_params()
    assert [w.trainable for w in again.weights] == [w.trainable for w in model.weights]
    names = [(type(layer).__name__, layer.name) for layer in model.layers]
    assert [(type(layer).__name__, layer.name) for layer in again.layers] == names


@pytest.mark.parametrize("make", MAKERS, ids=lambda f: f.__name__)
def test_comes_back_the_same(make: Callable[[], tuple[Any, Any]]) -> None:
    comes_back_the_same(*make())


_widths = st.integers(2, 6)  # Keras warns of a softmax over one number
_words = st.sampled_from(("relu", "tanh", "softmax", None))
_LAYERS = st.one_of(
    st.tuples(st.just("Dense"), st.fixed_dictionaries({"units": _widths, "activation": _words})),
    st.tuples(st.just("BatchNormalization"), st.just({})),
    st.tuples(st.just("LayerNormalization"), st.just({})),
    st.tuples(st.just("Dropout"), st.fixed_dictionaries({"rate": st.floats(0, 0.9)})),
    st.tuples(st.just("LeakyReLU"), st.fixed_dictionaries({"negative_slope": st.floats(0, 1)})),
    st.tuples(st.just("UnitNormalization"), st.just({})),
)
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("layer"), _LAYERS, st.integers(0, 9)),
        st.tuples(
            st.sampled_from(("add", "concatenate", "shared", "nested", "scaled")),
            st.integers(0, 9),
            st.integers(0, 9),
        ),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=20, deadline=None)
@given(steps=_STEPS, sequential=st.booleans())
def test_random_models_come_back_the_same(steps: list[Any], sequential: bool) -> None:
    import keras

    keras.backend.clear_session()  # names as in a fresh process
    if sequential:
        chosen = [step[1] for step in steps if step[0] == "layer"]
        layers = [getattr(keras.layers, name)(**arguments) for name, arguments in chosen]
        layers = [keras.Input((4,)), *layers, keras.layers.Dense(3)]
        comes_back_the_same(keras.Sequential(layers), _random(5, 4))
        return
    tensors: list[Any] = [keras.Input((4,)), keras.Input((3,))]
    inputs = tensors[:]
    shared = keras.layers.Dense(4, "tanh")
    for kind, *rest in steps:
        if kind == "layer":
            (name, arguments), place = rest
            made = getattr(keras.layers, name)(**arguments)(tensors[place % len(tensors)])
        else:
            one, two = (tensors[place % len(tensors)] for place in rest)
            if kind == "concatenate":
                made = keras.layers.Concatenate()([one, two])
            elif kind == "scaled":
                made = 1 - one / 3
            elif kind == "add":
                made = keras.layers.Dense(4)(one) + keras.layers.Dense(4)(two)
            elif kind == "shared":
                made = shared(keras.layers.Dense(5)(one))
            else:
                inner = keras.Sequential([keras.Input(one.shape[1:]), keras.layers.Dense(4)])
                made = inner(inner(one)) if one.shape[-1] == 4 else inner(one)
        tensors.append(made)
    model = keras.Model(inputs, tensors[-1] if len(steps) % 2 else tensors[-2:])
    comes_back_the_same(model, [_random(5, 4), _random(5, 3)])


def _changed(make: Callable[[], tuple[Any, Any]], change: Callable[[Any], None], kind: str) -> str:
    config = json.loads(make()[0].to_json())
    change(next(x for x in config["config"]["layers"] if x["class_name"] == kind))
    return json.dumps(config)


def _node(**changes: Any) -> Callable[[Any], None]:
    return lambda layer: layer["inbound_nodes"][0].update(changes)


def _argument(number: int, value: Any) -> Callable[[Any], None]:
    def change(layer: Any) -> None:
        layer["inbound_nodes"][0]["args"][number] = value

    return change


_NUMPY = {"class_name": "__numpy__"}
HOSTILE: dict[str, tuple[Callable[[], tuple[Any, Any]], str, Callable[[Any], None]]] = {
    "arithmetic on numbers only": (arithmetic, "Multiply", _node(args=[2, 3])),
    "an operand that is a function": (
        arithmetic, "Multiply", _argument(1, {"class_name": "function", "config": "exec"}),
    ),
    "an operand of 400 digits": (arithmetic, "Multiply", _argument(0, 10**400)),
    "an operand that is text": (arithmetic, "Multiply", _argument(0, "__import__('os')")),
    "one operand too many": (arithmetic, "Multiply", _node(args=[1, 2, 3])),
    "an operation with options": (arithmetic, "Multiply", _node(kwargs={"out": 1})),
    "an operation of another kind": (
        arithmetic, "Multiply", lambda layer: layer.update(class_name="Switch"),
    ),
    "an operation that loads": (
        arithmetic, "Multiply", lambda layer: layer.update(class_name="__import__"),
    ),
    "an operation from elsewhere": (
        arithmetic, "Multiply", lambda layer: layer.update(module="keras.src.ops_evil.numpy"),
    ),
    "an operation with a registered name": (
        arithmetic, "Multiply", lambda layer: layer.update(registered_name="evil>Multiply"),
    ),
    "an unknown option of an operation": (
        arithmetic, "Multiply", lambda layer: layer["config"].update(evil=1),
    ),
    "a constant of objects": (
        arithmetic, "Multiply",
        _argument(0, {**_NUMPY, "config": {"value": ["x"], "dtype": "float32"}}),
    ),
    "a constant of type object": (
        arithmetic, "Multiply", _argument(0, {**_NUMPY, "config": {"value": [1], "dtype": "O"}}),
    ),
    "a ragged constant": (
        arithmetic, "Multiply",
        _argument(0, {**_NUMPY, "config": {"value": [[1], [1, 2]], "dtype": "float32"}}),
    ),
    "a large constant": (
        arithmetic, "Multiply",
        _argument(0, {**_NUMPY, "config": {"value": [1.0] * 20_000, "dtype": "float32"}}),
    ),
    "a deep constant": (
        arithmetic, "Multiply",
        _argument(0, {**_NUMPY, "config": {"value": [[[[[[1.0]]]]]], "dtype": "float32"}}),
    ),
    "brackets with a function": (
        brackets, "GetItem", _argument(1, [{"class_name": "__lambda__", "config": {}}]),
    ),
    "brackets with a huge number": (brackets, "GetItem", _argument(1, [0, 10**30])),
    "a reshape to a trillion": (
        shapes, "Reshape", lambda layer: layer["config"].update(newshape=[10**12]),
    ),
    "a cast to objects": (arithmetic, "Cast", lambda layer: layer["config"].update(dtype="O")),
    "a mask that is a function": (
        masks, "Bidirectional", _node(kwargs={"mask": {"class_name": "function"}}),
    ),
    "an initial state that is a number": (states, "LSTM", _node(kwargs={"initial_state": 3})),
    "four arguments": (attention, "MultiHeadAttention", _node(args=[[]] * 4)),
    "an option that is code": (
        attention, "MultiHeadAttention", _node(kwargs={"training": "exec('1')"}),
    ),
    "a thousand calls": (
        arithmetic, "Multiply",
        lambda layer: layer.update(inbound_nodes=layer["inbound_nodes"] * 1000),
    ),
    "a cell that is a Dense": (
        cells, "RNN", lambda layer: layer["config"]["cell"].update(class_name="Dense"),
    ),
    "cells that are no list": (
        cells, "RNN", lambda layer: layer["config"]["cell"]["config"].update(cells={"a": 1}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_graphs_are_refused(name: str) -> None:
    make, kind, change = HOSTILE[name]
    text = _changed(make, change, kind)
    with pytest.raises(NotPortableError) as caught:
        build_model(parse_model(text), [])
    assert 10 < len(str(caught.value)) < 500
    assert "more than 0 parameters" not in str(caught.value)  # refused for what it is
