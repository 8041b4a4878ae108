"""Sandboxes that begin as forks: the same layers, packages loaded, nothing of anybody else."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from mnist_course.grading.forkserver import ForkedProcess, Forkserver
from mnist_course.grading.sandbox import Limits, Sandbox, SandboxOptions
from tests.grading.forked import BY_FORK, forkserver
from tests.grading.test_sandbox import PROBE

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="forks are for Linux"),
    pytest.mark.kernel,
]


@pytest.fixture(scope="module")
def server() -> Iterator[Forkserver]:
    with forkserver("numpy", "json") as started:
        yield started


def answer(
    server: Forkserver | None,
    code: str,
    *arguments: str,
    limits: Limits | None = None,
    readable: tuple[Path, ...] = (),
) -> tuple[Any, Sandbox]:
    """Run code that writes JSON to the file of its first argument."""
    options = SandboxOptions(forkserver=server, threads=1, readable=readable)
    with Sandbox(limits or Limits(), options=options) as sandbox:
        file = sandbox.work / "answer.json"
        process = sandbox.start([sys.executable, "-I", "-c", code, str(file), *arguments])
        assert isinstance(process, ForkedProcess) is (server is not None)
        assert process.wait(60) == 0, sandbox.log(process)
        return json.loads(file.read_text()), sandbox


def test_a_fork_is_closed_in_as_a_new_process_is(server: Forkserver) -> None:
    os.environ["PLANTED_SECRET"] = "token"
    limits = Limits(memory=2 << 30, cpu=300, file=5 << 20, open_files=200, processes=100)
    try:
        with forkserver("numpy") as own:  # started while the secret is there
            (new, first), (fork, second) = (
                answer(one, PROBE, limits=limits) for one in (None, own)
            )
    finally:
        del os.environ["PLANTED_SECRET"]
    assert "PLANTED_SECRET" not in json.dumps(fork)
    differ = {key for key in new if new[key] != fork[key]}
    assert differ <= {"uids", "gids", "environment", "cwd"}  # each has its own user and folder
    assert fork["uids"] == [second.uid] * 3 or second.uid is None
    assert set(new["environment"]) == set(fork["environment"])
    assert first.layers == second.layers


def test_a_path_that_is_named_twice_leaves_no_way_out(server: Forkserver) -> None:
    """A descriptor of a folder outside would be one: from it, `..` leads on."""
    twice = tuple(Path(place) for place in ("/usr", "/usr", "/etc/ssl", "/etc/ssl"))
    found, _ = answer(server, PROBE, readable=twice)
    assert found["descriptors"] == ["0", "1", "2", "3"]  # three, with the one that lists them


def test_threads_share_it() -> None:
    """Each is answered by its own fork."""
    code = "import json, sys; json.dump(int(sys.argv[2]), open(sys.argv[1], 'w'))"
    with forkserver("json") as own, ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda number: answer(own, code, str(number))[0], range(24)))
    assert found == list(range(24))


INSIDE = """
import gc, json, os, random, sys, threading
import numpy as np
frames, frame = [], sys._getframe()
while frame is not None:
    frames.append(frame.f_code.co_name)
    held = [k for k, v in frame.f_locals.items() if k in ("policy", "control", "environment")]
    frames += [f"{frame.f_code.co_name} holds {k}" for k in held if held != ["environment"]]
    frame = frame.f_back
