"""Every item gets a grade, whatever becomes of the process that judges."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mnist_course.grading import grade_cells
from mnist_course.grading.assignment import AssignmentCell
from mnist_course.grading.deadline import Deadline
from mnist_course.grading.grade_cells import Judgement, judge_cells
from mnist_course.grading.results import Verdict
from mnist_course.grading.serialization import encode


def cell(grade_id: str, points: float, body: str) -> AssignmentCell:
    source = f"# {grade_id} ({points:g} points)\n{body}"
    return AssignmentCell(0, "code", source, grade_id, points, grade=True, locked=True)


@pytest.fixture
def judge(tmp_path: Path) -> Callable[..., Judgement]:
    folder = tmp_path / "private"
    folder.mkdir()

    def go(*cells: AssignmentCell, captured: bytes | None = None, seconds: float = 30) -> Judgement:
        path = None
        if captured is not None:
            path = folder / "captured.frame"
            path.write_bytes(captured)
        result = judge_cells(
            cells,
            captured=path,
            execution={"cells": 3, "errors": []},
            folder=folder,
            deadline=Deadline(seconds),
        )
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert set(result.grades) == {c.grade_id for c in cells}
        return result

    return go


def values(**named: Any) -> bytes:
    return encode({"values": named, "substituted": ["model"]})


def test_a_notebook_of_items(judge: Callable[..., Judgement]) -> None:
    result = judge(
        cell("t-pass", 1, "assert x == 5 and execution['cells'] == 3"),
        cell("t-part", 4, "from mnist_course.checks.score import Score\nScore(3, of=4, saw='s')"),
        cell("t-fail", 2, "assert x == 6, 'x is 5'"),
        cell("t-missing", 2, "assert y"),
        cell("t-broken", 2, "1 / 0"),
        cell("t-crash", 2, "import os; os._exit(0)"),
        cell(
            "t-draw", 2,
            "from mnist_course.checks.score import note, note_confusion\nnote(accuracy=0.5)\n"
            "import numpy as np\nnote_confusion(np.eye(10, dtype=int) * 3)",
        ),
        captured=values(x=5),
    )  # fmt: skip
    got = {k.removeprefix("t-"): (str(g.verdict), g.score) for k, g in result.grades.items()}
    assert got == {
        "pass": ("passed", 1), "part": ("partial", 3), "fail": ("failed", 0),
        "missing": ("failed", 0), "broken": ("not graded", 0), "crash": ("not graded", 0),
        "draw": ("passed", 2),
    }  # fmt: skip
    assert result.grades["t-part"].findings[0].saw == "s"
    assert result.grades["t-fail"].findings[0].saw == "x is 5"
    assert result.measurements == {"accuracy": 0.5}
    assert result.substituted == ("model",)
    assert result.pictures[0].png.startswith(b"\x89PNG")


def test_an_endless_test_ends_and_the_rest_is_said(judge: Callable[..., Judgement]) -> None:
    result = judge(
        cell("t-first", 1, "pass"),
        cell("t-loop", 1, "while True: pass"),
        cell("t-last", 1, "pass"),
        captured=values(),
        seconds=6,
    )
    assert result.grades["t-first"].verdict is Verdict.PASSED
    assert result.grades["t-loop"].verdict is Verdict.NOT_GRADED
    assert "longer than" in result.grades["t-loop"].staff_note
    assert result.grades["t-last"].verdict is Verdict.NOT_GRADED
    assert "no time" in result.grades["t-last"].staff_note


def test_corrupt_bytes_are_not_graded(judge: Callable[..., Judgement]) -> None:
    result = judge(cell("t-a", 1, "pass"), cell("t-b", 1, "assert x"), captured=b"\x80\x04evil")
    assert {g.verdict for g in result.grades.values()} == {Verdict.NOT_GRADED}
    assert "cannot be read" in result.grades["t-a"].staff_note


def test_nothing_captured(judge: Callable[..., Judgement]) -> None:
    result = judge(cell("t-a", 1, "assert x"))
    assert result.grades["t-a"].verdict is Verdict.FAILED
    assert "no `x`" in result.grades["t-a"].findings[0].saw


def test_a_runner_that_does_not_run_grades_nothing(
    judge: Callable[..., Judgement], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grade_cells.sys, "executable", "/bin/false")
    result = judge(cell("t-a", 1, "pass"), captured=values())
    grade = result.grades["t-a"]
    assert grade.verdict is Verdict.NOT_GRADED and "status 1" in grade.staff_note


def test_the_environment_of_the_tests_is_not_ours(
    judge: Callable[..., Judgement], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    planted = tmp_path / "planted"
    planted.mkdir()
    (planted / "sitecustomize.py").write_text("import builtins; builtins.open = None")
    (planted / "json.py").write_text("dumps = None")
    monkeypatch.setenv("PYTHONPATH", str(planted))
    monkeypatch.setenv("PLANTED_SECRET", "token")
    monkeypatch.chdir(planted)
    body = (
        "import os, sys, json\nassert 'PLANTED_SECRET' not in os.environ\n"
        "assert not any('planted' in p for p in [*sys.path, os.getcwd(), json.__file__])"
    )
    result = judge(cell("t-a", 1, body), captured=values())
    assert result.grades["t-a"].verdict is Verdict.PASSED, result.grades["t-a"]
    assert os.environ["PLANTED_SECRET"] == "token"
