"""Which clothes an array holds is known by content, as it is with digits."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_course.datasets import fashion_mnist
from mnist_course.experiments.recording import data_print as module
from mnist_course.experiments.recording.data_print import data_print
from mnist_course.experiments.recording.fashion_rows import known_clothes
from mnist_course.experiments.recording.fit_record import DataPrint


@pytest.fixture(scope="module")
def clothes() -> tuple[np.ndarray, np.ndarray]:
    (train, _), (test, _) = fashion_mnist.load_data()
    return train, test


def test_the_laws_that_the_search_for_a_scaling_relies_on(
    clothes: tuple[np.ndarray, np.ndarray],
) -> None:
    for images in clothes:
        rows = images.reshape(len(images), -1)
        assert not rows.min(axis=1).any()
        assert rows.max(axis=1).min() >= 254
    known = known_clothes()
    assert known is not None
    assert (len(known.train), len(known.test)) == (60_000, 10_000)
    assert not np.isin(known.test, known.train).any()


@pytest.mark.parametrize(
    ("factor", "offset"), [(1 / 255, 0.0), (1.0, 0.0), (1 / 127.5, -1.0), (0.011, -0.81)]
)
def test_scaled_clothes_are_known(
    factor: float, offset: float, clothes: tuple[np.ndarray, np.ndarray]
) -> None:
    train, test = clothes
    images = np.concatenate([train[:300], test[:100]])
    x = images.astype(np.float32) * np.float32(factor) + np.float32(offset)
    found = data_print(x[..., None], np.zeros(400, dtype=int))
    assert found is not None
    assert (found.dataset, found.train_rows, found.test_rows) == ("fashion_mnist", 300, 100)
    assert found.factor == pytest.approx(factor, rel=1e-4)
    assert found.offset == pytest.approx(offset, abs=1e-4)
    assert DataPrint.from_dict(found.to_dict()) == found


def test_what_is_neither_digit_nor_garment_is_of_no_data_set() -> None:
    noise = np.random.default_rng(0).random((50, 28, 28)).astype(np.float32)
    found = data_print(noise)
    assert found is not None
    assert (found.dataset, found.factor, found.test_rows) == ("", None, 0)


def test_a_machine_without_clothes_describes_them_as_before(
    monkeypatch: pytest.MonkeyPatch, clothes: tuple[np.ndarray, np.ndarray]
) -> None:
    monkeypatch.setattr(module, "known_clothes", lambda: None)
    found = data_print(clothes[0][:20] / np.float32(7))
    assert found is not None
    assert (found.dataset, found.factor) == ("", None)
