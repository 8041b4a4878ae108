"""Find what must not reach students in a notebook that is about to be released.

The rules read files and change nothing. They read the markers of solutions and hidden tests more
leniently than nbgrader does: ``### BEGIN HIDDEN TEST`` means nothing to nbgrader, which would give
the tests away without a word.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

from mnist_course.grading.assignment import header_id

__all__ = ["Problem", "cells_of", "check_release", "check_source", "label"]

_EXACT = re.compile(r"\s*### (BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)\s*")
# A whole line that means to be a marker, and the words that nbgrader looks for anywhere in a line.
_MEANT = re.compile(
    r"\W*(?P<edge>begin|end)[\s_-]*(?:solution|hidden[\s_-]*test|mark(?:ing)?[\s_-]*scheme)s?\W*",
    re.IGNORECASE,
)
_TAKEN = re.compile(r"(?P<edge>BEGIN|END) (?:SOLUTION|HIDDEN TESTS|MARK SCHEME)")
_SUSPECT = re.compile(r"\s*#+\s*(?:BEGIN|END)\b.*")  # "### BEGIN SOLTUION"
_SECRET_LETTERS = 6  # a line with fewer letters and digits ("else:", "pass") gives nothing away


@dataclass(frozen=True, slots=True)
class Problem:
    """A reason not to release.

    Parameters
    ----------
    file : str
        Path from the root of the course, with slashes.
    cell : str
        Grade id of the cell, ``cell 3`` for one without, empty for the file as a whole.
    sentence : str
        What is wrong, and what to do.
    """

    file: str
    cell: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}{f' [{self.cell}]' if self.cell else ''}: {self.sentence}"


def cells_of(content: bytes) -> list[dict[str, Any]]:
    """Return the cells of a notebook's bytes, none when they are not a notebook."""
    try:
        cells = json.loads(content).get("cells", [])
    except (ValueError, AttributeError):
        return []
    return [cell for cell in cells if isinstance(cell, dict)]


def label(cell: Mapping[str, Any], number: int) -> str:
    """Return the grade id of a cell, or its number counted from 1."""
    return str(_known(cell).get("grade_id") or f"cell {number}")


def check_source(folder: Path, *, name: str) -> Iterator[Problem]:
    """Report the rules of authoring that ``source/<id>/`` breaks.

    Parameters
    ----------
    folder : Path
        ``source/<id>``, with the notebook ``<id>.ipynb``.
    name : str
        How to call the folder in a report.

    Yields
    ------
    Problem
    """
    file = f"{name}/{folder.name}.ipynb"
    for other in sorted(folder.rglob("*.ipynb")):
        relative = other.relative_to(folder).as_posix()
        if ".ipynb_checkpoints" not in relative and relative != f"{folder.name}.ipynb":
            yield Problem(
                f"{name}/{relative}",
                "",
                f"An assignment is one notebook, {file}; nbgrader would release this one too. "
                "Move it away.",
            )
    cells = cells_of((folder / f"{folder.name}.ipynb").read_bytes())
    if not cells:
        yield Problem(file, "", "This is not a notebook with cells. Restore it.")
    grade_ids, cell_ids = _Once("grade id"), _Once("cell id")
    for number, cell in enumerate(cells, start=1):
        where = label(cell, number)
        for sentence in (
            *grade_ids.check(_known(cell).get("grade_id", "")),
            *cell_ids.check(cell.get("id", "")),
            *_saved_outputs(cell),
            *_markers(cell),
            *_grade_cell(cell),
        ):
            yield Problem(file, where, sentence)
        if not cell.get("id"):
            yield Problem(file, where, "The cell has no id. Save the notebook as nbformat 4.5.")


def check_release(folder: Path, source: Path, *, name: str) -> Iterator[Problem]:
    """Report what ``release/<id>/`` gives away, or what cannot run there.

    Parameters
    ----------
    folder : Path
        The released tree; a missing one has no problems here.
    source : Path
        The instructor's notebook that it was made from.
    name : str
        How to call the folder in a report.

    Yields
    ------
    Problem
    """
    secret, visible = _split(cells_of(source.read_bytes()))
    released = folder / source.name
    texts = ""
    if released.is_file():
        content = released.read_bytes()
        cells = cells_of(content)
        texts = "\n".join(_source(cell) for cell in cells)
        for number, cell in enumerate(cells, start=1):
            where = label(cell, number)
            found = (
                *_leaks("\n".join(_strings(cell)), secret, visible),
                *_saved_outputs(cell),
                *_markers(cell, released=True),
                *_syntax(cell),
            )
            for sentence in found:
                yield Problem(f"{name}/{source.name}", where, sentence)
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p != released):
        relative = path.relative_to(folder).as_posix()
        text = path.read_bytes().decode("utf-8", errors="ignore")
        for sentence in _leaks(text, secret, visible):
            yield Problem(f"{name}/{relative}", "", sentence)
        if path.name not in texts:
            yield Problem(
                f"{name}/{relative}",
                "",
                "No released cell mentions this file, yet students would get it. Move it out of "
                "source/, name it in a cell, or add it to CourseDirectory.ignore in "
                "nbgrader_config.py.",
            )


class _Once:
    """Remember names, to report the second use of one."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._seen: set[str] = set()

    def check(self, name: str) -> Iterator[str]:
        if name and name in self._seen:
            yield f"The {self._kind} {name!r} is used twice. Give each cell its own."
        self._seen.add(name)


def _known(cell: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return nbgrader's metadata of a cell."""
    known = cell.get("metadata", {}).get("nbgrader", {})
    return known if isinstance(known, Mapping) else {}


