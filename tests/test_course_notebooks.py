"""What holds for the notebook of every assignment; the rest is in test_<id>_notebook.py."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from mnist_course.grading import release_rules
from mnist_course.grading.assignment import Assignment, read_assignment
from mnist_course.proof.proof_file import read_proof, source_ids
from mnist_course.proof.records import record_path
from mnist_course.proof.reference import edited, reference

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module", params=source_ids(ROOT))
def name(request: Any) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def source(name: str) -> Path:
    return ROOT / "source" / name / f"{name}.ipynb"


@pytest.fixture(scope="module")
def notebook(source: Path) -> Any:
    return nbformat.read(source, as_version=4)


@pytest.fixture(scope="module")
def assignment(source: Path) -> Assignment:
    return read_assignment(source)


def test_the_rules_of_authoring(name: str, source: Path, notebook: Any) -> None:
    nbformat.validate(notebook)
    assert list(release_rules.check_source(source.parent, name=f"source/{name}")) == []
    release = ROOT / "release" / name
    assert list(release_rules.check_release(release, source, name=f"release/{name}")) == []
    assert notebook.metadata.kernelspec.name == "python3"
    assert all(cell.id.startswith(f"{name}-") for cell in notebook.cells)
    for cell in notebook.cells:
        known = cell.metadata.get("nbgrader")
        if known:
            assert known["grade_id"] == cell.id
            assert known["schema_version"] == 3


def test_pictures_are_drawn_not_linked(notebook: Any) -> None:
    assert not any(re.search(r"<img|!\[", cell.source) for cell in notebook.cells)


def test_announced_points_are_those_given(name: str, notebook: Any, assignment: Assignment) -> None:
    table = notebook.cells[0].source
    check = next(cell.source for cell in notebook.cells if cell.id == f"{name}-check")
    assert assignment.grade_cells
    for item in assignment.graded:
        assert f"`{item.grade_id}` {item.points:g}" in table
    for item in assignment.grade_cells:
        assert f'"{item.grade_id}": {item.points:g}' in check


MINUTES = {
    "half a minute": 0.5,
    "a minute": 1,
    "two minutes": 2,
    "three minutes": 3,
    "a few minutes": 3,
}


def test_announced_minutes_are_those_measured(name: str, notebook: Any) -> None:
    """A grade also measures what it is given, so it takes more CPU than the notebook alone."""
    text = " ".join(notebook.cells[0].source.split())
    (said,) = re.findall(r"\*\*Time:\*\*.*? takes (.*?) on two CPU cores", text)
    minutes = MINUTES[re.sub(r"^(about|less than|two to) ", "", said)]
    verdict = json.loads(record_path(name, ROOT).read_text(encoding="utf-8"))["verdict"]
    assert verdict["cost"]["cpu_seconds"] <= 1.25 * 60 * minutes


def test_rubrics_have_four_levels(notebook: Any, assignment: Assignment) -> None:
    cells = {cell.id: cell for cell in notebook.cells}
    for item in (cell for cell in assignment.graded if cell.is_manual):
        rubric = cells.get(f"{item.grade_id}-text", cells[item.grade_id]).source
        levels = [int(n) for n in re.findall(r"^\| (\d+) \|", rubric, re.MULTILINE)]
        assert len(levels) == 4
        assert levels == sorted(levels, reverse=True)
        assert (levels[0], levels[-1]) == (item.points, 0)


def test_every_item_is_failed_by_two_wrong_solutions_at_least(
    name: str, source: Path, assignment: Assignment
) -> None:
    mutants, answers = read_proof(name, ROOT).mutants, reference(source)
    killed = [mutant.kills for mutant in mutants]
    items = [cell.grade_id for cell in assignment.grade_cells]
    assert set(killed) == set(items)
    assert all(killed.count(item) >= 2 for item in items)
    for mutant in mutants:
        edited(answers, mutant.edits, by=mutant.name)  # every text that they look for is there
