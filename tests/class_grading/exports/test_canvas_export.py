"""What Canvas imports: its own gradebook, filled in."""

from __future__ import annotations

from pathlib import Path

import pytest

from mnist_course.class_grading.exports import write_canvas
from mnist_course.exceptions import ClassError

TEMPLATE = (
    "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Notes,M4 (76),M5 (77),Current Score\r\n"
    ",,,,,,,Manual Posting,\r\n"
    "    Points Possible,,,,,,10.00,20.00,(read only)\r\n"
    '"Lovelace, Ada",4711,S1,ada,"01, 02",- late twice,9.00,,80.00\r\n'
    '"Doe, ""J"" Jane",4712,S2,jane,01,=HYPERLINK(1),-,3.50,10.00\r\n'
    '"Éluard, Paul",4713,S3,paul,01,,8.00,EX,\r\n'
    '"Test, Tim",4714,S4,tim,01,,8.00,-,\r\n'
)


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "2026-02-02_Grades.csv"
    path.write_bytes(TEMPLATE.encode())
    return path


def test_only_the_assignments_cells_change(tmp_path, template, graded, opened, said) -> None:
    out = tmp_path / "canvas.csv"
    grades = [
        graded("ada", identifiers={"ID": "4711"}),
        graded("jane", 7),  # found by her login; the person has not graded her
        graded("x", identifiers={"SIS User ID": "S3"}),
        graded("zoe"),
    ]
    done = write_canvas(
        grades, out, column="M5", template=template, manual_points={"ada": 4.5, "x": 1, "zoe": 1}
    )
    before, after = opened(template), opened(out)
    changed = {
        (r, c): (before[r][c], after[r][c])
        for r in range(len(before)) for c in range(len(before[0]))
        if before[r][c] != after[r][c]
    }  # fmt: skip
    assert changed == {
        (3, 7): ("", "14.5"),
        (3, 5): ("- late twice", "'- late twice"),
        (4, 5): ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
    }
    assert done.written == 1
    for words in (
        "jane: has no total: a person has not graded “m5-why”",
        "jane: keeps the 3.50 that Canvas has",
        "x: is excused in Canvas (EX)",
        "zoe: is not in 2026-02-02_Grades.csv",
        "2 cells begin like a formula",
        "1 students in it have no graded submission; their cells were left alone: “tim”",
    ):
        assert words in said(done)
    raw = out.read_bytes()
    assert raw.startswith(b'"Student"') and "Éluard".encode() in raw  # no mark: Canvas stumbles
    again = write_canvas(
        grades[::-1], out, column="77", template=template,
        manual_points={"ada": 4.5, "x": 1, "zoe": 1},
    )  # fmt: skip
    assert out.read_bytes() == raw and again.written == 1


def test_semicolons_stay(tmp_path, template, graded, opened) -> None:
    template.write_bytes(TEMPLATE.replace(",", ";").replace("; ", ", ").encode())
    done = write_canvas(
        [graded("ada")], tmp_path / "o.csv", column="M5", template=template,
        manual_points={"ada": 0},
    )  # fmt: skip
    line = (tmp_path / "o.csv").read_text(encoding="utf-8").splitlines()[3]
    assert done.written == 1
    assert line == '"Lovelace, Ada";"4711";"S1";"ada";"01, 02";"\'- late twice";"9.00";"10";"80.00"'


def test_two_submissions_for_one_row(tmp_path, template, graded, opened, said) -> None:
    grades = [graded("ada", manual=False), graded("s1", 0, manual=False)]
    template.write_bytes(TEMPLATE.replace("20.00", "15.00").encode())
    done = write_canvas(grades, tmp_path / "o.csv", column="M5 (77)", template=template)
    assert done.written == 0 and opened(tmp_path / "o.csv")[3][7] == ""
    assert "ada, s1: fit the same line 4" in said(done)


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("M6", r"0 columns for 'M6'; expected one of .*“M4 \(76\)”, “M5 \(77\)”"),
        ("Current Score", "0 columns"),
        ("M4 (76)", r"Canvas has 10\.00 points.*out of 20.*wrong scale"),
    ],
)
def test_columns_that_cannot_be_meant(tmp_path, template, graded, column, words) -> None:
    out = tmp_path / "o.csv"
    out.write_text("old")
    with pytest.raises(ClassError, match=words):
        write_canvas([graded()], out, column=column, template=template)
    assert out.read_text() == "old"


def test_templates_that_are_none(tmp_path, graded) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,email\nada,a@b\n")
    with pytest.raises(ClassError, match="no gradebook of Canvas"):
        write_canvas([graded()], tmp_path / "o.csv", column="M5", template=path)


def test_a_new_file(tmp_path, graded, opened, said) -> None:
    out = tmp_path / "o.csv"
    ada = {"ID": "4711", "SIS Login ID": "=ada", "Section": "01"}
    grades = [
        graded("bob"),
        graded("ada", first_name="Ada", last_name="@Lovelace", identifiers=ada),
        graded("eve", open=True, identifiers={"ID": "9"}),
    ]
    done = write_canvas(grades, out, column="M5 (77)", manual_points={"ada": 5, "bob": 5, "eve": 5})
    assert opened(out) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "M5 (77)"],
        ["    Points Possible", "", "", "", "", "20"],
        ["'@Lovelace, Ada", "4711", "", "'=ada", "01", "15"],
        ["eve", "9", "", "", "", ""],
    ]
    assert done.written == 1
    assert "bob: has no ID, SIS User ID or SIS Login ID" in said(done)
    assert "eve: has no total" in said(done)
    assert "has no number" in said(write_canvas(grades[:1], out, column="M5"))


def test_a_folder_that_is_not_there(tmp_path, graded) -> None:
    with pytest.raises(ClassError, match=r"cannot write .*No such file.*make it"):
        write_canvas([graded()], tmp_path / "gone" / "o.csv", column="M5 (77)")
