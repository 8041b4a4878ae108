"""Grade cells call a student's functions: values come back, everything else is an error."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from mnist_course.grading import autograde as autograde_module
from mnist_course.grading.autograde import autograde
from mnist_course.grading.results import NotebookGrade, Verdict

pytestmark = pytest.mark.kernel

Grade = Callable[..., NotebookGrade]
Item = tuple[str, str]  # name, body of a grade cell with 1 point


@pytest.fixture
def grade(save: Any, cell: Any, graded_cell: Any) -> Grade:
    def go(student: Sequence[str], items: Sequence[Item], **options: Any) -> NotebookGrade:
        tests = [graded_cell(f"f-{name}", 1, body) for name, body in items]
        assignment: Path = save("source/f/f.ipynb", [cell("code", "...", "f-answer"), *tests])
        submission: Path = save("mine.ipynb", [*(cell("code", s) for s in student), *tests])
        given = {"pictures": False, "deadline_seconds": 100.0} | options
        return autograde(submission, assignment, **given).grade

    return go


def verdicts(grade: NotebookGrade) -> dict[str, str]:
    return {c.grade_id.removeprefix("f-"): str(c.verdict) for c in grade.cells}


def told(grade: NotebookGrade) -> dict[str, str]:
    return {
        c.grade_id.removeprefix("f-"): " ".join(
            f"{f.saw} {f.why} {f.next_step}" for f in c.findings
        )
        for c in grade.cells
    }


def notes(grade: NotebookGrade) -> dict[str, str]:
    return {c.grade_id.removeprefix("f-"): c.staff_note for c in grade.cells}


def hidden(body: str) -> str:
    return f"### BEGIN HIDDEN TESTS\n{body}\n### END HIDDEN TESTS"


FUNCTIONS = """
import functools
import numpy as np

def softmax(x, *, axis=-1):
    print("noise " * 1000)
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)

class Layer:
    def scale(self, x):
        return 2 * x
    def __call__(self, x):
        return x + 1

scale, layer = Layer().scale, Layer()
square = lambda x: x * x
add_two = functools.partial(lambda a, b: a + b, 2)
activations = {"relu": lambda x: np.maximum(x, 0), "square": square}

def compose(f, g):
    return lambda x: f(g(x))

def strange(x):
    return {1, 2, 3}

def inside(x):
    return [1, {"deep": (2, object())}]

def ask(x):
    return input("?")

def leave(x):
    raise SystemExit(0)
"""


def test_functions_are_called_with_values_and_give_values(grade: Grade) -> None:
    found = grade(
        [FUNCTIONS],
        [
            (
                "array",
                "import numpy as np\nx = np.array([[1.0, 2.0], [0.0, 0.0]])\n"
                "assert np.allclose(softmax(x).sum(axis=1), 1)\n"
                "assert np.allclose(softmax(x, axis=0).sum(axis=0), 1)\n"
                "assert softmax.__name__ == 'softmax' and 'axis' in softmax.signature",
            ),
            ("kinds", "assert (scale(4), layer(1), square(-3), add_two(1)) == (8, 2, 9, 3)"),
            (
                "values",
                "echo = square\nassert type(echo(2)) is int and type(echo(2.0)) is float\n"
                "assert activations['relu'](-1) == 0 and activations['square'](5) == 25",
            ),
            ("passed-on", "assert compose(square, layer)(2) == 9"),
            ("strange", "strange(1)"),
            ("inside", "inside(1)"),
            ("ask", "ask(1)"),
            ("leave", "leave(1)"),
            ("after-all-that", "assert square(3) == 9"),
            ("attribute", "assert square.shape == (3,)"),
            ("author", "square({1, 2})"),
        ],
    )
    failed = {"strange", "inside", "ask", "leave", "attribute"}
    assert verdicts(found) == {
        name: "not graded" if name == "author" else "failed" if name in failed else "passed"
        for name in verdicts(found)
    }
    words = told(found)
    assert "`strange` gave a set" in words["strange"]
    assert "`inside` gave a object" in words["inside"]
    assert "EOFError" in words["ask"] and "SystemExit" in words["leave"]
    assert "`square` is a function" in words["attribute"]
    assert "set, which cannot be sent" in notes(found)["author"]
    assert found.errors == ()


ERRORS = """
def first(x):
    return x[0]

