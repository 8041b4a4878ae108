"""A course with one tiny assignment of two items, and its proof."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mnist_course.proof.proof import Edit, Mutant

REPOSITORY = Path(__file__).parents[2]


def make_cell(kind: str, source: str, cell_id: str, **known: Any) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "id": cell_id, "metadata": {}, "source": source}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    if known:
        defaults = {"grade": False, "locked": False, "solution": False, "task": False}
        cell["metadata"]["nbgrader"] = defaults | {"schema_version": 3, "grade_id": cell_id} | known
    return cell


def solution(source: str, cell_id: str) -> dict[str, Any]:
    return make_cell("code", source, cell_id, solution=True)


def tests_of(source: str, cell_id: str, points: float) -> dict[str, Any]:
    header = f"# {cell_id} ({points:g} points)\n"
    return make_cell("code", header + source, cell_id, grade=True, locked=True, points=points)


CELLS = [
    make_cell("markdown", "# A tiny assignment", "tiny-intro"),
    make_cell("code", "import random\n\nSEED = 0\nrandom.seed(SEED)", "tiny-setup"),
    solution(
        "def add(a, b):\n    ### BEGIN SOLUTION\n    return a + b\n    ### END SOLUTION\n"
        '    raise NotImplementedError("add is not written yet")',
        "tiny-add",
    ),
    tests_of(
        "from mnist_course.checks import Score\n\n"
        "right = 0\n"
        "try:\n    right += add(1, 2) == 3\nexcept Exception as error:\n    print(error)\n"
        "### BEGIN HIDDEN TESTS\nright += add(-7, 5) == -2\n### END HIDDEN TESTS\n"
        "Score(2 * int(right), of=4, saw=f'{right} sums were right.')",
        "tiny-adds",
        4,
    ),
    solution(
        "draws = []\n### BEGIN SOLUTION\ndraws = [random.random() for _ in range(50)]\n"
        "### END SOLUTION",
        "tiny-draw",
    ),
    tests_of(
        "from mnist_course.checks import Score\nfrom mnist_course.checks.score import note\n\n"
        "mean = sum(draws) / len(draws) if draws else 0.0\n"
        "note(mean=mean)\n"
        "Score(6 if 0.2 < mean < 0.8 else 0, of=6, saw=f'The mean is {mean:.2f}.')",
        "tiny-mean",
        6,
    ),
    make_cell("markdown", "Because.", "tiny-why", grade=True, solution=True, points=5),
]

MUTANTS = (
    Mutant("subtracts", kills="tiny-adds", edits=(Edit("tiny-add", "a + b", "a - b"),), at_most=0),
    Mutant(
        "forgets the sign",
        kills="tiny-adds",
        edits=(Edit("tiny-add", "return a + b", "return abs(a + b)"),),
        at_most=2,
    ),
    Mutant(
        "draws one number for all",
        kills="tiny-mean",
        edits=(Edit("tiny-draw", None, "draws = [0.9] * 50"),),
    ),
)


@dataclass
class Course:
    """Files of a course; its release is what the tests say."""

    root: Path

    def write(self, cells: list[dict[str, Any]], *, released: list[dict[str, Any]]) -> None:
        for folder, these in (("source", cells), ("release", released)):
            path = self.root / folder / "tiny" / "tiny.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            notebook = {"cells": these, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
            path.write_text(json.dumps(notebook), encoding="utf-8")

    @property
    def source(self) -> Path:
        return self.root / "source" / "tiny" / "tiny.ipynb"

    def prove_with(self, text: str) -> None:
        path = self.root / "examples" / "proofs" / "tiny.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def as_released(cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What nbgrader would make of ``CELLS``."""
    released = json.loads(json.dumps(cells))
    for cell in released:
        kept, inside = [], False
        for line in cell["source"].split("\n"):
            if "### BEGIN" in line or "### END" in line:
                inside = "BEGIN" in line
            elif not inside:
                kept.append(line)
        cell["source"] = "\n".join(kept)
    return released


def make_course(root: Path) -> Course:
    made = Course(root)
    made.write(CELLS, released=as_released(CELLS))
    shutil.copy(REPOSITORY / "nbgrader_config.py", root)
    return made


class Heard:
    """Remembers what a proof tells of its progress."""

    def __init__(self) -> None:
        self.expected = 0
        self.begun: list[str] = []
        self.ended: list[str] = []

    def expect(self, more: int) -> None:
        self.expected += more

    def begin(self, what: str) -> None:
        self.begun.append(what)

    def end(self, what: str) -> None:
        self.ended.append(what)
