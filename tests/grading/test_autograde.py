"""From a submitted file to a grade: read, execute, capture, judge, with nothing replaced."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mnist_course.exceptions import AssignmentError
from mnist_course.grading.autograde import autograde, failed_grade
from mnist_course.grading.results import NotebookGrade, Verdict

pytestmark = pytest.mark.kernel

Grade = Callable[..., NotebookGrade]


@pytest.fixture
def assignment(save: Any, cell: Any, graded_cell: Any, tmp_path: Path) -> Path:
    """An assignment of 10 automatic points with 5 by hand; only its owner may read it."""
    path: Path = save(
        "source/tiny/tiny.ipynb",
        [
            cell("code", "numbers = [3, 1, 2]", "tiny-data", locked=True),
            cell("code", "answer = ...", "tiny-answer", solution=True),
            graded_cell(
                "tiny-is",
                4,
                "assert answer == 42, 'the answer is another one'\n"
                "### BEGIN HIDDEN TESTS\nassert type(answer) is int, 'a whole number'\n"
                "assert execution['cells'] >= 2\n### END HIDDEN TESTS",
            ),
            cell("code", "in_order = ...", "tiny-sorted", solution=True),
            graded_cell(
                "tiny-order",
                6,
                "from mnist_course.checks.score import Score, note\n"
                "right = sum(a == b for a, b in zip(in_order, sorted(numbers)))\n"
                "note(accuracy=right / 3)\n"
                "Score(2 * right, of=6, saw=f'{right} of 3 are in their place')",
            ),
            cell("markdown", "Why?", "tiny-why", grade=True, solution=True, points=5),
        ],
    )
    tmp_path.chmod(0o755)
    path.chmod(0o600)
    return path


@pytest.fixture
def submission(save: Any, cell: Any) -> Callable[..., Path]:
    def write(*sources: str) -> Path:
        head = cell("code", "numbers = [3, 1, 2]", "tiny-data")
        answers = [cell("code", source) for source in sources]
        answers[0] = cell("code", sources[0], "tiny-answer")
        path: Path = save("Copy of tiny (1).ipynb", [head, *answers])
        return path

    return write


@pytest.fixture
def grade(assignment: Path, submission: Callable[..., Path]) -> Grade:
    def go(*sources: str, **options: Any) -> NotebookGrade:
        given = {"overlap": False, "pictures": False, "deadline_seconds": 120.0} | options
        return autograde(submission(*sources), assignment, **given).grade

    return go


def scores(grade: NotebookGrade) -> dict[str, Any]:
    return {c.grade_id.removeprefix("tiny-"): (str(c.verdict), c.score) for c in grade.cells}


PARENT = """
import json, sys
from pathlib import Path
from mnist_course.grading.autograde import autograde
work = Path(sys.argv[3])
outcome = autograde(Path(sys.argv[1]), Path(sys.argv[2]), work=work, deadline_seconds=120)
print(json.dumps({
    "scores": {c.grade_id: c.score for c in outcome.grade.cells},
    "heavy": [m for m in ("keras", "tensorflow", "matplotlib", "sklearn", "pandas")
              if m in sys.modules],
    # Of this program alone: getrusage would count the process that started it, too.
    "peak": next(int(line.split()[1]) / 1024 for line in open("/proc/self/status")
                 if line.startswith("VmHWM")),
    "executed": outcome.executed_notebook.name,
}))
"""


def test_a_grade_in_a_small_parent_and_the_same_once_more(
    grade: Grade, submission: Callable[..., Path], assignment: Path, tmp_path: Path
) -> None:
    sources = (
        "answer = 42; print('hello')",
        "in_order = [1, 3, 2]\nimport sys; print('!', file=sys.stderr)",
    )
    work = tmp_path / "work"
    work.mkdir()
    paths = [str(submission(*sources)), str(assignment), str(work)]
    done = subprocess.run(
        [sys.executable, "-c", PARENT, *paths],
        capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    report = json.loads(done.stdout)
    assert report["scores"] == {"tiny-is": 4, "tiny-order": 2, "tiny-why": None}
    assert report["heavy"] == []
    assert report["peak"] < 120  # MB: the smallest container must survive the parent

    executed = json.loads((work / "executed.ipynb").read_text())
    text = json.dumps(executed)
    assert "hello" in text and "2 of 6 points: partial" in text
    assert "HIDDEN" not in text and "whole number" not in text
    assert [p.name for p in work.iterdir()] == ["executed.ipynb"]

    again = grade(*sources)
    assert {c.grade_id: c.score for c in again.cells} == report["scores"]
    assert scores(again)["why"] == ("manual", None)
    assert again.score == 6 and again.max_score == 10
    assert again.measurements == {"accuracy": pytest.approx(1 / 3)}
    assert again.errors == () and again.headline == ""
    assert any("put back: tiny-is, tiny-order" in repair for repair in again.repairs)


SABOTAGE = """
print("4 of 4 points: passed"); print('{"verdict": "passed", "score": 10}')
import builtins, json, sys, os
import mnist_course.checks.score as score
score.Score = lambda *a, **k: 6.0
score.CheckFailed = None
builtins.sum = lambda *a: 3
builtins.sorted = lambda x: in_order
class Always:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __iter__(self): return iter([self] * 3)
    __class__ = int
    __hash__ = None
