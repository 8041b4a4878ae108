"""A zip gives the bytes of its one notebook, or a sentence."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest

from mnist_course.exceptions import SubmissionError
from mnist_course.grading.notebook_file import SubmittedCell, read

CELL = {"cell_type": "code", "metadata": {}, "source": "x = 1", "outputs": []}
BOOK = json.dumps({"cells": [CELL], "metadata": {}, "nbformat": 4}).encode()
READ = (SubmittedCell("code", "x = 1"),)


def packed(*members: tuple[Any, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def member(name: str, mode: int = 0o100644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def handed_in(tmp_path: Path, raw: bytes) -> Any:
    path = tmp_path / "mine.zip"
    path.write_bytes(raw)
    return read(path).cells


def refused(tmp_path: Path, raw: bytes, words: str) -> None:
    with pytest.raises(SubmissionError, match=words) as caught:
        handed_in(tmp_path, raw)
    assert str(caught.value).isprintable() and len(str(caught.value)) < 600
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["mine.zip"]  # nothing was extracted


@pytest.mark.parametrize(
    "name",
    ["m5.ipynb", "folder/deep/m5.ipynb", "../../../evil.ipynb", "/etc/evil.ipynb", "C:\\x.ipynb",
     "M5.IPYNB", "m5.ipynb.txt", "\u202e\n.ipynb", "a" * 60_000 + ".ipynb"],
    ids=lambda n: repr(n[:20]),
)  # fmt: skip
@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_one_notebook_of_any_name(tmp_path: Path, name: str, compression: int) -> None:
    raw = packed((name, BOOK), ("data.csv", b"1,2"), compression=compression)
    assert handed_in(tmp_path, raw) == READ
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["mine.zip"]


def test_what_computers_add_is_not_meant(tmp_path: Path) -> None:
    raw = packed(
        ("m5.ipynb", BOOK),
        ("__MACOSX/._m5.ipynb", b"x"),
        (".ipynb_checkpoints/m5-checkpoint.ipynb", BOOK),
        ("folder.ipynb/", b""),
        (member("link.ipynb", 0o120777), b"/etc/passwd"),
    )
    assert handed_in(tmp_path, raw) == READ


def test_a_zip_under_another_name(tmp_path: Path) -> None:
    path = tmp_path / "m5.ipynb"
    path.write_bytes(packed(("m5.ipynb", BOOK)))
    assert read(path).cells == READ


def test_what_is_not_one_notebook_is_refused(tmp_path: Path) -> None:
    inner = packed(("m5.ipynb", BOOK))
    refused(tmp_path, packed(), "holds no notebook")
    refused(tmp_path, packed(("a.txt", b"")), r"holds no notebook; expected one \(found “a.txt”\)")
    refused(tmp_path, packed(("inner.zip", inner)), "holds no notebook.*inner.zip")
    refused(tmp_path, packed((member("a.ipynb", 0o120777), b"/etc/passwd")), "no notebook")
    refused(tmp_path, packed(("a.ipynb", BOOK), ("b.ipynb", BOOK)), "holds 2 notebooks.*“a.ipynb”")
    many = packed(*((f"{n}<b>.ipynb", BOOK) for n in range(30)))
    refused(tmp_path, many, "holds 30 notebooks.*25 more")
    refused(tmp_path, packed(("m5.ipynb", inner)), "not text in UTF-8|not valid JSON")
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = packed(("a.ipynb", BOOK), ("a.ipynb", BOOK))
    refused(tmp_path, twice, "holds 2 notebooks")


def test_bombs(tmp_path: Path) -> None:
    zeros = bytes(300 << 20)
    refused(tmp_path, packed(("m5.ipynb", zeros)), "has 315 MB; at most 268 MB")
    raw = bytearray(packed(("m5.ipynb", zeros)))
    at = raw.index(b"PK\x01\x02")
    struct.pack_into("<I", raw, at + 24, 1000)  # says that it is small
    refused(tmp_path, bytes(raw), "damaged|not valid JSON")
    refused(tmp_path, packed(("m5.ipynb", b" " * (100 << 20))), "more than 17 MB")
    output = b'{"nbformat": 4, "cells": [], "outputs": "' + b"x" * (200 << 20) + b'"}'
    assert handed_in(tmp_path, packed(("m5.ipynb", output))) == ()
    crowd = packed(*((f"{n:05}", b"") for n in range(50_000)), compression=zipfile.ZIP_STORED)
    refused(tmp_path, crowd, "holds too many files")


def test_encrypted_or_packed_in_another_way(tmp_path: Path) -> None:
    raw = bytearray(packed(("m5.ipynb", BOOK)))
    raw[6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    refused(tmp_path, bytes(raw), "encrypted")
    for compression in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        refused(tmp_path, packed(("m5.ipynb", BOOK), compression=compression), "packed in a way")


def test_damage(tmp_path: Path) -> None:
    raw = packed(("m5.ipynb", BOOK))
    for size in range(4, len(raw), 7):
        refused(tmp_path, raw[:size], "zip is damaged")
    wrong_sum = bytearray(raw)
    wrong_sum[raw.index(b"PK\x01\x02") + 16] ^= 1
    refused(tmp_path, bytes(wrong_sum), "notebook in the zip is damaged")
    other_name = raw.replace(b"m5.ipynb", b"m6.ipynb", 1)
    refused(tmp_path, other_name, "notebook in the zip is damaged")
