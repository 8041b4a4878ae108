"""No cell is a formula, whatever separator the spreadsheet expects."""

from __future__ import annotations

import csv
import io
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_course.class_grading.exports.cells import number, own_text, safe_cell
from mnist_course.class_grading.exports.sheet import write_sheet

CASES = settings(deadline=None, max_examples=500, derandomize=True, database=None)
ODD = st.sampled_from(
    ["=", "+", "-", "@", "|", "%", "\t", "\r", "\n", ";", ",", '"', "'", " ", "\u00a0", "\u200b",
     "\ufeff", "＝", "＋", "－", "＠", "﹦", "﹢", "−", "“", "=cmd|' /C calc'!A0", "1", "a"]
)  # fmt: skip
TEXT = st.lists(ODD | st.text(max_size=5), max_size=8).map("".join)


def runs(cell: str) -> bool:
    """Tell, in another way than the code does, whether a spreadsheet may take it for a formula."""
    try:
        float(cell.replace(",", ".").rstrip("%"))
        return False
    except ValueError:
        pass
    if cell == "-" or cell.lstrip().startswith("'"):
        return False
    bare = "".join(c for c in cell if c.isalnum() or unicodedata.category(c)[0] in "PSM")
    bare = unicodedata.normalize("NFKC", bare).lstrip("\"'`“”‘’„‚‛‟«»‹›´")
    return bare[:1] in {"=", "+", "-", "@", "|", "%", "\u2212"}


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", " =1", '"=1', "“=1", "＝1", "＋1x", "－1x",
     "＠x", "\u200b=1", "\ufeff=1", "\u00a0@x", "|x", "%x", "−2x", "=", "-2+3+cmd|' /C calc'!A0",
     "x;=1;y", "x\n=1", "x,@y"],
)  # fmt: skip
def test_formulas_become_text(text) -> None:
    made = safe_cell(text)
    assert made != text and made.replace("'", "") == text.replace("'", "")
    assert not runs(made)
    assert safe_cell(made) == made


@pytest.mark.parametrize(
    "text",
    ["", "-", "-1.5", "+3", "12,5", "-7 %".replace(" ", ""), "Ada", "O'Neil", "a=b", "x - y", "7",
     "Participant 12", "10.00", "Doe, Jane", "'=1"],
)  # fmt: skip
def test_everything_else_stays(text) -> None:
    assert safe_cell(text) == text


@settings(CASES, max_examples=200)
@given(st.lists(st.lists(TEXT, min_size=2, max_size=3), min_size=1, max_size=3))
@pytest.mark.parametrize("bom", [True, False])
def test_no_separator_makes_a_formula(
    tmp_path_factory: pytest.TempPathFactory, bom: bool, rows: list[list[str]]
) -> None:
    path = Path(tmp_path_factory.getbasetemp()) / "cells.csv"
    # Every table begins with a name: with “-” there, another separator makes “-,...” of the row,
    # which is no formula, and which `runs` cannot tell from one.
    safe = [["Ada", *map(own_text, row)] for row in rows]
    raw = [["Ada", *(safe_cell(c.encode("utf-8", "replace").decode()) for c in r)] for r in rows]
    write_sheet(path, ["a", "b"], [*safe, *raw], bom=bom)
    text = path.read_bytes().decode("utf-8-sig")
    back = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert back[1:] == [*safe, *raw]
    assert not [c for row in back for c in row if c[:1] in {"\t", "\r", "\n"}]
    for delimiter in ",;\t":
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            assert not any(map(runs, row)), row


@CASES
@given(st.floats(0, 1e6, allow_nan=False))
def test_numbers_stay_numbers(value: float) -> None:
    assert float(number(value)) == pytest.approx(value, abs=1e-4)
    assert safe_cell(number(value)) == number(value)


def test_numbers_are_short() -> None:
    assert [number(v) for v in (59.999999999, 12.5, 0, 100, 1 / 3)] == [
        "60", "12.5", "0", "100", "0.3333"
    ]  # fmt: skip
