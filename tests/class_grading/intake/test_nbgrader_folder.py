"""nbgrader's folders, with what goes wrong in them."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mnist_course.class_grading.intake import Kind
from mnist_course.class_grading.intake.times import read_time


def submit(root: Path, student: str, content: bytes, *, name: str = "m5.ipynb") -> Path:
    folder = root / student / "m5"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return folder


def test_students_are_sorted_and_keep_their_files_in_place(tmp_path, book, find) -> None:
    root = tmp_path / "submitted"
    submit(root, "bob", book)
    alice = submit(root, "alice", book, name="Copy of m5 (1).ipynb")
    (alice / "timestamp.txt").write_text("2026-02-02 15:58:23.948203 America/Los_Angeles")
    found = find(root)
    assert found.kind is Kind.NBGRADER and not found.problems
    assert [s.student.id for s in found.submissions] == ["alice", "bob"]
    assert found.submissions[0].path == alice / "Copy of m5 (1).ipynb"
    assert found.submissions[0].submitted == datetime(2026, 2, 2, 23, 58, 23, 948203, UTC)
    assert found.submissions[1].submitted is None
    assert not (tmp_path / "unpacked").exists()  # nothing had to be copied


def test_nobody_is_dropped(tmp_path, book, find, said) -> None:
    root = tmp_path / "submitted"
    submit(root, "alice", book)
    submit(root, "no notebook", b"1,2", name="data.csv")
    (root / "empty" / "m5").mkdir(parents=True)
    (root / "other" / "m1").mkdir(parents=True)
    (root / "roster.csv").write_text("id")
    (root / "linked").symlink_to(root / "alice")
    (root / "inside").mkdir()
    (root / "inside" / "m5").symlink_to(root / "alice" / "m5")
    (root / ".DS_Store").write_bytes(b"")
    found = find(root)
    assert [s.student.id for s in found.submissions] == ["alice"]
    text = said(found)
    for words in (
        "no notebook: handed in nothing that can be graded",
        "found “data.csv”",
        "empty: handed in nothing",
        "other: handed in nothing for m5: expected a folder m5 here, found “m1”",
        "roster.csv: is no folder",
        "linked: is a link",
        "inside: handed in nothing for m5",
    ):
        assert words in text
    assert "DS_Store" not in text


def test_of_several_notebooks_the_assignments_is_taken_and_staff_are_told(
    tmp_path, book, find, said
) -> None:
    root = tmp_path / "submitted"
    submit(root, "alice", b"{}", name="a scratch.ipynb")
    folder = submit(root, "alice", book, name="mine.ipynb")
    found = find(root)
    assert found.submissions[0].path == folder / "mine.ipynb"
    assert "“mine.ipynb” was graded" in found.submissions[0].note
    assert "alice: handed in several notebooks" in said(found)


@pytest.mark.skipif(os.name == "nt", reason="such names are not possible there")
def test_capitals_and_odd_names(tmp_path, book, find, said) -> None:
    root = tmp_path / "submitted"
    for student in ("Alice", "alice", "con", "-rf", "b\nc", "\u202eevil", "Jürgen", "x" * 200):
        submit(root, student, book)
    found = find(root)
    ids = [s.student.id for s in found.submissions]
    assert "Jürgen" in ids and len(ids) == 6
    assert not {"Alice", "alice", "con", "-rf"} & set(ids)
    assert "“Alice”, “alice”" in said(found) and "None of them is graded" in said(found)
    assert all(len(i) <= 80 and i.isprintable() for i in ids)
    assert "\u202e" not in said(found)
    assert find(root).submissions == found.submissions  # the same names again


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-02-30 10:00:00", "2026-02-02 10:00:00 ../../etc/passwd",
             "2026-02-02 10:00:00 Mars/North", "9999-12-31 23:59:59 +99:99", "\x00" * 50],
)  # fmt: skip
def test_a_time_that_is_none_is_told(tmp_path, book, find, said, text) -> None:
    root = tmp_path / "submitted"
    (submit(root, "alice", book) / "timestamp.txt").write_text(text)
    found = find(root)
    assert found.submissions[0].submitted is None
    assert "alice: timestamp.txt holds no time" in said(found)


def test_a_time_file_that_is_a_link_is_not_followed(tmp_path, book, find, said) -> None:
    secret = tmp_path / "secret"
    secret.write_text("2026-02-02 10:00:00 UTC")
    root = tmp_path / "submitted"
    (submit(root, "alice", book) / "timestamp.txt").symlink_to(secret)
    found = find(root)
    assert found.submissions[0].submitted is None and "holds no time" in said(found)


@pytest.mark.parametrize(
    ("text", "hours"),
    [("2026-07-01 12:00:00", 0), ("2026-07-01 12:00:00.5 UTC", 0),
     ("2026-07-01T12:00:00Z", 0), ("2026-07-01 12:00:00 +0200", 2),
     ("2026-07-01 12:00:00.123456789 -07:00", -7), ("2026-07-01 12:00:00 Europe/Berlin", 2)],
)  # fmt: skip
def test_times_of_both_programs(text, hours) -> None:
    time = read_time(text)
    assert time is not None and time.hour == 12
    assert time.utcoffset() == timedelta(hours=hours)
