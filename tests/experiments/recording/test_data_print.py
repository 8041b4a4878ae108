"""Arrays are described by their content, however they were scaled."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mnist_course.experiments.recording.data_print import data_print, read, shared_rows
from mnist_course.experiments.recording.mnist_rows import known_rows

MEAN, DEVIATION = 33.318421449829934, 78.56748998339798

SCALINGS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], float, float]] = {
    "pixels": (lambda x: x, 1, 0),
    "pixels as int64": (lambda x: x.astype(np.int64), 1, 0),
    "pixels as float32": (lambda x: x.astype(np.float32), 1, 0),
    "x / 255 float64": (lambda x: x / 255.0, 1 / 255, 0),
    "x / 255 float32": (lambda x: x.astype("float32") / 255, 1 / 255, 0),
    "x / 255 float16": (lambda x: (x / 255).astype("float16"), 1 / 255, 0),
    "x / 225": (lambda x: x / 225.0, 1 / 225, 0),
    "x / 256": (lambda x: x / 256.0, 1 / 256, 0),
    "(x - 127.5) / 127.5": (lambda x: (x - 127.5) / 127.5, 1 / 127.5, -1),
    "standardised": (lambda x: (x - MEAN) / DEVIATION, 1 / DEVIATION, -MEAN / DEVIATION),
    "PyTorch's numbers": (
        lambda x: (x / 255 - 0.1307) / 0.3081,
        1 / (255 * 0.3081),
        -0.1307 / 0.3081,
    ),
    "inverted": (lambda x: 1 - x / 255, -1 / 255, 1),
    "unusual": (lambda x: (x * 0.0371 + 5.2).astype("float32"), 0.0371, 5.2),
    "unusual, inverted": (lambda x: 7 - x * 0.11, -0.11, 7),
}


@pytest.fixture(scope="module")
def train(mnist_data: Any) -> np.ndarray:
    return mnist_data[0][0]


@pytest.fixture(scope="module")
def test(mnist_data: Any) -> np.ndarray:
    return mnist_data[1][0]


@pytest.mark.parametrize("rows", [1, 3, 50, 700])
@pytest.mark.parametrize("name", SCALINGS)
def test_the_scaling_is_found(name: str, rows: int, train: np.ndarray) -> None:
    scale, factor, offset = SCALINGS[name]
    seen = data_print(scale(train[:rows]))
    assert seen is not None
    # Half precision is only as exact as it is; a single row in it may be off by its rounding.
    assert seen.factor == pytest.approx(factor, rel=1e-4)
    assert seen.offset == pytest.approx(offset, abs=1e-3)
    assert (seen.rows, seen.train_rows, seen.test_rows) == (rows, rows, 0)


@pytest.mark.parametrize("name", ["pixels", "x / 255 float32", "x / 225", "standardised"])
def test_a_subset_without_full_white_is_recognised(name: str, train: np.ndarray) -> None:
    dim = train[train.reshape(len(train), -1).max(axis=1) == 254][:40]
    scale, factor, _ = SCALINGS[name]
    seen = data_print(scale(dim))
    assert seen is not None
    assert seen.factor == pytest.approx(factor)
    assert seen.train_rows == 40


def test_every_mnist_image_has_paper_and_nearly_full_ink(
    train: np.ndarray, test: np.ndarray
) -> None:
    for images in (train, test):
        pixels = images.reshape(len(images), -1)
        assert pixels.min(axis=1).max() == 0
        assert pixels.max(axis=1).min() >= 254


def test_no_image_is_in_both_parts() -> None:
    known = known_rows()
    assert len(np.unique(known.train)) == 60_000
    assert len(np.unique(known.test)) == 10_000
    assert len(np.intersect1d(known.train, known.test)) == 0


@pytest.mark.parametrize("shape", [(28, 28), (784,), (28, 28, 1), (1, 28, 28)])
def test_the_shape_of_an_example_does_not_matter(shape: tuple[int, ...], train: np.ndarray) -> None:
    seen = data_print(train[:100].reshape(100, *shape) / 255.0)
    assert seen is not None
    assert seen.shape == shape
    assert seen.train_rows == 100
    assert seen.digest == data_print(train[:100]).digest  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "change",
    [
        lambda x: np.random.default_rng(0).random(x.shape),
        lambda x: x[:, ::-1] / 255,
        lambda x: (x > 127).astype("float32"),
        lambda x: (x - x.mean(axis=0)) / (x.std(axis=0) + 1),
        lambda x: x[:, :14, :14] / 255,
        lambda x: np.zeros(x.shape),
        lambda x: np.full(x.shape, np.nan),
    ],
    ids=["noise", "flipped", "binary", "pixel by pixel", "cropped", "zeros", "NaN"],
)
def test_what_is_no_mnist_is_called_so(
    change: Callable[[np.ndarray], np.ndarray], train: np.ndarray
) -> None:
    seen = data_print(change(train[:300]))
    assert seen is not None
    assert seen.factor is None
    assert seen.offset is None
    assert (seen.rows, seen.train_rows, seen.test_rows) == (300, 0, 0)


def test_statistics(train: np.ndarray) -> None:
    x = train[:5_000].astype(np.float32) / np.float32(255)
    seen = data_print(x)
    assert seen is not None
    assert (seen.minimum, seen.maximum) == (0.0, 1.0)
    assert seen.mean == pytest.approx(x.mean(dtype=np.float64))
    assert seen.finite
    assert seen.dtype == "float32"


def test_values_that_are_not_finite_are_told_and_left_out(train: np.ndarray) -> None:
    x = train[:100] / 255.0
    x[3, 4, 5], x[7, 8, 9] = np.nan, np.inf
    seen = data_print(x)
    assert seen is not None
    assert not seen.finite
    assert (seen.minimum, seen.maximum) == (0.0, 1.0)
    assert seen.train_rows == 98


def test_test_images_among_the_training_images(train: np.ndarray, test: np.ndarray) -> None:
    mixed = np.concatenate([train[:300], test[:200]]) / 255.0
    seen = data_print(np.random.default_rng(1).permutation(mixed))
    assert seen is not None
    assert (seen.train_rows, seen.test_rows) == (300, 200)


def test_changed_images_beside_originals(train: np.ndarray) -> None:
    shifted = np.roll(train[:200], 2, axis=2)
    seen = data_print(np.concatenate([train[:200], shifted]) / 255.0)
    assert seen is not None
    assert seen.factor == pytest.approx(1 / 255)
    assert seen.train_rows == 200


def test_order_does_not_change_the_digest_but_content_does(train: np.ndarray) -> None:
    one, two = data_print(train[:100]), data_print(train[:100][::-1] / 255.0)
    three = data_print(train[:99])
    assert one is not None
    assert two is not None
    assert three is not None
    assert one.digest == two.digest != three.digest


def test_shared_rows_are_found_across_scalings(train: np.ndarray, test: np.ndarray) -> None:
    rows = read(np.concatenate([train[90:100], test[:5]]) / 225.0)
    others = read(train[:100])
    assert shared_rows(rows, others) == 10
    assert shared_rows(read(test[:50]), others) == 0
    assert shared_rows(None, others) == 0
    noise = np.random.default_rng(0).random((20, 30))
    assert shared_rows(read(noise[:5].astype("float32")), read(noise)) == 5


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        (None, "none"),
        (np.arange(10), "integer"),
        (np.arange(10.0), "integer"),
        (np.arange(10).reshape(10, 1), "integer"),
        (np.eye(10), "one-hot"),
        (np.eye(10, dtype=bool), "one-hot"),
        (np.eye(10) * 0.9 + 0.01, "unknown"),
        (np.ones((10, 10)), "unknown"),
        (np.arange(10) / 7, "unknown"),
        (np.arange(9), "unknown"),
        (np.zeros((10, 28, 28)), "unknown"),
        (list(range(10)), "unknown"),
        (np.array(["a"] * 10), "unknown"),
    ],
)
def test_the_kind_of_labels(labels: Any, kind: str, train: np.ndarray) -> None:
    seen = data_print(train[:10], labels)
    assert seen is not None
    assert seen.labels == kind


@pytest.mark.parametrize(
    "x",
    [
        None,
        5,
        "abc",
        np.zeros(()),
        np.zeros((0, 28, 28)),
        np.array(["a", "b"]),
        np.zeros(3, dtype=complex),
        [np.zeros((2, 3)), np.zeros((2, 3))],
        {"a": np.zeros((2, 3)), "b": np.zeros((2, 3))},
        (row for row in range(3)),
    ],
    ids=lambda x: "a generator" if hasattr(x, "send") else repr(x),  # no address of memory
)
def test_what_is_no_array_of_examples(x: Any) -> None:
    assert data_print(x) is None


def test_a_single_input_in_a_list_or_dictionary(train: np.ndarray) -> None:
    for x in ([train[:5]], {"input": train[:5]}):
        seen = data_print(x)
        assert seen is not None
        assert seen.train_rows == 5


def test_the_same_array_is_read_once_until_it_changes(
    train: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = train[:2_000] / 255.0
    whole, part = read(x), read(x[:1_500])
    assert whole is not None
    assert part is not None
    assert read(x).keys is whole.keys  # type: ignore[union-attr]
    assert read(x[:1_500]).keys is part.keys  # type: ignore[union-attr]
    x *= 2
    changed = read(x)
    assert changed is not None
    assert changed.keys is not whole.keys
    assert changed.print.factor == pytest.approx(2 / 255)


def test_the_cost_of_all_training_images(train: np.ndarray) -> None:
    known_rows()
    x = train.astype(np.float32) / np.float32(255)
    tracemalloc.start()
    try:
        data_print(x)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 64e6
    started = time.process_time()
    data_print(x)
    assert time.process_time() - started < 0.1  # measured: 1 ms


@pytest.mark.keras
def test_tensors_and_data_sets(train: np.ndarray) -> None:
    import tensorflow as tf

    x = (train[:300] / 255.0).astype("float32")
    y = np.arange(300) % 10
    from_array = data_print(x, y)
    assert data_print(tf.constant(x), tf.constant(y)) == from_array
    batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(64)
    from_batches = data_print(batches)
    assert from_batches is not None
    assert from_array is not None
    assert from_batches.digest == from_array.digest
    assert (from_batches.train_rows, from_batches.labels) == (300, "integer")
    assert from_batches.mean == pytest.approx(from_array.mean)
    assert data_print(batches.repeat()) is None
