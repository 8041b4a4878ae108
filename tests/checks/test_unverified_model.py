"""A model that only the student's process can run: what it knows by heart earns nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from mnist_course.checks import CannotGrade, CheckFailed, check_accuracy, check_health, check_model
from mnist_course.checks import backend as backends
from mnist_course.checks.measurement import measure
from mnist_course.checks.new_rows import slightly_new
from mnist_course.checks.score import clear, collected
from mnist_course.checks.trained_model import weights_of
from mnist_course.datasets import mnist
from mnist_course.exceptions import SerializationError
from mnist_course.experiments import ExperimentLog
from mnist_course.grading.model_facade import RemoteModelFacade
from mnist_course.grading.remote_backend import RemoteBackend

FACTS: dict[str, Any] = {
    "call": "name model", "name": "net", "class_name": "Net", "input_shape": (None, 28, 28),
    "output_shape": (None, 10), "parameters": 5, "weights_digest": "0" * 32,
    "layers": [["Dense", 5]],
}  # fmt: skip
POINTS = {0.5: 5, 0.7: 10, 0.95: 20}
Answer = Callable[[np.ndarray], np.ndarray]


@pytest.fixture(autouse=True)
def remote() -> Iterator[None]:
    """No evaluator is there, and none may be asked."""

    def none() -> Any:
        raise CannotGrade("there is no evaluator")

    backends.use(RemoteBackend(none))
    clear()
    yield
    backends.use(None)


@pytest.fixture
def log() -> ExperimentLog:
    return ExperimentLog.from_dict({"fits": [], "evaluations": []})


def model(answer: Answer) -> RemoteModelFacade:
    return RemoteModelFacade(FACTS, "a subclassed model (Net)", lambda call, x, s: answer(x))


@pytest.fixture(scope="module")
def honest() -> Answer:
    """The nearest of ten mean digits: 82 % right, on any rows."""
    (x, y), _ = mnist.load_data()
    means = np.stack([x[y == d].mean(axis=0).ravel() / 255 for d in range(10)]).astype(np.float32)

    def answer(rows: np.ndarray) -> np.ndarray:
        flat = rows.reshape(len(rows), -1)
        return -((flat[:, None] - means) ** 2).sum(axis=2).astype(np.float32)

    return answer


def digits(labels: np.ndarray) -> np.ndarray:
    return np.eye(10, dtype=np.float32)[labels]


@pytest.fixture(scope="module")
def real_accuracy(honest: Answer) -> float:
    _, (x, y) = mnist.load_data()
    return float((honest(x / np.float32(255)).argmax(axis=1) == y).mean())


def test_an_honest_model_gets_what_it_deserves(
    honest: Answer, real_accuracy: float, log: ExperimentLog
) -> None:
    assert 0.7 < real_accuracy < 0.95
    found = measure(model(honest), log)
    assert found.accuracy == pytest.approx(real_accuracy, abs=0.005)
    assert set(found.unverified) == {
        "known_rows_accuracy", "new_rows_accuracy", "training_rows_accuracy",
    }  # fmt: skip
    assert check_accuracy(model(honest), log, points=POINTS) == 10
    assert collected().values["known_rows_accuracy"] == pytest.approx(real_accuracy, abs=0.03)
    assert "parameters" not in collected().values


def table(honest: Answer) -> Answer:
    """Answer known test rows from a table, and others honestly."""
    _, (x, y) = mnist.load_data()
    known = {row.tobytes(): digit for row, digit in zip(x, y, strict=True)}

    def answer(rows: np.ndarray) -> np.ndarray:
        outputs = honest(rows)
        pixels = np.rint(rows.reshape(-1, 28, 28) * 255).astype(np.uint8)
        for i, row in enumerate(pixels):
            if (digit := known.get(row.tobytes())) is not None:
                outputs[i] = digits(digit)
        return outputs

    return answer


def test_a_table_of_test_rows_earns_nothing(
    honest: Answer, real_accuracy: float, log: ExperimentLog
) -> None:
    found = measure(model(table(honest)), log)
    assert found.unverified["known_rows_accuracy"] == 1  # what it tried, for staff
    assert found.accuracy == pytest.approx(real_accuracy, abs=0.005)
    assert check_accuracy(model(table(honest)), log, points=POINTS) == 10


def nearest(honest: Answer) -> Answer:
    """Answer what looks like a known test row from a table that forgives small changes."""
    _, (x, y) = mnist.load_data()
    small = x.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(-1, 196).astype(np.float32) / 255
    norms = (small**2).sum(axis=1)

    def answer(rows: np.ndarray) -> np.ndarray:
        outputs = honest(rows)
        for start in range(0, len(rows), 500):
            part = rows[start : start + 500].reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4))
            part = part.reshape(-1, 196)
            far = norms[None] - 2 * part @ small.T + (part**2).sum(axis=1)[:, None]
            best = far.argmin(axis=1)
            close = far[np.arange(len(part)), best] < 0.5
            outputs[start : start + 500][close] = digits(y[best])[close]
        return outputs

    return answer


def test_a_table_that_forgives_small_changes_earns_nothing(
    honest: Answer, real_accuracy: float, log: ExperimentLog
) -> None:
    found = measure(model(nearest(honest)), log)
    assert found.unverified["new_rows_accuracy"] > 0.97
    assert found.accuracy == found.unverified["training_rows_accuracy"] < real_accuracy + 0.03
    assert check_accuracy(model(nearest(honest)), log, points=POINTS) == 10


def test_counting_calls_earns_nothing(log: ExperimentLog) -> None:
    _, (_, y) = mnist.load_data()
    asked = [0]

    def answer(rows: np.ndarray) -> np.ndarray:
        start = asked[0]
        asked[0] += len(rows)
        return digits(y[np.arange(start, asked[0]) % len(y)])

    assert measure(model(answer), log).accuracy < 0.15
    asked[0] = 0
    assert check_accuracy(model(answer), log, points=POINTS) == 0


@pytest.mark.parametrize(
    "answer",
    [
        lambda rows: np.zeros((len(rows), 10), np.int64),
        lambda rows: np.zeros((len(rows) + 1, 10), np.float32),
        lambda rows: np.zeros(len(rows), np.float32),
        lambda rows: [[0.0] * 10] * len(rows),
        lambda rows: np.zeros((len(rows), 3), np.float32),
        lambda rows: np.full((len(rows), 10), np.nan, np.float32),
        lambda rows: np.zeros((len(rows), len(rows)), np.float32),
    ],
    ids=range(7),
)
def test_answers_that_are_no_rows_of_ten_numbers(answer: Answer, log: ExperimentLog) -> None:
    with pytest.raises(CheckFailed):
        measure(model(answer), log)


def test_rows_come_back_in_their_order(honest: Answer) -> None:
    seen: list[int] = []

    def answer(rows: np.ndarray) -> np.ndarray:
        seen.append(len(rows))
        return rows[:, :1] * 2

    rows = np.arange(1234, dtype=np.float32)[:, None]
    for some in (rows, rows[:3], rows[:1]):
        np.testing.assert_array_equal(model(answer).predict(some), some * 2)
    assert max(seen) <= 500


def test_no_points_for_a_claim(honest: Answer, log: ExperimentLog) -> None:
    it = model(honest)
    for name in ("count_params", "get_weights", "layers", "output_shape", "optimizer", "evaluate"):
        with pytest.raises(CannotGrade, match=r"subclassed model \(Net\)"):
            getattr(it, name)
    with pytest.raises(CannotGrade):
        hasattr(it, "count_params")
    with pytest.raises(CannotGrade):
        weights_of(it)
    with pytest.raises(CannotGrade):
        check_health(it, log)
    assert not it.verified and it.claims["parameters"] == 5
    assert check_model(it, log) == 5


@pytest.mark.parametrize(
    "change",
    [{"call": 5}, {"parameters": 1.5}, {"layers": [["Dense"]]}, {"layers": [[1, 2]]},
     {"input_shape": [28]}, {"input_shape": ("a",)}, {"output_shape": (2**40,)}, {"name": None}],
    ids=range(8),
)  # fmt: skip
def test_facts_have_one_form(change: dict[str, Any]) -> None:
    with pytest.raises(SerializationError):
        RemoteModelFacade(FACTS | change, "why", lambda *a: None)


def test_slightly_new_rows_are_new_and_slight() -> None:
    _, (x, _) = mnist.load_data()
    new = slightly_new(x, np.random.default_rng(5))
    assert new.dtype == np.uint8 and new.shape == x.shape
    different = (new != x).reshape(len(x), -1)
    assert different.any(axis=1).all()
    far = (np.abs(new.astype(int) - x.astype(int)) > 3).reshape(len(x), -1)
    assert far.sum(axis=1).max() <= 2
    assert (slightly_new(x, np.random.default_rng(6)) != new).any()
