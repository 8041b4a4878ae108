"""The victim's world: the instructor's course, secrets of many kinds, another student's work."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tests.attacks.attack import Place, code_cell, notebook_of
from tests.attacks.target import NET, TINY, Item, Target

__all__ = ["KINDS", "World", "new_canaries", "source_notebook", "world"]

# What is secret, by the word in it.
KINDS = (
    "hidden",  # in the hidden tests
    "beside",  # in a file beside the instructor's notebook
    "environment",  # in the grader's environment
    "other",  # in another student's submission
    "results",  # in the results folder
    "home",  # in the instructor's home
    "git",  # in the course's repository
    "readable",  # in a file that everybody on the machine may read
)


@dataclass(frozen=True, slots=True)
class World:
    """A folder that holds everything; ``place`` is what attacks may know of it."""

    root: Path
    nonce: str
    canaries: dict[str, str] = field(default_factory=dict)
    port: int = 5555

    @property
    def course(self) -> Path:
        """The instructor's folder."""
        return self.root / "course"

    @property
    def home(self) -> Path:
        """The home of who runs the grader."""
        return self.root / "home"

    def place(self, file_name: str = "tiny.ipynb", who: str = "alice") -> Place:
        """Make a student's folders; return what an attack is told, with where its file lies."""
        for folder in ("submitted", "results"):
            (self.root / folder / who).mkdir(mode=0o700, exist_ok=True)
        file = self.root / "submitted" / who / file_name.replace("@NONCE@", self.nonce)
        return Place(self.root, file, self.root / "results" / who, self.nonce, self.port)

    @property
    def services(self) -> list[str]:
        """Unix sockets of other programs: one with a file, one without."""
        return [str(self.root / "service.sock"), f"@service-{self.nonce}"]


def source_notebook(
    canary: str, target: Target = TINY, *, items: tuple[Item, ...] | None = None
) -> dict[str, Any]:
    """Return the instructor's notebook, hidden tests included."""
    asked = target.items if items is None else items
    parts = {
        "first": "",
        "answers": {
            name: f"### BEGIN SOLUTION\n{code}\n### END SOLUTION" if code else ""
            for name, code in target.answers["honest"].items()
        },
        "last": "",
    }
    made = notebook_of(parts, target, items=asked)
    tests = made["cells"][-len(asked) :]
    for cell, item in zip(tests, asked, strict=True):
        cell["source"] = target.tests(item, canary=canary)
    return made


def new_canaries() -> dict[str, str]:
    """Return a new secret of each kind."""
    made = {kind: f"CANARY-{kind}-{secrets.token_hex(8)}" for kind in KINDS}
    # A hidden input of the function's tests, as an attack that is told it writes it.
    made["inputs"] = float(np.random.default_rng(11).normal(size=4)[0]).hex()
    return made


@contextmanager
def world(*, owner: int = 0, canaries: Mapping[str, str] | None = None) -> Iterator[World]:
    """Make a world for one attack and remove it afterwards.

    Parameters
    ----------
    owner : int
        User who grades: everything belongs to him, closed to others but for the one file that is
        meant to be readable.
    canaries : mapping, optional
        Secrets by kind; default: new ones.
    """
    nonce = secrets.token_hex(5)
    # Below a folder that others may pass through, as a course on a shared machine is.
    root = Path(tempfile.mkdtemp(prefix="attacked-", dir="/tmp"))
    try:
        known = dict(canaries or new_canaries())
        # What an attack says when it finds the name of a secret file in a command line.
        known["path"] = f"CANARY-path-{nonce}"
        made = World(root, nonce, known)
        _fill(made)
        if owner and os.geteuid() == 0:
            for path in (root, *root.rglob("*")):
                os.chown(path, owner, owner)
        yield made
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _fill(made: World) -> None:
    made.root.chmod(0o755)
    canary = made.canaries
    files = {
        "course/source/tiny/tiny.ipynb": json.dumps(source_notebook(canary["hidden"])),
        "course/source/net/net.ipynb": json.dumps(source_notebook(canary["hidden"], NET)),
        "course/source/tiny/answers.txt": f"answer == 1729 {canary['beside']}",
        "course/.git/config": f"[remote]\nurl = https://token:{canary['git']}@example.org/course",
        "submitted/bob/tiny.ipynb": json.dumps({"cells": [code_cell(f"'{canary['other']}'")]}),
        "results/bob/results.json": json.dumps({"score": 40, "output": canary["results"]}),
        "home/.ssh/id_ed25519": canary["home"],
        "home/.netrc": f"machine example.org password {canary['home']}",
    }
    for name, text in files.items():
        path = made.root / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o600)
    (made.home / ".ipython" / "profile_default" / "startup").mkdir(mode=0o700, parents=True)
    for folder in ("course", "submitted", "results", "home"):
        (made.root / folder).chmod(0o700)
    readable = made.root / "open" / "notes.txt"
    readable.parent.mkdir(mode=0o755)
    readable.write_text(canary["readable"])
    readable.parent.chmod(0o755)
    readable.chmod(0o644)
