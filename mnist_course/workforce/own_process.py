"""A process that does nothing but jobs, one after the other.

Keras takes the seeds of layers from Python's global `random`, and the threads of a Dask worker draw
from it too: trained there, a network would not depend on its seed alone. And a grade's event loop
and its waiting for processes belong in a main thread. So every worker has a process of its own for
its jobs, whose only other thread waits for the end. It also computes with one thread, whatever the
worker did before. Jobs and results cross as lines of JSON.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, BinaryIO

from mnist_course.exceptions import WorkerLostError, WorkforceError
from mnist_course.without_iri_checks import without_iri_checks

__all__ = ["OwnProcess", "in_own_process"]

_END_SECONDS = 5
_LONGEST_REASON = 500
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

_own = threading.local()


def in_own_process(module: str, function: str, arguments: Sequence[Any]) -> Any:
    """Call a function in the process that belongs to this thread, started when it is needed.

    Parameters
    ----------
    module, function : str
        Where it is found.
    arguments : sequence of plain values
        What JSON can say, NaN included.

    Returns
    -------
    object
        Its result, plain values too.

    Raises
    ------
    WorkforceError
        If the function raised; ``WorkerLostError`` if its process ended.
    """
    process = getattr(_own, "process", None)
    if process is None or not process.alive:
        process = _own.process = OwnProcess()
        atexit.register(process.end)
    result: Any = process.call(module, function, arguments)
    return result


class OwnProcess:
    """The side that asks. The process ends when `end` is called, or when this process ends."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **dict.fromkeys(_ONE_THREAD, "1"), "TF_CPP_MIN_LOG_LEVEL": "3"},
            start_new_session=True,  # Ctrl-C reaches the study, which ends its workers
        )

    @property
    def alive(self) -> bool:
        """Whether the process can still be asked."""
        return self._process.poll() is None

    def call(self, module: str, function: str, arguments: Sequence[Any]) -> Any:
        """Call a function over there; see `in_own_process`."""
        assert self._process.stdin is not None and self._process.stdout is not None
        line = b""
        with contextlib.suppress(OSError, ValueError):  # it ended: the missing answer says so
            self._process.stdin.write(_line([module, function, list(arguments)]))
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        if not line.endswith(b"\n"):
            self.end()
            raise WorkerLostError(
                f"The process that worked ended with status {self._process.returncode} before "
                "there was a result; the system may have been short of memory."
            )
        answer = json.loads(line)
        if "error" in answer:
            raise WorkforceError(answer["error"])
        return answer["result"]

    def end(self) -> None:
        """End the process; harmless when it has ended."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _line(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii") + b"\n"


def main() -> None:
    """Do jobs until there is nobody to ask for them."""
    without_iri_checks()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what anything prints is no answer
    jobs: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    done = _Done()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, jobs, done), daemon=True).start()
    while line := jobs.get():
        module, function, arguments = json.loads(line)
        try:
            answer = {"result": getattr(import_module(module), function)(*arguments)}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"[:_LONGEST_REASON]}
        said = _line(answer)
        done.jobs += 1  # before it is sent: who has the answer may close the jobs at once
        try:
            answers.write(said)
            answers.flush()
        except BrokenPipeError:  # nobody waits for it any more
            return


@dataclass
class _Done:
    jobs: int = 0


def _listen(stream: BinaryIO, jobs: queue.SimpleQueue[bytes], done: _Done) -> None:
    """Pass jobs on; when nobody waits any more, end: at once in the middle of a job."""
    given = 0
    for line in stream:
        given += 1
        jobs.put(line)
    if given > done.jobs:
        os._exit(0)
    jobs.put(b"")


if __name__ == "__main__":
    main()
