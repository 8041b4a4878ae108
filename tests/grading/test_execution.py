"""Cells run in order in a kernel; errors, time-outs, floods and deaths are data."""

from __future__ import annotations

import json
import os
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mnist_course.exceptions import KernelStartError
from mnist_course.grading import bounded_client
from mnist_course.grading import execution as execution_module
from mnist_course.grading.execution import Execution, TimeLimits, take_file
from mnist_course.grading.sandbox import Limits
from mnist_course.grading.student_notebook import StudentNotebook, execute
from mnist_course.grading.submission import AlignedCell

pytestmark = pytest.mark.kernel

# Exports the numbers whose names begin with v_.
CAPTURE = (
    "import json as _json\n"
    "open({path!r}, 'w').write(_json.dumps({{k: v for k, v in globals().items()"
    " if k.startswith('v_')}}))"
)


class Outcome:
    def __init__(self, execution: Execution) -> None:
        self.execution = execution
        self.errors = {e.cell: (e.kind, e.message) for e in execution.errors}
        captured = execution.captured
        self.values: Any = None if captured is None else json.loads(captured.read_text())

    def printed(self, cell: int) -> str:
        return "".join(o.get("text", "") for o in self.execution.outputs[cell])


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Outcome]:
    def go(*sources: str, cell: float = 60, total: float = 120, **options: Any) -> Outcome:
        cells = [AlignedCell(i, "code", source) for i, source in enumerate(sources, 1)]
        given = {"setup": "v_prepared = 1", "capture": CAPTURE} | options
        return Outcome(
            execute(
                cells,
                destination=tmp_path / "captured",
                time_limits=TimeLimits(cell, total),
                **given,
            )
        )

    return go


def test_cells_run_in_order_and_an_error_costs_its_cell(run: Callable[..., Outcome]) -> None:
    steps: list[Any] = []
    outcome = run(
        "v_a = 1; print('hello')",
        "1 / 0",
        "v_b = v_a + 1; v_b",
        "import sys; print('x', file=sys.stderr); sys.exit()",
        "raise ValueError('long ' * 1000)",
        "this is no Python",
        "input('name?')",
        "v_c = 3",
        "'\\ud83d'.encode()",
        progress=lambda *step: steps.append(step),
    )
    assert outcome.values == {"v_prepared": 1, "v_a": 1, "v_b": 2, "v_c": 3}
    assert outcome.printed(1) == "hello\n"
    assert outcome.execution.outputs[3][0]["data"]["text/plain"] == "2"
    kinds = {cell: kind for cell, (kind, _) in outcome.errors.items()}
    assert kinds == {
        2: "ZeroDivisionError", 4: "SystemExit", 5: "ValueError", 6: "SyntaxError",
        7: "StdinNotImplementedError", 9: "UnicodeEncodeError",
    }  # fmt: skip
    assert outcome.errors[2][1] == "division by zero"
    assert len(outcome.errors[5][1]) <= 500
    outcome.errors[9][1].encode()
    assert outcome.execution.cells == 9
    assert steps == [(i, 9, f"cell {i + 1}") for i in range(9)]
    assert {layer.name for layer in outcome.execution.layers} >= {"own process", "own user"}


def test_displays_are_updated_and_cleared(run: Callable[..., Outcome]) -> None:
    outcome = run(
        "h = display('before', display_id='x'); h.update('after'); h.update('last')",
        "h.update('from another cell'); v_a = 1",
        "from IPython.display import clear_output\n"
        "for i in range(5):\n    clear_output(wait=True); print(i)",
    )
    assert outcome.errors == {} and outcome.values == {"v_prepared": 1, "v_a": 1}
    assert outcome.execution.outputs[1][0]["data"]["text/plain"] == "'last'"
    assert outcome.printed(3) == "4\n"


