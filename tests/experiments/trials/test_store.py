"""Trials on disk: found again, never half written, never taken for another one."""

from __future__ import annotations

import json
import logging
import math
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from mnist_course.exceptions import StoreError
from mnist_course.experiments.trials import store as store_module
from mnist_course.experiments.trials.configuration import Configuration
from mnist_course.experiments.trials.store import TrialStore, content_name

pytestmark = pytest.mark.keras  # the trial in it was really run


@pytest.fixture
def store(tmp_path):
    return TrialStore(tmp_path / "trials")


def test_a_trial_is_found_again_as_it_was(store, small, trained):
    assert store.get(small, 7) is None
    assert store.put(trained)
    found = store.get(small, 7)
    assert found == replace(trained, source="stored")
    assert found.to_dict() == {**trained.to_dict(), "source": "stored"}


def test_only_the_same_configuration_with_the_same_seed_finds_it(store, small, trained):
    store.put(trained)
    assert store.get(small, 8) is None
    assert store.get(small.but(dropout=0.1), 7) is None


def test_numbers_that_are_none_are_kept(store, small, trained):
    broken = replace(trained, measured={"val_cross_entropy": math.nan, "weight_norm": math.inf})
    store.put(broken)
    measured = store.get(small, 7).measured
    assert math.isnan(measured["val_cross_entropy"])
    assert measured["weight_norm"] == math.inf


def test_the_name_is_made_of_everything_that_decides_the_numbers(small, monkeypatch):
    names = {content_name(small, 7)}
    assert content_name(Configuration.from_dict(small.to_dict()), 7) in names
    names.add(content_name(small, 8))
    names.add(content_name(small.but(l2=0.1), 7))
    names.add(content_name(small.but(dataset="fashion_mnist"), 7))
    monkeypatch.setattr(store_module, "RUNNER", 10**6)
    names.add(content_name(small, 7))
    monkeypatch.setattr(store_module, "versions", lambda: {"keras": "0.1"})
    names.add(content_name(small, 7))
    assert len(names) == 6


def test_the_arm_does_not_count(store, small, trained):
    store.put(trained.named("another arm"))
    assert store.get(small, 7).arm == "another arm"
    assert len(list(store.folders[0].iterdir())) == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "damaged"),
        (b"{", "damaged"),
        (b"\xff\xfe\x00", "damaged"),
        (b"[" * 100_000, "damaged"),
        (b"null", "must be a dictionary"),
        (b"{}", "wrong fields"),
        (b'{"format": 2, "trial": {}}', "'format'"),
        (b'{"format": 1, "trial": {}}', "wrong fields"),
    ],
)
def test_a_damaged_file_is_reported_then_replaced(store, small, trained, caplog, content, words):
    path = store.path(small, 7)
    path.parent.mkdir()
    path.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert store.get(small, 7) is None
    assert words in caplog.text
    assert path.name in caplog.text
    assert store.put(trained)
    assert store.get(small, 7) is not None


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.99])
def test_the_beginning_of_a_file_is_no_trial(store, small, trained, keep):
    store.put(trained)
    path = store.path(small, 7)
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content))])
    assert store.get(small, 7) is None


def test_every_field_that_is_changed_by_hand_is_checked(store, small, trained):
    store.put(trained)
    path = store.path(small, 7)
    content = json.loads(path.read_bytes())
    for name in content["trial"]:
        changed = {**content, "trial": {**content["trial"], name: ["foreign"]}}
        path.write_text(json.dumps(changed))
        assert store.get(small, 7) is None, name
    path.write_text(json.dumps(content))
    assert store.get(small, 7) is not None


def test_a_file_under_the_name_of_another_is_not_taken_for_it(store, small, trained, caplog):
    store.put(trained)
    store.path(small, 7).rename(store.path(small, 8))
    assert store.get(small, 8) is None
    assert "another trial than its name says" in caplog.text


def test_a_trial_of_other_versions_under_this_name_is_not_used(store, small, trained, caplog):
    store.put(replace(trained, versions={**trained.versions, "keras": "1.0"}))
    assert store.get(small, 7) is None
    assert "other versions" in caplog.text


def test_what_is_no_file_is_reported(store, small, trained, caplog):
    store.path(small, 7).mkdir(parents=True)
    assert store.get(small, 7) is None
    assert "it is no file" in caplog.text
    assert not store.put(trained)


