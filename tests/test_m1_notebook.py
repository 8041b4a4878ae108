"""The m1 notebook: its structure, its release, its solution, a wrong answer to every item."""

from __future__ import annotations

import re
from pathlib import Path
from types import MappingProxyType
from typing import Any

import nbformat
import pytest

from examples.proofs.m1 import PROOF
from mnist_course.grading.assignment import read_assignment
from mnist_course.grading.report import assignment_path, grade_to_folder
from mnist_course.proof.reference import edited, reference
from tests.running_notebooks import needed_names, points, points_given, run

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "source" / "m1" / "m1.ipynb"
RELEASE = ROOT / "release" / "m1" / "m1.ipynb"
ITEMS = MappingProxyType(
    {
        "m1-facts": 10, "m1-normalise": 15, "m1-split": 15, "m1-nearest-mean": 10, "m1-knn": 10,
        "m1-svm": 5, "m1-table": 5, "m1-plot": 5,
    }
)  # fmt: skip
MANUAL = MappingProxyType(
    {"m1-majority": 5, "m1-validation": 4, "m1-ship": 12, "m1-organisation": 4}
)
NAMES = MappingProxyType(
    {
        "m1-facts": {"describe"},
        "m1-normalise": {"normalise"},
        "m1-split": {"split"},
        "m1-nearest-mean": {"class_means", "nearest_mean", "means"},
        "m1-knn": {
            "choose_k", "knn_predict", "best_k", "accuracy_by_k", "x_small", "y_small",
            "x_choose", "y_choose", "x_check", "y_check",
        },
        "m1-svm": {"linear_svm", "rbf_svm"},
        "m1-table": {"table", "methods", "x_check", "y_check"},
        "m1-plot": {"figure", "plotted"},
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def notebook() -> Any:
    return nbformat.read(SOURCE, as_version=4)


def text(notebook: Any) -> str:
    return "\n".join(cell.source for cell in notebook.cells)


def test_the_items_add_up_to_a_hundred() -> None:
    assert points_given(SOURCE) == (ITEMS, MANUAL)
    assert (sum(ITEMS.values()), sum(MANUAL.values())) == (75, 25)


def test_a_grade_cell_needs_the_names_of_its_own_part() -> None:
    assert needed_names(SOURCE) == NAMES


def test_every_grade_cell_asks_something_that_students_do_not_see() -> None:
    for cell in read_assignment(SOURCE).grade_cells:
        assert "### BEGIN HIDDEN TESTS" in cell.source


def test_nothing_loads_keras(notebook: Any) -> None:
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert not re.search(r"\b(keras|tensorflow|torch)\b", code)


@pytest.mark.parametrize(
    "topic",
    [
        "70,000", "28 × 28", "60,000", "10,000", "float32", "stratified", "hash", "seed",
        "nearest mean", "nearest neighbours", "support vector", "validation", "standard error",
        "Predict first", "What could go wrong", "Think about it", "Stretch", "Gradescope", "376 MB",
    ],
)  # fmt: skip
def test_every_topic_has_its_place(notebook: Any, topic: str) -> None:
    assert topic.lower() in text(notebook).lower()


def test_every_part_has_the_whole_anatomy(notebook: Any) -> None:
    parts = re.split(r"^## (?=\d\. )", text(notebook), flags=re.MULTILINE)[1:]
    assert len(parts) == 9
    for part in parts[:8]:
        for needed in (
            "**Goal:**", "**Predict first.**", "BEGIN SOLUTION", "from mnist_course.checks",
            "What could go wrong", "**Think about it", "**Stretch:**",
        ):  # fmt: skip
            assert needed in part, (part[:30], needed)
        assert "plt.show()" in part or "table" in part


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.filterwarnings("ignore")  # of the notebook client, not of the course
def test_the_solution_earns_every_automatic_point(tmp_path: Path) -> None:
    cells = run(nbformat.read(SOURCE, as_version=4), tmp_path)
    assert {item: points(cells[item]) for item in ITEMS} == dict(ITEMS)
    assert re.search(r"total\s+75 / 75", str(cells["m1-check"].outputs))
    assert "stand-in" not in str(cells["m1-methods"].outputs)


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.filterwarnings("ignore")
def test_the_release_runs_as_it_stands(tmp_path: Path) -> None:
    cells = run(nbformat.read(RELEASE, as_version=4), tmp_path)
    assert {item: points(cells[item]) for item in ITEMS} == dict.fromkeys(ITEMS, 0)
    assert "a stand-in takes part" in str(cells["m1-methods"].outputs)
    assert "here is a quick one" in str(cells["m1-plotted"].outputs)
    for item in ITEMS:
        assert "still None" in str(cells[item].outputs) or "not written" in str(cells[item].outputs)


WRONG = MappingProxyType(
    {
        # With the most points, and words of what its student reads.
        "counts only the digits that occur": (7, "minlength=10"),
        "divides by 225": (6, "255 / 225 = 1.133"),
        "splits without regard to the digits": (11, "the same share of every digit"),
        "takes the largest product for the nearest": (6, "long means win"),
        "types accuracies in": (7, "computed again"),
        "names no axis": (4, "have no names"),
    }
)


@pytest.mark.slow
@pytest.mark.kernel
def test_wrong_answers_are_told_what_is_wrong(tmp_path: Path) -> None:
    known = {mutant.name: mutant for mutant in PROOF.mutants}
    submission = reference(SOURCE)
    for name in WRONG:
        submission = edited(submission, known[name].edits, by=name)
    for cell in submission.cells:  # without machines the rest is quick, and stands on its own
        if cell.id == "m1-svm-solution":
            cell.source = "linear_svm, rbf_svm = None, None"
    nbformat.write(submission, tmp_path / "wrong.ipynb")
    grade = grade_to_folder(tmp_path / "wrong.ipynb", assignment_path("m1", ROOT), tmp_path)
    cells = {cell.grade_id: cell for cell in grade.automatic}
    for name, (most, words) in WRONG.items():
        cell = cells[known[name].kills]
        told = " ".join(f"{f.saw} {f.why} {f.next_step}" for f in cell.findings)
        assert 0 < cell.score <= most, (name, cell.score, told)
        assert words in told
    assert cells["m1-svm"].score == 0
    # A stand-in reads in place of the missing machines: table and picture lose nothing by it.
    assert cells["m1-table"].score == 5
    assert not grade.errors
    assert not grade.grader_failed
