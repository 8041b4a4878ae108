"""Start the processes of many grades with their packages loaded: loaded once, forked each time.

TensorFlow takes more than four processor seconds to load, and a grade starts it twice: for the
student's kernel and for the evaluator. A ``Forkserver`` starts one process that loads the packages
(``confine/forker.py``) and runs nothing else; each sandbox then begins as a fork of it, behind the
same layers as ever. A fork is used once.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from typing import IO, Self

__all__ = ["ForkedProcess", "Forkserver"]

_FORKER = (sys.executable, "-P", "-m", "mnist_course.grading.confine.forker")
_LOADING_SECONDS = 120.0
_FORKING_SECONDS = 20.0


class ForkedProcess:
    """A process that a forkserver started, with the part of ``subprocess.Popen`` that is used.

    Attributes
    ----------
    pid : int
    returncode : int or None
        As Popen's: None while it runs, minus the signal's number where a signal ended it.
    """

    def __init__(self, server: Forkserver, pid: int, watched: int, told: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._server = server
        self._watched = watched  # a pidfd: readable once the process has ended
        self._told = told

    def poll(self) -> int | None:
        """Return ``returncode``, looked up now."""
        if self.returncode is None and select.select([self._watched], [], [], 0)[0]:
            self._end()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return ``returncode`` once the process has ended.

        Raises
        ------
        subprocess.TimeoutExpired
            If it has not in ``timeout`` seconds.
        """
        if self.returncode is None:
            if not select.select([self._watched], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("a forked process", timeout or 0.0)
            self._end()
        assert self.returncode is not None
        return self.returncode

    def kill(self) -> None:
        """End the process; harmless when it has ended."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._watched, signal.SIGKILL)

    def _end(self) -> None:
        line = b""
        # Told at once, or never: then the server was killed, and this process has another parent.
        if select.select([self._told], [], [], _FORKING_SECONDS)[0]:
            line = os.read(self._told, 1 << 12)
        found = json.loads(line) if line else {"status": -signal.SIGKILL, "cpu": 0.0}
        self.returncode = int(found["status"])
        self._server.spent(float(found["cpu"]))
        os.close(self._watched)
        os.close(self._told)


class Forkserver:
    """Forks sandboxes that have modules loaded; a context manager, or ``close`` it.

    The process is started by the first use, and again when it was lost. Threads may share it. Linux
    only.

    Parameters
    ----------
    modules : sequence of str
        What is loaded. They must start no thread and keep no file open as they load.
    environment : mapping of str to str
        Of the loading process, whole: what some packages look up only while they load.

    Attributes
    ----------
    cpu_seconds : float
        Processor time of the forks that have ended, with everything below them.
    """

    def __init__(self, modules: Sequence[str], environment: dict[str, str]) -> None:
        self._modules = tuple(modules)
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._log: IO[bytes] | None = None
        self._one_at_a_time = threading.RLock()  # an answer belongs to who asked
        self.cpu_seconds = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @staticmethod
    def runs(command: Sequence[str]) -> bool:
        """Tell whether a fork can stand for a command: this Python with ``-m`` or ``-c``."""
        program, *words = command
        flags = words[: words.index("-I") + 1] if "-I" in words else []
        return (
            sys.platform == "linux"
            and program == sys.executable
            and flags in ([], ["-I"])
            and words[len(flags) : len(flags) + 1] in (["-m"], ["-c"])
        )

    def fork(
        self, control: socket.socket, log: IO[bytes], pass_fds: Sequence[int]
    ) -> ForkedProcess:
        """Fork a keeper.

        Parameters
        ----------
        control : socket.socket
            The keeper's end.
        log : file
            What it and its command print.
        pass_fds : sequence of int
            Descriptors that stay open, under the same numbers.

        Raises
        ------
        OSError
            If there is no process to fork, with its last words.
        """
        with self._one_at_a_time:
            return self._fork(control, log, pass_fds)

    def _fork(
        self, control: socket.socket, log: IO[bytes], pass_fds: Sequence[int]
    ) -> ForkedProcess:
        server = self._started()
        ours, theirs = os.pipe()
        watched: list[int] = []
        try:
            given = [theirs, log.fileno(), control.fileno(), *pass_fds]
            socket.send_fds(server, [json.dumps(list(pass_fds)).encode()], given)
            server.settimeout(_FORKING_SECONDS)
            pid, watched, _, _ = socket.recv_fds(server, 64, 1, socket.MSG_CMSG_CLOEXEC)
            if not watched:
                raise OSError("the forkserver is gone")
        except OSError as error:
            os.close(ours)
            words = f"no process could be forked: {error}. {self._last_words}"
            self.close()
            raise OSError(words) from error
        finally:
            os.close(theirs)
        return ForkedProcess(self, int(pid), watched[0], ours)

    def spent(self, seconds: float) -> None:
        """Count the processor time of a fork that has ended."""
        with self._one_at_a_time:
            self.cpu_seconds += seconds

    def close(self) -> None:
        """End the loading process; what it forked goes on."""
        with self._one_at_a_time:
            self._close()

    def _close(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if self._log is not None:
            self._log.close()
            self._log = None

    def _started(self) -> socket.socket:
        if self._process is not None and self._process.poll() is not None:
            self.close()
        if self._control is None:
            self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._log = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
            with theirs:
                self._process = subprocess.Popen(
                    [*_FORKER, str(theirs.fileno()), *self._modules],
                    env=self._environment,
                    cwd="/",
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=self._log,
                    stderr=self._log,
                    start_new_session=True,
                )
            self._control.settimeout(_LOADING_SECONDS)
            if self._control.recv(64) != b"ready":
                words = self._last_words
                self.close()
                raise OSError(f"the forkserver could not load {', '.join(self._modules)}: {words}")
        return self._control

    @property
    def _last_words(self) -> str:
        if self._log is None:
            return ""
        self._log.seek(0)
        return self._log.read()[-500:].decode("utf-8", "replace")
