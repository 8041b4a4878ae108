"""A study is carried out once, whoever does it, whatever stops it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import psutil
import pytest

from mnist_course.exceptions import StudyError
from mnist_course.experiments.studies.run_study import run_study
from mnist_course.experiments.studies.table import frame
from mnist_course.experiments.trials.trial import Trial
from mnist_course.workforce.workforce import Job, Workforce
from tests.experiments.studies.one_process import Notes, OneProcess
from tests.experiments.studies.tiny import TINY
from tests.workforce.dask_cluster import LONG, dask_cluster, wait_for

ROOT = Path(__file__).parents[3]


def numbers(trials: list[Trial]) -> pd.DataFrame:
    """What must not depend on who did it: everything but the time it took, where it came from."""
    return frame(trials).drop(columns=["seconds", "source"])


def files(store: Path) -> dict[str, int]:
    """The finished trials of a store with the moment when each was written."""
    return {path.name: path.stat().st_mtime_ns for path in store.glob("*.json")}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Trial]]:
    """The study, done by one process."""
    store = tmp_path_factory.mktemp("finished")
    return store, run_study(TINY, store=store, force=OneProcess())


@pytest.mark.keras
def test_arm_by_arm_seed_by_seed(finished: tuple[Path, list[Trial]]):
    store, trials = finished
    assert [(t.arm, t.seed) for t in trials] == [(a, s) for a in TINY.arms for s in TINY.seeds]
    assert all(t.configuration == TINY.arms[t.arm] for t in trials)
    assert len(files(store)) == len(TINY) == 6


@pytest.mark.keras
def test_two_workers_give_the_same_table_as_one(finished: tuple[Path, list[Trial]], tmp_path: Path):
    notes = Notes()
    trials = run_study(TINY, store=tmp_path, workers=2, listener=notes)
    pd.testing.assert_frame_equal(numbers(trials), numbers(finished[1]), check_exact=True)
    assert notes.plans == [("tiny", 6, 0)] and len(notes.words) == 6
    assert set(files(tmp_path)) == set(files(finished[0]))
    # Bit by bit: the weights at the end too.
    ends = [(t.arm, t.seed, t.fit.weights_after) for t in trials]
    assert ends == [(t.arm, t.seed, t.fit.weights_after) for t in finished[1]]


@pytest.mark.keras
def test_what_is_stored_is_not_run_again(finished: tuple[Path, list[Trial]]):
    store, first = finished
    before, force, notes = files(store), OneProcess(), Notes()
    again = run_study(TINY, store=store, force=force, listener=notes)
    assert force.done == [] and notes.plans == [("tiny", 0, 6)]
    assert {t.source for t in again} == {"stored"}
    pd.testing.assert_frame_equal(numbers(again), numbers(first), check_exact=True)
    assert files(store) == before


@pytest.mark.keras
def test_a_longer_study_runs_what_is_new(finished: tuple[Path, list[Trial]], tmp_path: Path):
    for name in files(finished[0]):
        (tmp_path / name).write_bytes((finished[0] / name).read_bytes())
    arms = {**TINY.arms, "dropout 0.5": TINY.arms["dropout 0"].but(dropout=0.5)}
    longer = type(TINY)(
        "longer", TINY.question, arms=arms, axis="dropout", control="dropout 0", seeds=(0, 1)
    )
    force = OneProcess()
    run_study(longer, store=tmp_path, force=force)
    assert force.done == ["dropout 0.5, seed 0", "dropout 0.5, seed 1"]


@pytest.mark.keras
def test_a_trial_without_result_costs_no_other_one(tmp_path: Path):
    with pytest.raises(StudyError, match=r"2 of 6 trials .* gave no result") as caught:
        run_study(TINY, store=tmp_path, force=OneProcess(refused="seed 1"))
    assert "dropout 0, seed 1: RuntimeError: the worker had enough" in str(caught.value)
    assert len(files(tmp_path)) == 4
    force = OneProcess()
    run_study(TINY, store=tmp_path, force=force)
    assert force.done == ["dropout 0, seed 1", "dropout 0.3, seed 1"]


@pytest.mark.keras
def test_killed_in_the_middle_it_goes_on(finished: tuple[Path, list[Trial]], tmp_path: Path):
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.experiments.studies.tiny", str(tmp_path)], cwd=ROOT
    )
    try:
        wait_for(lambda: len(files(tmp_path)) >= 2 or process.poll() is not None)
        workers = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGKILL)
        process.wait(LONG)
    finally:
        process.kill()
    _, alive = psutil.wait_procs(workers, timeout=LONG)
    assert not alive, "workers outlive their study"
    before = files(tmp_path)
    assert 2 <= len(before) < len(TINY), "it was to be killed in the middle"
    force, notes = OneProcess(), Notes()
    trials = run_study(TINY, store=tmp_path, force=force, listener=notes)
    assert len(force.done) == len(TINY) - len(before)
    assert notes.plans == [("tiny", len(TINY) - len(before), len(before))]
    after = files(tmp_path)
    assert {name: after[name] for name in before} == before, "a finished trial was written again"
    pd.testing.assert_frame_equal(numbers(trials), numbers(finished[1]), check_exact=True)
    assert not [path for path in tmp_path.iterdir() if path.suffix != ".json"], "half a file"


@pytest.mark.keras
def test_ctrl_c_stops_cleanly(tmp_path: Path):
    command = [sys.executable, "-m", "mnist_course", "study", "run", "dropout", "--workers", "2"]
    store, results = tmp_path / "store", tmp_path / "results"
    process = subprocess.Popen(
        [*command, "--store", str(store), "--results", str(results)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a terminal's Ctrl-C reaches the whole group, workers included
    )
    try:
        wait_for(lambda: len(files(store)) >= 1 or process.poll() is not None)
        workers = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=LONG)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert "Stopped. Finished trials are stored: the same command goes on." in err
    assert "Traceback" not in err + out and "distributed" not in err + out
    _, alive = psutil.wait_procs(workers, timeout=LONG)
    assert not alive
    assert not list(store.glob(".*"))
    assert not results.exists()


@pytest.mark.keras
def test_a_dask_cluster_gives_the_same_table(finished: tuple[Path, list[Trial]], tmp_path: Path):
    store = tmp_path / "store"
    with dask_cluster(tmp_path, workers=2) as address:
        assert address.startswith("tcp://127.0.0.1:")
        trials = run_study(TINY, store=store, scheduler=address)
        pd.testing.assert_frame_equal(numbers(trials), numbers(finished[1]), check_exact=True)
        assert len(files(store)) == len(TINY)
        # The cluster is not ours: it is there for the next study.
        with Workforce(scheduler=address) as force:
            assert list(force.results([Job(abs, (-3,), "three")])) == [(0, 3)]
