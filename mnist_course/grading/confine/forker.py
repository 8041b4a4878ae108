"""The process that has loaded packages once, and forks the keepers of sandboxes.

``python -P -m mnist_course.grading.confine.forker FD MODULE...`` imports the modules, says so on
the socket ``FD``, and forks whenever it is asked to. A fork becomes a keeper, and the process that
a keeper starts does not replace itself by the command: it is Python already, with the modules
loaded, and runs the command's module behind the same layers. Nothing untrusted runs in this
process, nor in a fork before its layers are closed; no fork is used twice. It ends with the grader.

A request is one message: the numbers that descriptors shall have, as JSON, with the descriptors:
where the end is told, the log, the keeper's socket, then those. The answer is the number of the
keeper's process, with a descriptor of it. The end is told as JSON, the
keeper's status and processor seconds.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import importlib
import json
import os
import random
import runpy
import select
import signal
import socket
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import NoReturn

from mnist_course.grading.confine import keeper
from mnist_course.grading.confine.kernel_calls import drop_capabilities, prctl

__all__: list[str] = []

MOST_DESCRIPTORS = 32
_LONGEST = 1 << 12


class _Run(keeper.RunHereError):
    """Raised where the layers are closed: run the module that a command names."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        super().__init__()
        self.command = command
        self.environment = environment


class _Keeper(keeper.Keeper):
    """A keeper whose command is run by the process that it forks."""

    def run_command(self, report: socket.socket) -> NoReturn:
        # As execve does it: whoever made a user namespace has all rights there until now, and a
        # process may look at itself.
        drop_capabilities()
        prctl(keeper.PR_SET_DUMPABLE, 1)
        report.close()
        _close_what_execve_would()
        raise _Run(self.policy["command"], self.policy["environment"])


class _Forker:
    """Forks keepers and tells how they ended."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._running: dict[int, tuple[int, int]] = {}  # pidfd → process, where its end is told

    def serve(self) -> None:
        """Fork until nobody can ask for it any more."""
        self._control.send(b"ready")
        while True:
            asks = self._control.fileno()
            ready, _, _ = select.select([asks, *self._running], [], [])
            for watched in ready:
                if watched != asks:
                    self._tell_end(watched)
            if asks in ready and not self._answer():
                return

    def _answer(self) -> bool:
        try:
            words, descriptors, _, _ = socket.recv_fds(
                self._control, _LONGEST, MOST_DESCRIPTORS, socket.MSG_CMSG_CLOEXEC
            )
        except OSError:
            return False
        if not words:
            return False
        told, *given = descriptors
        process = os.fork()
        if process == 0:
            os.close(told)
            self._become_keeper(json.loads(words), given)
        for descriptor in given:
            os.close(descriptor)
        watched = os.pidfd_open(process)
        self._running[watched] = (process, told)
        with contextlib.suppress(OSError):
            socket.send_fds(self._control, [str(process).encode()], [watched])
        return True

    def _tell_end(self, watched: int) -> None:
        process, told = self._running.pop(watched)
        _, status, used = os.wait4(process, 0)
        line = {"status": os.waitstatus_to_exitcode(status), "cpu": used.ru_utime + used.ru_stime}
        with contextlib.suppress(OSError):
            os.write(told, json.dumps(line).encode())
        os.close(told)
        os.close(watched)

    def _become_keeper(self, numbers: list[int], given: list[int]) -> NoReturn:
        """Keep a sandbox; ends the process, or raises ``_Run`` in the one of the command."""
        try:
            self._control.detach()
            os.setsid()
            prctl(keeper.PR_SET_DUMPABLE, 1)  # until its command is forked, as every keeper
            keeper.keep(_arrange(numbers, given), _Keeper)
        except _Run:
            raise
        except BaseException as error:
            os.write(2, f"{type(error).__name__}: {error}\n".encode())
        os._exit(1)


def _arrange(numbers: list[int], given: list[int]) -> int:
    """Put descriptors where they are expected and close all others; return the keeper's own."""
    above = max([2, *numbers]) + 1
    log, control, *passed = (fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, above) for fd in given)
    kept = {0, 1, 2, control, *numbers}
    null = os.open(os.devnull, os.O_RDONLY)
    for source, number in [(null, 0), (log, 1), (log, 2), *zip(passed, numbers, strict=True)]:
        os.dup2(source, number)
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - numbers
        if int(name) not in kept:
            with contextlib.suppress(OSError):  # the one that lists
                os.close(int(name))
    return control


def _close_what_execve_would() -> None:
    """Close every descriptor that is not to be inherited, whoever forgot it."""
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - numbers
        with contextlib.suppress(OSError):  # the one that lists
            if not os.get_inheritable(int(name)):
                os.close(int(name))


def _run_python(command: list[str], environment: dict[str, str]) -> None:
    """Run ``[python, "-I" or nothing, "-m" or "-c", what, arguments...]`` as a new Python would."""
    place = next(n for n, word in enumerate(command) if word in ("-m", "-c"))
    what, *rest = command[place + 1 :]
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for sign in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(sign, signal.SIG_IGN)
    if "-I" not in command[:place]:
        sys.path.insert(0, str(Path.cwd()))
    if command[place] == "-m":
        sys.argv = [what, *rest]
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        sys.argv = ["-c", *rest]
        main_module = sys.modules["__main__"] = ModuleType("__main__")
        exec(compile(what, "<string>", "exec"), vars(main_module))  # noqa: S102 - as `python -c`


def _load(modules: list[str]) -> None:
    for module in modules:
        importlib.import_module(module)
    threads = len(os.listdir("/proc/self/task"))  # noqa: PTH208
    if threads != 1:  # what they hold would stay held in every fork
        raise SystemExit(f"{threads} threads run after the imports; expected 1")
    if shared := [line for line in _mappings() if line.split()[1][1::2] == "ws"]:
        raise SystemExit(f"memory that forks could write to each other: {shared[0]}")
    gc.collect()
    gc.freeze()  # pages that no collection touches stay shared


def _mappings() -> list[str]:
    return Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace").splitlines()


def _serve(descriptor: int) -> tuple[list[str], dict[str, str]] | None:
    """Fork on demand; return in a closed process what it is to run, and when nobody asks."""
    prctl(keeper.PR_SET_DUMPABLE, 0)  # nobody but root may look into this process
    control = socket.socket(fileno=descriptor)
    control.set_inheritable(False)
    try:
        _Forker(control).serve()
    except _Run as run:
        return run.command, run.environment
    return None


def main(arguments: list[str]) -> None:
    """Load, then fork until the grader is gone."""
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, signal.SIG_IGN)
    _load(arguments[2:])
    # No frame of the keeper is left when a module is run, and nothing that it knew.
    if (run := _serve(int(arguments[1]))) is not None:
        _run_python(*run)


if __name__ == "__main__":
    main(sys.argv)