def boom(x):
    y = 1
    return y / 0

class Odd(Exception):
    def __str__(self):
        raise ValueError("no words")

def odd(x):
    raise Odd
"""


def test_an_error_names_the_exception_and_the_line(grade: Grade) -> None:
    # IPython drops empty lines at the top of a cell before it counts.
    found = grade(
        ["a = 1", ERRORS],
        [
            ("boom", "assert boom(1) == 1"),
            ("odd", "odd(1)"),
            ("index", "assert first([]) == 1"),
            ("expected", "try:\n    boom(1)\nexcept ZeroDivisionError:\n    pass\nelse:\n    0"),
            ("fields",
             "from mnist_course.exceptions import StudentError\ntry:\n    boom(1)\n"
             "except StudentError as e:\n"
             "    assert (e.type_name, e.line, e.hidden) == ('ZeroDivisionError', 6, False)\n"
             "    assert e.message == 'division by zero'"),
        ],
    )  # fmt: skip
    assert list(verdicts(found).values()) == ["failed", "failed", "failed", "passed", "passed"]
    words = told(found)
    assert (
        "Your `boom` raised ZeroDivisionError in line 6 of the cell: division by zero"
        in words["boom"]
    )
    assert "raised Odd" in words["odd"]
    assert "raised IndexError in line 2" in words["index"]


CANARY = "hidden-canary-4711"
LEAKS = """
import sys
seen = []
def leak(x):
    print(x); print(x, file=sys.stderr)
    seen.append(x)
    open("seen.txt", "a").write(str(x))
    raise ValueError(f"it was {x}")
def leak_as_type(x):
    raise type(str(x), (Exception,), {})(str(x))
def leak_as_value(x):
    return x
def leak_and_die(x):
    open("seen.txt", "a").write(str(x)); import os; os._exit(0)
try:
    print("FOUND", open("seen.txt").read())
except OSError:
    pass
"""


def test_what_a_hidden_test_asks_never_comes_back(grade: Grade, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    found = grade(
        [LEAKS],
        [
            ("error", hidden(f"leak('{CANARY}')")),
            ("type", hidden(f"leak_as_type('{CANARY}')")),
            ("caught", hidden(
                f"try:\n    leak('{CANARY}')\nexcept ValueError as e:\n    assert False, repr(e)")),
            ("afterwards", hidden(f"x = '{CANARY}'") + "\nleak(x)"),
            ("died", hidden(f"leak_and_die('{CANARY}')")),
            ("helper", hidden(
                "from mnist_course.checks import check_function\n"
                f"check_function(leak_as_value, ['{CANARY}'], expected=len, points=1)")),
            ("visible", "leak('seen')"),
        ],
        work=work,
    )  # fmt: skip
    assert set(verdicts(found).values()) == {"failed"}
    assert CANARY not in " ".join(told(found).values())
    assert CANARY not in (work / "executed.ipynb").read_text()
    assert CANARY in notes(found)["error"] and CANARY in notes(found)["type"]
    assert "it was seen" in told(found)["visible"]
    assert "no result for a hidden input" in told(found)["error"]


SLOW = """
import time
def slow(x):
    while True:
        try: time.sleep(1)
        except KeyboardInterrupt:
            if x == "stubborn": continue
            raise
