"""A tiny assignment, and notebooks and zips as students and platforms make them."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from mnist_course.class_grading.intake import Found, find_submissions
from mnist_course.grading.assignment import Assignment, AssignmentCell

Zip = Callable[..., Path]
Finder = Callable[..., Found]


@pytest.fixture
def assignment() -> Assignment:
    cell = AssignmentCell(0, "code", "# m5-sum (4 points)", "m5-sum", 4.0, grade=True, locked=True)
    return Assignment("m5", (cell,))


@pytest.fixture
def book() -> bytes:
    cell = {"cell_type": "code", "metadata": {}, "source": "# m5-sum (4 points)", "outputs": []}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4}).encode()


@pytest.fixture
def make_zip(tmp_path: Path) -> Zip:
    """Return a function that writes a zip; a mode makes a member a link, a device, ..."""

    def make(
        *members: tuple[str, bytes] | tuple[str, bytes, int],
        name: str = "class.zip",
        compression: int = zipfile.ZIP_DEFLATED,
    ) -> Path:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", compression) as archive:
            for member, content, *mode in members:
                info = zipfile.ZipInfo(member)
                info.compress_type = compression
                info.external_attr = (mode[0] if mode else stat.S_IFREG | 0o644) << 16
                archive.writestr(info, content)
        path = tmp_path / name
        path.write_bytes(buffer.getvalue())
        return path

    return make


@pytest.fixture
def find(tmp_path: Path, assignment: Assignment) -> Finder:
    """Return `find_submissions` for the tiny assignment; copies go beside everything else."""

    def find(place: Path, **options: object) -> Found:
        return find_submissions(place, assignment, unpacked_to=tmp_path / "unpacked", **options)  # type: ignore[arg-type]

    return find


@pytest.fixture
def said() -> Callable[[Found], str]:
    """Return a function that gives all problems as lines."""
    return lambda found: "\n".join(map(str, found.problems))
