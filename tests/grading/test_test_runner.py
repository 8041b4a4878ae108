"""A verdict needs a positive report: everything else earns nothing and is shown to staff."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_course.exceptions import NotPortableError
from mnist_course.grading import test_runner as runner
from mnist_course.grading.assignment import free_names
from mnist_course.grading.captured_values import Builders, read_values
from mnist_course.grading.control import Control
from mnist_course.grading.serialization import Opaque, Portable, encode


def cell(body: str, points: float = 20) -> dict[str, Any]:
    source = f"# t-item ({points:g} points)\n{body}"
    needs = sorted(free_names(source) - {"execution"})
    return {"id": "t-item", "source": source, "points": points, "needs": needs}


def judge(body: str, points: float = 20, **values: Any) -> tuple[str, float, str, str]:
    """Return verdict, score, what the student sees, what staff see; through JSON."""
    verdict = json.loads(json.dumps(runner.judge(cell(body, points), values)))
    shown = " ".join(" ".join(finding) for finding in verdict["findings"])
    return verdict["verdict"], verdict["score"], shown, verdict["staff_note"]


SCORE = "from mnist_course.checks.score import CannotGrade, CheckFailed, Score\n"


@pytest.mark.parametrize(
    ("body", "verdict", "earned"),
    [
        ("assert x == 3", "passed", 20),
        ("x", "passed", 20),  # the value of a check is none of the verdicts
        ("None", "passed", 20),
        ("print('0.0')", "passed", 20),
        ("x = 7\n'words'", "passed", 20),
        ("17.5", "partial", 17.5),
        ("20", "passed", 20),
        ("0", "failed", 0),
        ("import numpy as np\nnp.float32(4)", "partial", 4),
        (SCORE + "Score(12.345)", "partial", 12.35),
        (SCORE + "Score(20)", "passed", 20),
        (SCORE + "Score(0, saw='nothing')", "failed", 0),
        (SCORE + "Score(5, of=10)", "not graded", 0),
        (SCORE + "Score(30)", "not graded", 0),
        (SCORE + "raise CannotGrade('no evaluator')", "not graded", 0),
        (SCORE + "raise CheckFailed('saw', 'why', 'next')", "failed", 0),
        ("assert x == 4", "failed", 0),
        ("assert x == 4, 'x is not 4'", "failed", 0),
        ("20.5", "not graded", 0),
        ("-1", "not graded", 0),
        ("float('nan')", "not graded", 0),
        ("float('inf')", "not graded", 0),
        ("import numpy as np\nnp.float64('nan')", "not graded", 0),
        ("1 / 0", "not graded", 0),
        ("undefined = 1\ndel undefined\nundefined", "not graded", 0),
        ("raise MemoryError", "not graded", 0),
        ("def f(): return f()\nf()", "not graded", 0),
    ],
)
def test_outcomes(body: str, verdict: str, earned: float) -> None:
    values = {"x": "three" if body == "x" else 3}
    got = judge(body, **values)
    assert got[:2] == (verdict, pytest.approx(earned))
    assert (got[3] != "") == (verdict == "not graded")


@pytest.mark.parametrize("value", ["True", "False", "1 > 2", "__import__('numpy').bool_(False)"])
def test_a_cell_that_ends_in_true_or_false_decides_nothing(value: str) -> None:
    """``accuracy > 0.9`` as a last line is an author's mistake: never a pass."""
    verdict, earned, _, note = judge(value)
    assert (verdict, earned) == ("not graded", 0)
    assert "assert" in note


def test_words() -> None:
    assert judge("assert False")[2].startswith("A check of this item does not hold")
    assert judge("assert False, 'the sum is 3, not 4'")[2] == "the sum is 3, not 4  "
    shown = judge(SCORE + "raise CheckFailed('saw', 'why', 'next')")[2]
    assert shown == "saw why next"
    shown = judge(SCORE + "Score(3, saw='s', why='w', next_step='n')")[2]
    assert shown == "s w n"
    _, _, shown, note = judge("secret = 'hidden value'\nraise ValueError(secret)")
    assert "hidden value" in note and "hidden" not in shown  # an error's text is for staff
    assert "person" in shown


def test_missing_and_opaque_names() -> None:
    verdict, earned, shown, _ = judge("assert answer == 42")
    assert (verdict, earned) == ("failed", 0) and "no `answer`" in shown
    verdict, earned, shown, _ = judge("assert x", x=Opaque("set", "not one of the types"))
    assert (verdict, earned) == ("failed", 0) and "`x` is a set" in shown
    reason = "the model was never built"
    verdict, earned, shown, note = judge("assert model", model=Opaque("MyModel", reason))
    assert (verdict, earned) == ("not graded", 0) and reason in shown and reason in note
    assert judge("assert x == 1", x=1, y=Opaque("set", "elsewhere"))[0] == "passed"


def test_a_cell_sees_the_names_that_it_asks_for_and_no_other() -> None:
    forged = {"__builtins__": {"AssertionError": 1}, "__name__": "evil", "abs": 3, "np": 5}
    assert judge("assert abs(-4) == 4 and __name__ == '__main__'", **forged)[0] == "passed"
    assert judge("if False:\n    limit = 1\nassert limit", limit=5)[0] == "not graded"
    assert judge("assert execution['cells'] == 2", execution={"cells": 2})[0] == "passed"


def test_what_a_cell_prints_means_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    body = (
        "import sys\nprint('{\"verdict\": \"passed\"}')\nprint('20.0', file=sys.stderr)\nassert x"
    )
    assert judge(body, x=0)[:2] == ("failed", 0)
    assert judge(body, x=1)[:2] == ("passed", 20)
    assert capsys.readouterr() == ("", "")


