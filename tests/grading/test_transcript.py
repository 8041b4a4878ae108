"""A function's answers are given again to the same calls only, in the same order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_course.grading.function_proxy import arguments
from mnist_course.grading.kept_answers import KeptAnswers
from mnist_course.grading.serialization import Portable
from mnist_course.grading.transcript import NoAnswerError, Transcript

ASKED: list[dict[str, Any]] = [
    {"call": "name f", "args": [1, [2.5]], "kwargs": {}, "watch": False},
    {"call": "name f", "args": [np.arange(3)], "kwargs": {"axis": 0}, "watch": True},
    {"call": "name f", "args": [1, [2.5]], "kwargs": {}, "watch": False},
]
TOLD: list[dict[str, Any]] = [
    {"ok": [1, (2, "three")], "changed": []},
    {"ok": np.eye(2, dtype=np.float32), "changed": [0]},
    {"failed": ("ValueError", "not twice", 7)},
]


def transcript(folder: Path | None) -> Transcript:
    return Transcript(KeptAnswers(folder), take_apart=arguments)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where an item "t" made three calls, and "u" none."""
    made = transcript(tmp_path)
    for item, count in (("t", 3), ("u", 0)):
        made.begin(item, again=False)
        for question, outcome in list(zip(ASKED, TOLD, strict=True))[:count]:
            made.note(question, outcome)
        made.keep()
    return tmp_path


def test_the_same_calls_get_the_same_answers(folder: Path) -> None:
    again = transcript(folder)
    assert again.knows("t") and again.knows("u") and not again.knows("v")
    again.begin("t", again=True)
    first, second, third = (again.answer(question) for question in ASKED)
    assert first == TOLD[0] and type(first["ok"][1]) is tuple
    np.testing.assert_array_equal(second["ok"], np.eye(2))
    assert second["changed"] == [0] and tuple(third["failed"]) == TOLD[2]["failed"]
    assert not again.missed
    again.keep()
    again.begin("t", again=True)  # fewer calls are the same calls
    assert again.answer(ASKED[0]) == TOLD[0] and not again.missed


@pytest.mark.parametrize(
    "asked",
    [
        [ASKED[1]],
        [ASKED[0], ASKED[2]],
        [{**ASKED[0], "args": [1, [2.25]]}],
        [{**ASKED[0], "args": [1.0, [2.5]]}],
        [{**ASKED[0], "call": "name g"}],
        [{**ASKED[0], "watch": True}],
        [ASKED[0], {**ASKED[1], "args": [np.arange(3, dtype=np.int32)]}],
        [ASKED[0], {**ASKED[1], "args": [np.arange(3).reshape(3, 1)]}],
        [*ASKED, ASKED[0]],
    ],
)
def test_another_call_has_no_answer_and_none_after_it(folder: Path, asked: list[Any]) -> None:
    again = transcript(folder)
    again.begin("t", again=True)
    for question in asked[:-1]:
        again.answer(question)
    with pytest.raises(NoAnswerError):
        again.answer(asked[-1])
    assert again.missed
    with pytest.raises(NoAnswerError):
        again.answer(ASKED[len(asked) % 3])


@pytest.mark.parametrize("lost", [None, {"ok": Portable("function", {})}, {"ok": {1, 2}}])
def test_an_item_is_kept_whole_or_not_at_all(folder: Path, lost: Any) -> None:
    made = transcript(folder)
    made.begin("v", again=False)
    for outcome in (TOLD[0], lost, TOLD[1]):
        made.note(ASKED[0], outcome)
    made.keep()
    assert not made.knows("v")


def test_what_is_damaged_or_no_transcript_is_none(folder: Path) -> None:
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes()[:-1])
    assert not transcript(folder).knows("t")
    strange = transcript(folder)
    strange.begin("t", again=False)
    for wrong in ([["short"]], "word", [5], [[1, 2, 3]]):
        KeptAnswers(folder).keep(strange._name, wrong)
        strange.begin("t", again=True)
        if strange.answers_again:
            with pytest.raises(NoAnswerError):
                strange.answer(ASKED[0])


def test_without_a_folder_nothing_is_kept() -> None:
    made = transcript(None)
    made.begin("t", again=False)
    made.note(ASKED[0], TOLD[0])
    made.keep()
    assert not made.knows("t")
