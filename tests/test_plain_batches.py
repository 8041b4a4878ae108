"""Arrays are read without TensorFlow's tuner where it is asked for, and nowhere else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mnist_course import plain_batches
from mnist_course.experiments import Configuration
from mnist_course.experiments.trials.training import train
from mnist_course.grading import fast_fit


def tuned() -> bool:
    from keras.src.trainers.data_adapters.array_data_adapter import ArrayDataAdapter

    x, y = np.zeros((20, 4), np.float32), np.zeros(20, np.int64)
    read = ArrayDataAdapter(x, y, batch_size=10, shuffle=True).get_tf_dataset()
    return bool(read.options().autotune.enabled is not False)


def test_it_is_off_in_a_block_and_on_after_it() -> None:
    assert tuned()
    with plain_batches.enabled():
        assert not tuned()
        with plain_batches.enabled():  # once more changes nothing, nor does its end
            assert not tuned()
        assert not tuned()
    assert tuned()


def test_a_fast_fit_reads_plainly() -> None:
    with fast_fit.enabled():
        assert not tuned()
    assert tuned()


def test_a_trial_reads_plainly_and_leaves_keras_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    from keras.src.trainers.data_adapters.array_data_adapter import ArrayDataAdapter

    original = ArrayDataAdapter.get_tf_dataset
    during: list[bool] = []

    def reads(self: Any) -> Any:
        during.append(ArrayDataAdapter.get_tf_dataset is not reads)
        return original(self)

    monkeypatch.setattr(ArrayDataAdapter, "get_tf_dataset", reads)
    train(Configuration(train_rows=100, validation_rows=100, hidden=(4,), epochs=1), 0, "a")
    assert during
    assert all(during)
    assert ArrayDataAdapter.get_tf_dataset is reads
