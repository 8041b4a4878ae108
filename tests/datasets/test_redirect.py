"""Keras' own loader, offline and with an empty cache, against the embedded copy."""

from __future__ import annotations

import importlib
import os
import socket
import subprocess
import sys

import numpy as np
import pytest

from mnist_course.datasets import mnist
from mnist_course.datasets.redirect import redirect_keras_datasets
from mnist_course.exceptions import CorruptDataError

pytestmark = pytest.mark.keras


@pytest.fixture
def keras_mnist():
    return importlib.import_module("keras.src.datasets.mnist")


@pytest.fixture
def offline(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)


def same(loaded, expected) -> bool:
    return all(
        a.dtype == b.dtype and np.array_equal(a, b)
        for split, other in zip(loaded, expected, strict=True)
        for a, b in zip(split, other, strict=True)
    )


def via_keras():
    import keras

    return keras.datasets.mnist.load_data


def via_tf_keras():
    import tensorflow as tf

    return tf.keras.datasets.mnist.load_data


def via_from_import():
    from keras.datasets import mnist as imported

    return imported.load_data


def via_tensorflow_from_import():
    from tensorflow.keras.datasets.mnist import load_data

    return load_data


@pytest.mark.parametrize(
    "loader", [via_keras, via_tf_keras, via_from_import, via_tensorflow_from_import]
)
@pytest.mark.parametrize("arguments", [(), ("other.npz",), ("/content/mnist.npz",)])
def test_every_way_in_reads_the_embedded_copy(offline, mnist_data, loader, arguments):
    load = loader()  # imported before the redirection, as a notebook might
    with redirect_keras_datasets():
        assert same(load(*arguments), mnist_data)
        assert same(load(path="mnist.npz"), mnist_data)


def test_only_the_one_who_redirected_takes_it_back(keras_mnist):
    original = keras_mnist.get_file
    with redirect_keras_datasets() as outer:
        redirected = keras_mnist.get_file
        with redirect_keras_datasets():
            assert keras_mnist.get_file is redirected
        assert keras_mnist.get_file is redirected
        outer.undo()
        assert keras_mnist.get_file is original
        later = redirect_keras_datasets()
        outer.undo()  # twice: must not undo the later one
        assert keras_mnist.get_file is redirected
        later.undo()
    assert keras_mnist.get_file is original


def test_it_is_taken_back_after_an_error(keras_mnist):
    original = keras_mnist.get_file
    with pytest.raises(ZeroDivisionError), redirect_keras_datasets():
        1 / 0  # noqa: B018
    assert keras_mnist.get_file is original


def test_a_damaged_copy_is_not_handed_to_keras(monkeypatch, tmp_path):
    broken = tmp_path / "mnist.npz"
    broken.write_bytes(b"not a zip")
    monkeypatch.setattr(mnist, "PATH", broken)
    load = via_keras()
    with redirect_keras_datasets(), pytest.raises(CorruptDataError):
        load()


def test_a_fresh_process_with_an_empty_home_needs_no_network(tmp_path):
    code = """
import socket
def refuse(*args, **kwargs):
    raise AssertionError("the network was used")
socket.create_connection = socket.socket.connect = refuse
from mnist_course.datasets.redirect import redirect_keras_datasets
redirect_keras_datasets()
import tensorflow as tf
(x_train, y_train), (x_test, y_test) = tf.keras.datasets.mnist.load_data()
print(x_train.shape, int(x_test.sum()))
"""
    home = tmp_path / "home"
    home.mkdir()
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "HOME": str(home), "KERAS_HOME": str(home / "keras")},
        capture_output=True,
        text=True,
        check=True,
    )
    expected = int(mnist.load_data()[1][0].sum())
    assert result.stdout.split("\n")[0] == f"(60000, 28, 28) {expected}"
    assert not (home / "keras" / "datasets").exists()
