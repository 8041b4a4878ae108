"""Which images a trial sees."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_course.experiments.trials.configuration import Configuration
from mnist_course.experiments.trials.data import data_digest, load

CONFIGURATION = Configuration(train_rows=500, validation_rows=300)


def rows(images: np.ndarray) -> set[bytes]:
    return {image.tobytes() for image in images}


def test_the_parts_have_the_stated_form():
    data = load(CONFIGURATION)
    assert data.x_train.shape == (500, 28, 28)
    assert data.x_val.shape == (300, 28, 28)
    assert data.x_test.shape == (10_000, 28, 28)
    for x, y in (
        (data.x_train, data.y_train),
        (data.x_val, data.y_val),
        (data.x_test, data.y_test),
    ):
        assert x.dtype == np.float32
        assert (x.min(), x.max()) == (0.0, 1.0)
        assert y.shape == (len(x),)
        assert not x.flags.writeable
        assert not y.flags.writeable


def test_they_are_the_stated_images(mnist_data):
    (images, labels), (test_images, test_labels) = mnist_data
    order = np.random.default_rng(4).permutation(60_000)
    data = load(CONFIGURATION.but(split_seed=4))
    np.testing.assert_array_equal(data.x_train, images[order[:500]] / np.float32(255))
    np.testing.assert_array_equal(data.y_train, labels[order[:500]])
    np.testing.assert_array_equal(data.x_val, images[order[-300:]] / np.float32(255))
    np.testing.assert_array_equal(data.y_val, labels[order[-300:]])
    np.testing.assert_array_equal(data.x_test, test_images / np.float32(255))
    np.testing.assert_array_equal(data.y_test, test_labels)


def test_no_image_is_in_two_parts():
    data = load(CONFIGURATION)
    parts = [rows(data.x_train), rows(data.x_val), rows(data.x_test)]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 10_800


def test_more_images_are_the_same_with_others_behind_them():
    few, many = load(CONFIGURATION), load(CONFIGURATION.but(train_rows=700))
    np.testing.assert_array_equal(many.x_train[:500], few.x_train)
    np.testing.assert_array_equal(many.x_val, few.x_val)


def test_all_images_can_be_used():
    data = load(Configuration(train_rows=59_990, validation_rows=10))
    assert (len(data.x_train), len(data.x_val)) == (59_990, 10)


def test_the_seed_of_the_split_alone_changes_it():
    assert load(CONFIGURATION).x_train is load(CONFIGURATION.but(dropout=0.5)).x_train
    assert not np.array_equal(
        load(CONFIGURATION).y_train, load(CONFIGURATION.but(split_seed=1)).y_train
    )


@pytest.mark.parametrize("dataset", ["mnist", "fashion_mnist"])
def test_the_data_are_named_by_their_content(dataset):
    assert len(data_digest(dataset)) == 64
    assert data_digest("mnist") != data_digest("fashion_mnist")
