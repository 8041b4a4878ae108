"""Shared pieces of real MNIST, with one small trained model."""

from __future__ import annotations

import os
import re
import signal

# Whoever starts the tests in the background has Ctrl-C ignored, and so would all that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Before anything imports TensorFlow, Keras or matplotlib, also in the processes that tests start.
os.environ["MPLBACKEND"] = "agg"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"

# Processes that share the tests, and all that they start, keep to a core each: between two cores
# the same training takes a third more processor time.
from mnist_course.workforce.worker_setup import keep_to_a_core

if number := re.fullmatch(r"gw(\d+)", os.environ.get("PYTEST_XDIST_WORKER", "")):
    keep_to_a_core(int(number[1]))

from collections.abc import Generator
from typing import Any

import numpy as np
import pytest

from mnist_course.datasets import mnist
from mnist_course.datasets.mnist import Split


@pytest.fixture(scope="session")
def mnist_data() -> tuple[Split, Split]:
    """All of MNIST, loaded once; the arrays are read-only."""
    data = mnist.load_data()
    for split in data:
        for array in split:
            array.flags.writeable = False
    return data


@pytest.fixture(scope="session")
def small_train(mnist_data: tuple[Split, Split]) -> tuple[np.ndarray, np.ndarray]:
    """The first 6000 training images, float32 0..1 (6000, 28, 28), with labels int64 (6000,)."""
    (x, y), _ = mnist_data
    return x[:6000].astype(np.float32) / np.float32(255), y[:6000].astype(np.int64)


@pytest.fixture(scope="session")
def small_test(mnist_data: tuple[Split, Split]) -> tuple[np.ndarray, np.ndarray]:
    """The first 1000 test images, float32 0..1 (1000, 28, 28), with labels int64 (1000,)."""
    _, (x, y) = mnist_data
    return x[:1000].astype(np.float32) / np.float32(255), y[:1000].astype(np.int64)


@pytest.fixture(scope="session")
def trained_model(small_train: tuple[np.ndarray, np.ndarray]) -> Any:
    """A 784-32-10 Keras model after 5 epochs on 6000 images; do not train it further."""
    import keras

    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.layers.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ],
        name="small",
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(*small_train, epochs=5, batch_size=32, verbose=0)
    return model


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    """Make what a test printed sendable: processes that share the tests speak UTF-8.

    Some tests are about text that is none, and their log shows it.
    """
    report = yield
    report.sections = [
        (name, text.encode("utf-8", "backslashreplace").decode("utf-8"))
        for name, text in report.sections
    ]
    return report
