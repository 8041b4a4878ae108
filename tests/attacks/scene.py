"""Run one command in a world of its own; report all that it left behind.

``python -I -S scene.py`` reads a plan from its standard input and prints a report. Standard library
only. Needs root on Linux.

The world is exact: its own process numbers (this program is process 1, so every orphan comes back
to it and all of them end with it), its own network with nothing but a loopback, its own IPC
objects, and the whole disk under an overlay, so that every file that anybody writes anywhere is
found in the overlay's upper layer, and none of it is real. A control group bounds memory and
processes.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

# Appended, so that nothing there can stand in for the standard library.
sys.path.append(str(Path(__file__).parents[2]))

from tests.attacks import own_world
from tests.attacks.looking import Services, below_me, listening, segments

MAX_TEXT = 24 << 20


def _start(plan: dict[str, Any], output: Path) -> subprocess.Popen[bytes]:
    def become() -> None:
        for name, value in plan["rlimits"].items():
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))
        if plan["uid"]:
            os.setgroups([])
            os.setresgid(plan["uid"], plan["uid"], plan["uid"])
            os.setresuid(plan["uid"], plan["uid"], plan["uid"])

    with (output / "stdout").open("wb") as out, (output / "stderr").open("wb") as errors:
        process = subprocess.Popen(
            plan["command"], env=plan["environment"], cwd=plan["cwd"], stdin=subprocess.PIPE,
            stdout=out, stderr=errors, start_new_session=True, preexec_fn=become,  # noqa: PLW1509
        )  # fmt: skip
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
        pipe.write(plan["input"].encode())
    return process


def _wait(process: subprocess.Popen[bytes], seconds: float) -> int | None:
    """Wait for the command and bury orphans meanwhile; None when it took too long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return -1
        if pid == process.pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode
        if pid == 0:
            time.sleep(0.02)
    return None


def _bury() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _text(path: Path) -> str:
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            return file.read(MAX_TEXT).decode("utf-8", "surrogateescape")
    except OSError:
        return ""


def _without_other_graders() -> None:
    """Remove folders of other tests' graders from this world: a grader here would remove them."""
    for folder in Path("/tmp").glob("mnist-course-*"):
        shutil.rmtree(folder, ignore_errors=True)


def play(plan: dict[str, Any], layers: own_world.Layers) -> dict[str, Any]:
    """Run the plan's command and look around afterwards."""
    _without_other_graders()
    output = Path(plan["root"]) / "said"
    output.mkdir(mode=0o700)
    for path, mode in plan["modes"].items():
        Path(path).chmod(mode)
    services = Services(plan["port"], plan["unix"])
    bystander = subprocess.Popen(
        ["sleep", "1000"], start_new_session=True, stdin=subprocess.DEVNULL,
        user=plan["uid"] or None, group=plan["uid"] or None,
    )  # fmt: skip

    shared = Path("/dev/shm")
    before, doors, pieces = layers.changes(), listening(), segments()
    in_memory = {p.name for p in shared.iterdir()}
    began = time.monotonic()
    process = _start(plan, output)
    status = _wait(process, plan["seconds"])
    took = time.monotonic() - began
    for _ in range(10):  # a killed process takes a moment to be gone
        _bury()
        processes = below_me({bystander.pid, process.pid})
        if not processes:
            break
        time.sleep(0.05)
    alive = bystander.poll() is None
    after = layers.changes()
    report = {
        "status": status,
        "seconds": took,
        "stdout": _text(output / "stdout"),
        "stderr": _text(output / "stderr"),
        "outputs": {path: _text(Path(path)) for path in plan["outputs"]},
        "processes": processes,
        "written": {p: c[3] for p, c in sorted(after.items()) if before.get(p) != c},
        "in_memory": sorted({p.name for p in shared.iterdir()} - in_memory),
        "listening": sorted(listening() - doors),
        "segments": segments() - pieces,
        "visits": services.visits,
        "bystander": alive,
    }
    for pid in (process.pid, bystander.pid):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
    return report


def _finish(plan: dict[str, Any], layers: own_world.Layers, channel: int) -> NoReturn:
    try:
        report = play(plan, layers)
    except Exception as error:
        report = {"scene_failed": f"{type(error).__name__}: {error}"}
    with os.fdopen(channel, "wb") as pipe:
        pipe.write(json.dumps(report).encode())
    for line in below_me(set()):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(int(line.split()[0]), signal.SIGKILL)
    os._exit(0)


def main() -> int:
    """Build the world, run the plan as its first process, print the report."""
    plan = json.load(sys.stdin)
    groups = own_world.enter_groups(plan["nonce"], memory=plan["memory"], processes=plan["pids"])
    own_world.unshare()
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read_end)
        own_world.libc().prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
        own_world.loopback_up()
        layers = own_world.enter_overlay(Path(plan["stage"]), plan["disk_megabytes"])
        _finish(plan, layers, write_end)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        report = json.loads(pipe.read() or b'{"scene_failed": "no report"}')
    os.waitpid(pid, 0)
    report["groups"] = own_world.leave_groups(groups)
    sys.stdout.write(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
