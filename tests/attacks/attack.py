"""What an attack is: data, from which a submission is built."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.attacks.target import TINY, Item, Target

__all__ = [
    "AIMS",
    "ALL",
    "METADATA",
    "NOTEBOOKS",
    "OURS",
    "Attack",
    "Place",
    "code_cell",
    "notebook_of",
]

ALL = frozenset({"ours", "nbgrader", "otter", "gradescope-utils"})
OURS = frozenset({"ours"})
# Graders that read a notebook and run its cells in Jupyter.
NOTEBOOKS = frozenset({"ours", "nbgrader", "otter"})

# What an attack can gain.
AIMS = {
    "points": "an item has more points than its answer earns",
    "leak": "a secret came back in something that the student can see",
    "mark": "a file was written, changed or removed outside the scratch folder",
    "no verdict": "the submission has no valid result",
    "left behind": "a process, a file, memory or a listening socket outlived the grade",
    "harm": "another process of the machine was stopped",
    "contact": "another program's socket was reached",
    "injection": "markup, commands or formulas arrived unescaped where they would be run",
}

# In every attack: `say` brings words out in each way that a student could see.
_PRELUDE = '''
import os, re, sys, pathlib
def say(*found):
    """Bring words out: printed, backwards and as hexadecimal digits."""
    for text in map(str, found):
        print(text, text[::-1], text.encode("utf-8", "replace").hex())
def hunt(*patterns, limit=1 << 20):
    """Say every secret in the files that match."""
    import glob
    for pattern in patterns:
        for name in glob.glob(pattern, recursive=True, include_hidden=True):
            try:
                with open(name, "rb") as file:
                    data = file.read(limit)
            except (OSError, ValueError):
                continue
            for secret in set(re.findall(rb"CANARY-[a-z]+-[0-9a-f]+", data)):
                say(secret.decode())
                globals()["words"] = secret.decode()
'''

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an attack happens: what a student could know or guess of the machine."""

    root: Path
    submission: Path
    results: Path
    nonce: str
    port: int

    def fill(self, text: str) -> str:
        """Put the place's names into an attack's code."""
        names = {"ROOT": self.root, "NONCE": self.nonce, "PORT": self.port}
        for name, value in names.items():
            text = text.replace(f"@{name}@", str(value))
        return text


Rewrite = Callable[[JsonObject, Place], "JsonObject | bytes"]


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack.

    Parameters
    ----------
    name, family : str
    after : str
        What it wants, in words.
    aims : frozenset of str
        Which of ``AIMS`` would be a success. The runner looks for all of them all the same.
    first, last : str
        Code before the answers, and after them.
    answers : mapping
        Answer cells that take the place of those of ``base``, by item.
    base : str
        Set of answers; more points than it earns are a gain.
    keeps : tuple of str
        Items that must keep the points which ``base`` earns: the attack costs itself, no more.
    needs : tuple of str
        Layers of which one is enough to stop it. Where none is active, the grade must say so.
    graders : frozenset of str
        To which graders it applies.
    rewrite : callable, optional
        Turns the notebook into what is submitted.
    prepare : callable, optional
        Puts files beside the submission, or something else in its place.
    cell_seconds, deadline : float
    then_honest : bool
        Grade an honest submission afterwards, in the same world: it must keep all its points.
    file_name : str
        How the submitted file is called.
    target : Target
        The assignment. What needs Keras has ``NET``.
    """

    name: str
    family: str
    after: str
    aims: frozenset[str]
    first: str = ""
    last: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    base: str = "wrong"
    keeps: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    graders: frozenset[str] = ALL
    rewrite: Rewrite | None = None
    prepare: Callable[[Place], None] | None = None
    cell_seconds: float = 20.0
    deadline: float = 80.0
    then_honest: bool = False
    file_name: str = "tiny.ipynb"
    target: Target = TINY

    def __post_init__(self) -> None:
        unknown = self.aims - AIMS.keys()
        if unknown or not self.aims or not self.graders <= ALL:
            raise ValueError(f"{self.name}: aims {sorted(unknown)}, graders {sorted(self.graders)}")

    def cells(self, place: Place) -> JsonObject:
        """Return code by role: ``first``, the answers by item, ``last``."""
        answers = {**self.target.answers[self.base], **self.answers}
        first = _PRELUDE + self.first if self.first or self.last or self.answers else ""
        return {
            "first": place.fill(first),
            "answers": {name: place.fill(code) for name, code in answers.items()},
            "last": place.fill(self.last),
        }

    def submission(
        self, place: Place, notebook: Callable[[JsonObject], JsonObject] | None = None
    ) -> bytes:
        """Return the submitted notebook.

        Parameters
        ----------
        place : Place
        notebook : callable, optional
            Puts the code into a grader's own form of notebook; default: ``notebook_of``.
        """
        parts = self.cells(place)
        made: JsonObject | bytes = notebook(parts) if notebook else notebook_of(parts, self.target)
        if self.rewrite is not None:
            assert isinstance(made, dict)
            made = self.rewrite(made, place)
        return made if isinstance(made, bytes) else json.dumps(made).encode()


METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "file_extension": ".py", "nbconvert_exporter": "python"},
}


def code_cell(source: str, grade_id: str = "", **known: Any) -> JsonObject:
    """Return a code cell; a ``grade_id`` makes it one of nbgrader's."""
    metadata: JsonObject = {}
    if grade_id:
        flags = {"grade": False, "solution": False, "locked": False, "task": False}
        metadata["nbgrader"] = {"grade_id": grade_id, "schema_version": 3} | flags | known
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": metadata,
        "outputs": [],
        "source": source,
    }


def notebook_of(
    parts: JsonObject, target: Target = TINY, *, items: tuple[Item, ...] | None = None
) -> JsonObject:
    """Return a student's notebook: the released cells with the answers in their places."""
    asked = target.items if items is None else items
    cells = [code_cell(target.given, f"{target.id}-data", locked=True)]
    if parts["first"]:
        cells.append(code_cell(parts["first"]))
    for item in asked:
        if parts["answers"][item.name]:
            name = f"{target.id}-answer-{item.name}"
            cells.append(code_cell(parts["answers"][item.name], name, solution=True))
    if parts["last"]:
        cells.append(code_cell(parts["last"]))
    for item in asked:
        known = {"grade": True, "locked": True, "points": item.points}
        cells.append(code_cell(target.tests(item), target.grade_id(item), **known))
    return {
        "cells": [{**c, "id": f"cell-{n}"} for n, c in enumerate(cells)],
        "metadata": dict(METADATA),
        "nbformat": 4,
        "nbformat_minor": 5,
    }
