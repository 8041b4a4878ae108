"""One operation of TensorFlow is the formula of Keras' Adam."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mnist_course.grading.compile_spec import Named, make_optimizer
from mnist_course.grading.fused_adam import fused_adam
from mnist_course.traced_updates import traced_updates

pytestmark = pytest.mark.keras


def trained(optimizer: Any, epochs: int = 3) -> tuple[list[Any], Any]:
    import keras

    rng = np.random.default_rng(0)
    x = rng.normal(size=(1000, 20)).astype(np.float32)
    y = (x[:, :3].argmax(axis=1)).astype(np.int64)
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [keras.Input((20,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(3, "softmax")]
    )
    model.compile(optimizer, "sparse_categorical_crossentropy")
    updates = traced_updates(model, x, y)
    before = model.get_weights()
    for _ in range(epochs):
        updates(x, y, np.arange(1000, dtype=np.int32), 32)
    moved = [now - then for now, then in zip(model.get_weights(), before, strict=True)]
    return moved, model.optimizer


SETTINGS: dict[str, dict[str, Any]] = {
    "default": {},
    "others": {"learning_rate": 0.01, "beta_1": 0.7, "beta_2": 0.99, "epsilon": 1e-4},
    "decay": {"weight_decay": 0.01},
    "clipped": {"clipnorm": 0.1},
    "averaged": {"use_ema": True, "ema_overwrite_frequency": 10},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_the_weights_move_as_with_keras(name: str) -> None:
    import keras

    slow, _ = trained(keras.optimizers.Adam(**SETTINGS[name]))
    fast, optimizer = trained(fused_adam()(**SETTINGS[name]))
    assert int(optimizer.iterations) == 3 * 32
    for one, other in zip(slow, fast, strict=True):
        assert np.linalg.norm(one - other) < 1e-3 * np.linalg.norm(one)


def test_a_learning_rate_schedule() -> None:
    import keras

    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 20, 0.5)
    (slow, _), (fast, _) = trained(keras.optimizers.Adam(schedule)), trained(fused_adam()(schedule))
    for one, other in zip(slow, fast, strict=True):
        assert np.linalg.norm(one - other) < 1e-3 * np.linalg.norm(one)


@pytest.mark.parametrize(
    ("name", "arguments", "fused"),
    [
        ("Adam", {"learning_rate": 0.01}, True),
        ("Adam", {"amsgrad": True}, False),
        ("AdamW", {}, False),
        ("SGD", {}, False),
    ],
)
def test_only_plain_adam_is_fused(name: str, arguments: dict[str, Any], fused: bool) -> None:
    import keras

    optimizer = make_optimizer(Named(name, arguments), fused=True)
    assert isinstance(optimizer, getattr(keras.optimizers, name))
    assert isinstance(optimizer, fused_adam()) is fused
    assert type(make_optimizer(Named(name, arguments))) is getattr(keras.optimizers, name)
