"""A folder with one notebook, zip or folder per student."""

from __future__ import annotations

from pathlib import Path

import pytest

from mnist_course.class_grading.intake import Kind, find_submissions
from mnist_course.exceptions import ClassError


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "class"
    folder.mkdir()
    return folder


def test_names_of_files_and_folders_are_ids(place, book, find, make_zip) -> None:
    (place / "alice.ipynb").write_bytes(book)
    (place / "bob.ipynb.txt").write_bytes(book)
    make_zip(("m5.ipynb", book), name="class/carla.zip")
    (place / "dora" / "deep").mkdir(parents=True)
    (place / "dora" / "deep" / "work.ipynb").write_bytes(book)
    found = find(place)
    assert found.kind is Kind.FILES and not found.problems
    assert [(s.student.id, s.path.name) for s in found.submissions] == [
        ("alice", "alice.ipynb"),
        ("bob", "bob.ipynb.txt"),
        ("carla", "carla.zip"),
        ("dora", "work.ipynb"),
    ]


def test_two_files_of_one_student(tmp_path, place, book, find, said, make_zip) -> None:
    (place / "alice.ipynb").write_bytes(book)
    make_zip(("m5.ipynb", book), name="class/alice.zip")  # a notebook comes before a zip
    (place / "bob.ipynb").write_bytes(b"{}")
    (place / "bob.ipynb.json").write_bytes(book)
    found = find(place)
    assert [s.student.id for s in found.submissions] == ["alice", "bob"]
    assert [s.path.read_bytes() for s in found.submissions] == [book, book]
    assert found.submissions[1].note
    assert "bob: handed in several notebooks" in said(found)


def test_a_file_and_a_folder_of_one_name_are_not_guessed_about(place, book, find, said) -> None:
    (place / "alice.ipynb").write_bytes(book)
    (place / "alice").mkdir()
    (place / "alice" / "m5.ipynb").write_bytes(book)
    found = find(place)
    assert not found.submissions
    assert "“alice/”, “alice”" in said(found) and "None of them is graded" in said(found)


def test_what_is_no_notebook_is_told(place, tmp_path, book, find, said) -> None:
    (place / "alice.pdf").write_bytes(b"%PDF")
    (place / "bob.ipynb").symlink_to("/etc/passwd")
    (place / ".ipynb").write_bytes(book)
    (place / "carla").mkdir()
    found = find(place)
    assert not found.submissions
    for words in ("alice.pdf: is neither", "bob.ipynb: is a link", "carla: handed in nothing"):
        assert words in said(found)


def test_an_empty_folder_is_told(place, find, said) -> None:
    assert find(place).submissions == ()
    assert "class: holds no submission" in said(find(place))


def test_places_that_are_nothing(tmp_path, find, make_zip, book) -> None:
    with pytest.raises(ClassError, match=r"There is no file gone.*Expected a zip"):
        find(tmp_path / "gone")
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(ClassError, match=r"notes\.txt is not a zip"):
        find(tmp_path / "notes.txt")
    with pytest.raises(ClassError, match="neither Gradescope's export nor Canvas'"):
        find(make_zip(("alice.ipynb", book)))
    with pytest.raises(ClassError, match="no Gradescope export"):
        (tmp_path / "class").mkdir()
        find(tmp_path / "class", kind=Kind.GRADESCOPE)


def test_somebody_elses_folder_is_left_alone(tmp_path, place, find) -> None:
    mine = tmp_path / "unpacked"
    mine.mkdir()
    (mine / "thesis.tex").write_text("years of work")
    with pytest.raises(ClassError, match="expected an empty folder"):
        find(place)
    assert (mine / "thesis.tex").read_text() == "years of work"


def test_copies_do_not_go_where_submissions_are(place, assignment) -> None:
    for copies in (place, place / "unpacked", place.parent):
        with pytest.raises(ClassError, match="is within the other"):
            find_submissions(place, assignment, unpacked_to=copies)


def test_a_kind_that_is_given_is_believed(place, book, find) -> None:
    (place / "alice" / "m5").mkdir(parents=True)
    (place / "alice" / "m5" / "x.ipynb").write_bytes(book)
    assert find(place).kind is Kind.NBGRADER
    assert find(place, kind=Kind.FILES).kind is Kind.FILES
