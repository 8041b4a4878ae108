"""Get a named study from stored trials, training nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from mnist_course.exceptions import StudyError
from mnist_course.experiments.studies.carry_out import Carried, carry_out
from mnist_course.experiments.studies.named_study import NamedStudy
from mnist_course.experiments.studies.run_study import as_store
from mnist_course.experiments.studies.sizes import Size
from mnist_course.experiments.trials.store import TrialStore
from mnist_course.workforce.workforce import Job, Workforce

__all__ = ["from_store", "stored"]


class _Nobody(Workforce):
    """Workers that are never there."""

    def __init__(self, named: NamedStudy, size: Size) -> None:
        super().__init__()
        self._command = f"mnist-course study run {named.name} --size {size}"

    def results(self, jobs: Iterable[Job]) -> Iterator[tuple[int, Any]]:
        """Refuse the first job."""
        if refused := list(jobs):
            raise StudyError(
                f"{len(refused)} trials are not stored, the first: {refused[0].words}. Nothing was "
                f"trained. Run the study first: {self._command}"
            )
        return iter(())


class _Counter:
    """Counts what is known, what is not."""

    def __init__(self) -> None:
        self.known = 0
        self.all = 0

    def plan(self, name: str, costs: Sequence[float], done: int) -> None:
        self.known += done
        self.all += done + len(costs)

    def finished(self, cost: float, words: str) -> None:
        pass


def from_store(named: NamedStudy, size: Size, store: TrialStore | Path | None) -> Carried:
    """Return a named study from stored trials.

    Raises
    ------
    StudyError
        If a trial is not stored.
    """
    nobody = _Nobody(named, size)
    return carry_out(named, size, store=as_store(store), force=nobody, listener=_Counter())


def stored(named: NamedStudy, size: Size, store: TrialStore) -> str:
    """Say how far a study is: ``done``, ``-``, or ``12 of 15`` for its first part that is not."""
    counter = _Counter()
    try:
        carry_out(named, size, store=store, force=_Nobody(named, size), listener=counter)
    except StudyError:
        return f"{counter.known} of {counter.all}" if counter.known else "-"
    return "done"
