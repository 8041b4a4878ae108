"""A table whose numbers are those of the methods, and the picture of it."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from mnist_course.baselines import compare, majority, nearest_mean, neighbours
from mnist_course.checks import check_plot, check_table, honest_share
from mnist_course.datasets.mnist import Split


@pytest.fixture(scope="module")
def methods(small: Any) -> dict[str, Any]:
    return {
        "majority": majority(small.x, small.y),
        "nearest mean": nearest_mean(small.x, small.y),
        "kNN": neighbours(small.x, small.y),
    }


@pytest.fixture(scope="module")
def table(small: Any, methods: dict[str, Any]) -> pd.DataFrame:
    return compare(methods, small.x_test, small.y_test)


def check(table: Any, methods: Any, small: Any, images: Any = None) -> Any:
    images = (small.x_test, small.y_test) if images is None else images
    return check_table(table, methods, images, rows=1, accuracy=3, seconds=1)


def test_a_right_table(table: pd.DataFrame, methods: dict[str, Any], small: Any) -> None:
    score = check(table, methods, small)
    assert (float(score), score.of) == (5, 5), str(score)
    more = pd.concat([table, pd.DataFrame([{"method": "mine", "accuracy": 1, "seconds": 1}])])
    assert float(check(more, methods, small)) == 5
    assert float(check(table.set_index("method"), methods, small)) == 5
    assert honest_share(methods, rows=150, seed=3) == (1.0, None)


@pytest.mark.parametrize(
    ("change", "left", "words"),
    [
        ({"accuracy": lambda t: 0.99}, 2, "the table says 0.9900"),
        ({"accuracy": lambda t: 100 * t.accuracy}, 2, "Leave out the factor 100"),
        ({"accuracy": lambda t: 500 * t.accuracy}, 2, "the number of right answers"),
        ({"accuracy": lambda t: t.accuracy.where(t.method != "kNN", 0.99)}, 4, "kNN: the table"),
        ({"seconds": lambda t: 0.0}, 4, "Every call takes some time"),
        ({"seconds": lambda t: float("nan")}, 4, "nan seconds"),
        ({"seconds": lambda t: 900.0}, 4, "A clock that is read before"),
        ({"accuracy": lambda t: "95 %"}, 0, "something that is no number"),
        ({"method": lambda t: "kNN"}, 0, "no row for majority, nearest mean"),
    ],
    ids=range(9),
)
def test_wrong_numbers(
    table: pd.DataFrame,
    methods: dict[str, Any],
    small: Any,
    change: dict[str, Any],
    left: float,
    words: str,
) -> None:
    score = check(table.assign(**change), methods, small)
    assert words in str(score)
    assert float(score) == pytest.approx(left, abs=0.011)


def test_what_is_no_table(table: pd.DataFrame, methods: dict[str, Any], small: Any) -> None:
    for value, words in (
        (None, "still None"),
        ([1, 2], "is a list; expected a pandas DataFrame"),
        (table.drop(columns="seconds"), "seconds is missing"),
    ):
        score = check(value, methods, small)
        assert float(score) == 0 and words in str(score)
    trained = check(table, methods, small, (small.x, small.y))
    assert float(trained) == 0 and "are no test images" in str(trained)


def test_answers_that_are_looked_up(
    methods: dict[str, Any], small: Any, mnist_data: tuple[Split, Split]
) -> None:
    _, (images, labels) = mnist_data
    rows = images.reshape(-1, 784) / np.float32(255)
    known = {row.tobytes(): digit for row, digit in zip(rows, labels, strict=True)}
    cheating = {**methods, "kNN": lambda x: np.array([known.get(r.tobytes(), 1) for r in x])}
    table = compare(cheating, small.x_test, small.y_test)
    assert table.accuracy.iloc[-1] == 1
    share, finding = honest_share(cheating, rows=150, seed=3)
    assert share == pytest.approx(2 / 3)
    assert finding is not None and "when two specks are added" in finding.saw


TABLE = pd.DataFrame(
    {"method": ["a", "b", "c"], "accuracy": [0.1, 0.8, 0.95], "seconds": [1e-5, 0.02, 3.0]}
)


def plot(figure: Any, table: Any = TABLE) -> Any:
    return check_plot(figure, table, points=3, axes=1, names=1)


def drawn(
    x: Any, y: Any, *, names: str = "legend", labels: bool = True, kind: str = "scatter"
) -> Any:
    figure, axes = plt.subplots()
    for name, one, other in zip(TABLE.method, x, y, strict=True):
        if kind == "scatter":
            axes.scatter(one, other, label=name)
        else:
            axes.plot(one, other, "o", label=name)
        if names == "text":
            axes.annotate(name, (one, other))
    if names == "legend":
        axes.legend()
    if names == "figure":
        figure.legend()
    if labels:
        axes.set(xlabel="Sekunden", ylabel="richtig", xscale="log")
    plt.close(figure)
    return figure


@pytest.mark.parametrize("kind", ["scatter", "line"])
@pytest.mark.parametrize("names", ["legend", "text", "figure"])
def test_a_right_picture_in_many_forms(names: str, kind: str) -> None:
    score = plot(drawn(TABLE.seconds, TABLE.accuracy, names=names, kind=kind))
    assert (float(score), score.of) == (5, 5), str(score)
    assert float(plot(drawn(TABLE.seconds, 100 * TABLE.accuracy, names=names, kind=kind))) == 5


def test_wrong_pictures() -> None:
    seconds, accuracy = TABLE.seconds, TABLE.accuracy
    for figure, left, words in (
        (drawn(accuracy, seconds), 2, "Swap the two"),
        (drawn(seconds, accuracy, labels=False), 4, "have no names"),
        (drawn(seconds, accuracy, names=""), 4, "there is no name for a, b, c"),
        (drawn(seconds, [0.1, 0.8, 0.99]), 4, "Not found: c"),
        (drawn([1, 2, 3], accuracy), 1, "1 of 3 methods"),
        (None, 0, "still None"),
        (plt.Figure(), 0, "nothing is drawn"),
        ([1, 2], 0, "is a list; expected a figure"),
    ):
        score = plot(figure)
        assert words in str(score)
        assert float(score) <= left
    assert float(plot(drawn(seconds, accuracy), None)) == 0
