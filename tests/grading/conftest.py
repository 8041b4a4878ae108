"""Made-up assignments with their submissions, as files."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.grading.forked import forks  # noqa: F401 - used by every test


def make_cell(kind: str, source: str, grade_id: str = "", **known: Any) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": source}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    if grade_id:
        flags = {"grade": False, "solution": False, "locked": False, "task": False}
        cell["metadata"]["nbgrader"] = {"grade_id": grade_id, "schema_version": 3} | flags | known
    return cell


def make_notebook(cells: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


@pytest.fixture
def cell() -> Callable[..., dict[str, Any]]:
    """Make a cell of a notebook: kind, source, grade id, nbgrader's flags."""
    return make_cell


@pytest.fixture
def graded_cell() -> Callable[..., dict[str, Any]]:
    """Make a grade cell of tests whose header names its id with its points."""

    def make(grade_id: str, points: float, body: str) -> dict[str, Any]:
        source = f"# {grade_id} ({points:g} points)\n{body}"
        return make_cell("code", source, grade_id, grade=True, locked=True, points=points)

    return make


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    """Write cells as a notebook file and return its path."""

    def write(name: str, cells: Sequence[dict[str, Any]]) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(make_notebook(cells)), encoding="utf-8")
        return path

    return write


@pytest.fixture
def browse(tmp_path: Path) -> Callable[[str], str]:
    """Load a page in a real Chromium, scripts on, network off; return its document afterwards."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("Chromium is not installed")

    def load(html: str) -> str:
        page = tmp_path / "page.html"
        page.write_text(html, encoding="utf-8")
        with tempfile.TemporaryDirectory() as profile:
            done = subprocess.run(
                [
                    program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
                    "--no-first-run", "--disable-background-networking", "--disable-sync",
                    "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND",
                    f"--user-data-dir={profile}", "--virtual-time-budget=3000", "--dump-dom",
                    page.as_uri(),
                ],
                capture_output=True, text=True, timeout=120, check=True,
            )  # fmt: skip
        return done.stdout

    return load
