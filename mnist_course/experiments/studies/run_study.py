"""Carry out a study: what is known is not run again, the rest goes to workers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from mnist_course.exceptions import StudyError
from mnist_course.experiments.studies.study import Planned, Study
from mnist_course.experiments.studies.work import train_trial
from mnist_course.experiments.trials.running import known
from mnist_course.experiments.trials.store import TrialStore
from mnist_course.experiments.trials.trial import Trial
from mnist_course.workforce.workforce import Failure, Job, Workforce

__all__ = ["Listener", "as_store", "run_study"]


class Listener(Protocol):
    """Hears how a study goes on."""

    def plan(self, name: str, costs: Sequence[float], done: int) -> None:
        """Hear how many jobs are known already, and what each of the others may cost."""

    def finished(self, cost: float, words: str) -> None:
        """Hear that a job is done, and its result kept."""


class _Nobody:
    def plan(self, name: str, costs: Sequence[float], done: int) -> None:
        pass

    def finished(self, cost: float, words: str) -> None:
        pass


def run_study(
    study: Study,
    *,
    store: TrialStore | str | Path | None = None,
    workers: int = 2,
    scheduler: str | None = None,
    force: Workforce | None = None,
    listener: Listener | None = None,
) -> list[Trial]:
    """Get all trials of a study.

    Each trial that is stored is taken from the store; the others are trained by workers and stored
    one by one as they end, so that a study which is stopped, by Ctrl-C or by force, goes on where
    it was. The table does not depend on how many workers there are.

    Parameters
    ----------
    study : Study
    store : TrialStore or path, optional
        By default the folders in the environment variable ``MNIST_COURSE_TRIALS``, else the folder
        ``trials``. This process alone writes it: workers need no common disk.
    workers : int
        Processes on this machine, each with one thread.
    scheduler : str, optional
        Address of a running Dask scheduler, whose workers are used instead.
    force : Workforce, optional
        Workers that other studies share, instead of the two above.
    listener : Listener, optional

    Returns
    -------
    list of Trial
        Arm by arm in the order of the study, within an arm in the order of the seeds.

    Raises
    ------
    ConfigurationError
        If there is no worker to start.
    StudyError
        If trials gave no result; the others are stored then.
    WorkforceError
        If no scheduler answers, or if it is gone.
    CorruptDataError, DatasetError
        If the images cannot be had.
    """
    if force is None:
        with Workforce(workers, scheduler) as force:
            return _carry_out(study, as_store(store), force, listener or _Nobody())
    return _carry_out(study, as_store(store), force, listener or _Nobody())


def _carry_out(
    study: Study, store: TrialStore, force: Workforce, listener: Listener
) -> list[Trial]:
    planned = list(study.trials())
    trials: dict[tuple[str, int], Trial] = {}
    for one in planned:
        found = known(one.configuration, one.seed, store=store)
        if found is not None:
            trials[one.arm, one.seed] = found.named(one.arm)
    missing = [one for one in planned if (one.arm, one.seed) not in trials]
    costs = [one.cost for one in missing]
    listener.plan(study.name, costs, len(trials))
    # First, because workers that train nothing refuse here, before images are fetched for them.
    results = force.results([_job(one) for one in missing])
    _look_at_data(missing)
    failures: list[str] = []
    for number, result in results:
        one = missing[number]
        if isinstance(result, Failure):
            failures.append(f"{one.arm}, seed {one.seed}: {result.words}")
            continue
        trial = Trial.from_dict(result)
        store.put(trial)
        trials[one.arm, one.seed] = trial
        listener.finished(costs[number], f"{one.arm}, seed {one.seed}")
    if failures:
        raise StudyError(
            f"{len(failures)} of {len(missing)} trials of the study {study.name!r} gave no result; "
            f"the others are stored. The first: {failures[0]}. Once that is repaired, run the same "
            "again."
        )
    return [trials[arm, seed] for arm in study.arms for seed in study.seeds]


def _job(one: Planned) -> Job:
    arguments = (one.configuration.to_dict(), one.seed, one.arm)
    return Job(train_trial, arguments, f"{one.arm}, seed {one.seed}")


def _look_at_data(missing: Sequence[Planned]) -> None:
    """Fetch and verify once what all workers are about to read."""
    from mnist_course.datasets import by_name

    for dataset in dict.fromkeys(one.configuration.dataset for one in missing):
        by_name.load(dataset)


def as_store(store: TrialStore | str | Path | None) -> TrialStore:
    """Return the store that is meant: this one, one in this folder, or the usual one."""
    if isinstance(store, TrialStore):
        return store
    return TrialStore.from_environment() if store is None else TrialStore(store)
