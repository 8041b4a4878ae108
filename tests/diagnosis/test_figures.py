"""The figures that serve as fingerprints, from MNIST itself."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from mnist_course.datasets.mnist import Split
from mnist_course.diagnosis import history
from mnist_course.diagnosis.history import LN10, TEST_SHARES, TRAIN_SHARES


def test_shares_of_the_digits(mnist_data: tuple[Split, Split]) -> None:
    (_, y_train), (_, y_test) = mnist_data
    assert tuple(np.bincount(y_test) / 10_000) == TEST_SHARES
    assert tuple(np.round(np.bincount(y_train) / 60_000, 4)) == TRAIN_SHARES
    # No two digits have the same share, and none the .1000 of a class of Fashion-MNIST.
    assert len({*TEST_SHARES, history.FASHION_ONE_CLASS}) == 11
    assert (TEST_SHARES[0], TEST_SHARES[1]) == (0.0980, 0.1135)


def test_guessing_costs_ln_10() -> None:
    assert pytest.approx(-math.log(1 / 10)) == LN10


@pytest.mark.keras
@pytest.mark.slow
@pytest.mark.parametrize(
    ("units", "batch_size"), [((64,), 32), ((128,), 32), ((128,), 128), ((512, 512), 32)]
)
def test_a_cold_first_epoch_stays_above_the_warm_limit(
    units: tuple[int, ...], batch_size: int, mnist_data: tuple[Split, Split]
) -> None:
    """Measured: 0.30, 0.25, 0.35, 0.18."""
    import keras
    from keras import layers

    (x, y), _ = mnist_data
    keras.utils.set_random_seed(0)
    model: Any = keras.Sequential([keras.Input((28, 28)), layers.Flatten()])
    for count in units:
        model.add(layers.Dense(count, "relu"))
    model.add(layers.Dense(10, "softmax"))
    model.compile(
        "adam", "sparse_categorical_crossentropy", metrics=["accuracy"], steps_per_execution=25
    )
    x = x.astype(np.float32) / np.float32(255)
    curves = model.fit(x, y.astype(int), batch_size=batch_size, epochs=1, verbose=0).history
    assert 0.16 < curves["loss"][0] < 0.45
    assert curves["accuracy"][0] < 0.955
    assert history.check_history(curves) == []
