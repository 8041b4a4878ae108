"""A process of its own for jobs: plain values cross, it ends when nobody waits."""

from __future__ import annotations

import atexit
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from mnist_course.exceptions import WorkforceError
from mnist_course.workforce.own_process import OwnProcess, in_own_process


@pytest.fixture
def process():
    one = OwnProcess()
    yield one
    one.end()


def test_values_cross_unchanged(process: OwnProcess):
    values = {"nan": math.nan, "inf": -math.inf, "third": 1 / 3, "text": "±\n", "none": None}
    found = process.call("copy", "copy", [values])
    assert math.isnan(found.pop("nan"))
    values.pop("nan")
    assert found == values and found["third"].hex() == (1 / 3).hex()


def test_what_a_job_prints_is_no_answer(process: OwnProcess, capfd: pytest.CaptureFixture[str]):
    assert process.call("os", "system", ["echo hello"]) == 0
    assert process.call("builtins", "print", ["hello"]) is None
    assert process.call("builtins", "abs", [-3]) == 3


def test_an_error_over_there_is_an_error_here(process: OwnProcess):
    with pytest.raises(WorkforceError, match=r"^ValueError: invalid literal for int"):
        process.call("builtins", "int", ["x"])
    with pytest.raises(WorkforceError, match=r"^ModuleNotFoundError"):
        process.call("no_such_module", "f", [])
    assert process.call("builtins", "abs", [-3]) == 3


def test_a_process_that_ends_says_so(process: OwnProcess):
    with pytest.raises(WorkforceError, match=r"ended with status 7 before there was a result"):
        process.call("os", "_exit", [7])
    assert not process.alive
    with pytest.raises(WorkforceError, match="ended with status"):
        process.call("builtins", "abs", [-3])


def test_the_next_job_gets_a_new_process():
    first = in_own_process("os", "getpid", [])
    assert in_own_process("os", "getpid", []) == first != os.getpid()
    with pytest.raises(WorkforceError):
        in_own_process("os", "_exit", [0])
    assert in_own_process("os", "getpid", []) != first


def test_nothing_else_draws_random_numbers(process: OwnProcess):
    process.call("random", "seed", [0])
    first = process.call("random", "random", [])
    process.call("random", "seed", [0])
    time.sleep(1)
    assert process.call("random", "random", []) == first


def test_it_ends_in_the_middle_of_a_job_when_its_parent_is_killed():
    code = (
        "from mnist_course.workforce.own_process import in_own_process as call\n"
        "print(call('os', 'getpid', []), flush=True)\n"
        "call('time', 'sleep', [600])"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    time.sleep(0.5)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    _, alive = psutil.wait_procs([child], timeout=30)
    assert not alive


def test_what_is_to_be_done_at_its_end_is_done(tmp_path: Path):
    """A loading process that a job started is waited for, with the time that it took."""
    process = OwnProcess()
    process.call("tests.workforce.test_own_process", "write_at_exit", [str(tmp_path / "ended")])
    process.end()
    assert (tmp_path / "ended").read_text() == "well"


def test_it_loads_no_grammars_of_addresses(process: OwnProcess):
    """They take a second, and reading a notebook needs none."""
    assert process.call("tests.workforce.test_own_process", "loaded_with_nbformat", []) == []


def loaded_with_nbformat() -> list[str]:
    import nbformat

    nbformat.validate(nbformat.v4.new_notebook())
    return [name for name in ("lark", "rfc3987_syntax.syntax_helpers") if name in sys.modules]


def write_at_exit(path: str) -> None:
    atexit.register(Path(path).write_text, "well")
