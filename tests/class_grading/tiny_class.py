"""A course with one tiny assignment, and a class that handed it in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mnist_course.class_grading.records import Student, Submission
from tests.proof.tiny_course import CELLS, Course, as_released

__all__ = ["ADDS", "CLASS", "TinyClass", "notebook_with"]

ADDS = "tiny-adds"

CLASS: dict[str, dict[str, str]] = {
    "ada": {},
    "bob": {"tiny-add": "def add(a, b):\n    return a - b"},
    "cleo": {"tiny-draw": "draws = [0.9] * 50"},
    "dan": {"tiny-add": "raise ValueError('no')", "tiny-draw": "draws = [.5]"},
}
"""Students with what they wrote instead of the solution; of 10 points: 10, 6, 4, 6."""


def notebook_with(answers: Mapping[str, str]) -> str:
    """The solution as a notebook, with other cells in place of some."""
    cells: list[dict[str, Any]] = as_released(CELLS)
    for cell, solved in zip(cells, CELLS, strict=True):
        if cell["id"] in ("tiny-add", "tiny-draw"):
            cell["source"] = answers.get(cell["id"], solved["source"])
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


class TinyClass:
    """Files of a class below ``root``, in nbgrader's folders."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.course = Course(root)
        self.course.write(CELLS, released=as_released(CELLS))
        for student, answers in CLASS.items():
            self.hand_in(student, answers)

    def hand_in(self, student: str, answers: Mapping[str, str]) -> None:
        path = self.path(student)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(notebook_with(answers), encoding="utf-8")

    def path(self, student: str) -> Path:
        return self.root / "submitted" / student / "tiny" / "tiny.ipynb"

    @property
    def submissions(self) -> list[Submission]:
        students = sorted(path.name for path in (self.root / "submitted").iterdir())
        return [Submission(Student(name), self.path(name)) for name in students]

    def change_test(self, before: str, after: str) -> None:
        """Replace words in the instructor's tests."""
        text = self.course.source.read_text(encoding="utf-8")
        changed = text.replace(json.dumps(before)[1:-1], json.dumps(after)[1:-1])
        assert changed != text
        self.course.source.write_text(changed, encoding="utf-8")
