"""Ready-made classifiers, and what takes the place of a part that is not done yet."""

from __future__ import annotations

import json
from statistics import fmean
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.baselines import METHODS, PAGE, Trial, page
from benchmarks.measuring import MEASUREMENTS
from mnist_course.baselines import BASELINES, compare, or_ready_made, or_ready_made_table

Data = tuple[np.ndarray, np.ndarray]
AT_LEAST = {
    "majority": 0.09, "nearest mean": 0.70, "kNN": 0.80, "linear SVM": 0.80, "RBF SVM": 0.85,
}  # fmt: skip


@pytest.fixture(scope="module")
def rows(mnist_data: Any) -> tuple[Data, Data]:
    (x, y), (x_test, y_test) = mnist_data
    scaled = [a.reshape(len(a), -1).astype(np.float32) / 255 for a in (x[:1500], x_test[:400])]
    return (scaled[0], y[:1500]), (scaled[1], y_test[:400])


@pytest.mark.parametrize("name", BASELINES)
def test_each_reads_digits(name: str, rows: tuple[Data, Data]) -> None:
    train, (x, y) = rows
    answers = BASELINES[name](*train)(x)
    assert answers.shape == (400,)
    assert (answers == y).mean() > AT_LEAST[name]


def test_nearest_mean_is_what_its_name_says(rows: tuple[Data, Data]) -> None:
    (x, y), (new, _) = rows
    means = np.stack([x[y == d].mean(axis=0) for d in range(10)])
    direct = ((new[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    assert (BASELINES["nearest mean"](x, y)(new) == direct).all()


def unwritten(x: np.ndarray) -> None:
    raise NotImplementedError("`read` is not written yet.")


@pytest.mark.parametrize(
    ("reader", "words"),
    [
        (None, "it is not there yet"),
        (unwritten, "`read` is not written yet."),
        (lambda x: x["pixels"], "raises IndexError"),
        (lambda x: x, "shape (5, 784)"),
        (lambda x: None, "shape ()"),
    ],
    ids=range(5),
)
def test_a_stand_in_says_why(
    reader: Any, words: str, rows: tuple[Data, Data], capsys: pytest.CaptureFixture[str]
) -> None:
    found = or_ready_made(reader, "nearest mean", *rows[0])
    told = capsys.readouterr().out
    assert "nearest mean: a stand-in takes part" in told and words in told
    assert found(rows[1][0]).shape == (400,)


def test_a_reader_that_reads_is_kept(
    rows: tuple[Data, Data], capsys: pytest.CaptureFixture[str]
) -> None:
    def mine(x: np.ndarray) -> np.ndarray:
        return np.zeros(len(x))

    assert or_ready_made(mine, "kNN", *rows[0]) is mine
    assert capsys.readouterr().out == ""


def test_a_table_that_can_be_drawn_is_kept(
    rows: tuple[Data, Data], capsys: pytest.CaptureFixture[str]
) -> None:
    methods = {name: BASELINES[name](*rows[0]) for name in ("majority", "nearest mean")}
    table = compare(methods, *rows[1])
    assert list(table.columns) == ["method", "accuracy", "seconds"]
    assert (table.seconds > 0).all() and table.accuracy.between(0, 1).all()
    assert or_ready_made_table(table, methods, *rows[1]) is table
    for broken in (None, table.drop(columns="seconds"), table.assign(accuracy="?"), table[:1]):
        quick = or_ready_made_table(broken, methods, *rows[1])
        assert isinstance(quick, pd.DataFrame) and list(quick.method) == list(methods)
    assert capsys.readouterr().out.count("here is a quick one, measured on 300 images") == 4


def test_the_page_shows_what_was_measured() -> None:
    record = json.loads((MEASUREMENTS / "baselines.json").read_text())
    trials = [Trial(**one) for one in record["trials"]]
    assert PAGE.read_text() == page(trials, record["machine"])
    mean = {
        method.name: fmean(t.accuracy for t in trials if t.method == method.name)
        for method in METHODS
    }
    # What the course counts on, with the room that it allows.
    for name, (wanted, room) in {
        "majority": (0.1135, 0),
        "nearest mean": (0.82, 0.005),
        "kNN, 10,000 images": (0.949, 0.005),
        "kNN, all images, k = 3": (0.970, 0.003),
        "linear SVM, 10,000 images": (0.92, 0.01),
        "RBF SVM, 10,000 images": (0.96, 0.005),
    }.items():
        assert mean[name] == pytest.approx(wanted, abs=room + 1e-9), name
