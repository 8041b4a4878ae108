"""Grades of a small class, and tables as a spreadsheet reads them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mnist_course.class_grading.records import GradedSubmission, Student, Submission
from mnist_course.grading.results import CellGrade, NotebookGrade, Verdict

Graded = Callable[..., GradedSubmission]


@pytest.fixture
def graded() -> Graded:
    """Return a function that makes one student's grade: items of 10 and 5 points, a manual 5."""

    def make(
        id: str = "ada",
        score: float = 10,
        *,
        open: bool = False,
        manual: bool = True,
        failed: bool = False,
        assignment: str = "m5",
        **student: object,
    ) -> GradedSubmission:
        verdict = {10: Verdict.PASSED, 0: Verdict.FAILED}.get(score, Verdict.PARTIAL)
        cells = [
            CellGrade("m5-sum", "Sum", 10, score, verdict),
            CellGrade("m5-mean", "Mean", 5, 0, Verdict.NOT_GRADED if open else Verdict.FAILED),
        ]
        if manual:
            cells.append(CellGrade("m5-why", "Why", 5, None, Verdict.MANUAL))
        grade = NotebookGrade(assignment, () if failed else tuple(cells), grader_failed=failed)
        submission = Submission(
            Student(id, **student),  # type: ignore[arg-type]
            Path("x.ipynb"),
            datetime(2026, 2, 2, 15, 58, 23, tzinfo=UTC),
        )
        return GradedSubmission(submission, "0" * 64, grade, Path("results"))

    return make


@pytest.fixture
def opened() -> Callable[[Path], list[list[str]]]:
    """Return a function that reads a file as a spreadsheet does."""

    def read(path: Path) -> list[list[str]]:
        text = path.read_bytes().decode("utf-8-sig")
        return list(csv.reader(io.StringIO(text, newline=""), strict=True))

    return read


@pytest.fixture
def said() -> Callable[..., str]:
    """Return a function that gives all problems as lines."""
    return lambda exported: "\n".join(map(str, exported.problems))