gc.unfreeze()
known = sorted({type(o).__name__ for o in gc.get_objects()} & {"_Keeper", "_Forker", "_Run"})
planted = getattr(np, "planted", None)
np.planted = True
open(sys.argv[1], "w").write(json.dumps({
    "frames": frames, "known": known, "planted": planted, "argv": sys.argv,
    "drawn": [random.random(), float(np.random.rand())], "threads": threading.active_count(),
    "main": __name__, "loaded": "numpy" in sys.modules, "pid": os.getpid(),
    "children": os.path.exists(f"/proc/{os.getpid()}/task/{os.getpid()}/children"),
}))
"""


def test_nothing_of_the_keeper_or_of_an_earlier_fork_is_left(server: Forkserver) -> None:
    found = [answer(server, INSIDE, "word")[0] for _ in range(2)]
    for one in found:
        assert not [name for name in one["frames"] if "holds" in name or "keep" in name]
        assert one["known"] == [] and one["planted"] is None
        assert one["argv"][0] == "-c" and one["argv"][-1] == "word"
        assert one["main"] == "__main__" and one["threads"] == 1
    # Random numbers without a seed are not the same for every student.
    assert found[0]["drawn"][0] != found[1]["drawn"][0]
    assert found[0]["drawn"][1] != found[1]["drawn"][1]


def test_packages_are_loaded_before_the_first_line(server: Forkserver) -> None:
    code = "import json, sys; open(sys.argv[1], 'w').write(json.dumps('numpy' in sys.modules))"
    assert [answer(one, code)[0] for one in (server, None)] == [True, False]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("import os; os._exit(3)", 3),
        ("raise SystemExit(4)", 4),
        ("import ctypes; ctypes.string_at(0)", -signal.SIGSEGV),
        ("import atexit, os; atexit.register(lambda: os._exit(5))", 5),
        ("1 / 0", 1),
    ],
)
def test_it_ends_as_the_command_ends(server: Forkserver, code: str, status: int) -> None:
    with Sandbox(options=SandboxOptions(forkserver=server)) as sandbox:
        process = sandbox.start([sys.executable, "-I", "-c", code])
        assert process.wait(30) == process.poll() == status
        if status == 1:
            assert "ZeroDivisionError" in sandbox.log(process)


def test_its_time_is_counted(server: Forkserver) -> None:
    before = server.cpu_seconds
    answer(
        server,
        "import sys, time\nwhile time.process_time() < 1: pass\nopen(sys.argv[1], 'w').write('1')",
    )
    assert 1 <= server.cpu_seconds - before < 5


def test_what_is_no_python_is_started_as_ever(server: Forkserver) -> None:
    with Sandbox(options=SandboxOptions(forkserver=server)) as sandbox:
        process = sandbox.start(["/bin/sh", "-c", "exit 6"])
        assert isinstance(process, subprocess.Popen) and process.wait(30) == 6
    assert Forkserver.runs([sys.executable, "-m", "json"])
    assert not Forkserver.runs([sys.executable, "-I"])
    assert not Forkserver.runs([sys.executable, "-O", "-m", "json"])
    assert not Forkserver.runs([sys.executable, "script.py", "-m"])


def test_a_fork_outlives_its_server_and_the_next_one_has_a_new_one() -> None:
    with forkserver("json") as server:
        with Sandbox(options=SandboxOptions(forkserver=server)) as sandbox:
            code = "import time; open('ready', 'w').close(); time.sleep(100)"
            process = sandbox.start([sys.executable, "-I", "-c", code])
            _wait_for(sandbox.work / "ready")
            first = _loader()
            first.kill()
            first.wait(10)
            time.sleep(0.5)
            assert process.poll() is None  # no student's kernel is dead for that
            sandbox.kill()
            assert process.wait(10) == -signal.SIGKILL
        assert answer(server, "import sys; open(sys.argv[1], 'w').write('7')")[0] == 7
        assert _loader().pid != first.pid
    assert not _loaders()


def _wait_for(file: Path) -> None:
    deadline = time.monotonic() + 30
    while not file.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert file.exists()


def _loaders() -> list[psutil.Process]:
    """Return the loading processes that this one started."""
    return [
        child
        for child in psutil.Process().children()
        if "mnist_course.grading.confine.forker" in child.cmdline()
        and "json" in child.cmdline()
        and "numpy" not in child.cmdline()
    ]


def _loader() -> psutil.Process:
    (only,) = _loaders()
    return only


REFUSED = {
    "no_such_module": "No module named",
    "threads_at_import": "2 threads run after the imports",
    "shares_memory": "memory that forks could write to each other",
}


@pytest.mark.parametrize("module", REFUSED)
def test_what_cannot_be_loaded_is_done_without(
    module: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "threads_at_import.py").write_text(
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
    )
    (tmp_path / "shares_memory.py").write_text("import mmap\nkept = mmap.mmap(-1, 4096)\n")
    environment = {"PYTHONPATH": str(tmp_path), "PATH": os.defpath}
    with (
        caplog.at_level(logging.WARNING),
        Forkserver([module], environment) as server,
        Sandbox(options=SandboxOptions(forkserver=server)) as sandbox,
    ):
        process = sandbox.start([sys.executable, "-I", "-c", "raise SystemExit(9)"])
        assert isinstance(process, subprocess.Popen) and process.wait(30) == 9
    assert REFUSED[module] in caplog.text and "starts without packages loaded" in caplog.text


GRADER = """
import sys, time
from mnist_course.grading.sandbox import Sandbox, SandboxOptions
from tests.grading.forked import forkserver
with forkserver("json") as server, Sandbox(options=SandboxOptions(forkserver=server)) as sandbox:
    sandbox.start([sys.executable, "-I", "-c", f"import time; time.sleep({sys.argv[1]})"])
    print(sandbox.base, flush=True)
    time.sleep(100)
"""


def test_nothing_is_left_when_the_grader_is_killed() -> None:
    mark = f"8{os.getpid()}.25"
    grader = subprocess.Popen(
        [sys.executable, "-c", GRADER, mark], stdout=subprocess.PIPE, text=True,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert grader.stdout is not None
    with grader, grader.stdout as output:
        base = Path(output.readline().strip())
        below = psutil.Process(grader.pid).children(recursive=True)
        assert len(below) >= 3  # the loading process, the keeper, the command
        grader.kill()
    _, alive = psutil.wait_procs(below, timeout=30)
    assert not alive
    assert not base.exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "modules"),
    [("test_sandbox.py", "numpy"), ("test_honest_work.py", "keras ipykernel.kernelapp")],
)
def test_all_that_a_sandbox_does(name: str, modules: str) -> None:
    """The tests of a file once more, each sandbox of which begins as a fork."""
    tests = Path(__file__).with_name(name)
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tests)],
        env={**os.environ, BY_FORK: modules},
        cwd=tests.parents[2],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-5000:] + ended.stderr[-2000:]
    assert " passed" in ended.stdout
