"""The optimizer with a learning rate for each layer, against Keras' own optimizers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.keras

ROWS = 96
OPTIMIZERS = {
    "SGD": {"learning_rate": 0.1},
    "SGD with momentum": {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True},
    "Adam": {"learning_rate": 0.01},
    "AdamW": {"learning_rate": 0.01, "weight_decay": 0.1},
    "Adam, norms clipped": {"learning_rate": 0.01, "clipnorm": 0.1},
    "Adam, global norm clipped": {"learning_rate": 0.01, "global_clipnorm": 0.1},
    "Adam, moving average": {"learning_rate": 0.01, "use_ema": True, "ema_momentum": 0.5},
    "Adam, accumulated": {"learning_rate": 0.01, "gradient_accumulation_steps": 2},
    "Adam, scaled loss": {"learning_rate": 0.01, "loss_scale_factor": 8.0},
    "RMSprop": {"learning_rate": 0.01, "momentum": 0.5, "centered": True},
    "Adagrad": {"learning_rate": 0.1},
    "Ftrl": {"learning_rate": 0.1},
    "Lion": {"learning_rate": 0.01},
    "Nadam": {"learning_rate": 0.01},
}


def make(name: str, **changes: Any) -> Any:
    import keras

    kind = getattr(keras.optimizers, name.partition(" ")[0].rstrip(","))
    return kind(**(OPTIMIZERS[name] | changes))


def network() -> Any:
    import keras

    keras.utils.set_random_seed(3)
    return keras.Sequential(
        [
            keras.layers.Input((6,)),
            keras.layers.Dense(5, activation="tanh", name="first"),
            keras.layers.Dense(4, activation="tanh", name="second"),
            keras.layers.Dense(3, activation="softmax", name="last"),
        ]
    )


def examples() -> tuple[np.ndarray, np.ndarray]:
    numbers = np.random.default_rng(0)
    x = numbers.normal(size=(ROWS, 6)).astype(np.float32)
    return x, (x[:, :3].argmax(axis=1)).astype(np.int64)


def fitted(optimizer: Any, *, model: Any = None, epochs: int = 3, **others: Any) -> Any:
    import keras

    model = network() if model is None else model
    model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", **others)
    keras.utils.set_random_seed(0)
    model.fit(*examples(), batch_size=16, epochs=epochs, verbose=0)
    return model


def per_layer(inner: Any, **factors: float) -> Any:
    from mnist_course.optimizers import PerLayerLearningRate

    return PerLayerLearningRate(inner, factors)


def stepped(optimizer: Any, *, model: Any = None, steps: int = 5) -> Any:
    """Update a network with made-up gradients, without compiling anything."""
    model = network() if model is None else model
    numbers = np.random.default_rng(1)
    optimizer.build(model.trainable_variables)
    for _ in range(steps):
        gradients = {
            id(weight): numbers.normal(size=weight.shape).astype(np.float32)
            for weight in model.weights
        }
        own = [gradients[id(weight)] for weight in model.trainable_variables]
        optimizer.apply(own, model.trainable_variables)
    optimizer.finalize_variable_values(model.trainable_variables)
    return model


def assert_same(model: Any, other: Any) -> None:
    for one, two in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("factors", [{}, {"first": 1.0, "second": 1, "last": 1.0}])
def test_with_factor_1_everywhere_it_is_the_inner_optimizer_to_the_last_bit(name, factors):
    assert_same(stepped(per_layer(make(name), **factors)), stepped(make(name)))


@pytest.mark.parametrize("name", ["SGD with momentum", "Adam, scaled loss"])
def test_it_is_the_same_in_fit(name):
    model = fitted(per_layer(make(name), first=1.0))
    assert_same(model, fitted(make(name)))
    assert int(model.optimizer.iterations) == 3 * ROWS // 16


@pytest.mark.parametrize("name", [name for name in OPTIMIZERS if "global" not in name])
def test_factor_0_keeps_a_layer_as_it_was_while_the_others_learn(name):
    before = network()
    after = stepped(per_layer(make(name), second=0))
    for layer in ("first", "second", "last"):
        weights = zip(
            before.get_layer(layer).get_weights(), after.get_layer(layer).get_weights(), strict=True
        )
        assert all(np.array_equal(a, b) for a, b in weights) == (layer == "second")


def test_factor_0_on_a_layer_equals_a_layer_that_is_not_trainable():
    frozen = network()
    frozen.get_layer("first").trainable = False
    assert_same(fitted(per_layer(make("Adam"), first=0)), fitted(make("Adam"), model=frozen))


def test_a_layer_that_is_frozen_keeps_its_weights_when_its_gradient_is_nan():
    import keras

    model = network()
    optimizer = per_layer(keras.optimizers.SGD(0.1), first=0)
    optimizer.build(model.trainable_variables)
    before = model.get_weights()
    bad = [np.full(variable.shape, np.nan, np.float32) for variable in model.trainable_variables]
    optimizer.apply(bad, model.trainable_variables)
    after = model.get_weights()
    assert np.array_equal(before[0], after[0])
    assert np.isnan(after[-1]).all()


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_a_step_of_sgd_is_the_factor_times_the_step(momentum):
    import keras

    model = network()
    factors = {"first": 0.25, "second": 3.0}
    optimizer = per_layer(keras.optimizers.SGD(0.1, momentum=momentum), **factors)
    optimizer.build(model.trainable_variables)
    numbers = np.random.default_rng(1)
    weights = model.get_weights()
    speeds = [np.zeros_like(weight) for weight in weights]
    rates = [
        np.float32(0.1) * np.float32(factors.get(layer, 1.0))
        for layer in ("first", "first", "second", "second", "last", "last")
    ]
    for _ in range(3):
        gradients = [numbers.normal(size=w.shape).astype(np.float32) for w in weights]
        optimizer.apply(gradients, model.trainable_variables)
        for at, gradient in enumerate(gradients):
            speeds[at] = speeds[at] * np.float32(momentum) - gradient * rates[at]
            weights[at] = weights[at] + speeds[at]
    for ours, theirs in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("name", [name for name in OPTIMIZERS if "global" not in name])
def test_a_factor_everywhere_is_a_learning_rate_times_the_factor(name):
    factors = dict.fromkeys(("first", "second", "last"), 0.5)
    slower = make(name, learning_rate=OPTIMIZERS[name]["learning_rate"] * 0.5)
    assert_same(stepped(per_layer(make(name), **factors)), stepped(slower))


def test_a_schedule_goes_on_for_every_layer():
    import keras

    def schedule(rate: float) -> Any:
        return keras.optimizers.schedules.ExponentialDecay(rate, 4, 0.5)

    both = dict.fromkeys(("first", "second", "last"), 0.5)
    scheduled = per_layer(keras.optimizers.Adam(schedule(0.02)), **both)
    assert_same(stepped(scheduled), stepped(keras.optimizers.Adam(schedule(0.01))))


def test_a_callback_may_change_the_learning_rate():
    import keras

    class Slower(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.model.optimizer.learning_rate = 0.01 / (epoch + 1)

    def fitted_with(optimizer: Any) -> Any:
        model = network()
        model.compile(optimizer, "sparse_categorical_crossentropy")
        keras.utils.set_random_seed(0)
        model.fit(*examples(), batch_size=16, epochs=3, verbose=0, callbacks=[Slower()])
        return model

    wrapped = fitted_with(per_layer(make("Adam"), first=1.0))
    assert_same(wrapped, fitted_with(make("Adam")))
    assert float(wrapped.optimizer.learning_rate) == pytest.approx(0.01 / 3)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of Keras
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_saved_model_goes_on_as_if_it_had_not_been_saved(name, tmp_path):
    import keras

    factors = {} if "global" in name else {"first": 0.5, "second": 0}
    model = network()
    model.compile(per_layer(make(name), **factors), "sparse_categorical_crossentropy")
    stepped(model.optimizer, model=model)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert int(loaded.optimizer.iterations) == int(model.optimizer.iterations)
    assert loaded.optimizer.get_config() == model.optimizer.get_config()
    for one, two in zip(model.optimizer.variables, loaded.optimizer.variables, strict=True):
        np.testing.assert_array_equal(np.asarray(one.value), np.asarray(two.value))
    for each in (model, loaded):
        stepped(each.optimizer, model=each, steps=3)
    assert_same(model, loaded)


def test_it_counts_the_updates():
    for name in ("Adam", "Adam, accumulated"):
        ours, plain = per_layer(make(name), first=0.5), make(name)
        for optimizer in (ours, plain):
            stepped(optimizer)
        assert int(ours.iterations) == int(plain.iterations) > 0


def test_several_steps_in_one_execution_change_nothing():
    one, several = (
        fitted(per_layer(make("Adam"), first=0.3), steps_per_execution=steps) for steps in (1, 4)
    )
    assert_same(one, several)


def test_weights_can_be_kept_from_decaying():
    optimizer = per_layer(make("AdamW"), first=1.0)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    plain = make("AdamW")
    plain.exclude_from_weight_decay(var_names=["bias"])
    assert_same(stepped(optimizer), stepped(plain))
    with pytest.raises(ValueError, match="before the training begins"):
        optimizer.exclude_from_weight_decay(var_names=["kernel"])


def test_a_nested_model_gives_its_factor_to_its_layers_unless_they_have_their_own():
    import keras

    from mnist_course.optimizers import PerLayerLearningRate

    optimizer = PerLayerLearningRate(keras.optimizers.SGD(0.1), {"encoder": 0.5, "code": 0.1})
    assert optimizer.factor_of("encoder/hidden/kernel") == 0.5
    assert optimizer.factor_of("encoder/code/kernel") == 0.1
    assert optimizer.factor_of("decoder/hidden/kernel") == 1.0
    assert optimizer.factor_of("kernel") == 1.0


def test_a_layer_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(ValueError, match=r"named 'frist'.*'first', 'last', 'second'"):
        stepped(per_layer(make("Adam"), frist=0.1))


@pytest.mark.parametrize("factor", [-0.1, float("nan"), float("inf"), "0.1", None])
def test_a_factor_that_is_none_is_refused(factor):
    with pytest.raises(ValueError, match="for layer 'first'"):
        per_layer(make("Adam"), first=factor)


def test_what_is_inside_must_be_an_optimizer():
    with pytest.raises(ValueError, match=r"keras\.optimizers\.Adam"):
        per_layer("adam", first=0.1)


def test_one_norm_over_all_layers_cannot_be_clipped_in_several_optimizers():
    with pytest.raises(ValueError, match="Use clipnorm"):
        stepped(per_layer(make("Adam, global norm clipped"), first=0.1))


def test_the_package_does_not_load_keras():
    import subprocess
    import sys

    code = "import sys, mnist_course.optimizers as o; assert 'keras' not in sys.modules; dir(o)"
    subprocess.run([sys.executable, "-c", code], check=True)
