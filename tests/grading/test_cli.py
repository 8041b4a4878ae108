"""The command line: exit status, results in any case, nothing heavy for --help."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run ``mnist-course`` in a course of its own; return exit status with all its output."""

    def go(*arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "mnist_course", *arguments],
            cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    return go


@pytest.fixture(autouse=True)
def course(save: Any, cell: Any, graded_cell: Any) -> None:
    save(
        "source/tiny/tiny.ipynb",
        [
            cell("code", "answer = ...", "tiny-answer", solution=True),
            graded_cell("tiny-is", 4, "assert answer == 42, 'another answer'"),
        ],
    )


def results(tmp_path: Path) -> dict[str, Any]:
    """Return results.json, strictly read: what Gradescope cannot parse is a score of 0."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    text = (tmp_path / "out" / "results.json").read_bytes().decode("utf-8")
    read: dict[str, Any] = json.loads(text, parse_constant=refuse)
    assert (tmp_path / "out" / "feedback.html").stat().st_size > 100
    return read


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom mnist_course.cli import main\n"
        "try:\n    main(['--help'], standalone_mode=True)\n"
        "except SystemExit:\n    pass\n"
        "print([m for m in ('keras', 'tensorflow', 'numpy', 'nbformat', 'nbclient', 'zmq', 'rich',"
        " 'matplotlib', 'pandas', 'sklearn', 'nbgrader', 'jinja2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Grade, release and pack" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.kernel
def test_a_grade_is_success_whatever_the_score(
    run: Run, save: Any, cell: Any, tmp_path: Path
) -> None:
    submitted = save("mine.ipynb", [cell("code", "answer = 42\n'\\ud83d'", "tiny-answer")])
    status, text = run("grade", str(submitted), "--assignment", "tiny", "--output", "out")
    assert status == 0, text
    assert "tiny: 4 of 4 points" in text
    found = results(tmp_path)
    assert found["score"] == 4 and found["tests"][0]["max_score"] == 4
    assert (tmp_path / "out" / "executed.ipynb").is_file()


@pytest.mark.kernel
def test_a_zip_with_large_outputs_is_graded_where_it_lies(
    run: Run, save: Any, cell: Any, tmp_path: Path
) -> None:
    mine = cell("code", "import os\nanswer = 42\nprint(os.getcwd())", "tiny-answer")
    mine["outputs"] = [{"output_type": "stream", "text": "iVBORw0K" * 4_000_000}]
    submitted = save("mine.ipynb", [mine])
    with zipfile.ZipFile(tmp_path / "[red].zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(submitted, "../../Copy of tiny (1).ipynb")
        archive.writestr("data.csv", "1,2")
    submitted.unlink()
    status, text = run("grade", "[red].zip", "--assignment", "tiny", "--output", "out")
    assert status == 0 and "tiny: 4 of 4 points" in text, text
    assert not list(tmp_path.rglob("Copy of*"))
    executed = (tmp_path / "out" / "executed.ipynb").read_text()
    assert "<scratch>" in executed and len(executed) < 10_000


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (b"not JSON", "not valid JSON"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "code", "metadata": {"nbgrader":'
         b' {"grade_id": "m4\\ud800-x"}}, "source": "x"}]}', "right file"),
    ],
    ids=["empty", "no notebook", "another assignment"],
)  # fmt: skip
def test_bad_input_is_a_grade_of_zero(run: Run, tmp_path: Path, raw: bytes, words: str) -> None:
    submitted = tmp_path / "mine.ipynb"
    submitted.write_bytes(raw)
    status, text = run("grade", str(submitted), "--assignment", "tiny", "--output", "out")
    assert status == 0, text
    found = results(tmp_path)
    assert found["score"] == 0 and words in json.dumps(found)
    assert "0 of 4 points" in text
    assert not (tmp_path / "out" / "executed.ipynb").exists()


def test_wrong_usage(run: Run, tmp_path: Path) -> None:
    mine = tmp_path / "mine.ipynb"
    mine.write_text("{}")
    for arguments, words in (
        ([], "--assignment"),
        (["--assignment", "tiny"], "--output"),
        (["--assignment", "m99", "--output", "out"], "Known here: tiny"),
        (["--assignment", "tiny", "--output", "mine.ipynb"], "is a file"),
        (["--assignment", "tiny", "--output", "out", "--deadline", "-3"], "deadline"),
        (["--assignment", "tiny", "--output", "out", "--nonsense"], "nonsense"),
    ):
        status, text = run("grade", str(mine), *arguments)
        assert status == 2 and words in text, text
    assert not (tmp_path / "out").exists()
    assert run("nonsense")[0] == 2
    status, text = run("grade", "missing.ipynb", "--assignment", "tiny", "--output", "out")
    assert status == 2 and "missing.ipynb" in text


def test_when_the_grader_fails_there_is_a_result_all_the_same(run: Run, tmp_path: Path) -> None:
    (tmp_path / "source/tiny/tiny.ipynb").write_text("{")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "executed.ipynb").write_text("of an earlier grade")
    mine = tmp_path / "mine.ipynb"
    mine.write_text("{}")
    status, text = run("grade", str(mine), "--assignment", "tiny", "--output", "out")
    assert status == 3 and "grader itself failed" in text
    found = results(tmp_path)
    assert "grader itself broke" in found["output"] and found["score"] == 0
    # What broke is for staff: it may hold the instructor's code.
    assert "not a notebook" in found["extra_data"]["staff_notes"]["grader"]
    assert "not a notebook" not in found["output"]
    assert "not a notebook" not in (tmp_path / "out" / "feedback.html").read_text()
    assert not (tmp_path / "out" / "executed.ipynb").exists()
