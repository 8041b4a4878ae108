"""MNIST in three parts, normalised."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_course.datasets import mnist, prepared
from mnist_course.datasets.mnist import Split
from mnist_course.experiments.recording.data_print import read, shared_rows


@pytest.fixture(autouse=True)
def read_once(mnist_data: tuple[Split, Split], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mnist, "load_data", lambda: mnist_data)


def test_three_parts_without_a_common_image() -> None:
    parts = prepared.load_data(seed=3)
    assert [(x.shape, x.dtype.name) for x, _ in parts] == [
        ((50_000, 784), "float32"), ((10_000, 784), "float32"), ((10_000, 784), "float32"),
    ]  # fmt: skip
    assert all(x.min() == 0 and x.max() == 1 for x, _ in parts)
    readings = [read(x) for x, _ in parts]
    known = [(r.print.train_rows, r.print.test_rows) for r in readings if r is not None]
    assert known == [(50_000, 0), (10_000, 0), (0, 10_000)]
    assert shared_rows(readings[0], readings[1]) == 0


def test_labels_belong_to_their_images(mnist_data: tuple[Split, Split]) -> None:
    (images, labels), _ = mnist_data
    by_pixels = {image.tobytes(): int(label) for image, label in zip(images, labels, strict=True)}
    for x, y in prepared.load_data(seed=1)[:2]:
        some = np.rint(x[:300] * 255).astype(np.uint8)
        assert [by_pixels[row.tobytes()] for row in some] == y[:300].tolist()


@pytest.mark.parametrize("validation", [10, 997, 10_000, 59_990])
def test_every_digit_has_its_share(validation: int, mnist_data: tuple[Split, Split]) -> None:
    (_, labels), _ = mnist_data
    _, (x, y), _ = prepared.load_data(seed=2, validation=validation)
    assert len(x) == len(y) == validation
    wanted = np.bincount(labels, minlength=10) * validation / len(labels)
    assert np.abs(np.bincount(y, minlength=10) - wanted).max() <= 1


def test_the_seed_decides() -> None:
    first, again, other = (prepared.load_data(seed=seed)[1][0] for seed in (5, 5, 6))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    # In random order: the first rows are a fair sample.
    counts = np.bincount(prepared.load_data(seed=5)[0][1][:2000], minlength=10)
    assert counts.min() > 120


@pytest.mark.parametrize("validation", [0, 9, 60_000])
def test_no_part_may_be_empty(validation: int) -> None:
    with pytest.raises(ValueError, match="each part needs"):
        prepared.load_data(validation=validation)
