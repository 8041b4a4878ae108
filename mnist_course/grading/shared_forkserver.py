"""The loading process that all grades of a process share, one for each kind of assignment."""

from __future__ import annotations

import atexit
import contextlib
import threading
from dataclasses import replace
from functools import cache
from pathlib import Path

from mnist_course.exceptions import AssignmentError
from mnist_course.grading.assignment import read_assignment
from mnist_course.grading.forkserver import Forkserver
from mnist_course.grading.sandbox import SandboxOptions, loading_environment

__all__ = ["with_shared_forkserver"]

# A process with more threads cannot be forked, and NumPy starts its threads when it is loaded.
_THREADS = 1
_KERNEL, _KERAS = "ipykernel.kernelapp", "keras"
_one_at_a_time = threading.Lock()


def with_shared_forkserver(options: SandboxOptions, assignment: Path) -> SandboxOptions:
    """Return options with the forkserver of this process that has loaded what is needed.

    It ends with the process, and is worth its start when more than one submission is graded.

    Parameters
    ----------
    options : SandboxOptions
        Whose sandboxes then compute with one thread.
    assignment : Path
        The instructor's notebook; Keras is loaded where it is about Keras.
    """
    keras = False
    with contextlib.suppress(AssignmentError):  # whoever grades says what is wrong with it
        keras = read_assignment(assignment).wants_keras
    with _one_at_a_time:
        server = _forkserver((_KERNEL, _KERAS) if keras else (_KERNEL,))
    return replace(options, threads=_THREADS, forkserver=server)


@cache
def _forkserver(modules: tuple[str, ...]) -> Forkserver:
    server = Forkserver(modules, loading_environment(_THREADS))
    atexit.register(server.close)
    return server
