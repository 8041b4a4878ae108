"""Shorten a notebook's JSON while it is read: what nobody grades is left out.

Saved outputs make notebooks large, up to hundreds of megabytes, and none of them is graded. They
are skipped here in pieces, so that memory is needed for what is kept only. ``ijson``, the usual
streaming parser, was measured instead and does not fit: it builds every string whole (one picture
of 200 MB took 110 s and 412 MB) and refuses the ``NaN`` that Jupyter writes.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Protocol

from mnist_course.exceptions import SubmissionError

__all__ = ["MAX_BYTES", "MAX_KEPT", "NOT_GRADED", "Readable", "outline"]

MAX_BYTES = 256 << 20
MAX_KEPT = 16 << 20
NOT_GRADED = frozenset({b'"outputs"', b'"attachments"', b'"widgets"'})
_MAX_DEPTH = 60
_MOST_KEPT = 3_000_000  # strings, brackets and what lies between them: bounds memory, too
_MOST_SKIPPED = 10_000_000  # brackets: bounds time
_CHUNK = 1 << 20
_CLEAR = "In Jupyter: Edit > Clear Outputs of All Cells, save, and submit again."

# Python 3.11.0 to 3.11.4 forget where a possessive group began when a repetition in it matches and
# what follows does not (cpython issue 106052). So none of those here can fail behind a repetition,
# and pairs and strings are counted instead: that bounds what the usual repetition remembers.
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_TOKEN = re.compile(_STRING + rb'|[\[\]{}]|[^"\[\]{}]++', re.DOTALL)
_TO_QUOTE = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_TO_BRACKET = re.compile(
    rb'[^"\[\]{}]*+(?:(?:' + _STRING + rb'|\[\]|\{\})[^"\[\]{}]*+){0,9999}', re.DOTALL
)  # with whole strings and empty pairs on the way
_QUOTE, _OPENING, _CLOSING = ord('"'), b"[{", b"]}"


class Readable(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, none at the end."""


def outline(
    file: Readable,
    *,
    leave_out: frozenset[bytes] = NOT_GRADED,
    most_bytes: int = MAX_BYTES,
    most_kept: int = MAX_KEPT,
) -> bytes:
    """Return the JSON of a file without the values of some keys.

    Parameters
    ----------
    file : readable
        UTF-8, with or without a byte order mark, or UTF-16 with one.
    leave_out : frozenset of bytes
        Keys as they stand in JSON, quotes included. Their values become empty.
    most_bytes, most_kept : int
        Bytes that are read, and bytes that are returned.

    Returns
    -------
    bytes
        UTF-8, nested at most 60 levels deep. It is JSON if the file is; of what was left out only
        strings and brackets were looked at.

    Raises
    ------
    SubmissionError
        If the file is not text, is too large or too deep, in a sentence for the student.
    """
    return _Outline(_utf8(file, most_bytes), leave_out, most_kept).run()


def _utf8(file: Readable, most: int) -> Iterator[bytes]:
    """Yield a text file in pieces of checked UTF-8."""
    raw = file.read(_CHUNK)
    while len(raw) < len(codecs.BOM_UTF8) and (more := file.read(_CHUNK)):
        raw += more  # a file may give less than it was asked for
    wide = raw[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    decoder = codecs.getincrementaldecoder("utf-16" if wide else "utf-8")()
    done = pending = 0  # bytes that were decoded, bytes of them that wait for the rest
    try:
        while raw:
            if done + len(raw) > most:
                raise SubmissionError(
                    f"The notebook is larger than {most / 1e6:.0f} MB; the space is taken by saved "
                    f"outputs. {_CLEAR}"
                )
            text = decoder.decode(raw)
            chunk = text.encode() if wide else raw
            if done == 0:
                chunk = chunk.removeprefix(codecs.BOM_UTF8)
            if chunk:
                yield chunk
            done += len(raw)
            pending = len(decoder.getstate()[0])
            raw = file.read(_CHUNK)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise SubmissionError(
            f"The file is not text in UTF-8 (byte {done - pending + error.start}), so it is not a "
            "notebook. Submit the .ipynb file that Jupyter saved."
        ) from error


class _Outline:
    def __init__(self, chunks: Iterator[bytes], leave_out: frozenset[bytes], most: int) -> None:
        self._chunks = chunks
        self._leave_out = leave_out
        self._most = most
        self._buffer, self._at = b"", 0
        self._kept = bytearray()
        self._tokens = self._skipped = 0

    def run(self) -> bytes:
        """Copy token by token, and skip the values of the keys that are left out."""
        depth, before = 0, b""
        while token := self._token():
            self._keep(token)
            if token in (b"[", b"{"):
                depth += 1
                if depth > _MAX_DEPTH:
                    raise SubmissionError("The file is nested too deeply to be a notebook.")
            elif token in (b"]", b"}"):
                depth -= 1
            elif before in self._leave_out and token.strip() == b":":
                self._skip_value()
            before = token
        return bytes(self._kept)

    def _more(self) -> bool:
        """Read on; False at the end of the file. What lies before ``_at`` is forgotten."""
        chunk = next(self._chunks, b"")
        self._buffer = self._buffer[self._at :] + chunk
        self._at = 0
        return bool(chunk)

    def _token(self) -> bytes:
        """Return the next whole token; at the end of the file, what is left."""
        while True:
            match = _TOKEN.match(self._buffer, self._at)
            if match and (match.end() < len(self._buffer) or match[0][0] in b'"[]{}'):
                self._at = match.end()
                return match[0]
            self._check(len(self._buffer) - self._at)
            if not self._more():
                rest, self._buffer = self._buffer, b""
                return rest

    def _keep(self, token: bytes) -> None:
        self._kept += token
        self._tokens += 1
        self._check(0)

    def _check(self, coming: int) -> None:
        if len(self._kept) + coming > self._most:
            raise SubmissionError(
                f"The notebook has more than {self._most / 1e6:.0f} MB even without its saved "
                "outputs, so it cannot be one. Submit the .ipynb file that Jupyter saved."
            )
        if self._tokens > _MOST_KEPT:
            raise SubmissionError("The file has too many parts to be a notebook.")

    def _skip_value(self) -> None:
        if self._at == len(self._buffer) and not self._more():
            return
        first = self._buffer[self._at]
        if first == _QUOTE:
            self._at += 1
            self._skip_string()
            self._keep(b'""')
        elif first in _OPENING:
            self._skip_container()
            self._keep(b"[]" if first == _OPENING[0] else b"{}")

    def _skip_string(self) -> None:
        """Go behind the quote that ends a string, whose first quote is behind us."""
        while True:
            match = _TO_QUOTE.match(self._buffer, self._at)
            assert match is not None  # it matches nothing, too
            self._at = match.end()
            if self._buffer[self._at : self._at + 1] == b'"':
                self._at += 1
                return
            if not self._more():  # at the end, or at a backslash that is
                self._at = len(self._buffer)
                return

    def _skip_container(self) -> None:
        """Go behind the bracket that closes the one we are at."""
        depth = 1
        self._at += 1
        while True:
            match = _TO_BRACKET.match(self._buffer, self._at)
            assert match is not None  # it matches nothing, too
            self._at = match.end()
            if self._at == len(self._buffer):
                if not self._more():
                    return
                continue
            found = self._buffer[self._at]
            self._at += 1
            if found == _QUOTE:
                self._skip_string()
                continue
            self._skipped += 1
            if self._skipped > _MOST_SKIPPED:
                raise SubmissionError(f"The saved outputs have too many parts. {_CLEAR}")
            depth += 1 if found in _OPENING else -1
            if depth == 0:
                return
