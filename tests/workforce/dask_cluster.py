"""A Dask cluster as a person starts one."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["LONG", "dask_cluster", "wait_for"]

LONG = 240.0  # seconds, on a machine that does other things too


def wait_for(condition: Callable[[], object], seconds: float = LONG) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def _address(file: Path) -> str:
    """Return what a scheduler wrote; nothing while it has not written all of it."""
    try:
        return str(json.loads(file.read_text())["address"])
    except (FileNotFoundError, json.JSONDecodeError):
        return ""


@contextmanager
def dask_cluster(folder: Path, workers: int) -> Iterator[str]:
    """A scheduler with workers as a person starts them, on this machine; yields its address."""
    address = folder / "scheduler.json"
    dask = [sys.executable, "-m", "dask"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    commands = [
        ["scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"],
        *[
            ["worker", "--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1"]
            for _ in range(workers)
        ],
    ]
    started = []
    try:
        for command in commands:
            started.append(
                subprocess.Popen(
                    [*dask, *command, "--scheduler-file", str(address)], cwd=folder, **quiet
                )
            )
            wait_for(lambda: _address(address))
        yield _address(address)
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
