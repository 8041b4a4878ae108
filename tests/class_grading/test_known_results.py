"""A run is judged again without being run, and a model asked again without being built."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from mnist_course.class_grading.known_results import StoredResults
from mnist_course.class_grading.store import Store
from mnist_course.grading import autograde as engine
from mnist_course.grading import pictures
from mnist_course.grading import test_runner as runner
from mnist_course.grading.autograde import autograde
from mnist_course.grading.kept_answers import KeptAnswers
from mnist_course.grading.results import NotebookGrade
from tests.proof.tiny_course import make_cell, solution
from tests.proof.tiny_course import tests_of as check_cell

LIMITS = {"deadline": 200.0}
BUILD = """import keras
import numpy as np
keras.utils.set_random_seed(0)
model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10, activation="softmax")])
history = None
word = "{word}"
def half(x):
    return x / {by}
"""
ACCURACY = """from mnist_course.checks import Score, measurement
outputs = model.predict(measurement.held_out()[0].reshape(-1, 784) / 255)
Score(2 if outputs.shape == (10000, 10) else 0, of=2, saw=f'{float(outputs.sum()):.0f}')"""
WORD = "assert word == 'right', f'the word is {word}'"
HALF = "assert half(4) == 2, f'half of 4 is {half(4)}'"


def notebook(path: Path, *, accuracy: str = ACCURACY, word: str = "right", by: int = 2) -> Path:
    cells: list[dict[str, Any]] = [
        solution(BUILD.format(word=word, by=by), "k-build"),
        check_cell(accuracy, "k-accuracy", 2),
        check_cell(WORD, "k-word", 1),
        check_cell(HALF, "k-half", 1),
        make_cell("markdown", "Why.", "k-why", grade=True, solution=True, points=1),
    ]
    top = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(top), encoding="utf-8")
    return path


def grade(folder: Path, submission: Path, source: Path, **limits: float):
    known = StoredResults(Store(folder / "store"), {**LIMITS, **limits})
    return autograde(submission, source, deadline_seconds=200, known=known).grade, known


def scores(grade: NotebookGrade) -> dict[str, float]:
    return {cell.grade_id: float(cell.score or 0) for cell in grade.automatic}


ALL = {"k-accuracy": 2.0, "k-word": 1.0, "k-half": 1.0}


@pytest.mark.kernel
@pytest.mark.keras
def test_what_is_run_asked_and_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = notebook(tmp_path / "k.ipynb")
    submission = notebook(tmp_path / "mine.ipynb")
    first, known = grade(tmp_path, submission, source)
    assert scores(first) == ALL and known.was_run
    assert set(known.judged) == set(ALL)

    class NoEvaluator:
        def __init__(self, **_options: Any) -> None:
            raise AssertionError("the evaluator was started")

    with monkeypatch.context() as patched:
        patched.setattr(engine, "Evaluator", NoEvaluator)
        # Another threshold for the same question: the answer is known.
        notebook(source, accuracy=ACCURACY.replace("Score(2 if", "Score(1 if"))
        second, known = grade(tmp_path, submission, source)
        assert scores(second) == {**ALL, "k-accuracy": 1.0}
        assert not known.was_run and known.judged == ("k-accuracy",)
        assert second.cells[0].findings == first.cells[0].findings
        assert second.errors == first.errors and second.layers == first.layers

    # Another question is asked.
    notebook(source, accuracy=ACCURACY.replace("/ 255)", "/ 255)[:, :9]"))
    third, known = grade(tmp_path, submission, source)
    assert scores(third) == {**ALL, "k-accuracy": 0.0} and not known.was_run
    assert third.cells[0].findings != first.cells[0].findings

    # What does not run does not matter; what runs does, and so do the limits.
    other = notebook(tmp_path / "other.ipynb", by=4)
    assert scores(grade(tmp_path, other, source)[0]) == {**scores(third), "k-half": 0.0}
    assert not grade(tmp_path, other, source)[1].was_run
    assert grade(tmp_path, other, source, cell=7.0)[1].was_run


def test_pictures_of_the_same_numbers_are_drawn_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def draw(folder: str, confusion: list[list[int]]) -> list[tuple[str, str, bytes]]:
        (tmp_path / folder).mkdir()
        verdicts = [{"confusion": confusion}, {"curves": {"loss": [1.0, math.nan, 0.5]}}]
        told = runner._draw({"pictures": True}, verdicts, tmp_path / folder, answers)
        return [(title, alt, (tmp_path / folder / file).read_bytes()) for title, alt, file in told]

    def no_drawing(*_: object) -> None:
        raise AssertionError("drawn")

    answers = KeptAnswers(tmp_path / "answers")
    first = draw("first", [[8, 2], [0, 10]])
    assert [title for title, _, _ in first] == ["Confusion matrix", "Learning curves"]
    assert all(png.startswith(b"\x89PNG") for _, _, png in first)
    monkeypatch.setattr(pictures, "draw", no_drawing)
    assert draw("again", [[8, 2], [0, 10]]) == first
    with pytest.raises(AssertionError, match="drawn"):
        draw("other", [[9, 1], [0, 10]])


@pytest.mark.kernel
def test_a_name_that_nobody_asked_for_yet_needs_a_run(tmp_path: Path) -> None:
    cells = [solution("a, b = 1, 2", "k-set"), check_cell("assert a == 1", "k-a", 1)]

    def written(path: Path, cells: list[dict[str, Any]]) -> Path:
        top = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        path.write_text(json.dumps(top), encoding="utf-8")
        return path

    submission = written(tmp_path / "mine.ipynb", cells)
    source = written(tmp_path / "k.ipynb", cells)
    assert grade(tmp_path, submission, source)[1].was_run
    assert not grade(tmp_path, submission, source)[1].was_run
    written(source, [*cells, check_cell("assert b == 2", "k-b", 1)])
    found, known = grade(tmp_path, submission, source)
    assert known.was_run and scores(found) == {"k-a": 1.0, "k-b": 1.0}
    # The run with more names serves both.
    written(source, cells)
    assert not grade(tmp_path, submission, source)[1].was_run
    assert not grade(tmp_path, submission, source)[1].was_run


@pytest.mark.kernel
def test_what_could_not_be_decided_is_tried_again(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    body = (
        "from pathlib import Path\nfrom mnist_course.checks.score import CannotGrade\n"
        f"if not Path({str(mark)!r}).exists():\n    raise CannotGrade('not yet')\nassert a == 1"
    )
    cells = [solution("a = 1", "k-set"), check_cell(body, "k-a", 1)]
    top = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path = tmp_path / "k.ipynb"
    path.write_text(json.dumps(top), encoding="utf-8")
    assert scores(grade(tmp_path, path, path)[0]) == {"k-a": 0.0}
    mark.touch()
    found, known = grade(tmp_path, path, path)
    assert scores(found) == {"k-a": 1.0} and not known.was_run and known.judged == ("k-a",)
    assert grade(tmp_path, path, path)[1].judged == ()
