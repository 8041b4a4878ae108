"""Gradescope's export: groups, people without an id, metadata that lies."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mnist_course.class_grading.intake import Kind
from mnist_course.class_grading.intake.gradescope_metadata import read_metadata
from mnist_course.exceptions import ClassError

METADATA = """\
---
submission_11:
  :submitters:
  - :name: Ada King Lovelace
    :sid: '007'
    :email: ada@school.edu
  :created_at: 2026-02-02 15:58:23.948203123 Z
  :score: 3.0
  :results: !ruby/hash:ActiveSupport::HashWithIndifferentAccess
    tests:
    - name: &1 "a: test"
      output: "submission_99:\\n  :submitters: []"
    - name: *1
  :history: []
submission_12:
  :submitters:
  - :name: Bob
    :sid: "B1"
    :email: bob@school.edu
  - :name: Carla Cruz
    :sid:
    :email: carla@school.edu
  :created_at: 2026-02-03 10:00:00.000000000 -08:00
"""


def export(make_zip, book, metadata=METADATA, *more, root="assignment_1_export/"):  # type: ignore[no-untyped-def]
    return make_zip(
        (f"{root}submission_metadata.yml", metadata.encode()),
        (f"{root}submission_11/m5.ipynb", book),
        (f"{root}submission_11/data/table.csv", b"1,2"),
        (f"{root}submission_12/work/Team (2).ipynb", book),
        (f"__MACOSX/{root}._x", b"x"),
        *more,
    )


@pytest.mark.parametrize("root", ["assignment_1_export/", ""])
@pytest.mark.parametrize("unpack", [False, True])
def test_every_member_of_a_group_gets_the_file(
    make_zip, book, find, tmp_path, root, unpack
) -> None:
    place = export(make_zip, book, root=root)
    if unpack:
        with zipfile.ZipFile(place) as archive:
            archive.extractall(tmp_path / "there")
        place = tmp_path / "there"
    found = find(place)
    assert found.kind is Kind.GRADESCOPE and not found.problems
    ada, bob, carla = found.submissions
    assert [s.student.id for s in found.submissions] == ["007", "B1", "carla@school.edu"]
    assert (ada.student.first_name, ada.student.last_name) == ("Ada King", "Lovelace")
    assert ada.student.identifiers == {"SID": "007", "Email": "ada@school.edu"}
    assert ada.submitted == datetime(2026, 2, 2, 15, 58, 23, 948203, UTC)
    assert bob.path == carla.path and bob.path.read_bytes() == book
    assert not list((tmp_path / "unpacked").rglob("*.csv"))
    again = find(place)
    assert again.submissions == found.submissions and ada.path.is_file()


def test_nobody_is_dropped(make_zip, book, find, said) -> None:
    metadata = METADATA + (
        "submission_13:\n  :submitters:\n  - :name: Nobody Known\n"
        "submission_14:\n  :submitters: []\n"
        "submission_15:\n  :submitters:\n  - :name: Dora\n    :email: dora@school.edu\n"
        "submission_16:\n  :submitters:\n  - :name: Erik\n    :sid: e\n"
    )
    place = export(
        make_zip, book, metadata,
        ("assignment_1_export/submission_13/m5.ipynb", book),
        ("assignment_1_export/submission_16/answers.txt", b"?"),
        ("assignment_1_export/submission_99/m5.ipynb", book),
        ("stray.ipynb", book),
    )  # fmt: skip
    found = find(place)
    assert len(found.submissions) == 3
    for words in (
        "submission_13: 1 of its 1 submitters (“Nobody Known”) have neither an SID",
        "submission_14: submission_metadata.yml names no submitter",
        "dora@school.edu (Dora): handed in nothing that can be graded (submission_15)",
        "e (Erik): handed in nothing",
        "found “answers.txt”",
        "submission_99: is not in submission_metadata.yml",
        "outside of any submission: “stray.ipynb”",
    ):
        assert words in said(found)


def test_the_latest_of_two_groups_counts(make_zip, book, find, said) -> None:
    metadata = METADATA + (
        "submission_20:\n  :submitters:\n  - :name: Bob\n    :sid: B1\n"
        "    :email: BOB@school.edu\n  :created_at: 2026-02-04 00:00:00 Z\n"
    )
    place = export(make_zip, book, metadata, ("assignment_1_export/submission_20/m5.ipynb", book))
    found = find(place)
    bob = next(s for s in found.submissions if s.student.id == "B1")
    assert bob.submitted == datetime(2026, 2, 4, tzinfo=UTC)
    assert "the latest, submission_20, is graded" in said(found)


def test_somebody_elses_sid_is_no_way_to_their_grade(make_zip, book, find, said) -> None:
    metadata = METADATA + (
        "submission_20:\n  :submitters:\n  - :name: Mallory\n    :sid: '007'\n"
        "    :email: mallory@school.edu\n  :created_at: 2026-02-04 00:00:00 Z\n"
    )
    place = export(make_zip, book, metadata, ("assignment_1_export/submission_20/m5.ipynb", book))
    found = find(place)
    assert "007" not in [s.student.id for s in found.submissions]
    assert "007 (Ada King Lovelace), 007 (Mallory)" in said(found).replace("“", "").replace("”", "")


def test_damaged_metadata(make_zip, book, find) -> None:
    place = export(make_zip, book)
    raw = bytearray(place.read_bytes())
    raw[raw.index(b"PK\x01\x02") + 16] ^= 1  # its sum
    place.write_bytes(raw)
    with pytest.raises(ClassError, match=r"submission_metadata\.yml cannot be read.*damaged"):
        find(place)


def test_a_students_own_metadata_is_a_file_like_any_other(make_zip, book, find) -> None:
    fake = METADATA.replace("'007'", "'666'").encode()
    place = export(
        make_zip, book, METADATA,
        ("assignment_1_export/submission_11/submission_metadata.yml", fake),
    )  # fmt: skip
    assert find(place).submissions[0].student.id == "007"


def refused(text: str | bytes, words: str) -> None:
    raw = text.encode() if isinstance(text, str) else text
    with pytest.raises(ClassError, match=words) as caught:
        read_metadata(io.BytesIO(raw))
    assert len(str(caught.value)) < 600 and str(caught.value).isprintable()


def test_metadata_that_is_none() -> None:
    refused("", "begins with no list|ends too early")
    refused("- a\n- b", "begins with no list")
    refused("a: {b: [", "cannot be read")
    refused(b"\xff\xfe\x00a: b", "cannot be read|begins with no list")
    refused("a: *nowhere\n" * 3, "twice|cannot be read")
    refused("a: 1\na: 2\n", "names 'a' twice")
    refused("a: {b: " + "[" * 5_000, "deep|cannot be read")
    refused("\x1b]0;x\x07: [", "cannot be read")


def test_bombs_and_commands_in_metadata_do_nothing() -> None:
    bomb = "x: &a [z,z,z,z,z,z,z,z,z]\n" + "".join(
        f"x{n}: &b{n} [{','.join(['*a' if n == 0 else f'*b{n - 1}'] * 9)}]\n" for n in range(30)
    )
    assert set(read_metadata(io.BytesIO(bomb.encode()))) == {"x", *(f"x{n}" for n in range(30))}
    python = "s: !!python/object/apply:os.system ['touch /tmp/never']\n"
    assert read_metadata(io.BytesIO(python.encode()))["s"].submitters == ()


def test_texts_that_ruby_wrote_once() -> None:
    text = "s1:\n  :submitters:\n  - :sid: &1 '0042'\n    :name: ~\n    :email: *1\n"
    (person,) = read_metadata(io.BytesIO(text.encode()))["s1"].submitters
    assert (person.sid, person.name, person.email) == ("0042", "", "0042")


def test_what_tests_printed_is_passed_over_quickly(tmp_path: Path) -> None:
    output = "    output: |\n" + "      line of output\n" * 200_000
    text = f"s1:\n  :submitters:\n  - :sid: a\n  :results:\n{output}"
    assert read_metadata(io.BytesIO(text.encode()))["s1"].submitters[0].sid == "a"
