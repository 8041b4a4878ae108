"""Keras' own loaders, offline and with an empty cache, against the copies that are here."""

from __future__ import annotations

import importlib
import os
import socket
import subprocess
import sys

import numpy as np
import pytest

from mnist_course.datasets import debian_package, fashion_mnist, locations, mnist
from mnist_course.datasets.redirect import redirect_keras_datasets
from mnist_course.exceptions import CorruptDataError, DatasetError

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


def fashion_via_keras():
    import keras

    return keras.datasets.fashion_mnist.load_data


def fashion_via_tf_keras():
    import tensorflow as tf

    return tf.keras.datasets.fashion_mnist.load_data


def fashion_via_from_import():
    from keras.datasets.fashion_mnist import load_data

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


@pytest.fixture(scope="module")
def fashion_data():
    try:
        fashion_mnist.verify()
    except CorruptDataError as error:
        pytest.skip(f"Fashion-MNIST is not here (make setup fetches it): {error}")
    return fashion_mnist.load_data()


@pytest.mark.parametrize(
    "loader", [fashion_via_keras, fashion_via_tf_keras, fashion_via_from_import]
)
def test_every_way_in_reads_the_copy_of_fashion(
    offline, fashion_data, monkeypatch, tmp_path, loader
):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    load = loader()
    with redirect_keras_datasets():
        assert same(load(), fashion_data)
    assert not (tmp_path / "keras").exists()


def test_fashion_that_is_nowhere_is_one_clear_error(offline, monkeypatch, tmp_path):
    monkeypatch.setenv(locations.CACHE_VARIABLE, str(tmp_path))
    monkeypatch.setenv(locations.OFFLINE_VARIABLE, "1")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(locations, "environment_folder", lambda: tmp_path)
    monkeypatch.setattr(debian_package, "FOLDER", tmp_path)
    load = fashion_via_keras()
    with redirect_keras_datasets(), pytest.raises(DatasetError, match="makes it present"):
        load()


def test_both_loaders_are_taken_back(keras_mnist):
    keras_fashion = importlib.import_module("keras.src.datasets.fashion_mnist")
    originals = keras_mnist.get_file, keras_fashion.get_file
    with redirect_keras_datasets():
        assert keras_mnist.get_file is not originals[0]
        assert keras_fashion.get_file is not originals[1]
    assert (keras_mnist.get_file, keras_fashion.get_file) == originals


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