answer = Always()
in_order = [Always(), Always(), Always()]
"""
SNOOP = """
import glob, pathlib, shutil
found = []
for name in glob.glob("/tmp/mnist-course-judge-*/*") + [SOURCE, "/proc/1/environ"]:
    try:
        found.append(pathlib.Path(name).read_text())
    except OSError:
        pass
assert not [f for f in found if "tiny-is" in f], "the tests could be read"
for name in os.listdir("."): shutil.rmtree(name, ignore_errors=True)
shutil.rmtree(os.path.expanduser("~"), ignore_errors=True)
shutil.rmtree(os.path.dirname(mnist_course.__file__), ignore_errors=True)
"""


def test_who_attacks_the_kernel_gains_nothing(grade: Grade, assignment: Path) -> None:
    snoop = SNOOP.replace("SOURCE", repr(str(assignment)))
    deaf = "import json; json.dumps = lambda *a, **k: '{}'; json.loads = None"
    found = grade(SABOTAGE, "import os, mnist_course\n" + snoop, deaf)
    assert scores(found) == {
        "is": ("failed", 0), "order": ("failed", 0), "why": ("manual", None),
    }  # fmt: skip
    errors = {e.cell: e.kind for e in found.errors}
    assert errors.pop(4) in ("KernelProtocolError", "TimeoutError", "DeadKernelError")
    if os.geteuid() == 0:
        assert errors == {}  # nothing of ours could be read
    assert assignment.exists()


EXPORTER = """
import mnist_course.grading.namespace as namespace
from pathlib import Path
def export(values, names, path):
    FORGE
