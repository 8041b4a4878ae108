"""Have every sandbox of a test run begin as a fork that has the modules named in ``BY_FORK``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from mnist_course.grading.forkserver import ForkedProcess, Forkserver
from mnist_course.grading.sandbox import Sandbox, loading_environment

__all__ = ["BY_FORK", "forks", "forkserver"]

BY_FORK = "MNIST_COURSE_TEST_BY_FORK"


def forkserver(*modules: str) -> Forkserver:
    """Return a forkserver as a class has it."""
    return Forkserver(modules, loading_environment(1))


@pytest.fixture(autouse=True, scope="session")
def forks() -> Iterator[None]:
    """Start sandboxes by forking, where the environment asks for it."""
    if BY_FORK not in os.environ:
        yield
        return
    start = Sandbox.start
    with forkserver(*os.environ[BY_FORK].split()) as server:

        def by_fork(self: Sandbox, command: Any, **others: Any) -> Any:
            self.options = replace(self.options, forkserver=server)
            process = start(self, command, **others)
            assert isinstance(process, ForkedProcess) or not server.runs(command)
            return process

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Sandbox, "start", by_fork)
            yield
