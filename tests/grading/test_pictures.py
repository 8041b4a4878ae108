from __future__ import annotations

import io
import math
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from mnist_course.grading.pictures import (
    describe_confusion,
    describe_curves,
    draw,
)

CURVES = {
    "loss": [0.6, 0.3, 0.2],
    "accuracy": [0.8, 0.9, 0.95],
    "val_loss": [0.4, 0.3, 0.31],
    "val_accuracy": [0.88, 0.93, 0.92],
}


def confusion(seed: int = 0) -> list[list[int]]:
    """Ten classes, about 10,000 examples, mistakes of all sizes."""
    generator = np.random.default_rng(seed)
    matrix = generator.poisson(5, (10, 10))
    np.fill_diagonal(matrix, 950)
    rows: list[list[int]] = matrix.tolist()
    return rows


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def test_draws_both_pictures() -> None:
    first, second = draw(confusion(), CURVES)
    assert (first.title, second.title) == ("Confusion matrix", "Learning curves")
    for picture in (first, second):
        image = pixels(picture.png)
        assert image.shape[1] == 960
        assert len(np.unique(image.reshape(-1, 3), axis=0)) > 50
        assert len(picture.png) < 200_000


def test_the_same_numbers_give_the_same_bytes() -> None:
    assert draw(confusion(), CURVES) == draw(confusion(), CURVES)
    assert draw(confusion(), None) != draw(confusion(1), None)


@pytest.mark.parametrize(
    ("matrix", "curves", "titles"),
    [
        (None, None, []),
        (None, {}, []),
        (None, {"lr": [0.1]}, []),
        ([[3, 1], [0, 4]], None, ["Confusion matrix"]),
        (None, {"loss": [0.5]}, ["Learning curves"]),
    ],
    ids=["nothing", "no curves", "unknown curve", "matrix only", "one epoch"],
)
def test_draws_what_there_is(
    matrix: list[list[int]] | None, curves: dict[str, list[float]] | None, titles: list[str]
) -> None:
    assert [picture.title for picture in draw(matrix, curves)] == titles


def test_the_confusion_matrix_in_words() -> None:
    matrix = [[0] * 10 for _ in range(10)]
    for digit in range(10):
        matrix[digit][digit] = 100
    matrix[4][9], matrix[7][2], matrix[3][5], matrix[5][3] = 31, 24, 1, 2
    assert describe_confusion(matrix) == (
        "1,000 of 1,058 digits were read correctly (94.52 %). Most confused: 4 read as 9 "
        "(31 times), 7 read as 2 (24 times), 5 read as 3 (2 times)."
    )
    assert describe_confusion([[0, 1], [0, 0]]).endswith("0 read as 1 (1 time).")
    assert describe_confusion([[5, 0], [0, 5]]) == "10 of 10 digits were read correctly (100.00 %)."
    assert describe_confusion([[0, 0], [0, 0]]) == "No digit was read."


def test_the_curves_in_words() -> None:
    assert describe_curves(CURVES) == (
        "After 3 epochs: loss on training data 0.2000, loss on validation data 0.3100, accuracy on "
        "training data 95.00 %, accuracy on validation data 92.00 %. Validation accuracy was best "
        "after epoch 2: 93.00 %."
    )
    assert describe_curves({"loss": [math.nan]}) == (
        "After 1 epoch: loss on training data not a finite number."
    )
    assert describe_curves({}) == "No learning curve was recorded."


@pytest.mark.parametrize(
    "curves",
    [
        {"loss": [math.nan] * 5, "accuracy": [0.098] * 5},
        {"loss": [math.inf, -math.inf, 1.0]},
        {"loss": [1e308, -1e308, 0.0]},
        {"loss": [0.5] * 20_000},
        {"loss": [0.5, 0.4], "val_loss": [0.6]},
        {"$\\frac{$": [1.0], "loss": [1.0]},
        {"sparse_categorical_accuracy": [0.5, 0.6]},
    ],
    ids=["nan", "infinite", "huge", "long", "uneven", "strange name", "metric object"],
)
def test_odd_curves_are_drawn_without_a_warning(curves: dict[str, list[float]]) -> None:
    [picture] = draw(None, curves)
    assert pixels(picture.png).size


@pytest.mark.parametrize(
    "matrix",
    [[[1, 2]], [[1], [2]], [[1, -1], [0, 1]], [[0] * 101] * 101],
    ids=["wide", "tall", "negative", "too large"],
)
def test_what_is_no_confusion_matrix_is_refused(matrix: list[list[int]]) -> None:
    with pytest.raises(ValueError, match="confusion matrix"):
        draw(matrix, None)


def test_a_matrix_without_mistakes_can_be_drawn() -> None:
    [picture] = draw((np.eye(10, dtype=int) * 100).tolist(), None)
    assert pixels(picture.png).size


def test_describing_loads_no_matplotlib() -> None:
    code = (
        "import sys; from mnist_course.grading import pictures as p; "
        "p.describe_confusion([[1]]); p.describe_curves({'loss': [1.0]}); "
        "assert not {'matplotlib', 'numpy', 'seaborn'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-I", "-c", code], check=True)