def quick(x): return x
"""


def test_a_slow_call_is_stopped_and_the_next_one_works(grade: Grade) -> None:
    found = grade(
        [SLOW],
        [
            ("slow", "slow.seconds = 1\nslow(1)"),
            ("caught", "slow.seconds = 1\ntry:\n    slow(1)\nexcept Exception:\n    pass\n"
                       "assert quick(3) == 3"),
            ("quick", "assert quick(1) == 1"),
            ("stubborn", "slow.seconds = 1\nslow('stubborn')"),
            ("again", "assert quick(2) == 2"),
        ],
    )  # fmt: skip
    assert list(verdicts(found).values()) == ["failed", "passed", "passed", "failed", "passed"]
    assert "took longer than 1 seconds" in told(found)["slow"]


DEADLY = """
import os
def die(x): os._exit(0)
def crash(x):
    import ctypes; ctypes.string_at(0)
def fine(x): return x + 1
"""


def test_a_death_costs_its_item_and_at_most_two_restarts(grade: Grade) -> None:
    found = grade(
        [DEADLY],
        [
            ("before", "assert fine(1) == 2"),
            ("die", "die(1)"),
            ("between", "assert fine(1) == 2"),
            ("caught", "try:\n    crash(1)\nexcept Exception:\n    pass\nassert fine(1) == 2"),
            ("after", "assert fine(2) == 3"),
            ("third", "die(1)"),
            ("too-late", "assert fine(3) == 4"),
        ],
    )
    assert verdicts(found) == {
        "before": "passed", "die": "failed", "between": "passed", "caught": "failed",
        "after": "passed", "third": "failed", "too-late": "not graded",
    }  # fmt: skip
    assert "ended the Python process" in told(found)["die"]
    assert "2 times already" in notes(found)["too-late"]


BOMB = """
import os, threading, time
def arm(x):
    threading.Timer(0.3, os._exit, (0,)).start()
    return x
def fine(x): return x
"""


def test_a_kernel_that_ended_between_two_items_is_no_fault_of_the_second(grade: Grade) -> None:
    found = grade(
        [BOMB],
        [
            ("arm", "import time\nassert arm(1) == 1\ntime.sleep(1)"),
            ("fine", "assert fine(2) == 2"),
        ],
    )
    assert set(verdicts(found).values()) == {"passed"}


FORGER = """
import os, re, socket, stat, threading
sockets = []
for fd in range(3, 100):
    try:
        if stat.S_ISSOCK(os.fstat(fd).st_mode): sockets.append(fd)
    except OSError: pass
def right(x): return x
def wrong(x): return x + 1
"""


@pytest.mark.parametrize(
    "forge",
    [
        "for fd in sockets: os.write(fd, b'\\x7f' * 4096)",
        "for fd in sockets: os.write(fd, b'\\0' * 7 + b'\\x02[]')",
        "from mnist_course.grading.channel import Channel\n"
        "for fd in sockets:\n"
        "    try: Channel(socket.socket(fileno=os.dup(fd))).send({'number': 1, 'ok': 1})\n"
        "    except OSError: pass",
        "for fd in sockets: os.close(fd)",
        "import mnist_course.grading.student_calls as s\n"
        "s.serve = lambda fd: [os.write(fd, os.urandom(999)) for _ in range(99)]",
        "import mnist_course.grading.student_calls as s\n"
        "s._call = lambda question: {'ok': 1, 'changed': 5}\n"
        "s._answer = lambda channel, question, interrupts: channel.pack({'number': 7, 'ok': 1})",
    ],
    ids=["noise", "short frame", "guessed number", "closed", "forged loop", "wrong numbers"],
)
def test_who_writes_to_the_socket_gains_nothing(grade: Grade, forge: str) -> None:
    start = time.monotonic()
    found = grade(
        [FORGER, forge],
        [
            ("wrong", "wrong.seconds = 2\nassert wrong(1) == 1"),
            ("other", "assert 1 + 1 == 2"),
        ],
        deadline_seconds=60.0,
    )
    assert verdicts(found)["wrong"] in ("failed", "not graded")
    assert verdicts(found)["other"] == "passed"
    assert found.score == 1
    assert time.monotonic() - start < 60


def test_a_notebook_without_calls_leaves_no_kernel(
    grade: Grade, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[object] = []
    monkeypatch.setattr(
        autograde_module, "Evaluator", lambda **_: started.append(1) or pytest.fail("started")
    )
    asked: list[object] = []
    connection = autograde_module.StudentNotebook.connection
    monkeypatch.setattr(
        autograde_module.StudentNotebook,
        "connection",
        lambda self, *a, **k: asked.append(1) or connection(self, *a, **k),
    )
    found = grade(["x = 3"], [("x", "assert x == 3")], overlap=True)
    assert found.score == 1 and started == [] and asked == []


def test_partial_results_come_item_by_item(grade: Grade) -> None:
    seen: list[dict[str, str]] = []

    def look(so_far: NotebookGrade) -> None:
        seen.append(verdicts(so_far))
        raise OSError("disk full")  # costs nothing

    found = grade(
        ["x = 1"],
        [("a", "assert x == 1"), ("b", "assert x == 2"), ("c", "assert x == 1")],
        on_item=look,
    )
    assert [str(v) for v in verdicts(found).values()] == ["passed", "failed", "passed"]
    waiting = str(Verdict.NOT_GRADED)
    assert seen[0] == {"a": "passed", "b": waiting, "c": waiting}
    assert seen[-1] == verdicts(found) and len(seen) == 3


def test_the_same_cell_runs_in_a_students_notebook() -> None:
    body = (
        "from mnist_course.checks import allow_seconds, check_function\n"
        "import numpy as np\nallow_seconds(softmax, seconds=5)\n"
        "try:\n    boom(1)\nexcept ZeroDivisionError:\n    pass\n"
        "score = check_function(square, [1, -2, 3.5], expected=lambda x: x * x, points=3)\n"
        "assert json.dumps(score) == '3.0'"
    )
    namespace: dict[str, Any] = {"json": json}
    exec(FUNCTIONS + ERRORS + body, namespace)


STUCK = """
import time
def stuck(x):
    while True:
        try: time.sleep(1)
        except BaseException: pass
