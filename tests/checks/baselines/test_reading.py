"""Methods asked about new images: what they may answer, and what gives them away."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from mnist_course.checks import check_svm
from mnist_course.checks.baselines.reading import (
    Reading,
    ask_digits,
    knows_the_test,
    points_for,
    read_new,
)
from mnist_course.datasets.mnist import Split
from mnist_course.grading.results import Finding

ROWS = np.zeros((6, 784), np.float32)


@pytest.mark.parametrize(
    ("reader", "words"),
    [
        (lambda x: np.zeros((len(x), 10)), ".argmax(axis=1)"),
        (lambda x: np.zeros(3), "expected (6,)"),
        (lambda x: np.full(len(x), 10), "no digits from 0 to 9"),
        (lambda x: np.full(len(x), 0.5), "no digits from 0 to 9"),
        (lambda x: np.full(len(x), np.nan), "no digits from 0 to 9"),
        (lambda x: None, "one digit for each row"),
        (lambda x: ["four"] * len(x), "one digit for each row"),
        (lambda x: [[1], [2, 3]], "one digit for each row"),
        (lambda x: x / 0 if x.any() else 1 / 0, "raised ZeroDivisionError"),
    ],
    ids=range(9),
)
def test_what_is_no_answer_is_told(reader: Any, words: str) -> None:
    found = ask_digits(reader, "knn_predict", ROWS)
    assert isinstance(found, Finding)
    assert words in " ".join([found.saw, found.why, found.next_step])
    assert "knn_predict" in found.saw


@pytest.mark.parametrize(
    "answer", [[4] * 6, np.full(6, 4.0), np.full(6, 4, np.uint8), (4,) * 6], ids=range(4)
)
def test_digits_of_any_type_are_digits(answer: Any) -> None:
    digits = ask_digits(lambda x: answer, "read", ROWS)
    assert isinstance(digits, np.ndarray) and digits.tolist() == [4] * 6


def test_rows_are_new_and_repeatable(mnist_data: tuple[Split, Split]) -> None:
    asked: list[np.ndarray] = []

    def reader(x: np.ndarray) -> np.ndarray:
        asked.append(x)
        return np.zeros(len(x))

    first, second = (read_new(reader, "read", rows=50, seed=4) for _ in range(2))
    assert isinstance(first, Reading) and isinstance(second, Reading)
    assert np.array_equal(first.x, second.x) and asked[0].shape == (150, 784)
    assert asked[0].dtype == np.float32 and 0 <= asked[0].min() <= asked[0].max() <= 1
    known = {image.tobytes() for image in mnist_data[1][0]}
    pixels = np.rint(asked[0] * 255).astype(np.uint8)
    assert not any(row.tobytes() in known for row in pixels)


def reading(here: float, elsewhere: float, rows: int = 800) -> Reading:
    return Reading(ROWS, np.arange(rows) % 10, 0.95, here, elsewhere)


@pytest.mark.parametrize(
    ("here", "elsewhere", "knows"),
    [
        # Measured with support vector machines and neighbours on 10,000 images: honest ones,
        (0.81, 0.83, False), (0.80, 0.79, False), (0.72, 0.70, False), (0.70, 0.75, False),
        (float("nan"), float("nan"), False),
        # ones that were fitted on the test images.
        (0.94, 0.79, True), (1.00, 0.78, True), (0.90, 0.76, True), (0.99, 0.65, True),
    ],
)  # fmt: skip
def test_memory_of_the_test_shows_in_the_hard_images(
    here: float, elsewhere: float, knows: bool
) -> None:
    found = knows_the_test(reading(here, elsewhere), "read")
    assert (found is not None) == knows
    score = points_for(reading(here, elsewhere), "read", {0.9: 3}, of=5)
    assert float(score) == (0 if knows else 3)


def test_who_was_fitted_on_the_test_is_found(mnist_data: tuple[Split, Split]) -> None:
    _, (images, labels) = mnist_data
    cheat = KNeighborsClassifier(1).fit(images.reshape(-1, 784) / np.float32(255), labels)
    found = read_new(cheat.predict, "knn", rows=200, seed=1)
    assert isinstance(found, Reading)
    assert found.hard_test > 0.98 and knows_the_test(found, "knn") is not None


@pytest.fixture(scope="module")
def machines(small: Any) -> dict[str, Any]:
    return {
        kernel: SVC(kernel=kernel).fit(small.x, small.y).predict for kernel in ("linear", "rbf")
    }


def svm(linear: Any, rbf: Any) -> Any:
    points = {"linear": {0.70: 1, 0.80: 2}, "rbf": {0.75: 1, 0.80: 2, 0.88: 3}}
    return check_svm(linear, rbf, rows=200, seed=1, **points)


def test_two_machines(machines: dict[str, Any]) -> None:
    both = svm(machines["linear"], machines["rbf"])
    assert (float(both), both.of) == (5, 5)
    twice = svm(machines["rbf"], machines["rbf"])
    assert float(twice) == 3 and "the same machine" in str(twice)
    one = svm(None, machines["rbf"])
    assert float(one) == 3 and "`linear_svm` is still None" in str(one)
    other = svm(machines["linear"], lambda x: np.full(len(x), 1))
    assert float(other) == 2 and "answers 1 for every image" in str(other)
    assert float(svm(None, None)) == 0
