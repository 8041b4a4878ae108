"""Where a trial comes from, and how a list of them is shown, stopped, gone on with."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from mnist_course.exceptions import ConfigurationError
from mnist_course.experiments import Configuration, run, run_arms
from mnist_course.experiments.trials import running
from mnist_course.experiments.trials.progress_line import ProgressLine, duration
from mnist_course.experiments.trials.running import arm_name
from mnist_course.experiments.trials.store import TrialStore

pytestmark = pytest.mark.keras


@pytest.fixture
def trainings(monkeypatch):
    """The trainings that were really begun, as (arm, seed)."""
    from mnist_course.experiments.trials import training

    begun = []
    train = training.train

    def counted(configuration, seed, arm):
        begun.append((arm, seed))
        return train(configuration, seed, arm)

    monkeypatch.setattr(training, "train", counted)
    return begun


@pytest.fixture
def store(tmp_path, trained):
    """A store that holds the trial of seed 7."""
    store = TrialStore(tmp_path / "trials")
    store.put(trained)
    return store


def test_a_trial_is_run_once_then_found(tmp_path, trainings):
    tiny = Configuration(train_rows=64, validation_rows=32, hidden=(2,), epochs=1)
    first = run(tiny, seed=3, store=tmp_path)
    second = run(tiny, seed=3, store=tmp_path, arm="again")
    assert (first.source, second.source) == ("run", "stored")
    assert second == replace(first, source="stored", arm="again")
    assert trainings == [("train rows 64, validation rows 32, hidden 2, epochs 1", 3)]


def test_a_shipped_trial_comes_first(store, small, trained, monkeypatch, trainings):
    given = replace(trained, source="shipped", arm="as shipped")
    monkeypatch.setattr(running, "shipped", lambda c, s: given if (c, s) == (small, 7) else None)
    trial = run(small, 7, store=store, arm="mine")
    assert trial == replace(given, arm="mine")
    assert not trainings


def test_the_environment_names_the_store(small, trained, monkeypatch, tmp_path, trainings):
    TrialStore(tmp_path / "elsewhere").put(trained)
    monkeypatch.setenv("MNIST_COURSE_TRIALS", str(tmp_path / "elsewhere"))
    assert run(small, 7).source == "stored"
    assert not trainings


def test_a_store_that_cannot_be_written_costs_no_trial(tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    tiny = Configuration(train_rows=64, validation_rows=32, hidden=(2,), epochs=1)
    assert run(tiny, 3, store=tmp_path / "file" / "trials").source == "run"
    assert "cannot be stored" in caplog.text


def test_every_arm_is_run_with_every_seed_in_order(store, small, trainings):
    arms = {"wide": small, "narrow": small.but(hidden=(2,), epochs=1)}
    stream = io.StringIO()
    trials = run_arms(arms, seeds=(7, 1), store=store, stream=stream)
    assert [(trial.arm, trial.seed) for trial in trials] == [
        ("wide", 7), ("wide", 1), ("narrow", 7), ("narrow", 1),
    ]  # fmt: skip
    assert [trial.source for trial in trials] == ["stored", "run", "run", "run"]
    assert trainings == [("wide", 1), ("narrow", 7), ("narrow", 1)]
    assert [trial.configuration for trial in trials] == [*[arms["wide"]] * 2, *[arms["narrow"]] * 2]
    lines = stream.getvalue().split("\r")
    assert "trial 2 of 4: wide, seed 1" in lines[1]
    assert "trial 3 of 4, about " in lines[2]
    assert lines[-1].startswith("4 trials (1 from earlier runs, 3 trained now) in ")
    assert lines[-1].endswith("\n")
    assert run_arms(arms, seeds=(7, 1), store=store, stream=io.StringIO()) == [
        replace(trial, source="stored") for trial in trials
    ]
    assert len(trainings) == 3


def test_two_arms_that_are_the_same_are_trained_once(tmp_path, trainings):
    tiny = Configuration(train_rows=64, validation_rows=32, hidden=(2,), epochs=1)
    trials = run_arms({"a": tiny, "b": tiny}, (0,), store=tmp_path, stream=io.StringIO())
    assert [trial.arm for trial in trials] == ["a", "b"]
    assert trainings == [("a", 0)]


def test_an_interrupted_list_says_how_far_it_came(small, store, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    from mnist_course.experiments.trials import training

    monkeypatch.setattr(training, "train", interrupted)
    stream = io.StringIO()
    with pytest.raises(KeyboardInterrupt):
        run_arms({"small": small}, (7, 8), store=store, stream=stream)
    assert "1 of 2, stopped trials" not in stream.getvalue()
    assert "stopped after 1 of 2 trials" in stream.getvalue()


KILLED = """
import sys
from mnist_course.experiments import Configuration, run_arms
tiny = Configuration(train_rows=64, validation_rows=32, hidden=(2,), epochs=1)
run_arms({"a": tiny, "b": tiny.but(hidden=(3,))}, range(20), store=sys.argv[1])
"""


def test_what_was_killed_in_the_middle_goes_on_without_repeating_anything(tmp_path, trainings):
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    deadline = time.monotonic() + 300
    while len(list(tmp_path.glob("*.json"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait(10) == -signal.SIGKILL
    kept = len(list(tmp_path.glob("*.json")))
    assert 2 <= kept < 20
    tiny = Configuration(train_rows=64, validation_rows=32, hidden=(2,), epochs=1)
    trials = run_arms({"a": tiny}, range(kept + 1), store=tmp_path, stream=io.StringIO())
    assert trainings == [("a", kept)]
    assert [trial.source for trial in trials] == ["stored"] * kept + ["run"]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda c: run({"dropout": 0.3}, 0), "is run from a Configuration"),
        (lambda c: run(c, -1), "A seed is a whole number"),
        (lambda c: run(c, True), "A seed is a whole number"),
        (lambda c: run(c, 0, arm=""), "name of an arm"),
        (lambda c: run(c, 0, arm="x" * 81), "name of an arm"),
        (lambda c: run_arms([c], (0,)), "The arms are a dictionary"),
        (lambda c: run_arms({}, (0,)), "The arms are a dictionary"),
        (lambda c: run_arms({"a": c}, ()), "There is no seed"),
        (lambda c: run_arms({"a": c}, (1, 1)), "A seed is there twice"),
        (lambda c: run_arms({"a": c, "b": 3}, (1,)), "is run from a Configuration"),
        (lambda c: run_arms({"a": c}, 3), "The seeds are"),
    ],
)
def test_what_cannot_be_run_is_said(small, call, words, trainings):
    with pytest.raises(ConfigurationError, match=words):
        call(small)
    assert not trainings


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "defaults"),
        ({"dropout": 0.3}, "dropout 0.3"),
        ({"hidden": (64, 64), "l2": 1e-4}, "hidden 64-64, l2 0.0001"),
        ({"hidden": (), "conv": (8,)}, "conv 8, hidden none"),
        ({"augmentation": ("flip", "shift")}, "augmentation flip-shift"),
    ],
)
def test_an_arm_is_named_by_what_it_changes(changes, name):
    assert arm_name(Configuration(**changes)) == name


def test_a_long_name_is_cut():
    configuration = Configuration(
        train_rows=100, validation_rows=100, hidden=(100,) * 12, epochs=9, batch_size=99
    )
    assert len(arm_name(configuration)) == 80


def test_a_line_covers_the_longer_one_before_it(trained):
    stream = io.StringIO()
    with ProgressLine(1, stream) as line:
        line.begin("an arm with a name that is very long indeed, longer than what follows", 7)
        line.add(trained)
    first, last = stream.getvalue().split("\r")[1:]
    assert len(last.rstrip("\n")) >= len(first)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_a_duration_is_written_for_people(seconds, text):
    assert duration(seconds) == text
