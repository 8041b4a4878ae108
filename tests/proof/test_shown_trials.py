"""Trials that wrong solutions share are run once, read by their notebooks, never written there."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from mnist_course.datasets import locations
from mnist_course.exceptions import ProofError
from mnist_course.experiments.trials.configuration import Configuration
from mnist_course.experiments.trials.store import VARIABLE, TrialStore
from mnist_course.grading import given_data
from mnist_course.grading.sandbox import Sandbox
from mnist_course.proof.shown_trials import folder_of, prepare
from mnist_course.proof.workers import Job, run

TINY = Configuration(train_rows=200, validation_rows=100, hidden=(8,), epochs=1)

RUN = f"""
import json, logging, os
logging.basicConfig(filename="log")
from mnist_course.experiments import Configuration, run
BASE = Configuration.from_dict({TINY.changed()!r})
trials = [run(BASE, 0), run(BASE, 1), run(BASE, 1)]
json.dump([[t.source, t.measured["val_accuracy"]] for t in trials], open("said", "w"))
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(locations.CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_the_variable_is_the_stores_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(given_data.SHOWN_TRIALS, str(tmp_path))
    assert given_data.environment()[VARIABLE] == f"trials{os.pathsep}{tmp_path.resolve()}"
    assert given_data.shown_trials() in given_data.files()
    monkeypatch.setenv(given_data.SHOWN_TRIALS, str(tmp_path / "none"))
    assert given_data.shown_trials() is None
    assert VARIABLE not in given_data.environment()


@pytest.mark.keras
def test_a_notebook_finds_what_was_run_and_trains_the_rest(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of("tiny")
    assert prepare([(TINY, 0), (TINY, 0)], folder, at_once=2) == 1
    assert prepare([(TINY, 0)], folder, at_once=2) == 0
    before = sorted(path.name for path in folder.iterdir())
    monkeypatch.setenv(given_data.SHOWN_TRIALS, str(folder))
    with Sandbox() as sandbox:
        process = sandbox.start([sys.executable, "-c", RUN])
        assert process.wait(timeout=300) == 0, sandbox.log(process)
        said = json.loads((sandbox.work / "said").read_text())
    assert [source for source, _ in said] == ["stored", "run", "stored"]
    assert sorted(path.name for path in folder.iterdir()) == before
    stored = TrialStore(folder).get(TINY, 0)
    assert stored is not None
    assert said[0][1] == stored.measured["val_accuracy"]


@pytest.mark.keras
def test_a_share_that_cannot_be_run_is_told(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = cache / "proof-trials" / "tiny"
    folder.mkdir(parents=True)
    monkeypatch.setattr(TrialStore, "get", lambda *_: None)
    clothes = TINY.but(dataset="fashion_mnist")
    monkeypatch.setenv(locations.OFFLINE_VARIABLE, "1")
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(ProofError, match="could not be run"):
        prepare([(clothes, 0)], folder, at_once=1)


def test_nobody_elses_variable_reaches_a_grade(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A grade without shown trials trains everything, whatever the environment says."""
    monkeypatch.setenv(given_data.SHOWN_TRIALS, str(tmp_path))
    seen = tmp_path / "program"
    seen.write_text(
        f'#!/bin/sh\necho "[$${{{given_data.SHOWN_TRIALS}-unset}}]" >&2\n'.replace("$$", "$")
    )
    seen.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(seen))
    found = {}
    for name, shown in (("without", None), ("with", tmp_path)):
        job = Job(tmp_path / "s", tmp_path / "a", tmp_path / name, shown)
        found[name] = next(trial.failed for _, trial in run([job], at_once=1) if trial)
    assert found["without"].endswith("[unset]")
    assert found["with"].endswith(f"[{tmp_path}]")