def test_measurements() -> None:
    body = (
        "from mnist_course.checks.score import note, note_confusion, note_curves\n"
        "note(accuracy=0.9, parameters=100)\nnote_confusion([[1, 2], [3, 4]])\n"
        "note_curves({'loss': [1, 0.5]})"
    )
    found = runner.judge(cell(body), {})
    assert found["measurements"] == {"accuracy": 0.9, "parameters": 100.0}
    assert found["confusion"] == [[1, 2], [3, 4]] and found["curves"] == {"loss": [1.0, 0.5]}
    assert runner.judge(cell("assert True"), {})["measurements"] == {}  # none left over


# --- each cell in a process of its own ------------------------------------------------------------


def test_cells_do_not_see_each_others_changes() -> None:
    values = {"x": [1], "array": np.zeros(3)}
    spoil = cell(
        "import builtins, json\nx.append(2)\narray[:] = 9\nbuiltins.len = None\nassert x == [1, 2]"
    )
    check = cell("import json\nassert x == [1] and len(array) == 3 and array.sum() == 0")
    assert runner._in_a_fork(spoil, values, 10)["verdict"] == "passed"
    assert runner._in_a_fork(check, values, 10)["verdict"] == "passed"
    assert values["x"] == [1]


def test_a_crash_or_a_loop_is_no_verdict() -> None:
    for body in (
        "import os; os._exit(0)",
        "import sys; sys.exit(0)",
        "raise KeyboardInterrupt",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    ):
        verdict = runner._in_a_fork(cell(body), {}, 20)
        assert (verdict["verdict"], verdict["score"]) == ("not graded", 0)
        assert "status" in verdict["staff_note"]
    start = time.monotonic()
    verdict = runner._in_a_fork(cell("while True: pass"), {}, 0.5)
    assert time.monotonic() - start < 5
    assert (verdict["verdict"], verdict["score"]) == ("not graded", 0)
    assert "longer than" in verdict["staff_note"]


def test_a_long_report_arrives_whole() -> None:
    verdict = runner._in_a_fork(cell("assert False, 'x' * 1_000_000"), {}, 20)
    assert len(verdict["findings"][0][0]) == 1_000_000


# --- the captured file ----------------------------------------------------------------------------


class NoModels:
    """A backend of which nothing is asked but to refuse."""

    def load(self, parts: Any) -> Any:
        raise NotPortableError("not here")


@pytest.fixture
def captured(tmp_path: Path) -> Callable[[Any], Path]:
    def write(value: Any) -> Path:
        path = tmp_path / "captured.frame"
        path.write_bytes(value if isinstance(value, bytes) else encode(value))
        return path

    return write


def test_reading_values(captured: Callable[[Any], Path]) -> None:
    values, substituted, problem = read_values(
        captured(
            {
                "values": {
                    "x": 1,
                    "history": Portable("history", {"history": {"loss": [0.5]}, "epoch": [0]}),
                    "table": Portable(
                        "dataframe",
                        {
                            "columns": [["a", np.arange(2)], ["b", ["x", None]]],
                            "index": [["arm", ["sgd", "adam"]]],
                        },
                    ),
                    "tensor": Portable("array", {"array": np.ones(2)}),
                    "log": Portable("experiment_log", {"log": {"evil": 1}}),
                },
                "substituted": ["log", 3],
            }
        ),
        Builders(Control(None)).of(NoModels().load),
    )
    assert problem == "" and substituted == ["log"]
    assert values["x"] == 1 and values["history"].history == {"loss": [0.5]}
    assert list(values["table"].columns) == ["a", "b"]
    assert values["tensor"].tolist() == [1, 1]
    assert isinstance(values["log"], Opaque)  # a damaged record costs itself only


def test_nothing_captured() -> None:
    assert read_values(None, {}) == ({}, [], "")


MODEL = {"config": "{}", "weights": [np.zeros(2)], "compiled": {}}


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"garbage",
        b"\x80\x04\x95",
        [],
        {"values": {}},
        {"values": [], "substituted": []},
        {"values": {1: 2}, "substituted": []},
        {"values": {"x": 1}, "substituted": 5},
        {"values": {"m": Portable("model", {})}, "substituted": []},
        {"values": {"m": Portable("model", MODEL | {"config": 3})}, "substituted": []},
        {"values": {"m": Portable("model", MODEL | {"weights": [1]})}, "substituted": []},
        {"values": {"m": Portable("model", MODEL | {"weights": None})}, "substituted": []},
        {"values": {"h": Portable("history", {})}, "substituted": []},
        {
            "values": {"h": Portable("history", {"history": {"loss": "abc"}, "epoch": []})},
            "substituted": [],
        },
        {
            "values": {"t": Portable("dataframe", {"columns": 5, "index": [[None, [0]]]})},
            "substituted": [],
        },
        {
            "values": {
                "t": Portable(
                    "dataframe", {"columns": [["a", [1]], ["b", [1, 2]]], "index": [[None, [0, 1]]]}
                )
            },
            "substituted": [],
        },
        {"values": {"t": Portable("array", {})}, "substituted": []},
        {"values": {"f": Portable("function", {})}, "substituted": []},
    ],
    ids=range(18),
)
def test_a_corrupt_file_is_a_problem_for_staff(captured: Callable[[Any], Path], value: Any) -> None:
    builders = Builders(Control(None)).of(NoModels().load)
    values, substituted, problem = read_values(captured(value), builders)
    assert (values, substituted) == ({}, [])
    assert "cannot be read" in problem


def test_scores_are_finite_numbers_only() -> None:
    assert math.isfinite(judge("3")[1])
