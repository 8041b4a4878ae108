"""Models cross as data: what Keras provides comes back the same, anything else is refused."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mnist_course.exceptions import NotPortableError
from mnist_course.grading.model_build import build_model
from mnist_course.grading.model_spec import MAX_LAYERS, parse_model

pytestmark = pytest.mark.keras


def _random(*shape: int, low: int | None = None) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(1)
    if low is not None:
        return rng.integers(0, low, shape).astype(np.float32)
    return rng.normal(size=shape).astype(np.float32)


def mlp() -> tuple[Any, Any]:
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((28, 28), dtype="uint8"),
            layers.Rescaling(1 / 255),
            layers.Flatten(),
            layers.Dense(32, "relu", kernel_regularizer=keras.regularizers.L2(1e-3)),
            layers.BatchNormalization(),
            layers.Dropout(0.2, seed=3),
            layers.Dense(16, kernel_initializer="he_normal", use_bias=False),
            layers.LeakyReLU(0.1),
            layers.GaussianNoise(0.1),
            layers.Dense(10, activation=keras.activations.softmax),
        ],
        name="mlp",
    ), _random(16, 28, 28, low=256)


def unbuilt_mlp() -> tuple[Any, Any]:
    import keras

    model = keras.Sequential([keras.layers.Dense(4, "tanh"), keras.layers.Dense(2)])
    x = _random(8, 5)
    model(x)
    return model, x


def cnn() -> tuple[Any, Any]:
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.ZeroPadding2D(1),
            layers.Conv2D(8, 3, activation="relu", kernel_constraint="max_norm"),
            layers.MaxPooling2D(),
            layers.SeparableConv2D(8, (3, 3), strides=2, padding="same"),
            layers.ReLU(max_value=6),
            layers.DepthwiseConv2D(3),
            layers.PReLU(shared_axes=[1, 2]),
            layers.SpatialDropout2D(0.1),
            layers.GlobalAveragePooling2D(),
            layers.Dense(10, "softmax"),
        ]
    ), _random(8, 28, 28, 1)


def functional() -> tuple[Any, Any]:
    import keras
    from keras import layers

    one, two = keras.Input((6,), name="one"), keras.Input((4,), name="two")
    both = layers.Concatenate()([layers.Dense(5, "relu")(one), layers.Dense(3)(two)])
    outputs = [layers.Dense(2, name="a")(both), layers.Dense(1, name="b")(both)]
    return keras.Model([one, two], outputs), [_random(8, 6), _random(8, 4)]


def residual() -> tuple[Any, Any]:
    import keras
    from keras import layers

    entrance = keras.Input((16, 16, 3))
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(entrance)
    y = layers.BatchNormalization()(layers.Conv2D(8, 3, padding="same")(x))
    x = layers.Concatenate()([layers.Add()([x, y]), y])
    return keras.Model(entrance, layers.Dense(5)(layers.Flatten()(x))), _random(8, 16, 16, 3)


def nested() -> tuple[Any, Any]:
    import keras
    from keras import layers

    inner = keras.Sequential([keras.Input((8,)), layers.Dense(4, "relu")], name="inner")
    entrance = keras.Input((8,))
    block_in = keras.Input((4,))
    block = keras.Model(block_in, layers.Add()([block_in, layers.Dense(4)(block_in)]), name="block")
    return keras.Model(entrance, layers.Dense(2)(block(block(inner(entrance))))), _random(8, 8)


def nested_sequential() -> tuple[Any, Any]:
    import keras
    from keras import layers

    inner = keras.Sequential([keras.Input((8,)), layers.Dense(4, "relu")], name="inner")
    return keras.Sequential([keras.Input((8,)), inner, layers.Dense(2)]), _random(8, 8)


def shared() -> tuple[Any, Any]:
    import keras
    from keras import layers

    one, two = keras.Input((6,)), keras.Input((6,))
    dense = layers.Dense(4, "relu")
    hidden = layers.Subtract()([dense(one), dense(two)])
    return keras.Model([one, two], layers.Dense(1)(hidden)), [_random(8, 6), _random(8, 6) + 1]


def recurrent() -> tuple[Any, Any]:
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((12,)),
            layers.Embedding(50, 8),
            layers.Bidirectional(layers.LSTM(6, return_sequences=True)),
            layers.TimeDistributed(layers.Dense(5, "relu")),
            layers.GRU(4),
            layers.Dense(1, "sigmoid"),
        ]
    ), _random(16, 12, low=50)


def adapted() -> tuple[Any, Any]:
    import keras

    normalization = keras.layers.Normalization()
    normalization.adapt(_random(100, 5) * 3 + 2)
    return keras.Sequential([keras.Input((5,)), normalization, keras.layers.Dense(3)]), _random(
        8, 5
    )


def frozen() -> tuple[Any, Any]:
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((5,)), layers.Dense(4), layers.Dense(2)])
    model.layers[0].trainable = False
    return model, _random(8, 5)


MAKERS = [
    mlp, unbuilt_mlp, cnn, functional, residual, nested, nested_sequential, shared, recurrent,
    adapted, frozen,
]  # fmt: skip


def as_lists(outputs: Any) -> list[np.ndarray[Any, Any]]:
    return outputs if isinstance(outputs, list) else [outputs]


@pytest.mark.parametrize("make", MAKERS, ids=lambda f: f.__name__)
def test_comes_back_the_same(make: Callable[[], tuple[Any, Any]]) -> None:
    import keras

    keras.utils.set_random_seed(7)
    model, x = make()
    rng = np.random.default_rng(5)
    if make is not adapted:  # as after training, moving averages included
        model.set_weights([np.abs(rng.normal(size=w.shape)) for w in model.get_weights()])
    config, weights = model.to_json(), model.get_weights()
    again = build_model(parse_model(config), weights)
    before, after = (as_lists(m.predict(x, verbose=0)) for m in (model, again))
    assert [float(np.abs(a - b).max()) for a, b in zip(before, after, strict=True)] == [0.0] * len(
        before
    )
    assert again.name == model.name and again.count_params() == model.count_params()
    assert [(type(a).__name__, a.name, a.count_params()) for a in again.layers] == [
        (type(a).__name__, a.name, a.count_params()) for a in model.layers
    ]
    assert [w.trainable for w in again.weights] == [w.trainable for w in model.weights]
    for ours, theirs in zip(again.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_without_weights_it_is_fresh() -> None:
    model, _ = mlp()
    again = build_model(parse_model(model.to_json()))
    assert again.count_params() == model.count_params()
    assert not np.array_equal(again.get_weights()[0], model.get_weights()[0])


@pytest.fixture(scope="module")
def small() -> tuple[str, list[np.ndarray[Any, Any]]]:
    import keras

    model = keras.Sequential(
        [
            keras.Input((20,)),
            keras.layers.Dense(8, "relu", kernel_regularizer=keras.regularizers.L2(1e-3)),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(3, "softmax"),
        ]
    )
    return model.to_json(), model.get_weights()


def _config(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda layer: layer["config"].update(changes)


def _layer(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda layer: layer.update(changes)


HOSTILE: dict[str, Callable[[dict[str, Any]], None]] = {
    "Lambda": _layer(
        class_name="Lambda",
        config={"name": "l", "function": {"class_name": "__lambda__", "config": {"code": "4wA="}}},
    ),
    "TFSMLayer": _layer(class_name="TFSMLayer", config={"filepath": "/etc"}),
    "TorchModuleWrapper": _layer(class_name="TorchModuleWrapper", config={"module": "x"}),
    "a module's function": _layer(module="os", class_name="system", config={"command": "id"}),
    "a Dense of another module": _layer(module="evil.layers"),
    "a module that begins alike": _layer(module="keras_evil.layers"),
    "module is a list": _layer(module=["keras"]),
    "an operation": _layer(module="keras.src.ops.core", class_name="Switch", config={}),
    "a registered class": _layer(registered_name="evil>Dense"),
    "a class that is no text": _layer(class_name=["Dense"]),
    "no config": _layer(config=None),
    "StringLookup": _layer(class_name="StringLookup", config={"vocabulary": "/etc/passwd"}),
    "a nested model that is none": _layer(class_name="Sequential"),
    "an activation object": _config(
        activation={"module": "builtins", "class_name": "function", "config": "exec"}
    ),
    "an unknown activation": _config(activation="__import__"),
    "an initializer that switches safety off": _config(
        kernel_initializer={
            "module": "keras.config", "class_name": "enable_unsafe_deserialization", "config": {},
        }
    ),
    "a regularizer that downloads": _config(
        kernel_regularizer={
            "module": "keras.utils", "class_name": "get_file", "config": {"origin": "http://x"},
        }
    ),
    "an initializer of another module": _config(
        kernel_initializer={"module": "evil", "class_name": "Zeros", "config": {}}
    ),
    "an unknown option of a regularizer": _config(
        kernel_regularizer={"class_name": "L2", "config": {"l2": 0.1, "l3": 1}}
    ),
    "a constraint that is a number": _config(kernel_constraint=3),
    "units of a trillion": _config(units=10**12),
    "units true": _config(units=True),
    "units as float": _config(units=8.0),
    "units as text": _config(units="8"),
    "no units": _config(units=None),
    "an unknown option": _config(evil=1),
    "bfloat16": _config(dtype="bfloat16"),
    "mixed precision": _config(
        dtype={"module": "keras", "class_name": "DTypePolicy", "config": {"name": "mixed_float16"}}
    ),
    "markup as name": _config(name="<script>alert(1)</script>"),
    "a long name": _config(name="x" * 10_000),
    "LoRA": _config(lora_rank=4),
}  # fmt: skip


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_layers_are_refused(
    small: tuple[str, list[np.ndarray[Any, Any]]], change: Callable[[dict[str, Any]], None]
) -> None:
    config = json.loads(small[0])
    change(config["config"]["layers"][1])
    with pytest.raises(NotPortableError) as caught:
        build_model(parse_model(json.dumps(config)), small[1])
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "[" * 100_000,
        '{"a":' * 50 + "1" + "}" * 50,
        '"' + "x" * 5_000_000 + '"',
        '{"class_name": "Sequential", "class_name": "Sequential", "config": {}}',
        '{"class_name": "Sequential", "config": {"name": "m", "layers": NaN}}',
        '{"class_name": "Sequential", "config": {"name": "m", "layers": []}}',
        '{"class_name": "Sequential", "config": {"name": "m", "layers": [3]}}',
        '{"class_name": "MyModel", "config": {"name": "m", "layers": [{}]}}',
        '{"class_name": "Sequential", "module": "evil", "config": {"layers": [{}]}}',
        json.dumps({"class_name": "Sequential", "config": {"layers": [{}] * (MAX_LAYERS + 1)}}),
    ],
    ids=range(13),
)
def test_what_is_no_model_is_refused(text: str) -> None:
    with pytest.raises(NotPortableError):
        parse_model(text)


def test_nan_and_infinity_are_refused(small: tuple[str, Any]) -> None:
    assert "0.2" in small[0]
    for wrong in ("NaN", "Infinity", "1e999"):
        with pytest.raises(NotPortableError):
            parse_model(small[0].replace("0.2", wrong))


def _inputs(shape: list[int | None]) -> dict[str, Any]:
    return {"class_name": "InputLayer", "config": {"batch_shape": [None, *shape], "name": "i"}}


def test_nothing_is_allocated_that_was_not_sent() -> None:
    dense = [
        {"class_name": "Dense", "config": {"units": 60_000, "name": f"d{i}"}} for i in range(400)
    ]
    config = {"class_name": "Sequential", "config": {"layers": [_inputs([60_000]), *dense]}}
    spec = parse_model(json.dumps(config))
    start = time.monotonic()
    with pytest.raises(NotPortableError, match="more than"):
        build_model(spec, [np.zeros((2, 2), np.float32)])
    with pytest.raises(NotPortableError, match="more than"):
        build_model(spec)
    assert time.monotonic() - start < 20
    with pytest.raises(NotPortableError, match="parameters"):
        build_model(spec, budget=10**12)


def test_weights_that_do_not_fit(small: tuple[str, list[np.ndarray[Any, Any]]]) -> None:
    spec, weights = parse_model(small[0]), small[1]
    wrong: list[list[np.ndarray[Any, Any]]] = [
        weights[::-1],
        weights[:-1],
        [*weights, np.zeros(3, np.float32)],
        [],
        [w[None] for w in weights],
        [np.array([1, "x"], object)] * len(weights),
        [w.astype(complex) for w in weights],
        [w.astype("U8") for w in weights],
    ]
    for arrays in wrong:
        with pytest.raises(NotPortableError):
            build_model(spec, arrays)


def test_the_budget_is_given_back(small: tuple[str, Any]) -> None:
    import keras

    original = keras.layers.Layer.add_weight
    with pytest.raises(NotPortableError):
        build_model(parse_model(small[0]), budget=1)
    assert keras.layers.Layer.add_weight is original


def _functional_config() -> dict[str, Any]:
    config: dict[str, Any] = json.loads(residual()[0].to_json())
    return config


def test_hostile_graphs_are_refused() -> None:
    def add(config: dict[str, Any]) -> dict[str, Any]:
        layers = config["config"]["layers"]
        found: dict[str, Any] = next(x for x in layers if x["class_name"] == "Add")
        return found

    def cycle(config: dict[str, Any]) -> None:
        tensor = add(config)["inbound_nodes"][0]["args"][0][0]
        tensor["config"]["keras_history"] = [add(config)["name"], 0, 0]

    def extra_argument(config: dict[str, Any]) -> None:
        add(config)["inbound_nodes"][0]["args"].append(1)

    def named_argument(config: dict[str, Any]) -> None:
        add(config)["inbound_nodes"][0]["kwargs"] = {"function": "evil"}

    def not_a_tensor(config: dict[str, Any]) -> None:
        add(config)["inbound_nodes"][0]["args"] = [
            {"class_name": "function", "config": "exec", "module": "builtins"}
        ]

    def never_called(config: dict[str, Any]) -> None:
        add(config)["inbound_nodes"] = []

    def twice_the_name(config: dict[str, Any]) -> None:
        config["config"]["layers"][2] = config["config"]["layers"][1]

    def no_such_output(config: dict[str, Any]) -> None:
        config["config"]["output_layers"] = [["nowhere", 0, 0]]

    def strange_output(config: dict[str, Any]) -> None:
        config["config"]["output_layers"] = [[["a"], 0, 0]]

    def no_history(config: dict[str, Any]) -> None:
        add(config)["inbound_nodes"][0]["args"][0][0]["config"]["keras_history"] = ["x", "0", 0]

    changes = (
        cycle, extra_argument, named_argument, not_a_tensor, never_called, twice_the_name,
        no_such_output, strange_output, no_history,
    )  # fmt: skip
    for change in changes:
        config = _functional_config()
        change(config)
        with pytest.raises(NotPortableError):
            build_model(parse_model(json.dumps(config)))


def test_a_dead_operation_in_the_graph_does_not_run() -> None:
    """On Keras 3.15 such a configuration changed the whole process in ``model_from_json``."""
    import keras

    config = _functional_config()
    config["config"]["layers"].append(
        {
            "module": "keras.src.ops.core", "class_name": "Switch", "name": "switch",
            "registered_name": None, "config": {"name": "switch"},
            "inbound_nodes": [{"args": [0, [], "mixed_float16"], "kwargs": {}}],
        }
    )  # fmt: skip
    with pytest.raises(NotPortableError):
        build_model(parse_model(json.dumps(config)))
    assert keras.config.dtype_policy().name == "float32"


def test_subclassed_models_and_custom_layers_are_not_portable() -> None:
    import keras

    class MyDense(keras.layers.Dense):
        pass

    model = keras.Sequential([keras.Input((3,)), MyDense(2)])
    with pytest.raises(NotPortableError, match="MyDense"):
        parse_model(model.to_json())
    entrance = keras.Input((3,))
    with_operation = keras.Model(entrance, keras.ops.sin(keras.layers.Dense(2)(entrance)))
    with pytest.raises(NotPortableError, match="Sin"):
        parse_model(with_operation.to_json())
    doubled = keras.Sequential([keras.Input((3,)), keras.layers.Lambda(lambda x: 2 * x)])
    with pytest.raises(NotPortableError, match="Lambda"):
        parse_model(doubled.to_json())
