"""Rosters of four platforms, and who is only on one side."""

from __future__ import annotations

from pathlib import Path

import pytest

from mnist_course.class_grading.intake import read_roster
from mnist_course.class_grading.intake.matching import People
from mnist_course.class_grading.records import Student
from mnist_course.exceptions import ClassError

CANVAS = (
    "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,M5 (77),Current Score\r\n"
    ",,,,,Manual Posting,\r\n"
    "    Points Possible,,,,,10.00,(read only)\r\n"
    '"Lovelace, Ada",4711,S1,ada,"01, 02",,\r\n'
    '"Doe, Jane",4712,,,01,3.50,\r\n'
    '"Student, Test",4799,,bbbc6740f0b946afbbbc6740f0b946afbbbc6740,01,,\r\n'
)
MOODLE = (
    "First name;Last name;ID number;Email address;Course total\n"
    "Ada;Lovelace;S1;ada@school.edu;-\nJane;Doe;;jane@school.edu;-\n"
)
WORKSHEET = (
    "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments\n"
    "Participant 12,Ada King Lovelace,ada@school.edu,Submitted,,10.00,Yes,-,-,\n"
)
GRADESCOPE = (
    "First Name,Last Name,SID,Email,Role,Section\n"
    "Ada,Lovelace,S1,ada@school.edu,Student,1\nTerry,Teacher,,t@school.edu,Instructor,\n"
    "Jane,Doe,,jane@school.edu,Student,1\n"
)
NBGRADER = "id,first_name,last_name,email,lms_user_id\nada,Ada,Lovelace,ada@school.edu,4711\n"


def roster(tmp_path: Path, text: str | bytes) -> dict[str, Student]:
    path = tmp_path / "roster.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_roster(path)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        (CANVAS, ["ada", "4712"]),
        (CANVAS.replace(",", ";").replace("; ", ", "), ["ada", "4712"]),
        (MOODLE, ["S1", "jane@school.edu"]),
        (WORKSHEET, ["ada@school.edu"]),
        (GRADESCOPE, ["S1", "jane@school.edu"]),
        (NBGRADER, ["ada"]),
        ("Name,SID,Email\nAda Lovelace,S1,ada@school.edu\n", ["S1"]),
    ],
    ids=["canvas", "canvas;", "moodle", "worksheet", "gradescope", "nbgrader", "names"],
)
def test_platforms(tmp_path, text, ids) -> None:
    found = roster(tmp_path, text)
    assert list(found) == ids
    ada = found[ids[0]]
    assert ada.first_name.startswith("Ada") and ada.last_name == "Lovelace"
    assert all(student.id == id for id, student in found.items())


def test_identifiers_have_the_platforms_names(tmp_path) -> None:
    assert roster(tmp_path, CANVAS)["ada"].identifiers == {
        "ID": "4711", "SIS User ID": "S1", "SIS Login ID": "ada", "Section": "01, 02"
    }  # fmt: skip
    assert roster(tmp_path, NBGRADER)["ada"].identifiers == {
        "lms_user_id": "4711",
        "Email": "ada@school.edu",
    }
    sheet = roster(tmp_path, WORKSHEET)["ada@school.edu"]
    assert sheet.identifiers["Identifier"] == "Participant 12"
    assert (sheet.first_name, sheet.last_name) == ("Ada King", "Lovelace")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has no header"),
        ("a,b\n1,2\n", "no list of students.*“a”, “b”"),
        ("id,email\n,x@y\n", "line 2: a student has no id"),
        ("id,email\nada,\nAda,\n", "lines 2 and 3 both name 'Ada'"),
        ("id,email\n", "names no student"),
        ('id,email\n"ada,\n', "is damaged in line"),
        (b"id,first_name\nada,J\xfcrgen\n", "not in UTF-8.*CSV UTF-8"),
    ],
)
def test_rosters_that_are_none(tmp_path, text, words) -> None:
    with pytest.raises(ClassError, match=words):
        roster(tmp_path, text)
    with pytest.raises(ClassError, match=r"cannot read gone\.csv"):
        read_roster(tmp_path / "gone.csv")


def test_odd_ids_of_a_roster_become_folders(tmp_path) -> None:
    (id,) = roster(tmp_path, "id,email\n../ada,a@b\n")
    assert "/" not in id and id.startswith("ada-")


# ---- who is who --------------------------------------------------------------------------------


def test_submissions_get_the_rosters_ids(tmp_path, make_zip, book, find, said) -> None:
    place = make_zip(("lovelaceada_4711_1_m5.ipynb", book), ("new_5000_2_m5.ipynb", book))
    found = find(place, roster=roster(tmp_path, CANVAS))
    assert [s.student.id for s in found.submissions] == ["5000", "ada"]
    ada = found.submissions[1].student
    assert (ada.first_name, ada.identifiers["SIS User ID"]) == ("Ada", "S1")
    assert "5000 (new): is not in the roster" in said(found)
    assert "4712 (Jane Doe): is in the roster and handed in nothing" in said(found)


def test_what_the_platform_knows_is_added(tmp_path, make_zip, book, find) -> None:
    place = make_zip(("lovelaceada_4711_1_m5.ipynb", book))
    (ada,) = find(place, roster=roster(tmp_path, NBGRADER)).submissions
    assert ada.student.id == "ada" and ada.student.identifiers["ID"] == "4711"


@pytest.mark.parametrize(
    ("student", "text", "id"),
    [
        (Student("ADA"), NBGRADER, "ada"),
        (Student("ada@school.edu"), NBGRADER, "ada"),
        (Student("4711", identifiers={"ID": "4711"}), NBGRADER, "ada"),
        (Student("S1"), MOODLE, "S1"),
        (Student("x", email="ADA@school.edu"), GRADESCOPE, "S1"),
        (Student("S1", identifiers={"SID": "S1"}), CANVAS, "ada"),
        (Student("ada", email="ada"), CANVAS, "ada"),
        (Student("zoe"), NBGRADER, None),
        (Student("4712", identifiers={"ID": "4712"}), NBGRADER, None),
    ],
)
def test_people_are_found_by_whatever_they_are_called(tmp_path, student, text, id) -> None:
    match = People(roster(tmp_path, text).values()).find(student)
    assert (match.student.id if match.student else None) == id


def test_canvas_number_is_not_somebody_elses_student_number() -> None:
    people = People(
        [Student("4711", identifiers={"ID": "1"}), Student("b", identifiers={"ID": "2"})]
    )
    assert people.find(Student("4711", identifiers={"ID": "4711"})).student is None


def test_an_address_is_believed_more_than_an_sid() -> None:
    ada, eve = Student("S1", email="ada@x"), Student("S2", email="eve@x")
    match = People([ada, eve]).find(Student("S1", email="eve@x", identifiers={"SID": "S1"}))
    assert match.student is eve and "S2 was believed" in match.doubt


def test_who_fits_several_is_nobody() -> None:
    people = People([Student("a", email="same@x"), Student("b", email="same@x")])
    match = people.find(Student("c", email="same@x"))
    assert match.student is None and "fits several students (a, b)" in match.doubt


def test_files_that_become_one_student_are_not_guessed_about(tmp_path, book, find, said) -> None:
    place = tmp_path / "class"
    place.mkdir()
    for name in ("ada", "ada@school.edu"):
        (place / f"{name}.ipynb").write_bytes(book)
    found = find(place, roster=roster(tmp_path, NBGRADER))
    assert not found.submissions and "None of them is graded" in said(found)
