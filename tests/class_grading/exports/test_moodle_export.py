"""What Moodle imports: its grading worksheet, filled in, or a table for the gradebook."""

from __future__ import annotations

from pathlib import Path

import pytest

from mnist_course.class_grading.exports import write_moodle
from mnist_course.exceptions import ClassError

HEADER = (
    "Identifier,Full name,ID number,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments\n"
)
WORKSHEET = HEADER + (
    "Participant 12,Ada Lovelace,S1,ada@x,Submitted,,20.00,Yes,-,-,\n"
    'Participant 13,Jane Doe,,jane@x,Submitted,3.00,20.00,Yes,-,-,"Well\ndone"\n'
    "Participant 14,Locked Lee,,lee@x,Submitted,1.00,20.00,No,-,-,\n"
    "Participant 15,=Paul,,paul@x,No submission,,20.00,Yes,-,-,\n"
    "Participant 16,Open Ona,,ona@x,Submitted,2.00,20.00,Yes,-,-,\n"
)


@pytest.fixture
def worksheet(tmp_path: Path) -> Path:
    path = tmp_path / "Grades-m5.csv"
    path.write_text(WORKSHEET, encoding="utf-8-sig")
    return path


def test_the_worksheet_is_filled_in(tmp_path, worksheet, graded, opened, said) -> None:
    out = tmp_path / "moodle.csv"
    grades = [
        graded("S1"),
        graded("jane", 7, email="JANE@x"),
        graded("lee", email="lee@x"),
        graded("ona", email="ona@x"),
        graded("zoe", email="zoe@x"),
    ]
    points = {"S1": 2.5, "jane": 0, "lee": 5, "zoe": 5}
    done = write_moodle(grades, out, template=worksheet, manual_points=points)
    before, after = opened(worksheet), opened(out)
    changed = {
        (r, c): after[r][c]
        for r in range(len(before)) for c in range(len(before[0]))
        if before[r][c] != after[r][c]
    }  # fmt: skip
    assert changed == {
        (1, 5): "12.5",
        (1, 10): "Sum: 10 of 10; Mean: 0 of 5; Graded by a person: 2.5 of 5",
        (2, 5): "7",  # what a person wrote to her stays
        (4, 1): "'=Paul",
    }
    assert done.written == 2
    for words in (
        "lee: has a locked grade in Moodle",
        "ona: has no total",
        "ona: keeps the 2.00 that Moodle has",
        "zoe: is not in Grades-m5.csv",
        "1 students in it have no graded submission; their rows were left alone: “paul@x”",
    ):
        assert words in said(done)
    assert out.read_bytes().startswith(b'\xef\xbb\xbf"Identifier"')  # Excel needs the mark


def test_another_scale_is_refused(tmp_path, worksheet, graded) -> None:
    worksheet.write_text(WORKSHEET.replace("20.00", "100.00"))
    with pytest.raises(ClassError, match=r"line 2: .*maximum grade of 100\.00.*out of 20"):
        write_moodle([graded("S1")], tmp_path / "o.csv", template=worksheet)


def test_worksheets_that_are_none(tmp_path, graded) -> None:
    path = tmp_path / "t.csv"
    path.write_text("Teilnehmer,Bewertung\n12,\n")
    with pytest.raises(ClassError, match="Set Moodle to English"):
        write_moodle([graded()], tmp_path / "o.csv", template=path)


def test_a_new_file(tmp_path, graded, opened, said) -> None:
    out = tmp_path / "o.csv"
    grades = [
        graded(
            "ada", first_name="Ada", last_name="É", email="ada@x", identifiers={"ID number": "7"}
        ),
        graded("bob"),
        graded("eve", identifiers={"Username": "eve", "Email address": "-eve@x"}),
    ]
    done = write_moodle(grades, out, manual_points={"ada": 5, "bob": 5})
    assert opened(out) == [
        ["Full name", "Username", "ID number", "Email address", "Grade", "Maximum Grade",
         "Feedback comments"],
        ["Ada É", "", "7", "ada@x", "15", "20",
         "Sum: 10 of 10; Mean: 0 of 5; Graded by a person: 5 of 5"],
        ["", "eve", "", "'-eve@x", "", "20", ""],
    ]  # fmt: skip
    assert done.written == 1
    assert "bob: has no username, ID number or e-mail address" in said(done)
    assert "eve: is called -eve@x in Moodle" in said(done)
