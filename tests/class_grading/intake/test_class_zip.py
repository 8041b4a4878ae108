"""Hostile zips of a class: nothing leaves the folder of copies, and nobody vanishes."""

from __future__ import annotations

import stat
import struct
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnist_course.class_grading.intake import class_zip, find_submissions, unpacking
from mnist_course.exceptions import ClassError
from mnist_course.grading.assignment import Assignment


def snapshot(folder: Path) -> list[str]:
    return sorted(
        str(p.relative_to(folder)) for p in folder.rglob("*") if "unpacked" not in p.parts
    )


@pytest.mark.parametrize(
    "name",
    ["../../../tmp/a_1_2_m5.ipynb", "/etc/a_1_2_m5.ipynb", "C:\\x\\a_1_2_m5.ipynb",
     "..\\..\\a_1_2_m5.ipynb", "x/../../a_1_2_m5.ipynb", "\\\\server\\a_1_2_m5.ipynb"],
)  # fmt: skip
def test_names_that_lead_outside(make_zip, book, find, said, tmp_path, name) -> None:
    place = make_zip((name, b"evil"), ("bob_3_4_m5.ipynb", book))
    before = snapshot(tmp_path)
    found = find(place)
    assert [s.student.id for s in found.submissions] == ["3"]
    assert "holds names that are none or lead outside of it" in said(found)
    assert "a_1_2_m5.ipynb" in said(found)
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize(
    "mode", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK]
)
def test_links_and_devices(make_zip, book, find, said, mode) -> None:
    place = make_zip(("a_1_2_m5.ipynb", b"/etc/passwd", mode | 0o777), ("b_3_4_m5.ipynb", book))
    found = find(place)
    assert [s.student.id for s in found.submissions] == ["3"]
    assert "holds links or devices; left out: “a_1_2_m5.ipynb”" in said(found)


def test_odd_names_become_ours(make_zip, book, find, tmp_path) -> None:
    names = [
        "\x1b[31m",
        "con",
        "\u202e",
        "a/b",
        "-rf",
        "..",
        "x" * 300,
        "ümlaut",
        "tab\t",
        "a\x00b",
    ]
    place = make_zip(*((f"n_{i}_9_{n}.ipynb", book) for i, n in enumerate(names)))
    found = find(place)
    # zipfile itself ends a name at NUL, and a slash makes a folder of the first half.
    assert {s.student.id for s in found.submissions} >= {"0", "1", "2", "4", "6", "7", "8"}
    for path in (tmp_path / "unpacked").rglob("*.ipynb"):
        assert path.name.isascii() and path.name.isprintable() and len(path.name) < 90
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.resolve().is_relative_to((tmp_path / "unpacked").resolve())


def test_files_of_one_name_are_both_looked_at(make_zip, book, find) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        place = make_zip(("a_1_2_m5.ipynb", b"{}"), ("a_1_2_m5.ipynb", book))
    (only,) = find(place).submissions
    assert only.path.read_bytes() == book and only.note


def patched(place: Path, offset_local: int, offset_central: int, form: str, value: int) -> None:
    """Change one field of a zip's first member, in both places where it stands."""
    raw = bytearray(place.read_bytes())
    struct.pack_into(form, raw, offset_local, value)
    struct.pack_into(form, raw, raw.index(b"PK\x01\x02") + offset_central, value)
    place.write_bytes(raw)


def test_encrypted_files(make_zip, book, find, said) -> None:
    place = make_zip(("a_1_2_m5.ipynb", book), ("b_3_4_m5.ipynb", book))
    patched(place, 6, 8, "<H", 1)
    found = find(place)
    assert [s.student.id for s in found.submissions] == ["3"]
    assert "holds encrypted files; left out: “a_1_2_m5.ipynb”" in said(found)


def test_other_ways_of_packing(make_zip, book, find, said) -> None:
    place = make_zip(("a_1_2_m5.ipynb", book), compression=zipfile.ZIP_LZMA)
    with pytest.raises(ClassError, match=r"found no file.*packed in an unusual way"):
        find(place)
    with zipfile.ZipFile(place, "a") as archive:
        archive.writestr("b_3_4_m5.ipynb", book)
    found = find(place)
    assert [s.student.id for s in found.submissions] == ["3"]
    assert "packed in an unusual way" in said(found)


def test_a_name_that_is_empty(make_zip, book, find, said) -> None:
    place = make_zip(("a_1_2_m5.ipynb", book), ("b_3_4_m5.ipynb", book))
    place.write_bytes(place.read_bytes().replace(b"a_1_2_m5", b"\0_1_2_m5"))
    found = find(place)
    assert [s.student.id for s in found.submissions] == ["3"]
    assert "holds names that are none" in said(found)