def _source(cell: Mapping[str, Any]) -> str:
    source = cell.get("source", "")
    return "".join(source) if isinstance(source, list) else str(source)


def _strings(value: object) -> Iterator[str]:
    """Yield every text in a piece of JSON: sources, metadata, attachments, outputs."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from _strings(item)
    elif isinstance(value, Sequence):
        if all(isinstance(item, str) for item in value):
            yield "".join(value)  # nbformat keeps a text as a list of its lines
        else:
            for item in value:
                yield from _strings(item)


def _plain(line: str) -> str:
    return " ".join(line.split())


def _edge(line: str) -> str:
    """Return ``begin`` or ``end`` for a line that marks, or means to mark, a region."""
    match = _MEANT.fullmatch(line) or _TAKEN.search(line)
    return match["edge"].lower() if match else ""


def _split(cells: Sequence[Mapping[str, Any]]) -> tuple[dict[str, str], str]:
    """Return the lines to keep from students, each with its cell, and all the text they may see."""
    secret: dict[str, str] = {}
    visible: list[str] = []
    for number, cell in enumerate(cells, start=1):
        lines = _source(cell).split("\n")
        answer = bool(_known(cell).get("solution")) and not any(map(_edge, lines))
        inside = answer  # without a region, nbgrader replaces the whole cell
        for line in lines:
            edge = _edge(line)
            if edge:
                inside = edge == "begin"
            elif not inside:
                visible.append(_plain(line))
            elif sum(map(str.isalnum, line)) >= _SECRET_LETTERS:
                secret.setdefault(_plain(line), label(cell, number))
    return secret, "\n".join(visible)


def _leaks(text: str, secret: Mapping[str, str], visible: str) -> Iterator[str]:
    shown = "\n".join(map(_plain, text.split("\n")))
    for line, where in secret.items():
        if line in shown and line not in visible:
            yield (
                f"Students would read a line that {where} keeps from them: {line!r}. "
                "Correct the markers in the source."
            )


def _saved_outputs(cell: Mapping[str, Any]) -> Iterator[str]:
    if cell.get("outputs"):
        yield "The cell has saved outputs. Clear all outputs before saving."
    if cell.get("execution_count") is not None:
        yield "The cell has an execution count. Clear all outputs before saving."


def _markers(cell: Mapping[str, Any], *, released: bool = False) -> Iterator[str]:
    """Report markers that nbgrader would misread, in a released cell any marker at all."""
    opened = ""
    for line in _source(cell).split("\n"):
        edge = _edge(line)
        if released and edge:
            yield f"A marker is left: {line.strip()!r}. Correct the markers in the source."
        elif not edge:
            if cell.get("cell_type") == "code" and _SUSPECT.fullmatch(line):
                yield f"{line.strip()!r} looks like a marker, but nbgrader knows none of that name."
        elif not _EXACT.fullmatch(line):
            yield (
                f"{line.strip()!r} is almost a marker. Write '### BEGIN SOLUTION', "
                "'### BEGIN HIDDEN TESTS' or '### BEGIN MARK SCHEME' (END ...) on its own line."
            )
        else:
            kind = line.split(maxsplit=2)[2].strip()
            if edge == "begin" and opened:
                yield f"BEGIN {kind} stands inside {opened}. End that region first."
            if edge == "end" and opened != kind:
                yield f"END {kind} has no BEGIN {kind}. nbgrader would drop it without a word."
            opened = kind if edge == "begin" else ""
    if opened:
        yield f"BEGIN {opened} has no END {opened}."


def _grade_cell(cell: Mapping[str, Any]) -> Iterator[str]:
    """Report a header that contradicts the metadata, and tests that fail without a word."""
    known, source = _known(cell), _source(cell)
    if not known.get("grade"):
        return
    grade_id, points = str(known.get("grade_id")), float(known.get("points") or 0)
    first = source.split("\n", 1)[0]
    automatic = cell.get("cell_type") == "code" and not known.get("solution")
    header = header_id(first)
    if header != (grade_id, points) and (automatic or header is not None):
        yield (
            f"The first line must be '# {grade_id} ({points:g} points)', got {first!r}: "
            "it tells students the points and finds the cell again when metadata is lost."
        )
    tree = _parse(source) if automatic else None
    if isinstance(tree, str):
        yield tree
    for node in ast.walk(tree) if isinstance(tree, ast.AST) else ():
        if isinstance(node, ast.Assert) and node.msg is None:
            yield (
                f"Line {node.lineno}: assert without a message; students would see a bare "
                "AssertionError. Say what was seen and what to do next."
            )


def _syntax(cell: Mapping[str, Any]) -> Iterator[str]:
    if cell.get("cell_type") == "code":
        tree = _parse(_source(cell))
        if isinstance(tree, str):
            yield f"{tree} A solution needs a statement beside it that runs without it."


def _parse(source: str) -> ast.AST | str:
    """Return the tree of a cell's Python, magics included, or a sentence on why there is none."""
    code = TransformerManager().transform_cell(source)  # type: ignore[no-untyped-call]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", SyntaxWarning)
            warnings.simplefilter("error", DeprecationWarning)  # what 3.11 calls an invalid escape
            flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            tree: ast.AST = compile(code, "<cell>", "exec", flags=flags, dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        return f"The cell is not valid Python: {error}."
    return tree
