from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from mnist_course.diagnosis.short_runs import learning_rate_sweep, overfit_small, update_size

pytestmark = pytest.mark.keras


def network(units: tuple[int, ...], activation: str, optimizer: Any) -> Any:
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((28, 28)), layers.Flatten()])
    for count in units:
        model.add(layers.Dense(count, activation=activation))
    model.add(layers.Dense(10, "softmax"))
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def baseline() -> Any:
    import keras

    return network((10, 10), "sigmoid", keras.optimizers.Adam(1e-5))


def reference() -> Any:
    return network((64,), "relu", "adam")


def test_a_sound_network_learns_fifty_images_by_heart(small_train) -> None:
    test = overfit_small(reference, *small_train)
    assert test.memorised and test.images == 50 and test.updates <= 200


def test_the_baseline_cannot(small_train) -> None:
    test = overfit_small(baseline, *small_train, updates=200)
    assert not test.memorised and test.accuracy < 0.3 and test.loss > 2


def test_a_broken_training_ends_early(small_train) -> None:
    import keras

    x = np.where(small_train[0] > 0.9, np.nan, small_train[0])
    test = overfit_small(
        lambda: network((8,), "sigmoid", keras.optimizers.SGD()), x, small_train[1]
    )
    assert np.isnan(test.loss) and test.updates == 50 and not test.memorised


def test_the_sweep_tells_the_rates_apart(small_train) -> None:
    sweep = learning_rate_sweep(reference, *small_train, rates=(10.0, 1e-6, 1e-2), steps=100)
    assert list(sweep["learning rate"]) == [1e-6, 1e-2, 10.0]
    assert list(sweep["verdict"]) == ["too low", "good", "too high"]
    assert sweep["loss before"].nunique() == 1
    assert sweep["loss after"][1] < 0.6 < sweep["loss after"][0]


def test_the_same_seed_gives_the_same_numbers(small_train) -> None:
    def sweep(seed: int, rates: tuple[float, ...]) -> Any:
        return learning_rate_sweep(reference, *small_train, rates, steps=20, seed=seed)

    one, other = sweep(1, (1e-3,)), sweep(2, (1e-3,))
    # The runs before it leave no trace: weights and optimizer start afresh for each rate.
    after_others = sweep(1, (1e-4, 1e-3))
    assert one["loss after"][0] == after_others["loss after"][1]
    assert one["loss after"][0] != other["loss after"][0]
    assert update_size(reference, *small_train) == update_size(reference, *small_train)


def test_a_schedule_is_replaced(small_train) -> None:
    import keras

    schedule = keras.optimizers.schedules.ExponentialDecay(1e-9, 10, 0.9)
    sweep = learning_rate_sweep(
        lambda: network((32,), "relu", keras.optimizers.Adam(schedule)),
        *small_train,
        rates=(1e-2,),
        steps=50,
    )
    assert sweep["loss after"][0] < 1


def test_update_size(small_train) -> None:
    assert update_size(baseline, *small_train) < 5e-4 < 5e-3 < update_size(reference, *small_train)


def test_a_model_may_be_given_and_is_not_changed(trained_model, small_train) -> None:
    before = [weight.copy() for weight in trained_model.get_weights()]
    updates = int(trained_model.optimizer.iterations.numpy())
    random.seed(3)
    expected = random.random()
    random.seed(3)
    assert overfit_small(trained_model, *small_train, 20).memorised
    learning_rate_sweep(trained_model, *small_train, rates=(1e-3,), steps=5)
    update_size(trained_model, *small_train)
    assert random.random() == expected
    for old, new in zip(before, trained_model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert int(trained_model.optimizer.iterations.numpy()) == updates
    assert float(trained_model.optimizer.learning_rate.numpy()) == pytest.approx(1e-3)


def test_no_fit_is_made(small_train, monkeypatch: pytest.MonkeyPatch) -> None:
    """Short runs must never appear in the student's experiment log, which records fits."""
    import keras

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("fit was called")

    monkeypatch.setattr(keras.Model, "fit", refuse)
    monkeypatch.setattr(keras.Model, "evaluate", refuse)
    overfit_small(reference, *small_train, 10, updates=2)
    learning_rate_sweep(reference, *small_train, rates=(1e-3,), steps=2)


@pytest.mark.parametrize("rates", [(), (0.0,), (-1.0,), (float("nan"),)])
def test_impossible_rates(rates: tuple[float, ...], small_train) -> None:
    with pytest.raises(ValueError, match="numbers above 0"):
        learning_rate_sweep(reference, *small_train, rates)


def test_impossible_counts(small_train) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        overfit_small(reference, *small_train, 0)
    with pytest.raises(ValueError, match="at least 1"):
        learning_rate_sweep(reference, *small_train, steps=0)