def test_an_endless_loop_is_interrupted_and_the_kernel_goes_on(
    run: Callable[..., Outcome],
) -> None:
    outcome = run("v_a = 1", "v_b = 2\nwhile True: pass", "v_c = 3", cell=2)
    assert outcome.errors == {2: ("TimeoutError", "ran longer than 2 seconds")}
    assert outcome.values == {"v_prepared": 1, "v_a": 1, "v_b": 2, "v_c": 3}


@pytest.mark.parametrize(
    ("murder", "kind"),
    [
        ("import os; os._exit(0)", "DeadKernelError"),
        ("import ctypes; ctypes.string_at(0)", "DeadKernelError"),
        ("import os; os.abort()", "DeadKernelError"),
        (
            "import time\nwhile True:\n    try:\n        time.sleep(0.01)\n"
            "    except KeyboardInterrupt: pass",
            "TimeoutError",
        ),
    ],
    ids=["exit", "segmentation fault", "abort", "ignores the interrupt"],
)
def test_a_lost_kernel_is_replaced_and_the_others_replayed(
    run: Callable[..., Outcome], murder: str, kind: str
) -> None:
    cell = 3 if kind == "TimeoutError" else 60
    outcome = run("v_a = 1", "v_b = 2\n" + murder, "v_c = v_a + 2", "v_b", cell=cell)
    assert outcome.errors[2][0] == kind
    assert outcome.errors[4][0] == "NameError"
    assert outcome.values == {"v_prepared": 1, "v_a": 1, "v_c": 3}


def test_a_cell_that_ran_out_of_time_is_not_run_again(run: Callable[..., Outcome]) -> None:
    outcome = run(
        "v_a = 1",
        "v_b = 2\nimport time\nwhile True: time.sleep(0.1)",
        "import os; os._exit(0)",
        "v_c = 3",
        cell=3,
    )
    assert {cell: kind for cell, (kind, _) in outcome.errors.items()} == {
        2: "TimeoutError", 3: "DeadKernelError",
    }  # fmt: skip
    assert outcome.values == {"v_prepared": 1, "v_a": 1, "v_c": 3}
    # Three kernels, but the cell had its three seconds once.
    assert "ran longer than 3 seconds" in outcome.errors[2][1]


def test_why_a_kernel_died_is_said(run: Callable[..., Outcome]) -> None:
    limits = Limits(memory=600 << 20)
    outcome = run("v_a = 1", "import numpy as np\nx = np.ones(300 << 20)", "v_b = 2", limits=limits)
    kind, words = outcome.errors[2]
    assert (kind == "DeadKernelError" and "memory" in words) or "MemoryError" in kind
    assert outcome.values == {"v_prepared": 1, "v_a": 1, "v_b": 2}


SERVE = "import os\nos.write({fd}, b'ready ' + str(v_a).encode())\nwhile True: pass"


@pytest.fixture
def notebook(tmp_path: Path) -> Callable[..., StudentNotebook]:
    def make(*sources: str, calls: bool = True) -> StudentNotebook:
        also = "\nopen({path!r}.replace('.frame', '.calls'), 'w').close()" if calls else ""
        return StudentNotebook(
            [AlignedCell(i, "code", source) for i, source in enumerate(sources, 1)],
            setup="v_prepared = 1",
            capture=CAPTURE + also,
            serve=SERVE,
            destination=tmp_path / "captured.frame",
            time_limits=TimeLimits(20, 60),
        )

    return make


def test_a_kernel_stays_for_calls_and_comes_back(
    notebook: Callable[..., StudentNotebook], tmp_path: Path
) -> None:
    with notebook("v_a = 1", "raise ValueError('once')", "import time; v_a += 1") as running:
        done = running.run()
        assert [e.kind for e in done.errors] == ["ValueError"]
        connections = []
        for broken in (False, False, True, True):
            connection = running.connection(30, broken=broken)
            assert connection is not None
            connections.append(connection)
            if broken or len(connections) == 1:
                connection.settimeout(10)
                assert connection.recv(100) == b"ready 2"
        assert connections[0] is connections[1] and len(set(connections)) == 3
        assert running.connection(30, broken=True) is None and "2 times" in running.gone
    assert [p.name for p in tmp_path.iterdir()] == ["captured.frame"]  # nothing of the replays
    assert running.connection(30) is None


