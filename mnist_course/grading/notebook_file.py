"""Read the bytes of a submitted notebook as data, within limits of size, depth and number."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mnist_course.exceptions import SubmissionError
from mnist_course.grading.embedded_picture import PICTURE_TYPES, checked_picture
from mnist_course.grading.escaping import plain_text
from mnist_course.grading.notebook_outline import MAX_BYTES, NOT_GRADED, Readable, outline
from mnist_course.grading.submitted_zip import is_zip, open_member
from mnist_course.grading.untrusted_file import open_regular, shown_name

__all__ = [
    "MAX_BYTES",
    "MAX_CELLS",
    "SubmittedCell",
    "SubmittedNotebook",
    "open_notebook",
    "parse",
    "pasted_pictures",
    "read",
]

MAX_CELLS = 5_000
MAX_SOURCE = 4 << 20
# Where formats before 4 keep a cell's text, and what they call its type.
_OLD_TEXT = {"code": ("input", "code"), "text": ("text", "source")}
_OLD_TYPES = {
    "code": "code", "markdown": "markdown", "raw": "raw", "heading": "markdown",
    "html": "markdown", "text": "markdown", "rst": "raw",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SubmittedCell:
    """One cell as the student sent it: type, source, and the grade id it claims to have."""

    cell_type: str
    source: str
    claimed_id: str = ""


@dataclass(frozen=True, slots=True)
class SubmittedNotebook:
    """The cells of a submitted notebook, without outputs, tags or any other metadata."""

    cells: tuple[SubmittedCell, ...]
    repairs: tuple[str, ...] = ()


def read(path: Path) -> SubmittedNotebook:
    """Read a submitted notebook.

    Parameters
    ----------
    path : Path
        Any file, or a zip with one notebook in it; its name does not matter.

    Returns
    -------
    SubmittedNotebook

    Raises
    ------
    SubmissionError
        If it cannot be read as a notebook, in a sentence that a student may see.
    """
    with open_notebook(path) as file:
        return _read(file)


@contextlib.contextmanager
def open_notebook(path: Path) -> Iterator[Readable]:
    """Open a submitted notebook for reading, out of its zip if it is in one.

    Raises
    ------
    SubmissionError
        Here, or while it is read, in a sentence that a student may see.
    """
    with open_regular(path) as file:
        try:
            if is_zip(file):
                with open_member(file) as member:
                    yield member
            else:
                yield file
        except OSError as error:
            raise SubmissionError(
                f"{shown_name(path)} cannot be read ({error.strerror}). Submit it again."
            ) from error


def parse(raw: bytes) -> SubmittedNotebook:
    """Parse the bytes of a submitted notebook; raises ``SubmissionError`` as ``read`` does."""
    return _read(io.BytesIO(raw))


def pasted_pictures(path: Path) -> dict[str, dict[str, dict[str, str]]]:
    """Return the pictures that a student pasted into text cells.

    Parameters
    ----------
    path : Path
        As for ``read``.

    Returns
    -------
    dict
        Source of a Markdown cell to nbformat's attachments: name to type to base64. Empty when
        there are none, they are too large, or the file is no notebook of format 4.
    """
    try:
        with open_notebook(path) as file:
            cells = _json(outline(file, leave_out=NOT_GRADED - {b'"attachments"'})).get("cells")
    except SubmissionError:
        return {}
    found: dict[str, dict[str, dict[str, str]]] = {}
    for cell in cells[:MAX_CELLS] if type(cells) is list else []:
        if type(cell) is not dict or type(cell.get("attachments")) is not dict:
            continue
        source = _joined(cell.get("source"))
        if type(source) is str and (pictures := _pictures(cell["attachments"])):
            found.setdefault(source, pictures)
    return found


def _pictures(attachments: dict[str, Any]) -> dict[str, dict[str, str]]:
    checked = {
        plain_text(name, limit=200): {
            kind: picture
            for kind in PICTURE_TYPES
            if type(data) is dict
            and type(data.get(kind)) is str
            and (picture := checked_picture(data[kind], kind))
        }
        for name, data in attachments.items()
    }
    return {name: data for name, data in checked.items() if name and data}


def _read(file: Readable) -> SubmittedNotebook:
    top = _json(outline(file))
    repairs: tuple[str, ...] = ()
    major = top.get("nbformat")
    if type(major) is int and 1 <= major <= 3:
        top = _upgrade(top)
        repairs = (f"The notebook is in the old format {major}; it was read all the same.",)
    elif type(major) is bool or major != 4:
        shown = plain_text(major, limit=20) if type(major) in (int, float, str) else "unknown"
        raise SubmissionError(
            "The file does not say that it is a notebook "
            f"(nbformat {shown}; expected 4). Submit the .ipynb file that Jupyter saved."
        )
    cells = top.get("cells")
    if type(cells) is not list:
        raise SubmissionError("The notebook has no list of cells. Save it again in Jupyter.")
    if len(cells) > MAX_CELLS:
        raise SubmissionError(
            f"The notebook has {len(cells):,} cells; at most {MAX_CELLS:,} are read."
        )
    return SubmittedNotebook(tuple(_cells(cells)), repairs)


def _json(raw: bytes) -> dict[str, Any]:
    if not raw.strip():
        raise SubmissionError(
            "The file is empty. Save the notebook, check its size, and submit it again."
        )

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(items)
        if len(result) != len(items):
            raise SubmissionError("The notebook says one thing twice (a repeated key in its JSON).")
        return result

    try:
        top = json.loads(
            raw.decode(), object_pairs_hook=pairs, parse_constant=lambda _: None, parse_int=_integer
        )
    except SubmissionError:
        raise
    except (ValueError, RecursionError) as error:
        raise SubmissionError(
            "The file is not a notebook: it is not valid JSON. It may have been cut off while "
            "saving or downloading. Download it again as .ipynb and submit that."
        ) from error
    if type(top) is not dict:
        raise SubmissionError("The file is JSON but not a notebook. Submit the .ipynb file.")
    return top


def _integer(digits: str) -> int | None:
    """Read a number; none that is graded is longer, and Python refuses thousands of digits."""
    return int(digits) if len(digits) <= 20 else None


def _upgrade(top: dict[str, Any]) -> dict[str, Any]:
    """Return a notebook of format 1, 2 or 3 as one of format 4, cells only.

    ``nbformat.convert`` trusts its input and fails in many ways on anything else.
    """
    sheets = top.get("worksheets")
    # Format 1 has its cells at the top; the others have them in sheets.
    holders = [top] if top["nbformat"] == 1 and sheets is None else sheets
    cells: list[Any] = []
    for holder in holders if type(holders) is list else [None]:
        held = holder.get("cells") if type(holder) is dict else None
        if type(held) is not list:
            raise SubmissionError(
                f"The notebook is in the old format {top['nbformat']} and cannot be read. Open it "
                "in JupyterLab, save it, and submit it again."
            )
        cells += [_upgraded_cell(cell) for cell in held]
    return {"cells": cells}


def _upgraded_cell(cell: Any) -> Any:
    kind = cell.get("cell_type") if type(cell) is dict else None
    if type(kind) is not str or kind not in _OLD_TYPES:
        return None  # refused with its number, as any other that is no cell
    text: Any = next((cell[k] for k in (*_OLD_TEXT.get(kind, ()), "source") if k in cell), "")
    text = _joined(text)
    if kind == "heading" and type(text) is str:
        level = cell.get("level")
        signs = "#" * (level if type(level) is int and 1 <= level <= 6 else 1)
        text = f"{signs} {' '.join(text.splitlines())}"
    return {"cell_type": _OLD_TYPES[kind], "source": text, "metadata": cell.get("metadata")}


def _joined(source: Any) -> Any:
    """Return a text that was saved as a list of lines as one; anything else as it is."""
    if type(source) is list and all(type(line) is str for line in source):
        return "".join(source)
    return source


def _cells(cells: list[Any]) -> Iterator[SubmittedCell]:
    total = 0
    for number, cell in enumerate(cells, 1):
        kind = cell.get("cell_type") if isinstance(cell, dict) else None
        if kind not in ("code", "markdown", "raw"):
            raise SubmissionError(
                f"Cell {number} is not a notebook cell. Save it again in Jupyter."
            )
        source = _joined(cell.get("source", ""))
        if type(source) is not str:
            raise SubmissionError(f"Cell {number} has no text. Save the notebook again in Jupyter.")
        total += len(source)
        if total > MAX_SOURCE:
            raise SubmissionError(f"The cells hold more than {MAX_SOURCE >> 20} MB of text.")
        metadata = cell.get("metadata")
        known = metadata.get("nbgrader") if isinstance(metadata, dict) else None
        claimed = known.get("grade_id") if isinstance(known, dict) else None
        claimed = claimed[:200] if type(claimed) is str else ""
        # A lone surrogate can be written in JSON but not be sent to a kernel.
        source, claimed = (s.encode("utf-8", "replace").decode() for s in (source, claimed))
        yield SubmittedCell(kind, source, claimed)
