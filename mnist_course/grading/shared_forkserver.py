"""The loading process that all grades of a process share, one for each kind of assignment."""

from __future__ import annotations

import atexit
import contextlib
from functools import cache
from pathlib import Path

from mnist_course.exceptions import AssignmentError
from mnist_course.grading.assignment import read_assignment
from mnist_course.grading.forkserver import Forkserver
from mnist_course.grading.sandbox import loading_environment

__all__ = ["shared_forkserver"]

_KERNEL, _KERAS = "ipykernel.kernelapp", "keras"


def shared_forkserver(assignment: Path, *, threads: int) -> Forkserver:
    """Return the forkserver of this process that has loaded what an assignment needs.

    It ends with the process, and is worth its start when more than one submission is graded.

    Parameters
    ----------
    assignment : Path
        The instructor's notebook; Keras is loaded where it is about Keras.
    threads : int
        As in ``SandboxOptions``, which must say the same.
    """
    keras = False
    with contextlib.suppress(AssignmentError):  # whoever grades says what is wrong with it
        keras = read_assignment(assignment).wants_keras
    return _forkserver((_KERNEL, _KERAS) if keras else (_KERNEL,), threads)


@cache
def _forkserver(modules: tuple[str, ...], threads: int) -> Forkserver:
    server = Forkserver(modules, loading_environment(threads))
    atexit.register(server.close)
    return server
