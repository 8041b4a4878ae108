"""The instructor's notebook as data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mnist_course.exceptions import AssignmentError
from mnist_course.grading.assignment import (
    free_names,
    header_id,
    read_assignment,
    visible_source,
)

M5 = Path(__file__).parents[2] / "source" / "m5" / "m5.ipynb"


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("assert x == 1", {"x"}),
        ("x = 1\nassert x", set()),
        ("import numpy as np\nfrom a import b\nnp.sum(b(model))", {"model"}),
        ("def f(a):\n    return a + y\nf(z)", {"y", "z"}),
        ("def f():\n    global g\n    g = h\n", {"h"}),
        ("[i for i in items if i in wanted]", {"items", "wanted"}),
        ("class A(Base):\n    size = width\n", {"Base", "width"}),
        ("lambda a: a + b", {"b"}),
        ("print(len(x), True, None)", {"x"}),
        ("for k in log: pass\nk", {"log"}),
        ("try:\n    x\nexcept E as error:\n    error", {"x", "E"}),
        ("x += 1", set()),  # bound at top level: never the student's
        ("f'{model.name:>{width}}'", {"model", "width"}),
        ("with open(path) as file: file.read()", {"path"}),
        ("del_me.attribute.other", {"del_me"}),
    ],
)
def test_free_names(source: str, names: set[str]) -> None:
    assert free_names(source) == names


def test_a_grade_cell_that_is_not_python() -> None:
    with pytest.raises(AssignmentError, match="not Python"):
        free_names("assert (")


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("# m5-accuracy (20 points)", ("m5-accuracy", 20.0)),
        ("\n\n#m5-a_b (1 point)\nx", ("m5-a_b", 1.0)),
        ("# m5-half (0.5 points)", ("m5-half", 0.5)),
        ("# m5-accuracy", None),
        ("x = 1  # m5-accuracy (20 points)", None),
        # What a student may write must never raise.
        ("# m5-accuracy (1.2.3 points)", None),
        ("# m5-accuracy (. points)", None),
        ("# m5-accuracy (" + "9" * 400 + " points)", None),
        ("# m5-accuracy (-20 points)", None),
        ("", None),
    ],
)
def test_header(line: str, found: tuple[str, float] | None) -> None:
    assert header_id(line) == found


def test_a_student_sees_neither_hidden_tests_nor_solutions() -> None:
    source = (
        "a = 1\n### BEGIN SOLUTION\nb = 2\n### END SOLUTION\nc = 3\n"
        "### BEGIN HIDDEN TESTS\nassert secret\n### END HIDDEN TESTS\nd = 4\n"
        "### BEGIN HIDDEN TESTS\nassert other\n### END HIDDEN TESTS"
    )
    assert visible_source(source) == "a = 1\nc = 3\nd = 4\n"


def test_m5() -> None:
    assignment = read_assignment(M5)
    assert assignment.id == "m5"
    assert sum(c.points for c in assignment.graded) == 100
    assert {"m5-accuracy", "m5-minimal"} <= {c.grade_id for c in assignment.grade_cells}
    assert assignment.names_needed() == {"model", "log"}
    assert all(c.is_manual != c.is_grade_cell for c in assignment.graded)
    assert assignment.by_grade_id["m5-accuracy"].title == "Accuracy"


@pytest.mark.parametrize(
    ("notebook", "grade_id", "title"),
    [
        ("m1", "m1-nearest-mean", "Nearest mean"),
        ("m1", "m1-knn", "kNN"),
        ("m1", "m1-svm", "SVM"),
        ("m2", "m2-gradient-w1", "Gradient W1"),
        ("m2", "m2-mnist", "MNIST"),
    ],
)
def test_titles_are_spelt_as_the_field_does(notebook: str, grade_id: str, title: str) -> None:
    assignment = read_assignment(M5.parents[1] / notebook / f"{notebook}.ipynb")
    assert assignment.by_grade_id[grade_id].title == title


def test_reading(save: Any, cell: Any, graded_cell: Any) -> None:
    path = save(
        "tiny.ipynb",
        [
            cell("markdown", "Text"),
            cell("code", "data = 1", "tiny-data", locked=True),
            cell("code", "x = ...", "tiny-answer", solution=True),
            graded_cell("tiny-x", 2.5, "assert x == data"),
            cell("markdown", "Why?", "tiny-why", grade=True, solution=True, points=3),
            cell("markdown", "Tidy?", "tiny-tidy", task=True, points=1),
        ],
    )
    assignment = read_assignment(path)
    assert [c.grade_id for c in assignment.graded] == ["tiny-x", "tiny-why", "tiny-tidy"]
    assert [c.grade_id for c in assignment.grade_cells] == ["tiny-x"]
    assert assignment.by_grade_id["tiny-data"].is_given
    assert not assignment.by_grade_id["tiny-x"].is_given
    assert assignment.names_needed() == {"x", "data"}


def test_sources_may_be_lists_of_lines(save: Any, graded_cell: Any) -> None:
    made = graded_cell("tiny-x", 1, "assert x\nassert y")
    made["source"] = made["source"].splitlines(keepends=True)
    assert read_assignment(save("tiny.ipynb", [made])).names_needed() == {"x", "y"}


def test_mistakes_of_an_author_are_named(
    save: Any, cell: Any, graded_cell: Any, tmp_path: Path
) -> None:
    with pytest.raises(AssignmentError, match="check the id"):
        read_assignment(tmp_path / "missing.ipynb")
    broken = tmp_path / "broken.ipynb"
    broken.write_text("{")
    with pytest.raises(AssignmentError, match="not a notebook"):
        read_assignment(broken)
    good = graded_cell("tiny-x", 2, "assert x")
    with pytest.raises(AssignmentError, match="twice: tiny-x"):
        read_assignment(save("twice.ipynb", [good, good]))
    with pytest.raises(AssignmentError, match="nothing to grade"):
        read_assignment(save("empty.ipynb", [cell("code", "x = 1")]))
    wrong = json.loads(json.dumps(good))
    wrong["source"] = "# tiny-x (3 points)\nassert x"
    with pytest.raises(AssignmentError, match="2 points"):
        read_assignment(save("points.ipynb", [wrong]))
    with pytest.raises(AssignmentError, match="not Python"):
        read_assignment(save("python.ipynb", [graded_cell("tiny-x", 2, "assert (")]))
