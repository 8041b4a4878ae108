"""Jobs are done by whoever is there, and none is lost."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from mnist_course.exceptions import ConfigurationError, WorkforceError
from mnist_course.workforce import workforce
from mnist_course.workforce.workforce import Failure, Job, Workforce
from tests.workforce.dask_cluster import dask_cluster


def test_two_studies_on_one_cluster_have_results_of_their_own(tmp_path: Path):
    with (
        dask_cluster(tmp_path, workers=1) as address,
        Workforce(scheduler=address) as force,
        Workforce(scheduler=address) as other,
    ):
        three = force.results([Job(abs, (-3,), "three")])
        assert next(three) == (0, 3)
        assert list(other.results([Job(abs, (-4,), "four")])) == [(0, 4)]
        three.close()


def test_no_scheduler_there(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(workforce, "_CONNECT_SECONDS", 1)
    with (
        Workforce(scheduler="tcp://127.0.0.1:9") as force,
        pytest.raises(WorkforceError, match=r"No Dask scheduler answers at tcp://127.0.0.1:9"),
    ):
        list(force.results([Job(abs, (-3,), "three")]))


def test_own_workers_do_jobs_and_survive_one_that_kills_them():
    with Workforce(workers=1) as force:
        jobs = [
            Job(abs, (-3,), "three"),
            Job(int, ("x",), "no number"),
            Job(os._exit, (1,), "the end of a worker"),
            Job(abs, (-4,), "four"),
        ]
        found = dict(force.results(jobs))
    assert (found[0], found[3]) == (3, 4)
    assert isinstance(found[1], Failure) and "ValueError: invalid literal" in found[1].words
    assert (
        isinstance(found[2], Failure)
        and "The process that worked ended with status 1" in found[2].words
    )


@pytest.mark.parametrize("workers", [0, -1, 1.5, True])
def test_there_must_be_a_worker(workers):
    with pytest.raises(ConfigurationError, match="at least 1 worker"):
        Workforce(workers)


def test_nothing_to_do_starts_nothing():
    before = {child.pid for child in psutil.Process().children()}
    with Workforce(workers=2) as force:
        assert list(force.results([])) == []
        assert {child.pid for child in psutil.Process().children()} <= before


def test_jobs_are_taken_as_workers_get_free():
    taken: list[int] = []

    def jobs() -> Iterator[Job]:
        for number in range(40):
            taken.append(number)
            yield Job(abs, (-number,), str(number))

    with Workforce(workers=1) as force:
        results = force.results(jobs())
        assert next(results) in {(0, 0), (1, 1)}
        assert len(taken) <= 4
        found = dict(results)
    assert len(found) == 39 and all(found[n] == n for n in found)


@pytest.mark.parametrize("tries", [1, 3])
def test_a_job_that_ends_its_process_is_tried_again(tmp_path: Path, tries: int):
    marks = tmp_path / "tried"
    marks.touch()
    with Workforce(workers=1, tries=tries) as force:
        jobs = [Job(mark_and_end, (str(marks),), "an end"), Job(abs, (-4,), "four")]
        found = dict(force.results(jobs))
    assert found[1] == 4
    assert found[0].lost and "ended with status 9" in found[0].words
    assert marks.read_text() == "x" * tries


def mark_and_end(marks: str) -> None:
    with Path(marks).open("a") as file:
        file.write("x")
    os._exit(9)


def test_a_worker_that_is_killed_costs_no_job(tmp_path: Path):
    """Kills the worker, not the process that does the job."""
    marks = tmp_path / "tried"
    with Workforce(workers=1, tries=2) as force:
        jobs = [
            Job(kill_worker_once, (str(marks),), "kills"),
            Job(abs, (-3,), "three"),
            Job(abs, (-4,), "four"),
        ]
        found = dict(force.results(jobs))
    assert found == {0: "alive", 1: 3, 2: 4}


def kill_worker_once(marks: str) -> str:
    if not Path(marks).exists():
        Path(marks).touch()
        worker = psutil.Process().parent()
        assert worker is not None
        worker.send_signal(signal.SIGKILL)
        signal.pause()
    return "alive"


def test_a_scheduler_that_is_gone_is_said(tmp_path: Path):
    with (
        dask_cluster(tmp_path, workers=1) as address,
        Workforce(scheduler=address) as force,
    ):
        results = force.results([Job(abs, (-3,), "three"), Job(signal.pause, (), "waits")])
        assert next(results) == (0, 3)
        scheduler = next(
            child
            for child in psutil.Process().children(recursive=True)
            if "scheduler" in child.cmdline()
        )
        scheduler.send_signal(signal.SIGKILL)
        with pytest.raises(WorkforceError, match="scheduler is gone"):
            next(results)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process choose its core")
def test_each_worker_keeps_to_a_core(all_cores):
    with Workforce(2) as force:
        jobs = [Job(own_cores, (0.5,), str(n)) for n in range(6)]
        found = [cores for _, cores in force.results(jobs)]
    assert all(len(cores) == 1 for cores in found)
    assert {cores[0] for cores in found} == set(all_cores[:2])


@pytest.fixture
def all_cores():
    """The numbers of all cores, for a test process that keeps to one of them."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    yield sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, before)


def own_cores(seconds: float) -> list[int]:
    time.sleep(seconds)  # so that both workers get some
    return sorted(os.sched_getaffinity(0))