def test_a_damaged_file_is_one_students_trouble(make_zip, book, find, said) -> None:
    place = make_zip(("a_1_2_m5.ipynb", book), ("b_3_4_m5.ipynb", book))
    patched(place, 14, 16, "<I", 0)
    found = find(place)
    assert [s.student.id for s in found.submissions] == ["3"]
    assert "1 (a): handed in nothing that can be graded" in said(found)
    assert "damaged in the zip" in said(found)


def test_bombs(make_zip, book, find, said, tmp_path, assignment, monkeypatch) -> None:
    monkeypatch.setattr(unpacking, "MAX_BYTES", 1 << 20)
    monkeypatch.setattr(unpacking, "_MOST_OF_ONE", 3 << 20)
    zeros = bytes(2 << 20)
    place = make_zip(("a_1_2_m5.ipynb", zeros), ("b_3_4_m5.ipynb", book))
    found = find(place)
    assert [s.student.id for s in found.submissions] == ["3"]
    assert "too large: more than 1 MB" in said(found)
    many = [(f"a_1_{n}_{n}.ipynb", bytes(1 << 20)) for n in range(2, 9)]
    assert "too large" in said(find(make_zip(*many)))
    assert sum(p.stat().st_size for p in (tmp_path / "unpacked").rglob("*")) < 4 << 20
    with pytest.raises(ClassError, match=r"unpacked: expected at most 0\.0 GB"):
        find_submissions(
            make_zip(*((f"n_{n}_1_x.ipynb", bytes(1 << 20)) for n in range(9))),
            assignment, unpacked_to=tmp_path / "unpacked", most_bytes=2 << 20,
        )  # fmt: skip


def test_a_bomb_that_lies_about_its_size(make_zip, find, said) -> None:
    place = make_zip(("a_1_2_m5.ipynb", bytes(50 << 20)))
    patched(place, 22, 24, "<I", 10)
    assert "damaged in the zip" in said(find(place))


def test_too_many_files(make_zip, book, find, monkeypatch) -> None:
    place = make_zip(*((f"a_{n}_1_x.ipynb", b"") for n in range(50)))
    monkeypatch.setattr(class_zip, "_MOST_FILES", 40)
    with pytest.raises(ClassError, match="lists 50 files; expected at most 40"):
        find(place)
    monkeypatch.setattr(class_zip, "_MOST_AT_ONCE", 500)
    with pytest.raises(ClassError, match="lists too many files"):
        find(place)


def test_too_many_files_of_one_student(make_zip, book, find, said) -> None:
    place = make_zip(*((f"a_1_{n}_x.ipynb", book) for n in range(101)))
    assert "101 notebooks; at most 100" in said(find(place))


def test_damage(make_zip, book, find, tmp_path) -> None:
    raw = make_zip(("a_1_2_m5.ipynb", book)).read_bytes()
    for size in (4, 30, len(raw) // 2, len(raw) - 5):
        (tmp_path / "cut.zip").write_bytes(raw[:size])
        with pytest.raises(ClassError, match=r"is damaged|is not a zip"):
            find(tmp_path / "cut.zip")


def test_a_class_of_many_files_is_quick(make_zip, book, find) -> None:
    # Canvas' own names, a student's clutter beside them.
    place = make_zip(
        *((f"n_{n}_1_m5.ipynb", book) for n in range(300)),
        *((f"n_{n % 300}_{n}_data.csv", b"") for n in range(5_000)),
        compression=zipfile.ZIP_STORED,
    )
    start = time.monotonic()
    assert len(find(place).submissions) == 300
    assert time.monotonic() - start < 60  # quadratic would take many minutes


@settings(
    deadline=None,
    max_examples=60,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=30)
        | st.sampled_from(["../", "..\\", "/", "C:", "\x00", "con", ".", "a_1_2_", "ipynb"]),
        min_size=1, max_size=4,
    ).map("".join)
)  # fmt: skip
def test_any_name_stays_within_the_folder_of_copies(
    tmp_path: Path, assignment: Assignment, name: str
) -> None:
    place = tmp_path / "any.zip"
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr("good_1_1_m5.ipynb", b"{}")
        archive.writestr("best_2_2_m5.ipynb", b"{}")
        # zipfile cannot write a name that begins with NUL; another test makes one.
        archive.writestr(f"{name}.ipynb".lstrip("\0"), b"{}")
    before = snapshot(tmp_path)
    found = find_submissions(place, assignment, unpacked_to=tmp_path / "unpacked")
    assert snapshot(tmp_path) == before
    root = (tmp_path / "unpacked").resolve()
    assert all(s.path.resolve().is_relative_to(root) for s in found.submissions)
    assert all(str(problem).isprintable() for problem in found.problems)
    assert "2" in {s.student.id for s in found.submissions}
