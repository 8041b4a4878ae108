"""What a model was compiled with comes back from the configuration that Keras itself writes."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from mnist_course.exceptions import NotPortableError
from mnist_course.grading import compile_spec
from mnist_course.grading.compile_spec import make_loss, make_optimizer, parse_compile

pytestmark = pytest.mark.keras

SCHEDULES = {
    "ExponentialDecay": {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.9},
    "InverseTimeDecay": {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.9},
    "PolynomialDecay": {"initial_learning_rate": 0.1, "decay_steps": 10, "power": 2.0},
    "CosineDecay": {
        "initial_learning_rate": 0.0, "decay_steps": 10, "warmup_target": 0.1, "warmup_steps": 5,
    },
}  # fmt: skip


def as_recorded(value: Any) -> Any:
    """Return class with plain configuration, through JSON, as a record carries it."""
    import keras

    config = dict(value.get_config())
    for key, item in config.items():
        if isinstance(item, dict) and "class_name" in item:
            config[key] = {"class_name": item["class_name"], "config": item["config"]}
        elif isinstance(item, keras.optimizers.schedules.LearningRateSchedule):
            config[key] = {"class_name": type(item).__name__, "config": item.get_config()}
    plain = json.dumps({"class_name": type(value).__name__, "config": config}, default=float)
    return json.loads(plain)


def comparable(config: dict[str, Any]) -> dict[str, Any]:
    return json.loads(json.dumps({k: v for k, v in config.items() if k != "name"}, default=float))


@pytest.mark.parametrize("name", sorted(compile_spec._optimizers))
def test_every_optimizer(name: str) -> None:
    import keras

    original = getattr(keras.optimizers, name)(learning_rate=0.02, clipnorm=1.5, use_ema=True)
    spec = parse_compile({"optimizer": as_recorded(original), "loss": "mse"})
    again = make_optimizer(spec.optimizer)
    assert type(again) is type(original)
    before, after = comparable(original.get_config()), comparable(again.get_config())
    assert before.keys() == after.keys()
    for key, value in before.items():
        assert after[key] == pytest.approx(value), key


@pytest.mark.parametrize("name", sorted(SCHEDULES))
def test_every_schedule(name: str) -> None:
    import keras

    assert set(SCHEDULES) == set(compile_spec._schedules)
    schedule = getattr(keras.optimizers.schedules, name)(**SCHEDULES[name])
    original = keras.optimizers.SGD(schedule, momentum=0.9, nesterov=True)
    spec = parse_compile({"optimizer": as_recorded(original), "loss": "mse"})
    again = make_optimizer(spec.optimizer)._learning_rate
    assert [float(again(step)) for step in range(20)] == [
        float(schedule(step)) for step in range(20)
    ]


@pytest.mark.parametrize("name", sorted(compile_spec._losses))
def test_every_loss(name: str) -> None:
    import keras

    kind = getattr(keras.losses, name)
    given = {"from_logits": True} if "from_logits" in compile_spec._losses[name] else {}
    original = kind(**given)
    spec = parse_compile({"optimizer": {"class_name": "Adam"}, "loss": as_recorded(original)})
    again = make_loss(spec.loss)
    assert type(again) is kind
    rng = np.random.default_rng(0)
    labels = np.eye(10, dtype=np.float32)[rng.integers(0, 10, 8)]
    y = labels.argmax(axis=1) if name.startswith("Sparse") else labels
    outputs = rng.uniform(0.01, 0.99, (8, 10)).astype(np.float32)
    assert float(again(y, outputs)) == float(original(y, outputs))


@pytest.mark.parametrize(
    "word",
    [
        "sparse_categorical_crossentropy", "SparseCategoricalCrossentropy", "mse", "mae", "kld",
        "categorical_crossentropy", "binary_crossentropy", "mean_squared_error", "huber",
        "mean_absolute_error", "kl_divergence", "poisson", "categorical_hinge", "hinge",
        "squared_hinge", "log_cosh", "cosine_similarity", "categorical_focal_crossentropy",
    ],
)  # fmt: skip
def test_losses_by_the_words_that_keras_knows(word: str) -> None:
    import keras

    spec = parse_compile({"optimizer": {"class_name": "SGD", "config": {}}, "loss": word})
    meant = keras.losses.get(word)
    expected = meant.__name__ if callable(meant) and hasattr(meant, "__name__") else meant.name
    assert type(make_loss(spec.loss)).__name__.lower() == expected.replace("_", "").lower()


def test_what_the_recorder_writes_is_read() -> None:
    import keras

    from mnist_course.experiments.recording.model_facts import compiled_facts

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 100, 0.9)
    for optimizer, loss in (
        ("adam", "sparse_categorical_crossentropy"),
        (keras.optimizers.Adam(schedule), keras.losses.CategoricalCrossentropy(True)),
        (keras.optimizers.SGD(0.1, 0.9), keras.losses.sparse_categorical_crossentropy),
        ("rmsprop", "mse"),
    ):
        model.compile(optimizer, loss, metrics=["accuracy"])
        facts = json.loads(json.dumps(compiled_facts(model)))
        spec = parse_compile(facts)
        again = make_optimizer(spec.optimizer)
        assert type(again) is type(model.optimizer)
        assert float(again.learning_rate) == pytest.approx(float(model.optimizer.learning_rate))
        make_loss(spec.loss)


ADAM = {"class_name": "Adam", "config": {"learning_rate": 0.001}}


@pytest.mark.parametrize(
    "compiled",
    [
        None,
        [],
        {},
        {"optimizer": "adam", "loss": "mse"},
        {"optimizer": ADAM},
        {"optimizer": ADAM, "loss": "my_loss"},
        {"optimizer": ADAM, "loss": 3},
        {"optimizer": ADAM, "loss": ["mse", "mse"]},
        {"optimizer": ADAM, "loss": {"class_name": "MyLoss", "config": {}}},
        {"optimizer": {"class_name": "MyAdam", "config": {}}, "loss": "mse"},
        {"optimizer": {"class_name": ["Adam"], "config": {}}, "loss": "mse"},
        {"optimizer": {"class_name": "Adam", "config": [1]}, "loss": "mse"},
        {"optimizer": {"class_name": "Adam", "config": {"learning_rate": "0.1"}}, "loss": "mse"},
        {"optimizer": {"class_name": "Adam", "config": {"learning_rate": True}}, "loss": "mse"},
        {
            "optimizer": {"class_name": "Adam", "config": {"learning_rate": float("nan")}},
            "loss": "mse",
        },
        {"optimizer": {"class_name": "Adam", "config": {"learning_rate": -1}}, "loss": "mse"},
        {"optimizer": {"class_name": "Adam", "config": {"evil": 1}}, "loss": "mse"},
        {"optimizer": {"class_name": "Adam", "config": {"beta_1": {"a": 1}}}, "loss": "mse"},
        {
            "optimizer": {
                "class_name": "Adam",
                "config": {"learning_rate": {"class_name": "MySchedule", "config": {}}},
            },
            "loss": "mse",
        },
        {"optimizer": ADAM, "loss": {"class_name": "Huber", "config": {"delta": "x"}}},
        {
            "optimizer": ADAM,
            "loss": {"class_name": "SparseCategoricalCrossentropy", "config": {"fn": "exec"}},
        },
    ],
    ids=range(21),
)
def test_anything_else_is_refused(compiled: Any) -> None:
    with pytest.raises(NotPortableError):
        parse_compile(compiled)