class Lazy:
    def __iter__(self): return self
    def __next__(self): time.sleep(0.01); return 1
x = 5
"""


@pytest.mark.parametrize(
    ("student", "items"),
    [
        ([STUCK, "stuck(1)", "stuck(1)", "stuck(1)"], [("x", "assert True")]),
        ([STUCK, "stuck(1)"], [("x", "assert x == 5")]),
        ([STUCK], [*((f"stuck{i}", "stuck(1)") for i in range(6)), ("x", "assert x == 5")]),
        ([STUCK, "import os; os._exit(0)"] * 9, [("x", "assert True")]),
        (
            [STUCK, "import mnist_course.grading.namespace as n; n.export = lambda *a: stuck(1)"],
            [("x", "assert True")],
        ),
        (
            [STUCK, "import mnist_course.grading.student_calls as s; s.serve = stuck"],
            [("stuck", "stuck(1)"), ("x", "assert x == 5")],
        ),
    ],
    ids=["cells", "a cell", "calls", "deaths", "export", "serving"],
)
def test_the_deadline_holds_whatever_a_submission_does(
    grade: Grade, student: list[str], items: list[Item]
) -> None:
    start = time.monotonic()
    found = grade(student, items, deadline_seconds=25.0, cell_seconds=4.0)
    assert time.monotonic() - start < 25
    assert verdicts(found)["x"] == "passed"


def test_answers_that_stand_still_are_a_signal_for_staff(grade: Grade) -> None:
    items = [
        (
            name,
            "import numpy as np\n"
            f"for seed in range(4):\n    {name}(np.random.default_rng(seed).normal(size=3))",
        )
        for name in ("constant", "moving", "verdict")
    ]
    student = (
        "import numpy as np\n"
        "def constant(x):\n    return np.ones(3)\n"
        "def moving(x):\n    return x * 2\n"
        "def verdict(x):\n    return True\n"
    )
    found = grade([student], items)
    assert verdicts(found) == dict.fromkeys(("constant", "moving", "verdict"), "passed")
    (signal,) = found.signals
    assert signal.kind == "answers do not move"
    assert "`constant`" in signal.detail
    assert "4 different inputs" in signal.detail
