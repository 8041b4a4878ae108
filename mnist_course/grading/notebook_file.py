"""Read the bytes of a submitted notebook as data, within limits of size, depth and number."""

from __future__ import annotations

import json
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mnist_course.exceptions import SubmissionError

__all__ = ["MAX_BYTES", "MAX_CELLS", "SubmittedCell", "SubmittedNotebook", "parse", "read"]

MAX_BYTES = 20 << 20
MAX_CELLS = 5_000
MAX_SOURCE = 4 << 20
_MAX_DEPTH = 60
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")
_CLEAR = "In Jupyter: Edit > Clear Outputs of All Cells, save, and submit again."


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
        Any file; its name does not matter.

    Returns
    -------
    SubmittedNotebook

    Raises
    ------
    SubmissionError
        If it cannot be read as a notebook, in a sentence that a student may see.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    # A file's name is the student's text, too, and may not even be text.
    name = "".join(c if c.isprintable() else "?" for c in path.name)[:80]
    try:
        fd = os.open(path, flags)
    except FileNotFoundError as error:
        raise SubmissionError(f"There is no file {name}. Check the name.") from error
    except OSError as error:
        raise SubmissionError(f"{name} cannot be opened ({error.strerror}).") from error
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):  # a folder could not even be wrapped in a file object
        os.close(fd)
        raise SubmissionError(f"{name} is not a file. Submit the .ipynb file itself.")
    with os.fdopen(fd, "rb") as file:
        if status.st_size > MAX_BYTES:
            raise SubmissionError(
                f"The notebook has {status.st_size / 1e6:.0f} MB; at most {MAX_BYTES / 1e6:.0f} MB "
                f"are graded. The space is taken by saved outputs. {_CLEAR}"
            )
        return parse(file.read(MAX_BYTES + 1))


def parse(raw: bytes) -> SubmittedNotebook:
    """Parse the bytes of a submitted notebook; raises ``SubmissionError`` as ``read`` does."""
    if len(raw) > MAX_BYTES:
        raise SubmissionError(f"The notebook is larger than {MAX_BYTES / 1e6:.0f} MB. {_CLEAR}")
    if not raw.strip():
        raise SubmissionError(
            "The file is empty. Save the notebook, check its size, and submit it again."
        )
    top = _json(raw)
    del raw
    repairs: list[str] = []
    major = top.get("nbformat")
    if major == 3:
        top = _upgrade(top)
        repairs.append("The notebook was saved in the old format 3; it was upgraded to format 4.")
    elif major != 4:
        raise SubmissionError(
            "The file does not say that it is a notebook "
            f"(nbformat {str(major)[:20]}; expected 4). Submit the .ipynb file that Jupyter saved."
        )
    cells = top.get("cells")
    if type(cells) is not list:
        raise SubmissionError("The notebook has no list of cells. Save it again in Jupyter.")
    if len(cells) > MAX_CELLS:
        raise SubmissionError(
            f"The notebook has {len(cells):,} cells; at most {MAX_CELLS:,} are read."
        )
    return SubmittedNotebook(tuple(_cells(cells)), tuple(repairs))


def _json(raw: bytes) -> dict[str, Any]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SubmissionError(
            f"The file is not text in UTF-8 (byte {error.start}), so it is not a notebook. "
            "Submit the .ipynb file that Jupyter saved."
        ) from error
    depth = 0
    for match in _BRACKET.finditer(_STRING.sub(b"", raw)):
        depth += 1 if match[0] in b"[{" else -1
        if depth > _MAX_DEPTH:
            raise SubmissionError("The file is nested too deeply to be a notebook.")

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(items)
        if len(result) != len(items):
            raise SubmissionError("The notebook says one thing twice (a repeated key in its JSON).")
        return result

    try:
        top = json.loads(text, object_pairs_hook=pairs, parse_constant=lambda _: None)
    except SubmissionError:
        raise
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise SubmissionError(
            f"The file is not a notebook: it is not valid JSON{where}. It may have been cut off "
            "while saving or downloading. Download it again as .ipynb and submit that."
        ) from error
    if type(top) is not dict:
        raise SubmissionError("The file is JSON but not a notebook. Submit the .ipynb file.")
    return top


def _upgrade(top: dict[str, Any]) -> dict[str, Any]:
    import nbformat

    try:
        notebook: Any = nbformat.convert(nbformat.from_dict(top), 4)  # type: ignore[no-untyped-call]
    except Exception as error:
        # nbformat's converters trust their input and fail in many ways on anything else.
        raise SubmissionError(
            "The notebook is in the old format 3 and cannot be upgraded. Open it in JupyterLab, "
            "save it, and submit it again."
        ) from error
    return dict(notebook)


def _cells(cells: list[Any]) -> list[SubmittedCell]:
    result: list[SubmittedCell] = []
    total = 0
    for number, cell in enumerate(cells, 1):
        kind = cell.get("cell_type") if isinstance(cell, dict) else None
        if kind not in ("code", "markdown", "raw"):
            raise SubmissionError(
                f"Cell {number} is not a notebook cell. Save it again in Jupyter."
            )
        source = cell.get("source", "")
        if type(source) is list and all(type(line) is str for line in source):
            source = "".join(source)
        if type(source) is not str:
            raise SubmissionError(f"Cell {number} has no text. Save the notebook again in Jupyter.")
        total += len(source)
        if total > MAX_SOURCE:
            raise SubmissionError(f"The cells hold more than {MAX_SOURCE >> 20} MB of text.")
        metadata = cell.get("metadata")
        known = metadata.get("nbgrader") if isinstance(metadata, dict) else None
        claimed = known.get("grade_id") if isinstance(known, dict) else None
        claimed = claimed if type(claimed) is str else ""
        # A lone surrogate can be written in JSON but not be sent to a kernel.
        source, claimed = (s.encode("utf-8", "replace").decode() for s in (source, claimed))
        result.append(SubmittedCell(kind, source, claimed))
    return result
