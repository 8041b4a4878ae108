"""Ids are names of folders on every system, the same in every run."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_course.class_grading.intake.student_ids import folder_name, same_folder

CASES = settings(deadline=None, max_examples=500, derandomize=True, database=None)
ODD = st.sampled_from(
    ["con", "NUL.txt", "COM1", "..", "/", "\\", ":", "*", "?", '"', "<", "|", " ", ".", "-",
     "\x00", "\n", "\u202e", "\ufeff", "\ud800", "é", "e\u0301", "ﬁ", "ß", "İ", "名前", "😀"]
)  # fmt: skip
TEXT = st.lists(ODD | st.text(max_size=20), max_size=6).map("".join)


@pytest.mark.parametrize(
    "id", ["alice", "alice@school.edu", "Jürgen", "a.b-c_d", "李", "s 1", "007"]
)
def test_usual_ids_stay(id) -> None:
    assert folder_name(id) == id


@CASES
@given(TEXT)
def test_any_text_becomes_a_folder(text: str) -> None:
    name = folder_name(text)
    assert 0 < len(name.encode()) <= 200
    assert name.isprintable() and not set('/\\:*?"<>|\0') & set(name)
    assert name[0] not in ".- " and name[-1] not in ". "
    assert name.split(".")[0].lower() not in {"con", "prn", "aux", "nul", "com1", "lpt1"}
    assert Path(name).name == name
    assert folder_name(name) == name == folder_name(text)  # done once, done for good


@CASES
@given(TEXT, TEXT)
def test_two_texts_never_share_a_name_by_being_cleaned(one: str, other: str) -> None:
    if unicodedata.normalize("NFC", one) != unicodedata.normalize("NFC", other):
        assert folder_name(one) != folder_name(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Alice", "alice"), ("é", "e\u0301"), ("straße", "STRASSE"), ("ﬁx", "FIX")]
)
def test_names_that_some_system_takes_for_one(one, other) -> None:
    assert same_folder(one) == same_folder(other)
