"""Clean what a student's cells printed and drew, before it is written into a notebook.

The messages of a kernel may have been written by the student's code: any structure, any size. What
comes out is one of nbformat's outputs that shows text, tables and pictures and runs nothing, in
JupyterLab, nbconvert and formgrader alike; nbconvert's HTML pages insert the data of a picture, for
one, as it is.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from mnist_course.grading.embedded_picture import PICTURE_TYPES, checked_picture
from mnist_course.grading.escaping import plain_text, visible_lines
from mnist_course.grading.redaction import redact
from mnist_course.grading.safe_html import clean_html

__all__ = ["OutputCleaner"]

_TEXT_LIMIT = 200_000  # characters of one output
_HTML_LIMIT = 2_000_000  # characters of all HTML of a notebook: cleaning it takes time
_MOST_OUTPUTS = 500  # of one cell
_MOST_LINES = 100  # of a traceback, from its end


class OutputCleaner:
    """Clean the outputs of one notebook, cell by cell."""

    def __init__(self) -> None:
        self._html_left = _HTML_LIMIT

    def clean(self, outputs: object) -> list[dict[str, Any]]:
        """Return the outputs of one cell, clean.

        Parameters
        ----------
        outputs : object
            Should be a list of nbformat's outputs; what is not one is left out.

        Returns
        -------
        list of dict
            Built-in types; valid in nbformat 4.5.
        """
        if not isinstance(outputs, Sequence) or isinstance(outputs, str | bytes):
            return []
        cleaned = [self._output(output) for output in outputs[:_MOST_OUTPUTS]]
        kept = [output for output in cleaned if output is not None]
        if len(outputs) > _MOST_OUTPUTS:
            kept.append(_stream(f"[{len(outputs) - _MOST_OUTPUTS:,} more outputs were left out]\n"))
        return kept

    def _output(self, output: object) -> dict[str, Any] | None:
        if not isinstance(output, Mapping):
            return None
        kind = output.get("output_type")
        if kind == "stream":
            name = "stderr" if output.get("name") == "stderr" else "stdout"
            return _stream(_lines(output.get("text")), name)
        if kind == "error":
            return _error(output)
        if kind not in ("display_data", "execute_result"):
            return None
        data = output.get("data")
        made = {
            "output_type": kind,
            "data": self._data(data if isinstance(data, Mapping) else {}),
            "metadata": {},
        }
        if kind == "execute_result":
            count = output.get("execution_count")
            made["execution_count"] = count if type(count) is int and 0 < count < 2**31 else None
        return made

    def _data(self, data: Mapping[Any, Any]) -> dict[str, str]:
        kept: dict[str, str] = {}
        for kind in PICTURE_TYPES:
            if kind in data and (picture := checked_picture(_joined(data[kind]), kind)):
                kept[kind] = picture
        if "text/html" in data and (table := self._html(_joined(data["text/html"]))):
            kept["text/html"] = table
        elif (
            "image/svg+xml" in data and not kept and (drawn := _svg(_joined(data["image/svg+xml"])))
        ):
            kept["text/html"] = drawn
        # Markdown and LaTeX can hold HTML and links that act: their text is shown as it is.
        written = next((data[k] for k in ("text/markdown", "text/latex") if k in data), None)
        text = _lines(data.get("text/plain") if written is None else written)
        if not text and not kept:
            kinds = ", ".join(plain_text(kind, limit=60) for kind in list(data)[:3])
            text = f"[an output of the type {kinds or 'unknown'} was left out]"
        if text:
            kept["text/plain"] = text
        return kept

    def _html(self, text: str) -> str:
        self._html_left -= len(text)
        if self._html_left < 0:
            return ""
        return redact(clean_html(visible_lines(text, limit=_HTML_LIMIT)) or "")


def _joined(value: object) -> str:
    """Return a text, which nbformat also keeps as a list of lines; empty for anything else."""
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return "".join(value)
    return value if isinstance(value, str) else ""


def _lines(value: object) -> str:
    return redact(visible_lines(_joined(value), limit=_TEXT_LIMIT))


def _stream(text: str, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def _error(output: Mapping[Any, Any]) -> dict[str, Any]:
    lines = output.get("traceback")
    lines = lines[-_MOST_LINES:] if isinstance(lines, list) else []
    told = visible_lines(
        "\n".join(line[:_TEXT_LIMIT] for line in lines if isinstance(line, str)), limit=_TEXT_LIMIT
    )
    return {
        "output_type": "error",
        "ename": redact(plain_text(_joined(output.get("ename")), limit=80)) or "Error",
        "evalue": redact(plain_text(_joined(output.get("evalue")))),
        "traceback": redact(told).split("\n") if told else [],
    }


def _svg(text: str) -> str:
    """Return a drawing as a picture: inside ``img`` a browser neither runs nor loads anything."""
    if not text or len(text) > _TEXT_LIMIT:
        return ""
    encoded = base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")
    source = f"data:image/svg+xml;base64,{encoded}"
    return f'<img alt="drawing" src="{source}">'
