"""Workers without Dask: one process does the jobs, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from mnist_course.workforce.own_process import in_own_process
from mnist_course.workforce.workforce import Failure, Job, Workforce

__all__ = ["Notes", "OneProcess"]


class OneProcess(Workforce):
    """Does every job when it is asked for; those whose words are in `refused` fail."""

    def __init__(self, workers: int = 1, scheduler: str | None = None, refused: str = "") -> None:
        super().__init__(workers, scheduler)
        self.refused = refused
        self.done: list[str] = []

    def results(self, jobs: Iterable[Job]) -> Iterator[tuple[int, Any]]:
        for number, job in enumerate(jobs):
            if self.refused and self.refused in job.words:
                yield number, Failure("RuntimeError: the worker had enough")
                continue
            self.done.append(job.words)
            function = job.function
            yield number, in_own_process(function.__module__, function.__qualname__, job.arguments)


class Notes:
    """A listener that writes down what it hears."""

    def __init__(self) -> None:
        self.plans: list[tuple[str, int, int]] = []
        self.words: list[str] = []

    def plan(self, name: str, costs: Sequence[float], done: int) -> None:
        self.plans.append((name, len(costs), done))

    def finished(self, cost: float, words: str) -> None:
        self.words.append(words)
