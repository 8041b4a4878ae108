"""The submission of a student who did everything right, and what edits make of it."""

from __future__ import annotations

import copy
import difflib
import json
import re
from collections.abc import Iterable
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from mnist_course.exceptions import ProofError
from mnist_course.proof.proof import Edit

__all__ = ["as_bytes", "edited", "reference", "reseeded"]

_MARKER = re.compile(r"[ \t]*### (BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)[ \t]*")


def reference(source: Path) -> NotebookNode:
    """Return the instructor's notebook as if a student had written its solutions.

    Parameters
    ----------
    source : Path
        ``source/<id>/<id>.ipynb``.

    Returns
    -------
    NotebookNode
        With the solutions, without markers, hidden tests, mark schemes and outputs.

    Raises
    ------
    ProofError
        If the file is no notebook.
    """
    try:
        notebook: NotebookNode = nbformat.read(source, 4)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, nbformat.ValidationError) as error:
        raise ProofError(f"{source.name} cannot be read as a notebook: {error}") from error
    for cell in notebook.cells:
        cell.source = _answered(cell.source)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def _answered(source: str) -> str:
    """Keep the solutions, drop what students never see."""
    kept, hidden = [], False
    for line in source.split("\n"):
        marker = _MARKER.fullmatch(line)
        if marker is None:
            if not hidden:
                kept.append(line)
        elif marker[2] != "SOLUTION":
            hidden = marker[1] == "BEGIN"
    return "\n".join(kept)


def reseeded(notebook: NotebookNode, seeded: Iterable[str], seed: int) -> NotebookNode:
    """Return a copy that uses another seed.

    Parameters
    ----------
    notebook : NotebookNode
        A reference submission, written with seed 0.
    seeded : iterable of str
        Texts such as ``SEED = {}``; see ``Proof``.
    seed : int
        What comes in place of 0.

    Raises
    ------
    ProofError
        If one of the texts is nowhere, so that every seed would be the same one.
    """
    changed = copy.deepcopy(notebook)
    for text in seeded:
        before, after = map(re.escape, text.split("{}"))
        pattern = re.compile(rf"(?<!\w){before}0(?![\w.]){after}")
        new = text.replace("{}", str(seed)).replace("\\", r"\\")
        found = 0
        for cell in changed.cells:
            if cell.cell_type == "code" and not _is_graded(cell):
                cell.source, count = pattern.subn(new, cell.source)
                found += count
        if not found:
            raise ProofError(
                f"no cell holds {text.replace('{}', '0')!r}, which the proof names as the place of "
                "the seed. Write it into the set-up cell, or correct `seeded` in the proof."
            )
    return changed


def edited(notebook: NotebookNode, edits: Iterable[Edit], *, by: str) -> NotebookNode:
    """Return a copy with edits applied, in order.

    Parameters
    ----------
    notebook : NotebookNode
        A reference submission.
    edits : iterable of Edit
    by : str
        Whose edits these are, for the error.

    Raises
    ------
    ProofError
        If a cell is not there, is one that the grader puts back, or does not hold an edit's old
        text exactly once, or if nothing has changed at the end.
    """
    changed = copy.deepcopy(notebook)
    cells = {cell["id"]: cell for cell in changed.cells}
    for edit in edits:
        cell = cells.get(edit.cell)
        if cell is None:
            close = difflib.get_close_matches(edit.cell, cells, n=3)
            raise ProofError(
                f"{by}: there is no cell {edit.cell!r}. "
                + (f"There are {', '.join(close)}." if close else "Give the cell's id.")
            )
        if _is_restored(cell):
            raise ProofError(
                f"{by}: the grader runs its own copy of {edit.cell!r}, so this edit would change "
                "nothing. Edit a cell that students write."
            )
        if edit.old is None:
            cell.source = edit.new
            continue
        count = cell.source.count(edit.old)
        if count != 1:
            raise ProofError(
                f"{by}: cell {edit.cell!r} of the reference holds {edit.old!r} {count} times, "
                "expected once. Give a longer or a corrected text."
            )
        cell.source = cell.source.replace(edit.old, edit.new)
    if changed == notebook:
        raise ProofError(f"{by}: the edits change nothing in the end")
    return changed


def as_bytes(notebook: NotebookNode) -> bytes:
    """Return a notebook as a file's content, the same bytes for the same cells."""
    text = json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False)
    return text.encode() + b"\n"


def _nbgrader(cell: NotebookNode) -> dict[str, object]:
    return dict(cell.metadata.get("nbgrader", {}))


def _is_graded(cell: NotebookNode) -> bool:
    known = _nbgrader(cell)
    return bool(known.get("grade")) and not known.get("solution")


def _is_restored(cell: NotebookNode) -> bool:
    known = _nbgrader(cell)
    return bool(known.get("locked")) and not known.get("solution")
