from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from mnist_course.grading.gradescope_run import limits


def upload(folder: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


def items_of(results: dict[str, object]) -> list[dict[str, object]]:
    tests = results["tests"]
    assert isinstance(tests, list)
    return tests


@pytest.mark.parametrize(
    ("stated", "timeout"),
    [
        ("600", 600),
        ("2400", 2400),
        ("60", 60),
        ("1", 1),
        ("", 600),
        ("x", 600),
        ("nan", 600),
        ("-5", 600),
    ],
)
def test_own_limits_lie_below_gradescopes(stated: str, timeout: float) -> None:
    found = limits({"TIMEOUT_SECONDS": stated})
    assert found.timeout == timeout
    assert 0 < found.deadline < found.watchdog < found.timeout


def test_missing_time_out_means_ten_minutes() -> None:
    assert limits({}) == limits({"TIMEOUT_SECONDS": "600"})
    assert limits({}).deadline == 540


def notebook_of(*cells: tuple[str, float, bool]) -> str:
    made = []
    for grade_id, worth, manual in cells:
        metadata = {
            "grade_id": grade_id,
            "points": worth,
            "grade": True,
            "solution": manual,
            "locked": not manual,
            "schema_version": 3,
        }
        source = "why?" if manual else f"# {grade_id} ({worth:g} points)\nassert True\n"
        made.append(
            {
                "cell_type": "markdown" if manual else "code",
                "source": source,
                "metadata": {"nbgrader": metadata},
            }
        )
    return json.dumps({"cells": made, "nbformat": 4, "nbformat_minor": 5, "metadata": {}})


# Faults are injected in the engine's place, in a real process: a real engine that breaks on demand
# does not exist. The emulator's tests and the whole bundle use the real one.
ENGINE = """
import sys, types
engine = types.ModuleType("mnist_course.grading.autograde")
exec({body!r}, engine.__dict__)
sys.modules["mnist_course.grading.autograde"] = engine
from mnist_course.grading.gradescope_run import main
sys.exit(main())
"""


@pytest.fixture
def container(tmp_path: Path) -> Path:
    """A folder as ``/autograder`` is when a submission arrives."""
    upload(
        tmp_path,
        {
            "source/assignment.json": '{"id": "m5"}',
            "source/source/m5/m5.ipynb": notebook_of(
                ("m5-runs", 5, False), ("m5-accuracy", 20, False), ("m5-why", 12, True)
            ),
            "submission/Copy of m5 (1).ipynb": "{}",
            "submission_metadata.json": '{"assignment": {"total_points": "100.0"}}',
        },
    )
    return tmp_path


def start(container: Path, body: str, **environment: str) -> subprocess.Popen[str]:
    """Run the program with an engine that behaves as ``body`` says, in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-I", "-c", ENGINE.format(body=textwrap.dedent(body))],
        env=os.environ | {"AUTOGRADER_ROOT": str(container)} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def results_after(container: Path, body: str, **environment: str) -> tuple[dict[str, object], str]:
    with start(container, body, **environment) as program:
        said, _ = program.communicate(timeout=60)
    stored = json.loads((container / "results" / "results.json").read_text())
    return stored, said


GRADES = """
from types import SimpleNamespace
from mnist_course.grading.results import CellGrade, NotebookGrade, Verdict
def autograde(submission, assignment, *, deadline_seconds, work=None, options, on_item=None):
    assert 0 < deadline_seconds < 540 and work is None
    cells = (CellGrade("m5-runs", "Runs", 5, 5, Verdict.PASSED, staff_note="looks\\x1b[31m odd"),)
    return SimpleNamespace(grade=NotebookGrade("m5", cells), executed_notebook=None)
"""


def test_a_grade_is_written_for_any_notebook_name(container: Path) -> None:
    stored, said = results_after(container, GRADES)
    assert stored["score"] == 5
    assert "Grading Copy of m5 (1).ipynb" in said
    assert "m5-runs: 5/5 passed" in said
    assert "staff: looks odd" in said
    assert "set the autograder points to 25" in said


def test_trusted_folders_are_closed_before_the_engine_starts(container: Path) -> None:
    look = """
    import json, os
    from pathlib import Path
    root = Path(os.environ["AUTOGRADER_ROOT"])
    def autograde(submission, assignment, **_):
        for name in ("source", "results", "submission_metadata.json"):
            assert not (root / name).stat().st_mode & 0o077, name
        written = json.loads((root / "results" / "results.json").read_text())
        assert [test["max_score"] for test in written["tests"]] == [5, 20], "provisional"
        raise SystemError("all was closed")
    """
    _, said = results_after(container, look)
    assert "all was closed" in said


@pytest.mark.parametrize(
    ("body", "note"),
    [
        ("def autograde(*_, **__): raise ZeroDivisionError('our bug')", "our bug"),
        ("def autograde(*_, **__): raise MemoryError('too much')", "too much"),
        ("def autograde(*_, **__): return None", "NoneType"),
        ("raise_at_import = 1", "cannot import name"),
    ],
    ids=["exception", "memory", "nonsense", "import"],
)
def test_our_own_bugs_give_a_valid_result(container: Path, body: str, note: str) -> None:
    stored, _ = results_after(container, body)
    assert stored["score"] == 0
    assert [test["max_score"] for test in items_of(stored)] == [5, 20]
    assert "tell your instructor" in str(stored["output"])
    extra = stored["extra_data"]
    assert isinstance(extra, dict)
    assert note in extra["staff_notes"]["grader"]
    assert note not in str(stored["output"])


def test_a_process_that_dies_leaves_the_provisional_result(container: Path) -> None:
    stored, _ = results_after(container, "import os\ndef autograde(*_, **__): os._exit(9)")
    assert stored["score"] == 0
    assert [test["max_score"] for test in items_of(stored)] == [5, 20]
    assert "did not come to its end" in str(stored["output"])


@pytest.mark.parametrize(
    "end", ["os._exit(9)", "raise ZeroDivisionError('our bug')", "time.sleep(100)"]
)
def test_verdicts_that_were_made_are_kept_whatever_happens_then(container: Path, end: str) -> None:
    body = f"""
    import os, time
    from mnist_course.grading.results import CellGrade, NotebookGrade, Verdict
    def autograde(submission, assignment, *, on_item, **_):
        cells = (CellGrade("m5-runs", "Runs", 5, 5, Verdict.PASSED),
                 CellGrade("m5-accuracy", "Accuracy", 20, 0, Verdict.NOT_GRADED))
        on_item(NotebookGrade("m5", cells))
        {end}
    """
    stored, _ = results_after(container, body, TIMEOUT_SECONDS="10")
    assert stored["score"] == 5
    assert [test["score"] for test in items_of(stored)] == [5, 0]
    assert "Grading did not come" in str(stored["output"]) or "time" in str(stored["output"])


@pytest.mark.parametrize(
    "gone", ["submission", "submission_metadata.json", "source/assignment.json"]
)
def test_missing_files_give_a_valid_result(container: Path, gone: str) -> None:
    path = container / gone
    path.rename(container / "elsewhere")
    stored, _ = results_after(container, GRADES)
    assert isinstance(stored["score"], float)
    assert stored["output"] or stored["score"] == 5


def test_a_student_without_notebook_is_told_so(container: Path) -> None:
    (container / "submission" / "Copy of m5 (1).ipynb").rename(container / "submission" / "m5.html")
    stored, _ = results_after(container, GRADES)
    assert stored["score"] == 0
    assert "no notebook" in str(stored["output"])
    assert all("no notebook" in str(test["output"]) for test in items_of(stored))
    assert "tell your instructor" not in str(stored["output"])


def test_an_unreadable_notebook_is_the_students_to_repair(container: Path) -> None:
    refuses = """
    from mnist_course.exceptions import SubmissionError
    def autograde(*_, **__): raise SubmissionError("This file is not a notebook.")
    """
    stored, _ = results_after(container, refuses)
    assert "This file is not a notebook." in str(stored["output"])
    assert "tell your instructor" not in str(stored["output"])
    extra = stored["extra_data"]
    assert isinstance(extra, dict)
    assert extra["grader_failed"] is False


def test_of_several_notebooks_the_student_learns_which_counted(container: Path) -> None:
    upload(container / "submission", {"m5.ipynb": "m5-runs"})
    stored, _ = results_after(container, GRADES)
    assert "2 notebooks, and “m5.ipynb” was graded" in str(stored["output"])


SLEEPS = """
import time
def autograde(*_, **__):
    print("engine started", flush=True)
    time.sleep(60)
"""


def test_sigterm_still_gives_a_result(container: Path) -> None:
    with start(container, SLEEPS) as program:
        assert program.stdout is not None
        while "engine started" not in program.stdout.readline():
            pass
        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=20) == 0
    stored = json.loads((container / "results" / "results.json").read_text())
    assert "stopped from outside" in stored["output"]


def test_an_engine_that_misses_its_deadline_is_ended_before_gradescope_does(
    container: Path,
) -> None:
    stuck = """
    import subprocess
    def autograde(*_, **__):
        subprocess.run(["sleep", "61.5"])
    """
    began = time.monotonic()
    stored, _ = results_after(container, stuck, TIMEOUT_SECONDS="5")
    assert time.monotonic() - began < 30
    assert "time for grading was over" in str(stored["output"])
    assert not _runs("61.5")


def _runs(argument: str) -> bool:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if argument.encode() in path.read_bytes().split(b"\0"):
                return True
        except OSError:
            continue
    return False
