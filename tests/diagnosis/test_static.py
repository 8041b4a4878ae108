"""Wrong and sound configurations, read from real Keras models that need no training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mnist_course.diagnosis.layer_facts import LayerFacts
from mnist_course.diagnosis.network import Network, network_of
from mnist_course.diagnosis.static import check_static

pytestmark = pytest.mark.keras
SPARSE, ONE_HOT = "sparse_categorical_crossentropy", "categorical_crossentropy"


def found(model: Any, **known: Any) -> list[str]:
    return [finding.name for finding in check_static(network_of(model), **known)]


def dense(*pairs: tuple[int, str | None]) -> list[Any]:
    from keras import layers

    return [layers.Dense(units, activation=activation) for units, activation in pairs]


def relu_then(units: int, activation: str | None) -> list[Any]:
    return dense((32, "relu"), (units, activation))


def layer(kind: str, *args: Any) -> Any:
    import keras

    return getattr(keras.layers, kind)(*args)


def probabilities() -> Any:
    import keras

    return keras.losses.CategoricalCrossentropy()


def logits(name: str = "SparseCategoricalCrossentropy") -> Any:
    import keras

    return getattr(keras.losses, name)(from_logits=True)


WRONG: dict[str, tuple[str, Callable[[], list[Any]], Callable[[], Any], dict[str, Any]]] = {
    "no softmax": ("missing-softmax", lambda: relu_then(10, None), lambda: SPARSE, {}),
    "no softmax, class of loss": (
        "missing-softmax",
        lambda: relu_then(10, None),
        probabilities,
        {},
    ),
    "softmax twice": ("softmax-from-logits", lambda: relu_then(10, "softmax"), logits, {}),
    "softmax layer and logits": (
        "softmax-from-logits",
        lambda: [*relu_then(10, None), layer("Softmax")],
        logits,
        {},
    ),
    "relu output": ("output-activation", lambda: relu_then(10, "relu"), lambda: SPARSE, {}),
    "relu layer last": (
        "output-activation",
        lambda: [*relu_then(10, None), layer("ReLU")],
        lambda: SPARSE,
        {},
    ),
    "tanh output, logits": ("output-activation", lambda: relu_then(10, "tanh"), logits, {}),
    "sigmoid output": ("sigmoid-output", lambda: relu_then(10, "sigmoid"), lambda: SPARSE, {}),
    "one-hot, sparse loss": (
        "sparse-loss-one-hot",
        lambda: relu_then(10, "softmax"),
        lambda: SPARSE,
        {"labels": "one-hot"},
    ),
    "integers, dense loss": (
        "categorical-loss-integer",
        lambda: relu_then(10, "softmax"),
        lambda: ONE_HOT,
        {"labels": "integer"},
    ),
    "mse": ("mse-for-classes", lambda: relu_then(10, "softmax"), lambda: "mse", {}),
    "mse, a number as output": ("output-width", lambda: relu_then(1, None), lambda: "mae", {}),
    "binary": (
        "binary-crossentropy",
        lambda: relu_then(10, "sigmoid"),
        lambda: "binary_crossentropy",
        {},
    ),
    "nine outputs": ("output-width", lambda: relu_then(9, "softmax"), lambda: SPARSE, {}),
    "one output": ("output-width", lambda: relu_then(1, "sigmoid"), lambda: "bce", {}),
    "hundred outputs": ("output-width", lambda: relu_then(100, "softmax"), lambda: SPARSE, {}),
    "five outputs for ten classes": (
        "output-width",
        lambda: relu_then(5, "softmax"),
        lambda: SPARSE,
        {"classes": 10},
    ),
    "linear hidden": (
        "linear-hidden",
        lambda: dense((64, None), (10, "softmax")),
        lambda: SPARSE,
        {},
    ),
    "linear, dropout": (
        "linear-hidden",
        lambda: [
            *dense((64, None)),
            layer("Dropout", 0.1),
            *dense((10, "softmax")),
        ],
        lambda: SPARSE,
        {},
    ),
    "bottleneck": (
        "bottleneck",
        lambda: dense((10, "sigmoid"), (10, "sigmoid"), (10, "softmax")),
        lambda: SPARSE,
        {},
    ),
    "wide, then narrow": (
        "bottleneck",
        lambda: dense((100, "relu"), (10, "relu"), (10, "softmax")),
        lambda: SPARSE,
        {},
    ),
    "softmax inside": (
        "softmax-hidden",
        lambda: dense((64, "softmax"), (10, "softmax")),
        lambda: SPARSE,
        {},
    ),
    "flips": (
        "flips-digits",
        lambda: [
            layer("Reshape", (28, 28, 1)),
            layer("RandomFlip"),
            layer("Flatten"),
            *relu_then(10, "softmax"),
        ],
        lambda: SPARSE,
        {},
    ),
}


@pytest.mark.parametrize(("name", "layers", "loss", "known"), WRONG.values(), ids=WRONG)
def test_a_wrong_configuration_is_recognised(name, layers, loss, known, sequential) -> None:
    names = found(sequential(*layers(), loss=loss()), **known)
    assert name in names and set(names) <= {name, "mse-for-classes"}


def sound_models(sequential: Callable[..., Any]) -> dict[str, tuple[Any, dict[str, Any]]]:
    import keras
    from keras import layers

    dense_out = layers.Dense

    def functional(body: Callable[[Any], Any], shape: tuple[int, ...] = (784,)) -> Any:
        inputs = keras.Input(shape)
        model = keras.Model(inputs, layers.Dense(10, "softmax")(body(inputs)))
        model.compile("adam", SPARSE)
        return model

    def residual(x: Any) -> Any:
        first = layers.Dense(32)(x)
        second = layers.Dense(32)(layers.Activation("relu")(first))
        return layers.Activation("relu")(layers.Add()([first, second]))

    class Subclassed(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.hidden, self.out = layers.Dense(32, "relu"), layers.Dense(10, "softmax")

        def call(self, x: Any) -> Any:
            return self.out(self.hidden(x))

    subclassed = Subclassed()
    subclassed.compile("adam", SPARSE)
    subclassed(np.zeros((1, 784), np.float32))
    nested = keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.Sequential([layers.Flatten(), layers.Dense(32, "relu")]),
            layers.Dense(10, "softmax"),
        ]
    )
    nested.compile("adam", SPARSE)
    autoencoder = keras.Sequential(
        [keras.Input((784,)), layers.Dense(8, "relu"), layers.Dense(784, "sigmoid")]
    )
    autoencoder.compile("adam", "mse")
    uncompiled = keras.Sequential([keras.Input((784,)), *relu_then(10, "softmax")])
    integer, one_hot = {"labels": "integer", "classes": 10}, {"labels": "one-hot", "classes": 10}
    return {
        "784-64-10": (sequential(*relu_then(10, "softmax")), integer),
        "softmax regression": (sequential(*dense((10, "softmax"))), integer),
        "one-hot": (sequential(*relu_then(10, "softmax"), loss=ONE_HOT), one_hot),
        "logits": (sequential(*relu_then(10, None), loss=logits()), integer),
        "logits, one-hot": (
            sequential(*relu_then(10, None), loss=logits("CategoricalCrossentropy")),
            one_hot,
        ),
        "loss as a function": (
            sequential(
                *relu_then(10, "softmax"), loss=keras.losses.sparse_categorical_crossentropy
            ),
            integer,
        ),
        "named loss": (
            sequential(
                *relu_then(10, "softmax"),
                loss=keras.losses.SparseCategoricalCrossentropy(name="my_loss"),
            ),
            integer,
        ),
        "softmax layer": (sequential(*relu_then(10, None), layers.Softmax()), integer),
        "softmax as Activation": (
            sequential(*relu_then(10, None), layers.Activation("softmax")),
            integer,
        ),
        "Activation layers": (
            sequential(layers.Dense(64), layers.Activation("relu"), dense_out(10, "softmax")),
            integer,
        ),
        "LeakyReLU": (
            sequential(layers.Dense(64), layers.LeakyReLU(), dense_out(10, "softmax")),
            integer,
        ),
        "LeakyReLU as activation": (
            sequential(layers.Dense(64, activation=layers.LeakyReLU()), dense_out(10, "softmax")),
            integer,
        ),
        "lambda as activation": (
            sequential(layers.Dense(64, activation=lambda x: x * x), dense_out(10, "softmax")),
            integer,
        ),
        "BatchNormalization between": (
            sequential(
                layers.Dense(64),
                layers.BatchNormalization(),
                layers.Activation("relu"),
                layers.Dropout(0.2),
                dense_out(10, "softmax"),
            ),
            integer,
        ),
        "tanh": (sequential(*dense((64, "tanh"), (64, "tanh"), (10, "softmax"))), integer),
        "eleven outputs wanted": (
            sequential(*relu_then(11, "softmax")),
            {"labels": "integer", "classes": 11},
        ),
        "labels of a small piece": (
            sequential(*relu_then(10, "softmax")),
            {"labels": "integer", "classes": 8},
        ),
        "two classes": (
            sequential(*relu_then(1, "sigmoid"), loss="binary_crossentropy"),
            {"labels": "integer", "classes": 2},
        ),
        "convolutions with few filters": (
            sequential(
                layers.Reshape((28, 28, 1)),
                layers.Conv2D(6, 3, activation="relu"),
                layers.MaxPooling2D(),
                layers.Flatten(),
                dense_out(10, "softmax"),
            ),
            integer,
        ),
        "convolutions only": (
            sequential(
                layers.Reshape((28, 28, 1)),
                layers.Conv2D(16, 3, activation="relu"),
                layers.Conv2D(10, 3),
                layers.GlobalAveragePooling2D(),
                layers.Softmax(),
            ),
            integer,
        ),
        "functional": (functional(layers.Dense(32, "relu")), integer),
        "functional, ops.relu": (
            functional(lambda x: keras.ops.relu(layers.Dense(32)(x))),
            integer,
        ),
        "functional, activations.gelu": (
            functional(lambda x: keras.activations.gelu(layers.Dense(32)(x))),
            integer,
        ),
        "residual": (functional(residual), integer),
        "two branches": (
            functional(
                lambda x: layers.Concatenate()([layers.Dense(8)(x), layers.Dense(8, "relu")(x)])
            ),
            integer,
        ),
        "nested": (nested, integer),
        "subclassed": (subclassed, integer),
        "autoencoder": (autoencoder, {}),
        "not compiled": (uncompiled, integer),
    }


@pytest.mark.filterwarnings("ignore:.*lambda:UserWarning")
def test_sound_configurations_raise_no_alarm(sequential: Callable[..., Any]) -> None:
    alarms = {
        name: found(model, **known) for name, (model, known) in sound_models(sequential).items()
    }
    assert {name: names for name, names in alarms.items() if names} == {}


def test_flips_are_a_problem_only_for_known_digits() -> None:
    network = Network((LayerFacts("RandomFlip", "f"), LayerFacts("Dense", "d", 10, "softmax")))
    assert [f.severity for f in check_static(network)] == ["hint"]
    assert [f.severity for f in check_static(network, digits=True)] == ["problem"]


def test_what_is_read_from_a_model(sequential: Callable[..., Any]) -> None:
    import keras

    network = network_of(
        sequential(*relu_then(10, None), loss=logits(), optimizer=keras.optimizers.SGD(0.25))
    )
    assert (network.input_size, network.chain, network.output_units) == (784, True, 10)
    assert (network.loss, network.from_logits) == (SPARSE, True)
    assert (network.optimizer, network.learning_rate) == ("sgd", 0.25)
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 100, 0.9)
    scheduled = sequential(*relu_then(10, None), optimizer=keras.optimizers.Adam(schedule))
    assert network_of(scheduled).learning_rate is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        '{"class_name": "Sequential", "config": {"layers": 7}}',
        '{"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense"}]}}',
        '{"class_name": "Functional", "config": {"layers": [{"class_name": "D", "config": {}, '
        '"inbound_nodes": [{"class_name": "__keras_tensor__", '
        '"config": {"keras_history": []}}]}]}}',
        "[" * 100_000,
    ],
)
def test_text_of_another_form_gives_no_layers(text: str) -> None:
    class Liar:
        def to_json(self) -> str:
            return text

    assert network_of(Liar()).layers == ()
    assert check_static(network_of(Liar())) == []
