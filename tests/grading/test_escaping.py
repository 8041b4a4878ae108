"""Text of a student is shown, and does nothing else."""

from __future__ import annotations

import csv
import io
import logging
import sys
import unicodedata

import pytest

from mnist_course.grading import escaping
from mnist_course.grading.escaping import (
    VisibleFormatter,
    csv_cell,
    markdown_text,
    plain_text,
    student_text,
    visible_lines,
)

ALLOWED = {"\n", "\t", "\u200c", "\u200d"}


def test_no_character_of_unicode_that_hides_or_commands_is_left() -> None:
    forbidden = {"Cc", "Cf", "Cs", "Co"}
    everything = "".join(map(chr, range(sys.maxunicode + 1)))
    shown = visible_lines(everything, limit=len(everything))
    left = {c for c in shown if unicodedata.category(c) in forbidden} - ALLOWED
    assert left == set()
    # Letters, digits and signs of every language stay.
    kept = {c for c in everything if unicodedata.category(c)[0] in "LNPS"}
    assert kept <= set(shown)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\r\nb\rc", "a\nc"),
        ("1/2\r2/2\r\nend", "2/2\nend"),
        ("\x1b[2J\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]52;c;ZXZpbA==\x07x", "x"),
        ("\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\", "click"),
        ("\x9b31mred", "red"),
        ("\x90payload\x9cx", "x"),
        ("\x1bPq#0\x1b\\x", "x"),
        ("\x1b]0;never ends", "0;never ends"),
        ("\x1b\x1b[0m[31mx", "[31mx"),
        ("a\u202eb\u2066c\u200b\ufeffd", "abcd"),
        ("a\u2028b\u0085c", "a\nb\nc"),
        ("\ud800\ue000", "\ufffd\ufffd"),
        ("e" + "\u0301" * 50, "e" + "\u0301" * 3),
        ("tab\there", "tab\there"),
    ],
    ids=repr,
)
def test_visible_lines_of(text: str, shown: str) -> None:
    assert visible_lines(text, limit=1000) == shown


def test_endless_text_is_cut_from_its_middle() -> None:
    text = "begin" + "x" * 5_000_000 + "end"
    shown = visible_lines(text, limit=1000)
    assert len(shown) < 1100 and shown.startswith("begin") and shown.endswith("end")
    assert "[4,999,008 characters were left out]" in shown
    assert len(plain_text(text)) == escaping.DEFAULT_LIMIT
    assert len(csv_cell("=" + text)) <= escaping.DEFAULT_LIMIT + 1


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-2+3+cmd|' /C calc'!A0", "'-2+3+cmd|' /C calc'!A0"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\t=1+1", "'=1+1"),
        ("\r\n=1+1", "'=1+1"),
        ("\u202e=1", "'=1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("'=1+1", "'=1+1"),
        ("%0A", "'%0A"),
        ("two\nlines;=1", "two lines;=1"),
        ("\x1b[31mred\0", "red"),
        ("", ""),
        (None, ""),
        (-1.5, "-1.5"),
        (12, "12"),
        (True, "True"),
        (float("nan"), "nan"),
        (["=1"], "['=1']"),
    ],
    ids=repr,
)
def test_csv_cell_of(value: object, cell: str) -> None:
    assert csv_cell(value) == cell


def test_a_number_of_any_size_is_a_cell() -> None:
    assert len(csv_cell(10**5000)) < 100


def test_quoted_cells_stay_one_field_whatever_the_separator() -> None:
    buffer = io.StringIO()
    cells = ['a";=1+1', "b,=2", "c\t=3"]
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerow(map(csv_cell, cells))
    for separator in ",;\t":
        (row,) = csv.reader([buffer.getvalue().strip()], delimiter=separator)
        assert not any(field.startswith(("=", "'=")) for field in row)


def test_what_is_logged_cannot_command_the_terminal() -> None:
    record = logging.LogRecord(
        "x", logging.WARNING, "f.py", 1, "the name %s", ("\x1b]0;owned\x07\u202e\ud800",), None
    )
    assert VisibleFormatter("%(message)s").format(record) == "the name \ufffd"
    try:
        raise ValueError("\x1b[31mred")
    except ValueError:
        record.exc_info = sys.exc_info()
    shown = VisibleFormatter("%(message)s").format(record)
    assert shown.endswith("ValueError: red") and "Traceback" in shown


def test_what_students_read_holds_no_path_of_this_machine() -> None:
    path = f"{sys.prefix}/lib/x.py"
    assert student_text(f"File {path}") == "File <python>/lib/x.py"
    assert sys.prefix not in markdown_text(path)
    assert plain_text(path) == path  # staff see it
    assert len(student_text(f"{path} " * 1000, limit=50)) <= 50
