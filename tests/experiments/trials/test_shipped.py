"""Trials that are given with the course: made from their list, found, checked."""

from __future__ import annotations

import gzip
import json
import sys
from dataclasses import replace
from types import ModuleType

import pytest

from mnist_course.exceptions import ConfigurationError
from mnist_course.experiments.trials import shipped as shipped_module
from mnist_course.experiments.trials.configuration import Configuration
from mnist_course.experiments.trials.shipped import FOLDER, read, shipped, shipped_trials
from mnist_course.experiments.trials.shipping import as_bytes, listed, main, missing, ship
from mnist_course.experiments.trials.store import TrialStore

pytestmark = pytest.mark.keras

TINY = Configuration(train_rows=64, validation_rows=32, hidden=(2,), epochs=1)
NAME = "mnist_course.experiments.trials.shipped_lists.m0"


@pytest.fixture(autouse=True)
def nothing_is_remembered():
    shipped_module._by_content.cache_clear()
    yield
    shipped_module._by_content.cache_clear()


@pytest.fixture
def a_list(monkeypatch):
    """An assignment m0 with the trials that it is given."""

    def make(*trials):
        module = ModuleType(NAME)
        module.TRIALS = trials
        monkeypatch.setitem(sys.modules, NAME, module)

    return make


def test_what_is_in_a_file_is_found_as_shipped(tmp_path, small, trained):
    (tmp_path / "m0.json.gz").write_bytes(as_bytes([trained]))
    found = shipped(small, 7, folder=tmp_path)
    assert found == replace(trained, source="shipped")
    assert shipped_trials(folder=tmp_path) == (found,)
    assert shipped(small, 8, folder=tmp_path) is None
    assert shipped(small.but(dropout=0.1), 7, folder=tmp_path) is None


def test_without_a_file_nothing_is_shipped(tmp_path, small):
    assert shipped(small, 7, folder=tmp_path / "none") is None


@pytest.mark.parametrize(
    "content",
    [
        b"no gzip",
        b"",
        gzip.compress(b"{"),
        gzip.compress(b'{"format": 1, "runner": 0, "trials": []}'),
        gzip.compress(b'{"format": 9, "runner": 1, "trials": []}'),
    ],
    ids=["no gzip", "nothing", "no JSON", "other runner", "other format"],
)
def test_a_file_that_cannot_be_used_is_reported(tmp_path, small, trained, caplog, content):
    (tmp_path / "m0.json.gz").write_bytes(content)
    (tmp_path / "m1.json.gz").write_bytes(as_bytes([trained]))
    assert shipped(small, 7, folder=tmp_path) is not None
    assert "m0.json.gz cannot be used" in caplog.text


def test_a_truncated_file_is_reported(tmp_path, small, trained, caplog):
    (tmp_path / "m0.json.gz").write_bytes(as_bytes([trained])[:-20])
    assert shipped(small, 7, folder=tmp_path) is None
    assert "cannot be used" in caplog.text


def test_a_damaged_file_is_reported(tmp_path, small, trained, caplog):
    content = bytearray(as_bytes([trained]))
    content[10:40] = bytes(30)  # within the compressed part
    (tmp_path / "m0.json.gz").write_bytes(content)
    assert shipped(small, 7, folder=tmp_path) is None
    assert "m0.json.gz cannot be used: it is damaged" in caplog.text
    assert "it is damaged" in missing(((small, 7),), tmp_path / "m0.json.gz")


def test_the_same_trials_are_the_same_bytes(trained):
    assert as_bytes([trained]) == as_bytes([replace(trained, source="stored")])


def test_a_list_is_run_once_then_only_written_again(tmp_path, a_list, capsys):
    a_list((TINY, (0, 1)), (TINY.but(hidden=(3,)), (0,)))
    given = ["m0", "--store", str(tmp_path / "store"), "--output", str(tmp_path / "data")]
    assert main([*given, "--check"]) == 1
    assert "m0.json.gz cannot be used" in capsys.readouterr().err
    assert main(given) == 0
    assert "3 trials, 0 stored, 3 to run" in capsys.readouterr().err
    path = tmp_path / "data" / "m0.json.gz"
    first = path.read_bytes()
    trials = read(path)
    assert [(trial.configuration, trial.seed) for trial in trials] == list(listed("m0"))
    assert {trial.source for trial in trials} == {"shipped"}
    path.unlink()
    assert main(given) == 0
    assert "3 trials, 3 stored, 0 to run" in capsys.readouterr().err
    assert path.read_bytes() == first
    assert main([*given, "--check"]) == 0
    a_list((TINY, (0, 2)))
    assert main([*given, "--check"]) == 1
    assert "1 are missing, 2 are not in the list" in capsys.readouterr().err


def test_a_trial_in_a_list_twice_is_refused(a_list):
    a_list((TINY, (0, 1)), (TINY, (1,)))
    with pytest.raises(ConfigurationError, match="names a trial twice"):
        listed("m0")


def test_an_assignment_without_a_list_is_said(capsys, tmp_path):
    assert main(["m999", "--output", str(tmp_path)]) == 1
    assert "There is no list of trials for 'm999'" in capsys.readouterr().err


def test_a_store_that_cannot_be_written_is_said(tmp_path, a_list):
    a_list((TINY, (0,)))
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigurationError, match="Can that folder be written"):
        ship(listed("m0"), tmp_path / "m0.json.gz", store=TrialStore(tmp_path / "file" / "trials"))
    assert not (tmp_path / "m0.json.gz").exists()


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json.gz")), ids=lambda path: path.name)
def test_the_files_of_the_course_hold_what_their_lists_name(path):
    assert missing(listed(path.name.removesuffix(".json.gz")), path) == ""


def test_the_files_of_the_course_agree_where_they_overlap():
    found = {}
    for path in sorted(FOLDER.glob("*.json.gz")):
        for trial in read(path):
            one = found.setdefault((trial.configuration, trial.seed), trial)
            assert one.fit.weights_after == trial.fit.weights_after
            assert json.dumps(one.measured) == json.dumps(trial.measured)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json.gz")), ids=lambda path: path.name)
def test_a_shipped_trial_comes_out_again_when_it_is_run(path):
    from mnist_course.experiments.trials.training import train

    dense = [trial for trial in read(path) if not trial.configuration.conv]
    trial = min(dense, key=lambda trial: trial.seconds)
    again = train(trial.configuration, trial.seed, trial.arm)
    assert again.fit.weights_before == trial.fit.weights_before
    assert again.fit.data == trial.fit.data
    assert again.fit.validation == trial.fit.validation
    assert sorted(again.measured) == sorted(trial.measured)
    for name, number in trial.measured.items():  # another processor has other last digits
        assert again.measured[name] == pytest.approx(number, rel=0.02, abs=0.02), name
