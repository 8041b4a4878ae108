"""Try, from inside, what must not be possible: layers are verified, not assumed.

Runs in the closed process just before it becomes the student's, with nothing but system calls.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from mnist_course.grading.confine.kernel_calls import call

__all__ = ["probe"]

_ATTACH = 16
_CONTROL_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)


def probe(protected: Sequence[str], grader: int) -> list[str]:
    """Return what was possible and must not be, in words; empty when all is well.

    Parameters
    ----------
    protected : sequence of str
        Files and folders that must be unreadable and unwritable in here.
    grader : int
        Process number of the grader.
    """
    possible = []

    def refused(what: str, attempt: Callable[[], object]) -> None:
        try:
            attempt()
        except OSError:
            return
        possible.append(what)

    for path in protected:
        refused(f"read {Path(path).name}", lambda path=path: _read(path))  # type: ignore[misc]
        refused(f"write {Path(path).name}", lambda path=path: _write(path))  # type: ignore[misc]
    refused("read the grader's environment", lambda: _read(f"/proc/{grader}/environ"))
    refused("read the grader's memory", lambda: _read(f"/proc/{grader}/mem"))
    refused("signal the grader", lambda: os.kill(grader, 0))
    refused("trace the grader", lambda: call("ptrace", _ATTACH, grader, 0, 0))
    refused("open a network connection", _connect)
    return possible


def _read(path: str) -> None:
    descriptor = os.open(path, _CONTROL_FLAGS)
    try:
        # A folder that opens can be listed.
        if not Path(path).is_dir():
            os.read(descriptor, 1)
    finally:
        os.close(descriptor)


def _write(path: str) -> None:
    if Path(path).is_dir():
        inside = f"{path}/.mnist-course-probe"
        os.close(os.open(inside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        Path(inside).unlink()
    else:
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))


def _connect() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as connection:
        connection.settimeout(0.2)
        try:
            connection.connect(("127.0.0.1", 9))
        except ConnectionRefusedError:
            return  # somebody answered: the network is there