def test_a_huge_file_is_not_read(store, small, monkeypatch, trained, caplog):
    store.put(trained)
    monkeypatch.setattr(store_module, "_LARGEST_FILE", 100)
    assert store.get(small, 7) is None
    assert "expected at most 100" in caplog.text


def test_a_folder_that_cannot_be_written_costs_one_warning(tmp_path, small, trained, caplog):
    (tmp_path / "file").write_text("in the way")
    store = TrialStore(tmp_path / "file" / "trials")
    assert not store.put(trained)
    assert not store.put(trained)
    assert caplog.text.count("Trials cannot be stored") == 1
    assert "MNIST_COURSE_TRIALS" in caplog.text
    assert store.get(small, 7) is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_the_right_to_write_costs_one_warning(tmp_path, trained, caplog):
    tmp_path.chmod(0o500)
    try:
        assert not TrialStore(tmp_path).put(trained)
    finally:
        tmp_path.chmod(0o700)
    assert "Trials cannot be stored" in caplog.text


def test_all_folders_are_read_the_first_is_written(tmp_path, small, trained):
    TrialStore(tmp_path / "given").put(trained)
    both = TrialStore([tmp_path / "own", tmp_path / "given"])
    assert both.get(small, 7) is not None
    both.put(replace(trained, seed=8))
    assert both.path(small, 8).parent == tmp_path / "own"
    assert both.path(small, 8).is_file()
    assert not TrialStore(tmp_path / "given").get(small, 8)


def test_a_damaged_copy_does_not_hide_a_good_one(tmp_path, small, trained):
    TrialStore(tmp_path / "given").put(trained)
    both = TrialStore([tmp_path / "own", tmp_path / "given"])
    both.path(small, 7).parent.mkdir()
    both.path(small, 7).write_text("garbage")
    assert both.get(small, 7) is not None


def test_the_environment_names_the_folders(monkeypatch, tmp_path):
    monkeypatch.setenv("MNIST_COURSE_TRIALS", f"{tmp_path / 'a'}{os.pathsep}{tmp_path / 'b'}")
    assert TrialStore.from_environment().folders == (tmp_path / "a", tmp_path / "b")
    monkeypatch.setenv("MNIST_COURSE_TRIALS", "")
    assert TrialStore.from_environment().folders == (Path("trials"),)


def test_a_store_needs_a_folder():
    with pytest.raises(StoreError, match="needs a folder"):
        TrialStore([])


def test_a_trial_of_own_code_cannot_be_stored(store, trained):
    with pytest.raises(ValueError, match="own code"):
        store.put(replace(trained, configuration=None, source="own fit"))


WRITES_FOR_EVER = """
import json, sys
from dataclasses import replace
from mnist_course.experiments.trials.store import TrialStore
from mnist_course.experiments.trials.trial import Trial
trial = Trial.from_dict(json.loads(sys.stdin.read()))
store = TrialStore(sys.argv[1])
seed = 0
while True:
    store.put(replace(trial, seed=seed % 50))
    seed += 1
"""


def test_a_writer_that_is_killed_leaves_no_half_trial(store, small, trained, caplog):
    for _ in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITES_FOR_EVER, str(store.folders[0])], stdin=subprocess.PIPE
        )
        writer.stdin.write(json.dumps(trained.to_dict()).encode())
        writer.stdin.close()
        deadline = time.monotonic() + 60
        while not store.path(small, 49).exists() and time.monotonic() < deadline:
            for seed in range(50):  # while it writes, all that is there is whole
                store.get(small, seed)
        writer.send_signal(signal.SIGKILL)
        assert writer.wait(10) == -signal.SIGKILL
        assert all(store.get(small, seed) is not None for seed in range(50))
        for seed in range(50):
            store.path(small, seed).unlink()
    assert not caplog.text
    assert TrialStore(store.folders[0]).put(trained)


def test_it_is_read_without_keras(store, trained, small):
    store.put(trained)
    code = (
        "import sys\n"
        "from mnist_course.experiments.trials.configuration import Configuration\n"
        "from mnist_course.experiments.trials.store import TrialStore\n"
        "import mnist_course.experiments.trials.shipped\n"
        "import mnist_course.experiments.trials.running\n"
        "import mnist_course.experiments.trials.own_fit\n"
        f"small = Configuration.from_dict({small.to_dict()!r})\n"
        "assert TrialStore(sys.argv[1]).get(small, 7) is not None\n"
        "heavy = {'keras', 'tensorflow', 'pandas', 'matplotlib', 'dask'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code, str(store.folders[0])], check=True)