def test_a_kernel_that_nobody_calls_does_not_stay(
    notebook: Callable[..., StudentNotebook],
) -> None:
    with notebook("v_a = 1", calls=False) as running:
        running.run()
        assert running._session is None
        assert running.connection(1.0) is None and "no time" in running.gone
        connection = running.connection(30)  # somebody does, after all
        assert connection is not None and connection.recv(100) == b"ready 1"


def test_two_deaths(run: Callable[..., Outcome]) -> None:
    outcome = run("v_a = 1", "import os; os._exit(1)", "v_b = 2", "import os; os._exit(2)", "v_c=3")
    assert set(outcome.errors) == {2, 4}
    assert outcome.values == {"v_prepared": 1, "v_a": 1, "v_b": 2, "v_c": 3}


def test_what_took_long_is_kept_when_there_is_no_time_for_a_replay(
    run: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution_module, "_WORTH_KEEPING", 1.0)
    outcome = run(
        "v_a = 1; import time; time.sleep(4)", "import os; os._exit(0)", "v_c = 3", total=7
    )
    assert outcome.values == {"v_prepared": 1, "v_a": 1}
    assert outcome.errors[2][0] == "DeadKernelError"
    assert outcome.errors[3][0] == "TimeoutError" and "not run" in outcome.errors[3][1]


def test_when_the_time_is_up_the_rest_is_not_run(run: Callable[..., Outcome]) -> None:
    sleep = "import time; time.sleep(100)"
    outcome = run("v_a = 1", sleep, sleep, "v_c = 3", cell=60, total=3)
    assert [kind for kind, _ in outcome.errors.values()] == ["TimeoutError"] * 3
    assert "not run" in outcome.errors[4][1]
    assert outcome.values == {"v_prepared": 1, "v_a": 1}


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.mark.parametrize(
    "flood",
    [
        "while True: print('x' * 100)",
        "while True: print('x' * 1_000_000)",
        "print('x' * 200_000_000); v_b = 2",
    ],
    ids=["many lines", "long lines", "one line"],
)
def test_a_flood_of_output_is_bounded_and_stopped(run: Callable[..., Outcome], flood: str) -> None:
    before = _peak_megabytes()
    outcome = run("v_a = 1", flood, "v_c = 3; print('heard')", "1 / 0")
    assert outcome.errors[2][0] == "OutputLimitError"
    assert outcome.errors[4][0] == "ZeroDivisionError"
    assert outcome.values["v_a"] == 1 and outcome.values["v_c"] == 3
    assert outcome.printed(3) == "heard\n"
    assert sum(len(str(o)) for o in outcome.execution.outputs[2]) < 2 << 20
    assert _peak_megabytes() < before + 60
    assert outcome.execution.seconds < 50


def test_an_error_after_too_much_output_is_still_one(run: Callable[..., Outcome]) -> None:
    outcome = run("print('y' * 2_000_000, flush=True); 1 / 0")
    assert outcome.errors == {1: ("ZeroDivisionError", "division by zero")}
    assert "left out" in outcome.printed(1)


def test_the_whole_notebook_keeps_a_bounded_amount(
    run: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_client, "MAX_OUTPUT_KEPT", 2500)
    outcome = run(*["print('z' * 1000)"] * 5)
    assert [len(outcome.printed(c)) for c in (1, 2)] == [1001, 1001]
    assert all("left out" in outcome.printed(c) for c in (3, 4, 5))
    assert outcome.errors == {}


