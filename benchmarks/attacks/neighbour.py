"""What the benchmark has to know of a grader of another make."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tests.attacks.target import TINY

__all__ = ["EVERYWHERE", "PINS", "ROOT", "Neighbour", "Run", "environment", "quiet"]

ROOT = Path(__file__).resolve().parents[2]
# The questions that any grader can ask.
EVERYWHERE = tuple(item for item in TINY.items if item.everywhere)
PINS = ("otter-grader==7.0.0", "gradescope-utils==0.5.0", "nbconvert", "numpy", "ipykernel")

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """How a grader is started on a submission that lies in its place."""

    command: Sequence[str]
    cwd: Path
    outputs: Sequence[Path]
    uid: int = 0


class Neighbour(Protocol):
    """A grader: makes its form of the task once, then grades submissions."""

    name: str

    def prepare(self, template: Path, canary: str) -> None:
        """Make the instructor's side in an empty folder, with a secret in the hidden tests."""

    def file(self, root: Path) -> Path:
        """Return where a submission goes in a world."""

    def notebook(self, parts: JsonObject) -> JsonObject:
        """Put code into the form that students of this grader submit."""

    def run(self, root: Path) -> Run:
        """Return how the submission is graded."""

    def scores(self, outputs: Mapping[str, str]) -> dict[str, float] | None:
        """Read the points by item; None when there is no valid result."""


def environment() -> Path:
    """Make the virtual environment of the neighbours, unless it is there; return its Python."""
    folder = ROOT / "build" / "neighbours"
    stamp = folder / "installed.json"
    python = folder / "bin" / "python"
    with contextlib.suppress(OSError, ValueError):
        if json.loads(stamp.read_text()) == list(PINS):
            return python
    quiet([sys.executable, "-m", "venv", "--clear", str(folder)], ROOT)
    quiet([str(python), "-m", "pip", "install", "--quiet", *PINS], ROOT)
    stamp.write_text(json.dumps(PINS))
    return python


def quiet(command: Sequence[str], cwd: Path) -> None:
    """Run a command of the set-up; show its output only when it fails."""
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ["PATH"]])
    ended = subprocess.run(
        command, cwd=cwd, env={**os.environ, "PATH": path}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if ended.returncode:
        raise SystemExit(f"{' '.join(command)}:\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}")
