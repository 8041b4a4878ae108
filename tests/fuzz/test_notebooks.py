"""Any bytes as a submitted notebook: cells, or a sentence."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_course.exceptions import SubmissionError
from mnist_course.grading.assignment import Assignment, AssignmentCell
from mnist_course.grading.notebook_file import SubmittedNotebook, parse
from mnist_course.grading.notebook_outline import outline
from mnist_course.grading.submission import align
from mnist_course.grading.submitted_zip import is_zip, open_member
from tests.fuzz.cases import CASES, FEW, damaged

METADATA = {
    "nbgrader": {"grade_id": "m5-a", "points": 5, "grade": True},
    "tags": ["skip-execution"],
}
NOTEBOOK: dict[str, Any] = {
    "cells": [
        {"cell_type": "markdown", "source": ["# Title\n", "Text"], "metadata": {},
         "attachments": {"a.png": {"image/png": "iVBORw0KGgo="}}},
        {"cell_type": "code", "source": "x = 'é\ud83d\ude00\\\"'", "metadata": METADATA, "id": "a",
         "execution_count": 1, "outputs": [{"output_type": "stream", "text": ["[{\n", '"]}\\']}]},
        {"cell_type": "code", "source": "# m5-a (5 points)\nassert x", "outputs": []},
    ],
    "metadata": {"widgets": {"state": {}}, "n": float("nan")}, "nbformat": 4, "nbformat_minor": 5,
}  # fmt: skip
OLD_CELLS = [{"cell_type": "code", "input": ["x"]}, {"cell_type": "heading", "source": "T"}]
OLD = {"nbformat": 3, "worksheets": [{"cells": OLD_CELLS}]}
RAW = json.dumps(NOTEBOOK).encode()
WORDS = (
    b'"outputs"', b'"outputs": [', b'"attachments":{', b'"widgets"', b'"cells"', b'"source"',
    b'"metadata"', b'"cell_type"', b'"nbformat": 3', b'"worksheets"', b"[", b"]", b"{", b"}", b'"',
    b"\\", b"\\u", b"\\ud800", b",", b":", b"NaN", b"-Infinity", b"1e999", b"9" * 5000, b"[" * 99,
    b"\xef\xbb\xbf", b"\xff\xfe", b"\xff", b"\0", b"null", b"true",
)  # fmt: skip
ASSIGNMENT = Assignment(
    "m5",
    (
        AssignmentCell(0, "code", "data = [1, 2]", "m5-data", locked=True),
        AssignmentCell(1, "code", "x = ...", "m5-x", solution=True),
        AssignmentCell(
            2, "code", "# m5-a (5 points)\nassert x", "m5-a", 5, grade=True, locked=True
        ),
        AssignmentCell(3, "markdown", "Why?", "m5-why", 5, grade=True, solution=True),
    ),
)


def check(raw: bytes) -> SubmittedNotebook | None:
    """Read bytes; a refusal is a sentence that can be shown."""
    try:
        submitted = parse(raw)
    except SubmissionError as error:
        words = str(error)
        assert words.isprintable() and len(words) < 500 and words.endswith((".", "?")), words
        return None
    for cell in submitted.cells:
        assert cell.cell_type in ("code", "markdown", "raw")
        for text in (cell.source, cell.claimed_id):
            assert type(text) is str
            text.encode()
    return submitted


@CASES
@given(st.binary(max_size=200))
def test_any_bytes(raw: bytes) -> None:
    check(raw)
    check(b'{"nbformat": 4, "cells": [' + raw)


@CASES
@given(damaged(RAW, WORDS) | damaged(json.dumps(OLD).encode(), WORDS))
def test_damaged_notebooks(raw: bytes) -> None:
    check(raw)


names = st.sampled_from(
    ["cells", "cell_type", "source", "input", "outputs", "metadata", "nbgrader", "grade_id", "tags",
     "nbformat", "worksheets", "attachments", "points", "text", "level"]
)  # fmt: skip
leaves = (
    st.none() | st.booleans() | st.integers() | st.floats()
    | st.sampled_from(["code", "markdown", "raw", "heading", "m5-a", "m5-x", "# m5-a (5 points)"])
    | st.text(st.characters(codec=None), max_size=8)
)  # fmt: skip
anything = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names | st.text(max_size=3), inner),
    max_leaves=20,
)
cells = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.sampled_from(["code", "markdown", "raw"]) | anything,
        "source": st.text(max_size=20) | st.lists(st.text(max_size=5), max_size=3) | anything,
        "metadata": st.just(METADATA) | anything,
        "outputs": anything,
    },
)
notebooks = st.fixed_dictionaries(
    {"nbformat": st.sampled_from([4, 4, 4, 3, 2, 1, 5, True]) | anything},
    optional={
        "cells": st.lists(cells, max_size=4) | anything,
        "worksheets": st.lists(st.fixed_dictionaries({"cells": st.lists(cells, max_size=3)}))
        | anything,
        "metadata": anything,
        "outputs": anything,
    },
)


@CASES
@given(notebooks | anything)
def test_structures(top: Any) -> None:
    submitted = check(json.dumps(top).encode())
    if submitted is not None and top["nbformat"] == 4:
        # The same cells as a plain parser sees, outputs and all.
        seen = [cell.get("source", "") for cell in top["cells"]]
        texts = ["".join(s) if isinstance(s, list) else s for s in seen]
        wanted = [t.encode("utf-8", "replace").decode() for t in texts]
        assert [cell.source for cell in submitted.cells] == wanted


class Pieces:
    """A file that gives as many bytes at a time as it likes."""

    def __init__(self, raw: bytes, sizes: Iterator[int]) -> None:
        self.file, self.sizes = io.BytesIO(raw), sizes

    def read(self, size: int, /) -> bytes:
        return self.file.read(next(self.sizes, 1))


@CASES
@given(damaged(RAW, WORDS), st.lists(st.integers(1, 30)))
def test_pieces_make_no_difference(raw: bytes, sizes: list[int]) -> None:
    def outcome(file: Any) -> object:
        try:
            return outline(file)
        except SubmissionError as error:
            return str(error)

    assert outcome(Pieces(raw, iter(sizes))) == outcome(io.BytesIO(raw))


@FEW
@given(st.lists(cells, max_size=8).map(lambda c: {"nbformat": 4, "cells": c}))
def test_alignment(top: dict[str, Any]) -> None:
    try:
        aligned = align(json.dumps(top).encode(), ASSIGNMENT)
    except SubmissionError as error:
        assert str(error).isprintable()
        return
    ids = [cell.grade_id for cell in aligned.cells]
    assert {"m5-a", "m5-why"} <= set(ids)
    for cell in aligned.cells:
        if cell.original is not None and cell.original.is_grade_cell:
            assert not cell.runs and cell.source == cell.original.source
        if cell.original is not None and cell.original.is_given:
            assert cell.source == "data = [1, 2]" and cell.runs
    assert all(repair.isprintable() for repair in aligned.repairs)


def zipped(compression: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        archive.writestr("folder/", b"")
        archive.writestr("folder/m5.ipynb", RAW)
        archive.writestr("é.csv", b"1,2,3")
        archive.comment = b"a comment"
    return buffer.getvalue()


ZIP_WORDS = (
    b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"\xff\xff\xff\xff",
    b"\xff\xff", b"\0\0\0\0", b".ipynb", b"../", b"\0", b"\xff",
)  # fmt: skip
DEFLATED = zipped(zipfile.ZIP_DEFLATED)
STORED = zipped(zipfile.ZIP_STORED)


@CASES
@given(damaged(DEFLATED, ZIP_WORDS) | damaged(STORED, ZIP_WORDS))
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_damaged_zips(raw: bytes) -> None:
    file = io.BytesIO(raw)
    if not is_zip(file):
        check(raw)
        return
    try:
        with open_member(file) as member:
            read = outline(member)
    except SubmissionError as error:
        words = str(error)
        assert words.isprintable() and len(words) < 800, words
        return
    assert check(read) is None or parse(read).cells == parse(RAW).cells