def test_messages_that_no_kernel_sends(run: Callable[..., Outcome]) -> None:
    outcome = run(
        "v_a = 1",
        "k = get_ipython().kernel\n"
        "for kind, content in (('stream', {}), ('display_data', {'data': 5, 'transient': 7})):\n"
        "    k.session.send(k.iopub_socket, kind, content, parent=k.get_parent())",
        "v_c = 3",
    )
    assert outcome.values == {"v_prepared": 1, "v_a": 1, "v_c": 3}
    assert set(outcome.errors) <= {2}


def test_grade_cells_text_and_empty_cells_are_not_run(tmp_path: Path) -> None:
    from mnist_course.grading.assignment import AssignmentCell

    test = AssignmentCell(1, "code", "v_test = 1", "t", 1.0, grade=True, locked=True)
    done = execute(
        [
            AlignedCell(1, "markdown", "v_text = 1"),
            AlignedCell(2, "code", "v_test = 1", test),
            AlignedCell(3, "code", " \n"),
            AlignedCell(4, "code", "v_a = 1"),
        ],
        setup="pass",
        capture=CAPTURE,
        destination=tmp_path / "captured",
    )
    assert Outcome(done).values == {"v_a": 1}
    assert done.cells == 1 and set(done.outputs) == {4}


def test_a_kernel_that_cannot_be_prepared_is_the_graders_problem(
    run: Callable[..., Outcome],
) -> None:
    with pytest.raises(KernelStartError, match="prepared"):
        run("v_a = 1", setup="raise RuntimeError('no TensorFlow')")


def test_nothing_captured(run: Callable[..., Outcome]) -> None:
    outcome = run("v_a = 1", capture="x = {path!r}; 1 / 0")
    assert outcome.values is None and outcome.errors == {}


def test_only_a_plain_file_is_taken(tmp_path: Path) -> None:
    plain, target = tmp_path / "plain", tmp_path / "target"
    plain.write_bytes(b"abc")
    assert take_file(plain, target) == target and target.read_bytes() == b"abc"
    assert take_file(plain, target, limit=2) is None
    link = tmp_path / "link"
    link.symlink_to(plain)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    folder = tmp_path / "folder"
    folder.mkdir()
    missing = tmp_path / "missing"
    assert [take_file(p, target) for p in (link, fifo, folder, missing)] == [None] * 4


DEAF = """
import gc, json, os, zmq
from ipykernel.connect import get_connection_info
known = json.loads(get_connection_info())
for thing in gc.get_objects():
    if type(thing).__name__ == "Socket" and getattr(thing, "type", None) == zmq.ROUTER:
        thing.close(linger=0)
for name in ("shell_port", "control_port"):
    path = f"{known['ip']}-{known[name]}"
    if os.path.exists(path):
        os.unlink(path)
    other = zmq.Context.instance().socket(zmq.PUB)  # refuses to shake hands
    other.bind("ipc://" + path)
while True: pass
"""


@pytest.mark.parametrize(
    "long",
    ["raise ValueError('x' * 30_000_000)", "raise type('x' * 30_000_000, (Exception,), {})()"],
)
def test_an_error_too_long_to_be_heard_costs_its_cell(
    run: Callable[..., Outcome], long: str
) -> None:
    # Far more time than it takes, so that a busy machine does not end the cell by time.
    outcome = run("v_a = 1", long, "v_c = 3", cell=150, total=400)
    # Which limit it meets first depends on how busy the machine is.
    assert outcome.errors[2][0] in ("DeadKernelError", "OutputLimitError", "ValueError")
    assert outcome.values["v_a"] == 1
    assert outcome.values["v_c"] == 3
    assert outcome.execution.seconds < 300  # two runs, the second without the cell


def test_a_kernel_that_takes_its_sockets_down_keeps_nobody_waiting(
    run: Callable[..., Outcome],
) -> None:
    outcome = run("v_a = 1", DEAF, "v_c = 3", cell=4, total=60)
    assert outcome.errors[2][0] in ("TimeoutError", "DeadKernelError", "KernelProtocolError")
    assert outcome.values["v_a"] == 1
    assert outcome.values["v_c"] == 3
    assert outcome.execution.seconds < 50
