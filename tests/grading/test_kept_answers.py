"""Answers that are kept are those that were given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mnist_course.grading.kept_answers import KeptAnswers, question_name


def test_an_answer_comes_back_as_it_was(tmp_path: Path) -> None:
    answers = KeptAnswers(tmp_path / "answers")
    given = {"layers": [{"name": "dense", "values": np.eye(3, dtype=np.float32)}], "none": None}
    with pytest.raises(KeyError):
        answers.find("a")
    answers.keep("a", given)
    found = KeptAnswers(tmp_path / "answers").find("a")
    assert found["none"] is None
    np.testing.assert_array_equal(found["layers"][0]["values"], np.eye(3))
    assert (tmp_path / "answers").stat().st_mode & 0o077 == 0


def test_without_a_folder_nothing_is_kept() -> None:
    answers = KeptAnswers(None)
    answers.keep("a", 1)
    with pytest.raises(KeyError):
        answers.find("a")


@pytest.mark.parametrize("at", [0, 31, 32, 40, -1])
def test_a_damaged_answer_is_none(tmp_path: Path, at: int, caplog: pytest.LogCaptureFixture):
    answers = KeptAnswers(tmp_path)
    answers.keep("a", [1.5, "word"])
    kept = bytearray((tmp_path / "a").read_bytes())
    kept[at] ^= 1
    (tmp_path / "a").write_bytes(kept)
    with pytest.raises(KeyError):
        answers.find("a")
    assert "damaged" in caplog.text
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(KeyError):
        answers.find("a")


def test_what_cannot_be_written_is_asked_again(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    (tmp_path / "file").write_text("no folder")
    answers = KeptAnswers(tmp_path / "file" / "answers")
    answers.keep("a", 1)
    assert "could not be kept" in caplog.text
    with pytest.raises(KeyError):
        answers.find("a")


def test_a_very_large_answer_is_not_kept(tmp_path: Path) -> None:
    answers = KeptAnswers(tmp_path)
    answers.keep("a", np.zeros(3 << 20))
    assert not list(tmp_path.iterdir())


def test_names_differ_in_whatever_the_question_differs() -> None:
    x = np.arange(6, dtype=np.float32)
    names = [
        question_name("predict", "m", x),
        question_name("predict", "n", x),
        question_name("predictm", "", x),
        question_name("predict", "m", x.reshape(2, 3)),
        question_name("predict", "m", x.astype(np.float64)),
        question_name("predict", "m", x[::-1]),
        question_name("train", {"a": 1}, 0, None, None),
        question_name("train", {"a": 1}, 0, 1, None),
        question_name("train", {"a": 1}, 0, None, [x]),
        question_name("train", {"a": 1}, 0, None, [x, x]),
        question_name(*[None] * 2),
        question_name(*[None] * 3),
    ]
    assert len(set(names)) == len(names)
    assert question_name("p", x[::2]) == question_name("p", x[::2].copy())
    assert question_name({"a": 1, "b": 2}) == question_name({"b": 2, "a": 1})
