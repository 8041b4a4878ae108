"""Trials stored by content."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mnist_course.exceptions import ProofError
from mnist_course.proof.records import Records, record_path
from mnist_course.proof.trial import Trial

TRIAL = Trial(
    {"a": 1.5, "b": 0.0},
    2.5,
    1.25,
    140,
    {"accuracy": 0.97},
    not_graded=("b",),
    errors=("cell 3: NameError",),
    date="2026-01-31",
)


def records(path: Path, source: bytes = b"source", engine: str = "engine") -> Records:
    return Records(path, source=source, engine=engine)


def test_a_trial_comes_back_as_it_was(tmp_path):
    path = record_path("m1", tmp_path)
    assert path == tmp_path / "docs" / "measurements" / "proof_m1.json"
    first = records(path)
    assert first.find(b"one") is None
    first.add(b"one", TRIAL, seed=3)
    first.write(date="today")
    again = records(path)
    assert again.find(b"one") == TRIAL
    assert again.find(b"two") is None
    assert again.seeds == [3]
    assert json.loads(path.read_text())["date"] == "today"


def test_another_notebook_or_engine_is_another_trial(tmp_path):
    path = tmp_path / "proof_m1.json"
    first = records(path)
    first.add(b"one", TRIAL, seed=3)
    first.write(verdict={"id": "m1"})
    for other in ({"source": b"Source"}, {"engine": "Engine"}):
        changed = records(path, **other)
        assert changed.find(b"one") is None
        assert changed.seeds == []
    assert records(path).find(b"one") == TRIAL, "reading changes nothing"
    changed.add(b"two", TRIAL)
    changed.write()
    stored = json.loads(path.read_text())
    assert len(stored["trials"]) == 1, "what can never be found again is dropped"
    assert stored["verdict"] == {"id": "m1"}, "the last verdict stays until there is another"


def test_a_failed_trial_is_tried_again(tmp_path):
    path = tmp_path / "proof_m1.json"
    first = records(path)
    first.add(b"one", Trial({}, 0.0, 1.0, 0, failed="no kernel"), seed=3)
    assert first.find(b"one") is None
    assert first.seeds == []


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"trials": 3, "judged_by": ""}',
        '{"trials": {"x": {"scores": {}}}, "judged_by": "JUDGE"}',
        '{"trials": {"x": 3}, "judged_by": "JUDGE"}',
    ],
)
def test_a_file_that_is_something_else_is_named(tmp_path, content):
    path = tmp_path / "proof_m1.json"
    first = records(path)
    first.write()
    judge = json.loads(path.read_text())["judged_by"]
    path.write_text(content.replace("JUDGE", judge))
    with pytest.raises(ProofError, match=r"proof_m1\.json does not hold trials"):
        records(path)
