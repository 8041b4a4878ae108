"""The grader trains a student's trial again from its configuration, in the evaluator."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from mnist_course.checks.score import CannotGrade
from mnist_course.experiments.trials.configuration import Configuration
from mnist_course.grading.channel import Channel
from mnist_course.grading.evaluator import Evaluator
from mnist_course.grading.remote_backend import RemoteBackend
from tests.grading.hostile_evaluator import Hostile

SMALL = Configuration(train_rows=500, validation_rows=200, hidden=(16,), epochs=2)


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, two = socket.socketpair()
    with one, two:
        yield one, two


@pytest.mark.keras
def test_the_evaluator_gives_what_the_student_got() -> None:
    from mnist_course.experiments.trials.training import train

    here = train(SMALL, 7, arm="mine")
    with Evaluator() as evaluator:
        assert evaluator.connection is not None
        backend = RemoteBackend(Channel(evaluator.connection), seconds=120)
        there = backend.run_trial(SMALL, seed=7)
        other = backend.run_trial(SMALL, seed=8)
    assert (there.configuration, there.seed) == (SMALL, 7)
    for name, value in here.measured.items():
        assert there.measured[name] == pytest.approx(value, rel=1e-4), name
    assert there.fit.steps == here.fit.steps == 2 * 16
    assert other.measured["val_cross_entropy"] != there.measured["val_cross_entropy"]


@pytest.mark.parametrize(
    "answer",
    [
        {"ok": None},
        {"ok": {"arm": "x"}},
        {"ok": ["passed"]},
        {"error": "MemoryError", "message": "no memory"},
        {"error": "ValueError", "message": "strange"},
    ],
    ids=str,
)
def test_a_hostile_evaluator_gives_no_trial(ends: Any, answer: dict[str, Any]) -> None:
    hostile = Hostile(ends[1], [answer])
    hostile.start()
    with pytest.raises(CannotGrade):
        RemoteBackend(Channel(ends[0]), seconds=5).run_trial(SMALL, seed=1)
    hostile.join()
