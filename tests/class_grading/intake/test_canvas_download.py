"""What Canvas gives: names that say whose a file is, or seem to."""

from __future__ import annotations

import zipfile

import pytest

from mnist_course.class_grading.intake import Kind


@pytest.mark.parametrize("unpack", [False, True])
def test_names_of_canvas(make_zip, book, find, said, tmp_path, unpack) -> None:
    place = make_zip(
        ("doejane_LATE_4711_815_m5.ipynb", book),
        ("chocolate_4712_816_2026_02_my work.ipynb", book),
        ("leemin_4713_817_m5-1.ipynb", book),
        ("leemin_4713_818_data.zip", b"PK"),
        ("texter_4714_text.html", b"<p>I forgot</p>"),
        ("anon_aB3cD_819_m5.ipynb", book),
        ("LATE_anon_12c45_820_7_x.ipynb", book),
        ("what is this.txt", b""),
    )
    if unpack:
        with zipfile.ZipFile(place) as archive:
            archive.extractall(tmp_path / "submissions")
        place = tmp_path / "submissions"
    found = find(place)
    assert found.kind is Kind.CANVAS
    by_id = {s.student.id: s for s in found.submissions}
    assert list(by_id) == ["4711", "4712", "4713", "anon_12c45", "anon_aB3cD"]
    assert by_id["4711"].student.identifiers == {"ID": "4711"}
    assert by_id["4712"].student.last_name == "chocolate"
    assert by_id["anon_aB3cD"].student.identifiers == {}
    assert all(s.path.read_bytes() == book for s in by_id.values())
    assert "4714 (texter): handed in nothing that can be graded" in said(found)
    assert "“what is this.txt”" in said(found)


def test_several_files_of_one_student(make_zip, book, find) -> None:
    place = make_zip(("a_1_10_scratch.ipynb", b"{}"), ("a_1_11_m5.ipynb", book))
    (only,) = find(place).submissions
    assert only.path.read_bytes() == book
    assert "“m5.ipynb” was graded" in only.note  # the student's own name for it


def test_a_student_who_is_called_like_another_ones_number(make_zip, book, find, said) -> None:
    # Canvas takes “_4711_” out of names, not “_4711” at their end.
    place = make_zip(
        ("doejane_4711_815_m5.ipynb", book),
        ("x_4711_9999_816_m5.ipynb", b"{}"),
        ("bob_4712_817_m5.ipynb", book),
    )
    found = find(place)
    assert [s.student.id for s in found.submissions] == ["4712"]
    assert "Canvas user 4711: has files under several names (“doejane”, “x”)" in said(found)


def test_most_files_must_have_such_names(tmp_path, book, find) -> None:
    place = tmp_path / "class"
    place.mkdir()
    for name in ("alice.ipynb", "bob.ipynb", "x_1_2_y.ipynb"):
        (place / name).write_bytes(book)
    assert find(place).kind is Kind.FILES
    assert find(place, kind=Kind.CANVAS).kind is Kind.CANVAS
