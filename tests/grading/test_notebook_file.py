"""Whatever a student hands in: cells, or a sentence."""

from __future__ import annotations

import base64
import json
import os
import socket
from pathlib import Path
from typing import Any

import nbformat
import pytest

from mnist_course.exceptions import SubmissionError
from mnist_course.grading import notebook_file
from mnist_course.grading.notebook_file import SubmittedCell, parse, pasted_pictures, read

CODE = {"cell_type": "code", "metadata": {}, "source": "x = 1", "outputs": []}


def book(*cells: Any, **top: Any) -> bytes:
    return json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4, **top}).encode()


def refused(raw: bytes, words: str) -> None:
    with pytest.raises(SubmissionError, match=words) as caught:
        parse(raw)
    text = str(caught.value)
    assert text[0].isupper() and text.endswith((".", "?")) and len(text) < 400
    assert text.isprintable()


def test_a_notebook_as_data() -> None:
    cells = parse(
        book(
            {**CODE, "source": ["a\n", "b"], "metadata": {"tags": ["skip-execution"]}},
            {"cell_type": "markdown", "source": "# Text"},
            {**CODE, "metadata": {"nbgrader": {"grade_id": "m5-x", "points": 1e9, "grade": True}}},
            {**CODE, "metadata": {"nbgrader": {"grade_id": ["m5-x"]}}},
            {**CODE, "metadata": [1]},
        )
    ).cells
    assert cells == (
        SubmittedCell("code", "a\nb"),
        SubmittedCell("markdown", "# Text"),
        SubmittedCell("code", "x = 1", "m5-x"),
        SubmittedCell("code", "x = 1"),
        SubmittedCell("code", "x = 1"),
    )


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "is empty"),
        (b" \n\t ", "is empty"),
        (b"print('hello')", "not valid JSON"),
        (b"%PDF-1.7", "not valid JSON"),
        (b"PK\x03\x04\xff\xfe", "not text in UTF-8"),
        (book(CODE)[:-10], "cut off"),
        (book(CODE)[:40], "cut off"),
        (b"\xff\xfe{}\xd8", "UTF-8"),
        (b"\xff\xfe\x00\x00{\x00\x00\x00", "not valid JSON"),
        (b'{"a": "' + b"x" * 1_048_569 + b"\xc3\xa9\xc3", "byte 1048578"),
        (b'{"a": "' + b"x" * 1_048_569 + b"\xff", "byte 1048576"),
        (b"[]", "not a notebook"),
        (b"3", "not a notebook"),
        (b"null", "not a notebook"),
        (b"{}", "does not say"),
        (b'{"nbformat": 4}', "no list of cells"),
        (b'{"nbformat": 4, "cells": {}}', "no list of cells"),
        (book(CODE, nbformat=5), "does not say"),
        (book(CODE, nbformat="4"), "does not say"),
        (book(CODE, nbformat=True), "does not say"),
        (book(CODE, nbformat="\u202e\ud800\x1b[31m"), "does not say"),
        (book(CODE, nbformat=[4] * 10_000), "does not say"),
        (book(7), "Cell 1 is not"),
        (book(CODE, {**CODE, "cell_type": "heading"}), "Cell 2 is not"),
        (book({**CODE, "cell_type": ["code"]}), "Cell 1 is not"),
        (book({**CODE, "source": 7}), "Cell 1 has no text"),
        (book({**CODE, "source": ["a", 7]}), "Cell 1 has no text"),
        (b'{"nbformat": 4, "nbformat": 4, "cells": []}', "says one thing twice"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"[" * 1_000_000, "nested too deeply"),
        (b'{"nbformat": ' + b"9" * 10_000 + b"}", "does not say"),
        (b'{"cells": [], "outputs": [', "cut off"),
        (b'{"cells": [], "outputs": "abc', "cut off"),
        (b'{"cells": [], "outputs": ]', "cut off"),
        (b'{"nbformat": 1}', "old format 1"),
        (b'{"nbformat": 2, "worksheets": [[]]}', "old format 2"),
        (b'{"nbformat": 4, "cells": [], "a": ' + b"9" * 20_000_000, "more than 17 MB"),
        (b'{"nbformat": 3}', "old format 3"),
        (b'{"nbformat": 3, "worksheets": 5}', "old format 3"),
        (b'{"nbformat": 3, "worksheets": [{"cells": [{"cell_type": 3}]}]}', "Cell 1 is not"),
        (
            b'{"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code", "input": 3}]}]}',
            "Cell 1 has no text",
        ),
    ],
    ids=lambda v: repr(v[:25]) if isinstance(v, bytes) else None,
)
def test_what_is_no_notebook_gets_a_sentence(raw: bytes, words: str) -> None:
    refused(raw, words)


def test_a_byte_order_mark_is_no_mistake() -> None:
    assert parse(b"\xef\xbb\xbf" + book(CODE)).cells == (SubmittedCell("code", "x = 1"),)


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_utf_16_with_its_mark_is_read(order: str) -> None:
    raw = book({**CODE, "source": "é = '中'"}).decode().encode(order)
    mark = "\ufeff".encode(order)
    assert parse(mark + raw).cells == (SubmittedCell("code", "é = '中'"),)


def test_nan_in_metadata_costs_nothing() -> None:
    raw = book(CODE).replace(b'"metadata": {}', b'"metadata": {"score": NaN, "b": -Infinity}')
    assert len(parse(raw).cells) == 1


def test_brackets_in_strings_are_not_depth() -> None:
    source = "[" * 500 + '"\\' + "{" * 500
    assert parse(book({**CODE, "source": source})).cells[0].source == source