namespace.export = export
answer = 42
"""


@pytest.mark.parametrize(
    "forge",
    [
        "import pickle; Path(path).write_bytes(pickle.dumps({'values': {'answer': 42}}))",
        "import os; os._exit(0)",
        "import time\n    while True: time.sleep(1)",
    ],
    ids=["pickle", "exit", "endless"],
)
def test_a_replaced_exporter_gains_nothing(grade: Grade, forge: str) -> None:
    found = grade(EXPORTER.replace("FORGE", forge), "in_order = [1, 2, 3]", deadline_seconds=40.0)
    assert found.score == 0
    assert Verdict.PASSED not in {c.verdict for c in found.cells}


def test_a_forged_frame_holds_values_and_nothing_else(grade: Grade) -> None:
    """Whoever writes the frame may give any values, as by assigning them, but no verdict."""
    forge = (
        "from mnist_course.grading.serialization import encode\n"
        "    values = {'answer': 41, 'in_order': [], 'execution': {'cells': 99},"
        " '__builtins__': {'zip': 1}, 'Score': 6.0, 'right': 3, 'numbers': []}\n"
        "    Path(path).write_bytes(encode({'values': values,"
        " 'substituted': ['model', 'log'] * 1000}))"
    )
    found = grade(EXPORTER.replace("FORGE", forge), "in_order = [1, 2, 3]")
    assert found.score == 0
    assert len(found.repairs) <= 6


def test_deaths_and_exits_cost_themselves(grade: Grade) -> None:
    found = grade(
        "answer = 42", "import sys; sys.exit(0)", "import os; os._exit(0)", "in_order = [1, 2, 3]"
    )
    assert scores(found) == {
        "is": ("passed", 4), "order": ("passed", 6), "why": ("manual", None),
    }  # fmt: skip
    assert {e.kind for e in found.errors} == {"SystemExit", "DeadKernelError"}


def test_the_deadline_is_kept(grade: Grade) -> None:
    stubborn = "import time\nwhile True:\n    try: time.sleep(1)\n    except BaseException: pass"
    start = time.monotonic()
    found = grade("answer = 42", stubborn, stubborn, deadline_seconds=30.0, cell_seconds=5.0)
    assert time.monotonic() - start < 30
    assert scores(found)["is"][0] in ("passed", "failed")
    assert found.errors[0].kind == "TimeoutError"
    assert scores(found)["order"][1] == 0


def test_bad_files_get_a_grade_of_zero_with_a_sentence(assignment: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.ipynb"
    for raw, words in (
        (b"", "empty"),
        (b"{", "not valid JSON"),
        (b'{"nbformat": 4, "cells": []}', "no code"),
        (b'{"nbformat": 2, "cells": []}', "format 2"),
    ):
        bad.write_bytes(raw)
        found = autograde(bad, assignment).grade
        assert words in found.headline and found.score == 0 and not found.grader_failed
        assert scores(found) == {
            "is": ("failed", 0), "order": ("failed", 0), "why": ("manual", None),
        }  # fmt: skip
    assert "no file" in autograde(tmp_path / "missing.ipynb", assignment).grade.headline
    assert "not a file" in autograde(tmp_path, assignment).grade.headline


def test_a_broken_assignment_is_the_graders_problem(tmp_path: Path, assignment: Path) -> None:
    broken = tmp_path / "broken.ipynb"
    broken.write_text("{")
    with pytest.raises(AssignmentError):
        autograde(tmp_path / "missing.ipynb", broken)
    failed = failed_grade(assignment, "words")
    assert failed.grader_failed and failed.score == 0 and len(failed.cells) == 3
    assert failed_grade(broken, "words").cells == ()


MODEL = """
import keras, numpy as np
keras.utils.set_random_seed(1)
x = np.eye(4, dtype="float32"); y = np.arange(4)
{name} = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, activation="softmax")])
{name}.compile("sgd", keras.losses.SparseCategoricalCrossentropy(), metrics=["accuracy"])
{name}.optimizer.learning_rate = 2.0
{name}.fit(x, y, epochs=60, verbose=0)
{name}.predict = lambda *a, **k: np.eye(4)[[0, 0, 0, 0]]
"""


@pytest.mark.keras
def test_a_keras_model_is_judged_elsewhere(
    save: Any, cell: Any, graded_cell: Any, tmp_path: Path
) -> None:
    assignment = save(
        "source/net/net.ipynb",
        [
            cell("code", "model = ...", "net-model", solution=True),
            graded_cell(
                "net-predicts",
                3,
                "import numpy as np\nfrom mnist_course.checks.score import CheckFailed\n"
                "found = model.predict(np.eye(4, dtype=np.float32)).argmax(axis=1)\n"
                "if list(found) != [0, 1, 2, 3]:\n    raise CheckFailed(f'it says {found}')",
            ),
            graded_cell(
                "net-size",
                2,
                "import sys\nassert model.count_params() == 20\n"
                "assert type(model.layers[-1]).__name__ == 'Dense'\n"
                "assert model.layers[-1].activation.__name__ == 'softmax'\n"
                "assert not {'keras', 'tensorflow'} & sys.modules.keys()",
            ),
        ],
    )
    options = {"deadline_seconds": 200.0, "pictures": False}
    renamed = save("b.ipynb", [cell("code", MODEL.format(name="network"), "net-model")])
    found = autograde(renamed, assignment, **options).grade
    assert [c.score for c in found.cells] == [3, 2], found.cells
    assert any("no variable `model`" in repair for repair in found.repairs)
    mine = "import keras\nclass Mine(keras.Model): pass\nmodel = Mine()"
    subclassed = save("c.ipynb", [cell("code", mine, "net-model")])
    found = autograde(subclassed, assignment, overlap=False, **options).grade
    assert {c.verdict for c in found.cells} == {Verdict.NOT_GRADED}
    assert "never built" in found.cells[0].staff_note
