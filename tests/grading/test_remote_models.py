"""A model that cannot be rebuilt predicts in the student's kernel; only its answers count."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mnist_course.grading.autograde import autograde
from mnist_course.grading.results import NotebookGrade

pytestmark = [pytest.mark.kernel, pytest.mark.keras]

SUBCLASSED = """
import keras, numpy as np
keras.utils.set_random_seed(1)
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(4, activation="softmax")
    def call(self, x):
        return self.dense(x)
model = Net()
model.compile("sgd", "sparse_categorical_crossentropy")
model.optimizer.learning_rate = 2.0
model.fit(np.eye(4, dtype="float32"), np.arange(4), epochs=60, verbose=0)
"""
# So many rows that answers by position cannot be right by the luck of the shuffle.
PREDICTS = """
import numpy as np
found = model.predict(np.eye(4, dtype=np.float32)[np.arange(24) % 4]).argmax(axis=1)
assert list(found) == [0, 1, 2, 3] * 6, f"it says {found}"
"""
SIZE = "assert model.count_params() == 20"


@pytest.fixture
def grade(save: Any, cell: Any, graded_cell: Any) -> Callable[..., NotebookGrade]:
    def go(*student: str) -> NotebookGrade:
        tests = [
            graded_cell("net-predicts", 3, PREDICTS),
            graded_cell("net-size", 2, SIZE),
            graded_cell("net-again", 1, PREDICTS),
        ]
        head = cell("code", "import keras", "net-data", locked=True)
        assignment = save("source/net/net.ipynb", [head, *tests])
        submission = save("mine.ipynb", [head, *(cell("code", s) for s in student), *tests])
        options = {"deadline_seconds": 200.0, "pictures": False, "overlap": False}
        return autograde(submission, assignment, **options).grade

    return go


def verdicts(grade: NotebookGrade) -> list[str]:
    return [str(c.verdict) for c in grade.cells]


def test_a_subclassed_model_answers_and_claims_nothing(grade: Any) -> None:
    found = grade(SUBCLASSED)
    assert verdicts(found) == ["passed", "not graded", "passed"], found.cells
    assert "subclassed model (Net)" in found.cells[1].staff_note


LAMBDA = SUBCLASSED.replace(
    "model = Net()",
    "model = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: x),"
    " keras.layers.Dense(4, activation='softmax')])",
)


@pytest.mark.parametrize(
    ("predict", "words"),
    [
        ("lambda *a, **k: (_ for _ in ()).throw(KeyError('no'))", "raised KeyError"),
        ("lambda *a, **k: __import__('os')._exit(0)", "ended the Python process"),
        ("lambda *a, **k: 'passed'", "expected numbers"),
        ("lambda x, **k: np.eye(4, dtype='float32')[np.arange(len(x)) % 4]", "it says"),
    ],
    ids=["raises", "dies", "no array", "by position"],
)
def test_a_layer_of_ones_own_and_answers_that_are_none(
    grade: Any, predict: str, words: str
) -> None:
    found = grade(LAMBDA, f"model.predict = {predict}")
    assert verdicts(found)[0] == "failed" and found.score == 0, found.cells
    told = " ".join(f.saw for f in found.cells[0].findings)
    assert words in told or "expected a row of floats" in told
