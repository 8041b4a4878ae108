"""Workers: processes of this machine, or those of a running Dask cluster."""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, islice
from types import TracebackType
from typing import Any, Self

from mnist_course.exceptions import ConfigurationError, WorkerLostError, WorkforceError
from mnist_course.workforce.own_process import in_own_process

__all__ = ["Failure", "Job", "Workforce"]

_CONNECT_SECONDS = 10
_END_SECONDS = 60

_SETTINGS = {
    "distributed.worker.profile.enabled": False,  # nobody looks at it
    "distributed.scheduler.worker-ttl": None,  # a job of minutes is no lost worker
    "distributed.scheduler.allowed-failures": 0,  # how often a job is tried again is counted here
    # A worker that is lost takes the job with it that it does, and none that waits.
    "distributed.scheduler.worker-saturation": 1.0,
    "distributed.comm.timeouts.connect": f"{_CONNECT_SECONDS}s",
    "distributed.diagnostics.nvml": False,
}
_LOGGERS = ("distributed", "distributed.worker", "distributed.nanny", "distributed.scheduler")


@dataclass(frozen=True, slots=True)
class Job:
    """A call that a worker makes, in a process that does nothing else.

    Parameters
    ----------
    function : callable
        One of a module; it returns plain values, which JSON can say.
    arguments : tuple
        Plain values.
    words : str
        What it is, for a person.
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job gave no result."""

    words: str
    lost: bool = False
    """Whether a worker was lost each time that the job was tried."""


@dataclass(slots=True, eq=False)
class _Given:
    """A job with its place, and how often workers were lost that did it."""

    number: int
    job: Job
    tried: int = 0


class Workforce:
    """Workers that are started when the first job comes; use it as a context manager.

    Parameters
    ----------
    workers : int
        How many jobs are done at the same time on this machine, each with one thread, when no
        scheduler is named.
    scheduler : str, optional
        Address of a running scheduler, ``tcp://10.0.0.5:8786``. It must be one that you trust, in
        a network that you trust: Dask runs what it is sent. Its workers need this package.
    tries : int
        How often a job is given to a worker when workers are lost that do it.

    Raises
    ------
    ConfigurationError
        If there is no worker to start.

    Examples
    --------
    >>> with Workforce(workers=1) as force:
    ...     [result for _, result in force.results([Job(abs, (-3,), "three")])]
    [3]
    """

    def __init__(self, workers: int = 2, scheduler: str | None = None, *, tries: int = 2) -> None:
        if scheduler is None and (type(workers) is not int or workers < 1):
            raise ConfigurationError(f"Work needs at least 1 worker, got {workers!r}.")
        self._tries = tries
        self._workers = workers
        self._scheduler = scheduler
        self._client: Any = None
        self._stack = ExitStack()
        # A scheduler gives a job of a known name the result of the other one, whoever asks.
        self._name = f"mnist-course-{secrets.token_hex(8)}"
        self._jobs = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client = None
        self._stack.close()

    def results(self, jobs: Iterable[Job]) -> Iterator[tuple[int, Any]]:
        """Have jobs done, the first ones first.

        Jobs are taken from ``jobs`` only as workers get free, so that there may be very many.
        Leaving the loop early, also by Ctrl-C, takes back what has not ended.

        Parameters
        ----------
        jobs : iterable of Job

        Yields
        ------
        (int, object)
            Place of the job in ``jobs`` with its result or `Failure`, as soon as it ends.

        Raises
        ------
        WorkforceError
            If no scheduler answers, or if it is gone.
        """
        numbered = enumerate(jobs)
        first = next(numbered, None)
        if first is None:
            return
        waiting = chain([first], numbered)
        client, distributed = self._connected(), _distributed()
        ended = distributed.as_completed(loop=client.loop)
        given: dict[Any, _Given] = {}

        def give(job: _Given) -> None:
            task = self._submitted(job)
            given[task] = job
            ended.add(task)

        def fill() -> None:
            for number, job in islice(waiting, max(0, self._room() - len(given))):
                give(_Given(number, job))

        try:
            fill()
            for task in ended:
                job = given.pop(task)
                found = task.result() if task.status == "finished" else _failure(task)
                task.release()
                job.tried += 1
                if isinstance(found, Failure) and found.lost and job.tried < self._tries:
                    give(job)
                    continue
                fill()
                yield job.number, found
        finally:
            client.cancel(list(given), force=True)

    def _room(self) -> int:
        """Return how many jobs may be with the scheduler: each worker's, and its next one."""
        threads: int = sum(self._client.nthreads().values())
        return 2 * max(1, threads)

    def _submitted(self, job: _Given) -> Any:
        self._jobs += 1
        return self._client.submit(
            in_own_process,
            job.job.function.__module__,
            job.job.function.__qualname__,
            list(job.job.arguments),
            key=f"{self._name}-{self._jobs}",
            pure=False,
            priority=-job.number,
        )

    def _connected(self) -> Any:
        if self._client is None:
            os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
            import dask

            _distributed()  # brings settings of its own, which must be there before ours
            self._stack.enter_context(dask.config.set(_SETTINGS))
            self._stack.enter_context(_quiet())
            address = self._scheduler or self._started()
            self._client = _client(address)
            self._stack.callback(self._client.close, timeout=_END_SECONDS)
        return self._client

    def _started(self) -> Any:
        cluster = _distributed().LocalCluster(
            n_workers=self._workers,
            threads_per_worker=1,
            processes=True,
            memory_limit=0,  # Dask takes TensorFlow's memory for a leak and pauses the worker
            dashboard_address="127.0.0.1:0",  # any port: another cluster may have the usual one
            worker_dashboard_address="127.0.0.1:0",
            host="127.0.0.1",
            preload=["mnist_course.workforce.worker_setup"],
        )
        self._stack.callback(_end, cluster)
        return cluster


def _distributed() -> Any:
    import distributed

    return distributed


def _client(address: Any) -> Any:
    try:
        return _distributed().Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise WorkforceError(
            f"No Dask scheduler answers at {address} ({error}). Expected an address such as "
            "tcp://127.0.0.1:8786. Start one with: dask scheduler --host 127.0.0.1, and its "
            "workers with: dask worker tcp://127.0.0.1:8786 --nthreads 1"
        ) from error


def _end(cluster: Any) -> None:
    # A worker that does not end in time ends with this process: it watches its parent.
    with suppress(TimeoutError):
        cluster.close(timeout=_END_SECONDS)


def _failure(task: Any) -> Failure:
    if task.status == "cancelled":
        raise WorkforceError(
            "The Dask scheduler is gone, and with it what was not finished. What was finished is "
            "kept: start the scheduler, then this command, again."
        )
    error = task.exception()
    known = isinstance(error, WorkforceError)
    lost = isinstance(error, (WorkerLostError, _distributed().KilledWorker))
    words = str(error) if known else f"{type(error).__name__}: {error}"
    return Failure(words[:500], lost)


@contextmanager
def _quiet() -> Iterator[None]:
    """Hide what Dask logs when workers are ended in the middle of a job."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
