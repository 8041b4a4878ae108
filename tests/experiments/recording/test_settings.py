"""Two fits are compared in the course's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mnist_course.experiments.recording.settings import (
    KNOBS,
    changed_knobs,
    hidden_dense,
    settings,
    wording,
)

Make = Callable[..., Any]


@pytest.fixture
def network(make_record: Make, make_dense: Make) -> Make:
    """A record of a network of these layers, then ten softmax outputs."""

    def build(*layers: Any, **others: Any) -> Any:
        return make_record(layers=(*layers, make_dense(10, "softmax")), **others)

    return build


def compiled(optimizer: dict[str, Any] | None = None, loss: Any = "mse") -> dict[str, Any]:
    adam = {"class_name": "Adam", "config": {"learning_rate": 0.001}}
    return {"optimizer": optimizer or adam, "loss": loss, "metrics": []}


def test_the_baseline(make_record: Make) -> None:
    assert settings(make_record()) == {
        "learning rate": 1e-05,
        "optimizer": "Adam",
        "loss": "sparse_categorical_crossentropy",
        "hidden layers": 1,
        "units": (10,),
        "activation": ("sigmoid",),
        "output units": 10,
        "output activation": "softmax",
        "dropout": (),
        "normalisation": (),
        "regularisation": (),
        "initializer": ("GlorotUniform",),
        "other layers": (),
        "epochs": 5,
        "batch size": 32,
        "input scaling": "x / 255",
        "training images": 60_000,
        "shuffle": True,
        "callbacks": (),
        "other arguments": (),
    }


def test_the_knobs_come_in_one_order(make_record: Make) -> None:
    assert tuple(settings(make_record())) == KNOBS


@pytest.mark.parametrize(
    ("change", "knobs"),
    [
        ({}, ()),
        ({"accuracy": 0.9, "seconds": 9.0, "why": "x", "number": 4, "model_name": "m"}, ()),
        ({"epochs": 9}, ("epochs",)),
        ({"batch_size": 64}, ("batch size",)),
        ({"batch_size": 0}, ()),
        ({"data": None}, ()),
        ({"shuffle": False}, ("shuffle",)),
        ({"callbacks": ("AccuracyHistory", "TensorBoard")}, ()),
        ({"callbacks": ("AccuracyHistory", "ReduceLROnPlateau")}, ("callbacks",)),
        ({"arguments": {"class_weight": "{0: 2.0}"}}, ("other arguments",)),
        ({"compiled": {}}, ()),
    ],
    ids=str,
)
def test_what_counts_as_a_change(
    change: dict[str, Any], knobs: tuple[str, ...], make_record: Make
) -> None:
    assert changed_knobs(make_record(), make_record(**change)) == knobs
    assert changed_knobs(settings(make_record()), make_record(**change)) == knobs


def test_a_knob_that_a_mapping_leaves_out_is_free(make_record: Make) -> None:
    baseline = settings(make_record())
    del baseline["epochs"]
    assert changed_knobs(baseline, settings(make_record(epochs=9))) == ()


@pytest.mark.parametrize(
    ("rows", "changed"), [(48_000, False), (54_000, False), (44_000, True), (5_000, True)]
)
def test_setting_images_aside_is_no_knob(
    rows: int, changed: bool, make_record: Make, make_print: Make
) -> None:
    fewer = make_record(data=make_print(rows=rows, train_rows=rows))
    assert ("training images" in changed_knobs(make_record(), fewer)) == changed


def test_activations_in_layers_of_their_own(
    network: Make, make_dense: Make, make_layer: Make
) -> None:
    inline = network(make_dense(32, "relu"), make_dense(16, "leaky_relu"))
    apart = network(
        make_dense(32, "linear"),
        make_layer("ReLU", activation="relu"),
        make_dense(16, "linear"),
        make_layer("LeakyReLU", activation="leaky_relu"),
    )
    assert settings(apart)["activation"] == ("relu", "leaky_relu")
    assert changed_knobs(inline, apart) == ()
    by_name = network(
        make_dense(32, "linear"),
        make_layer("BatchNormalization"),
        make_layer("Activation", activation="relu"),
    )
    assert settings(by_name)["activation"] == ("relu",)
    assert settings(by_name)["normalisation"] == ("BatchNormalization",)


def test_a_softmax_layer_is_the_output_activation(
    make_record: Make, make_dense: Make, make_layer: Make
) -> None:
    record = make_record(
        layers=(make_dense(10, "linear"), make_layer("Softmax", activation="softmax"))
    )
    assert settings(record)["output activation"] == "softmax"
    assert settings(record)["hidden layers"] == 0
    assert hidden_dense(record) == ()


def test_one_layer_more(network: Make, make_dense: Make) -> None:
    one = network(make_dense(64, "relu"))
    same_again = network(make_dense(64, "relu"), make_dense(64, "relu"))
    narrower = network(make_dense(64, "relu"), make_dense(32, "relu"))
    other = network(make_dense(64, "relu"), make_dense(32, "tanh"))
    assert changed_knobs(one, same_again) == ("hidden layers",)
    assert changed_knobs(one, narrower) == ("hidden layers", "units")
    assert changed_knobs(one, other) == ("hidden layers", "units", "activation")
    assert changed_knobs(same_again, narrower) == ("units",)


def test_dropout_and_regularisation(network: Make, make_dense: Make, make_layer: Make) -> None:
    plain = network(make_dense(64, "relu"))
    dropped = network(make_dense(64, "relu"), make_layer("Dropout", rate=0.30000001192))
    assert settings(dropped)["dropout"] == (0.3,)
    assert changed_knobs(plain, dropped) == ("dropout",)
    # A layer that drops nothing is no dropout.
    assert (
        changed_knobs(plain, network(make_dense(64, "relu"), make_layer("Dropout", rate=0.0))) == ()
    )
    penalised = network(
        make_layer(
            "Dense",
            units=64,
            activation="relu",
            regularized=True,
            regularizer="L2(l2=0.001)",
            initializer="GlorotUniform",
        )
    )
    assert settings(penalised)["regularisation"] == ("L2(l2=0.001)",)
    assert changed_knobs(plain, penalised) == ("regularisation",)


def test_other_layers(network: Make, make_layer: Make) -> None:
    record = network(
        make_layer("Reshape"), make_layer("Conv2D", units=8, activation="relu"), make_layer("Mine")
    )
    assert settings(record)["other layers"] == ("Conv2D(8, relu)", "Mine")


@pytest.mark.parametrize(
    ("factor", "offset", "words"),
    [
        (1 / 255, 0, "x / 255"),
        (1 / 225, 0, "x / 225"),
        (1, 0, "0 to 255"),
        (1 / 127.5, -1, "(x - 128) / 128"),
        (1 / 78.567, -33.318 / 78.567, "(x - 33.3) / 78.6"),
        (1 / 78.7, -33.33 / 78.7, "(x - 33.3) / 78.7"),
        (-1 / 255, 1, "(x - 255) / -255"),
        (1 / 255, 0.5, "(x + 128) / 255"),
        (None, None, "other (0 to 1)"),
    ],
)
def test_input_scaling_in_words(
    factor: float | None, offset: float | None, words: str, make_record: Make, make_print: Make
) -> None:
    record = make_record(data=make_print(factor=factor, offset=offset))
    assert settings(record)["input scaling"] == words


def test_a_rescaling_layer_is_input_scaling(
    network: Make, make_layer: Make, make_print: Make
) -> None:
    pixels = make_print(factor=1.0, offset=0.0)
    layer = make_layer("Rescaling", scale=1 / 255, offset=0.0)
    assert settings(network(layer, data=pixels))["input scaling"] == "x / 255"
    assert changed_knobs(network(layer, data=pixels), network()) == ()
    twice = network(layer)
    assert settings(twice)["input scaling"] == "x / 6.5e+04"
    assert settings(network(make_layer("Rescaling")))["input scaling"] == "Rescaling layer"
    assert settings(network(make_layer("Normalization")))["input scaling"] == "Normalization layer"


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        ("sparse_categorical_crossentropy", "sparse_categorical_crossentropy"),
        ("mse", "mean_squared_error"),
        ("MSE", "mean_squared_error"),
        ({"class_name": "MeanSquaredError", "config": {"name": "x"}}, "mean_squared_error"),
        (
            {
                "class_name": "SparseCategoricalCrossentropy",
                "config": {
                    "name": "sparse_categorical_crossentropy",
                    "reduction": "sum_over_batch_size",
                    "from_logits": False,
                    "ignore_class": None,
                },
            },
            "sparse_categorical_crossentropy",
        ),
        (
            {"class_name": "SparseCategoricalCrossentropy", "config": {"from_logits": True}},
            "sparse_categorical_crossentropy(from_logits=True)",
        ),
        ("", ""),
        (None, None),
        (3, None),
    ],
    ids=str,
)
def test_a_loss_has_one_name(loss: Any, words: str | None, make_record: Make) -> None:
    assert settings(make_record(compiled=compiled(loss=loss)))["loss"] == words


def test_an_optimizer_is_named_with_what_is_not_its_default(make_record: Make) -> None:
    sgd = {
        "class_name": "SGD",
        "config": {"learning_rate": 0.01, "momentum": 0.9, "nesterov": False, "name": "sgd_3"},
    }
    record = make_record(compiled=compiled(sgd))
    assert settings(record)["optimizer"] == "SGD(momentum=0.9)"
    assert settings(record)["learning rate"] == 0.01


def test_a_schedule_is_a_learning_rate(make_record: Make) -> None:
    schedule = {
        "class_name": "ExponentialDecay",
        "config": {
            "initial_learning_rate": 0.01,
            "decay_steps": 10,
            "decay_rate": 0.9,
            "staircase": False,
            "name": "ExponentialDecay",
        },
    }
    adam = {"class_name": "Adam", "config": {"learning_rate": schedule}}
    assert settings(make_record(compiled=compiled(adam)))["learning rate"] == (
        "ExponentialDecay(decay_rate=0.9, decay_steps=10, initial_learning_rate=0.01)"
    )


def test_epochs_of_a_chain_add_up(make_record: Make) -> None:
    first, second = make_record(), make_record(number=2, epochs=3, continued_from=1)
    assert settings(second, earlier=(first,))["epochs"] == 8


def test_early_stopping_is_counted_by_its_limit(make_record: Make) -> None:
    stopped = make_record(callbacks=("EarlyStopping",), epochs=4, epochs_planned=20)
    interrupted = make_record(
        callbacks=("EarlyStopping",), epochs=4, epochs_planned=20, stopped_by="KeyboardInterrupt"
    )
    assert settings(stopped)["epochs"] == 20
    assert settings(interrupted)["epochs"] == 4


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "unknown"), ((), "none"), ((64, 32), "64, 32"), (1e-05, "1e-05"), (True, "yes")],
)
def test_wording(value: object, words: str) -> None:
    assert wording(value) == words