def test_lone_surrogates_become_question_marks() -> None:
    claimed = {"nbgrader": {"grade_id": "m5-\udc00"}}
    (cell,) = parse(book({**CODE, "source": "s = '\ud800'", "metadata": claimed})).cells
    assert cell == SubmittedCell("code", "s = '?'", "m5-?")


def test_older_formats_are_read_as_nbformat_reads_them() -> None:
    second = nbformat.v2.new_notebook(
        worksheets=[nbformat.v2.new_worksheet(cells=[nbformat.v2.new_code_cell("x = 1")])]
    )
    first = nbformat.v1.new_notebook(
        cells=[nbformat.v1.new_code_cell("x = 1"), nbformat.v1.new_text_cell("Text")]
    )
    assert parse(json.dumps(second).encode()).cells == (SubmittedCell("code", "x = 1"),)
    old = parse(json.dumps({**first, "nbformat": 1}).encode())
    assert old.cells == (SubmittedCell("code", "x = 1"), SubmittedCell("markdown", "Text"))
    third = nbformat.v3.new_notebook(
        worksheets=[
            nbformat.v3.new_worksheet(
                cells=[
                    nbformat.v3.new_heading_cell("Numbers"),
                    nbformat.v3.new_text_cell("html", "<b>bold</b>"),
                    nbformat.v3.new_code_cell("x = 1", metadata={"nbgrader": {"grade_id": "m5-x"}}),
                ]
            )
        ]
    )
    cells = parse(nbformat.v3.nbjson.writes(third).encode()).cells
    wanted = nbformat.convert(third, 4).cells
    assert [(c.cell_type, c.source) for c in cells] == [(c.cell_type, c.source) for c in wanted]
    assert cells[2].claimed_id == "m5-x"


def test_format_3_is_upgraded() -> None:
    old = nbformat.v3.new_notebook(
        worksheets=[
            nbformat.v3.new_worksheet(
                cells=[
                    nbformat.v3.new_code_cell("x = 1", collapsed=False),
                    nbformat.v3.new_text_cell("markdown", "Text"),
                ]
            )
        ]
    )
    submitted = parse(nbformat.v3.nbjson.writes(old).encode())
    assert submitted.cells == (SubmittedCell("code", "x = 1"), SubmittedCell("markdown", "Text"))
    assert "format 3" in submitted.repairs[0]


def test_too_many_cells() -> None:
    small = {"cell_type": "code", "source": ""}
    assert len(parse(book(*[small] * notebook_file.MAX_CELLS)).cells) == notebook_file.MAX_CELLS
    refused(book(*[small] * 100_000), "100,000 cells")


def test_too_much_text() -> None:
    refused(book({**CODE, "source": "x" * (notebook_file.MAX_SOURCE + 1)}), "more than 4 MB")


def test_a_large_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    large = tmp_path / "large.ipynb"
    with large.open("wb") as file:
        file.truncate(10 << 40)  # sparse
    with pytest.raises(SubmissionError, match="more than 17 MB even without its saved outputs"):
        read(large)


def test_a_pasted_picture_is_kept_for_a_person(tmp_path: Path) -> None:
    png = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(30)).decode()
    attachments = {
        "curve.png": {"image/png": png, "text/html": "<script>"},
        "fake.png": {"image/png": '"><script>alert(1)</script>'},
        "other.png": {"image/png": base64.b64encode(b"no picture").decode()},
        "list.png": {"image/png": [png]},
        "none.png": None,
    }
    path = tmp_path / "a.ipynb"
    path.write_bytes(
        book(
            {"cell_type": "markdown", "source": ["A ", "curve"], "attachments": attachments},
            {"cell_type": "markdown", "source": "Nothing", "attachments": {}},
            {"cell_type": "markdown", "source": 7, "attachments": attachments},
            7,
        )
    )
    assert pasted_pictures(path) == {"A curve": {"curve.png": {"image/png": png}}}
    path.write_bytes(b"no notebook")
    assert pasted_pictures(path) == {}


def test_a_name_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "Copy of m5 (1) ä\nb.txt"
    path.write_bytes(book(CODE))
    assert read(path).cells == (SubmittedCell("code", "x = 1"),)


def test_only_a_plain_file_is_read(tmp_path: Path) -> None:
    real = tmp_path / "real.ipynb"
    real.write_bytes(book(CODE))
    link = tmp_path / "link.ipynb"
    link.symlink_to(real)
    with pytest.raises(SubmissionError, match="is a link"):
        read(link)
    with pytest.raises(SubmissionError, match=r"no file missing\.ipynb"):
        read(tmp_path / "missing.ipynb")
    with pytest.raises(SubmissionError, match="is not a file"):
        read(tmp_path)
    fifo = tmp_path / "fifo.ipynb"
    os.mkfifo(fifo)
    with pytest.raises(SubmissionError, match="is not a file"):
        read(fifo)
    with pytest.raises(SubmissionError, match="is not a file"):
        read(Path("/dev/zero"))
    with pytest.raises(SubmissionError, match="no file a"):
        read(Path(os.fsdecode(b"a\xffb\nc")))
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket.ipynb"))
        with pytest.raises(SubmissionError, match="cannot be opened"):
            read(tmp_path / "socket.ipynb")
    for odd in ("x" * 300, "\ud800.ipynb", "nul\0.ipynb"):
        with pytest.raises(SubmissionError, match="cannot be opened"):
            read(tmp_path / odd)


@pytest.mark.parametrize(
    "name", ["x" * 255, "\u202egpj.ipynb", "a\n\x1b[31m.ipynb", "[red]x[red]", "-rf"]
)
def test_odd_names_of_good_files(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(book(CODE))
    assert len(read(tmp_path / name).cells) == 1
    (tmp_path / name).write_bytes(b"[]")
    with pytest.raises(SubmissionError):
        read(tmp_path / name)
