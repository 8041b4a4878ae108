"""Outputs of any size are skipped, and nothing else is."""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mnist_course.exceptions import SubmissionError
from mnist_course.grading.notebook_outline import outline


class Pieces:
    """A file that gives as many bytes at a time as it likes."""

    def __init__(self, raw: bytes, sizes: Iterator[int]) -> None:
        self.file, self.sizes = io.BytesIO(raw), sizes

    def read(self, size: int, /) -> bytes:
        return self.file.read(next(self.sizes))


def expected(value: Any) -> Any:
    """What is left of a notebook, in a second and simpler way."""
    if isinstance(value, list):
        return [expected(v) for v in value]
    if not isinstance(value, dict):
        return value
    empty = {list: [], dict: {}, str: ""}
    return {
        k: empty.get(type(v), v) if k in ("outputs", "attachments", "widgets") else expected(v)
        for k, v in value.items()
    }


NOTEBOOK = {
    "cells": [
        {"source": 'outputs = "outputs": [1] \\" {', "outputs": [{"text": '"]}\\" \\\\', "b": []}]},
        {"source": ["outputs", ": [", "é中\U0001f600"], "outputs": [],
         "attachments": {"a": {"b": "}"}}},
        {"outputs": "text \\", "widgets": None, "source": 'x"'},
        {"outputs": 12, "attachments": True, "a": ["outputs"]},
        {"outputs": [[[[]]], {"x": {"y": [{}]}}, "outputs", 1e5], "end": "outputs"},
    ],
    "nbformat": 4,
}  # fmt: skip


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("escape", [True, False])
def test_what_is_left_is_what_is_graded(indent: int | None, escape: bool) -> None:
    raw = json.dumps(NOTEBOOK, indent=indent, ensure_ascii=escape).encode()
    wanted = expected(NOTEBOOK)
    assert json.loads(outline(io.BytesIO(raw))) == wanted
    for seed in range(30):  # wherever the file is cut into pieces
        shuffle = random.Random(seed)
        sizes = (shuffle.choice([1, 1, 2, 7, 50]) for _ in iter(int, 1))
        assert json.loads(outline(Pieces(raw, sizes))) == wanted


def test_other_keys_can_be_left_out() -> None:
    raw = b'{"outputs": [1], "attachments": [2]}'
    assert outline(io.BytesIO(raw), leave_out=frozenset({b'"outputs"'})) == (
        b'{"outputs": [], "attachments": [2]}'
    )


def test_a_key_written_with_escapes_is_kept_and_counted() -> None:
    raw = b'{"\\u006futputs": ["' + b"x" * 2000 + b'"]}'
    assert outline(io.BytesIO(raw)) == raw
    with pytest.raises(SubmissionError, match="even without its saved outputs"):
        outline(io.BytesIO(raw), most_kept=1000)


def test_limits() -> None:
    skipped = b'{"outputs": "' + b"x" * 100_000 + b'"}'
    assert outline(io.BytesIO(skipped), most_kept=100) == b'{"outputs": ""}'
    with pytest.raises(SubmissionError, match="larger than"):
        outline(io.BytesIO(skipped), most_bytes=50_000)
    with pytest.raises(SubmissionError, match="nested too deeply"):
        outline(io.BytesIO(b"[" * 61))
    with pytest.raises(SubmissionError, match="too many parts to be a notebook"):
        outline(io.BytesIO(b"[]" * 2_000_000))
    with pytest.raises(SubmissionError, match="outputs have too many parts"):
        outline(io.BytesIO(b'{"outputs": [' + b"[[1]]," * 6_000_000))
    deep = b'{"outputs": ' + b"[" * 500_000 + b"]" * 500_000 + b"}"
    assert outline(io.BytesIO(deep)) == b'{"outputs": []}'


MEASURE = """
import sys
from pathlib import Path
from mnist_course.grading.notebook_file import read

def peak():
    return next(int(line.split()[1]) / 1024 for line in open("/proc/self/status")
                if line.startswith("VmHWM"))

before = peak()
print(len(read(Path(sys.argv[1])).cells), peak() - before)
"""


@pytest.mark.parametrize("shape", ["one picture", "many pictures", "many lines"])
def test_200_megabytes_of_outputs_need_little_memory(tmp_path: Path, shape: str) -> None:
    count, output = {
        "one picture": (1, '{"data": {"image/png": "' + "iVBORw0K" * 25_000_000 + '"}}'),
        "many pictures": (100, '{"data": {"image/png": "' + "iVBORw0K" * 250_000 + '"}}'),
        "many lines": (100, '{"text": [' + ",".join(['"1/9 \\u001b[1m===\\n"'] * 95_000) + "]}"),
    }[shape]
    cell = f'{{"cell_type": "code", "source": "x = 1", "metadata": {{}}, "outputs": [{output}]}}'
    path = tmp_path / "large.ipynb"
    with path.open("w") as file:
        file.write('{"nbformat": 4, "cells": [' + cell)
        for _ in range(count - 1):
            file.write("," + cell)
        file.write("]}")
    del output, cell
    assert path.stat().st_size > 195_000_000
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)],
        capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    path.unlink()
    cells, more = done.stdout.split()
    assert int(cells) == count
    assert float(more) < 40  # MB
