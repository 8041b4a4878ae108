"""The pinned versions install on the oldest Python that Gradescope's image may have."""

from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parent.parent
PINS = [
    line.strip().split("==")
    for line in (ROOT / "requirements.txt").read_text().splitlines()
    if "==" in line and not line.startswith("#")
]


@pytest.mark.parametrize(("name", "version"), PINS, ids=[name for name, _ in PINS])
def test_pin_is_installed_and_runs_on_python_3_11_0(name: str, version: str) -> None:
    installed = distribution(name)
    assert installed.version == version, "run: make setup"
    needs = installed.metadata.get("Requires-Python")
    assert needs is None or SpecifierSet(needs).contains("3.11.0"), needs
