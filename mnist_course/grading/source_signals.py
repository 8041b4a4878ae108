"""What the text of a student's code cells says about values that were carried in from elsewhere.

Read with patterns that take time in proportion to the text, of which a bounded part is read: the
text is a stranger's, and never parsed as Python here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from mnist_course.grading.assignment import visible_source
from mnist_course.grading.results import Signal
from mnist_course.grading.submission import AlignedCell

__all__ = ["source_signals"]

LITERALS = "numbers pasted in"
ENCODED = "data pasted in"
LOADED = "values from elsewhere"
LONG = "very much code"

# One hidden layer of ten units has 7,850 weights; a table of results that is copied into a cell
# has some hundred numbers.
_NUMBERS_IN_CELL, _NUMBERS_IN_ALL = 500, 2_000
_LONG_WORD = 60  # longer than names and paths that people write
_ENCODED_CHARACTERS = 1_500
_UNBROKEN = 2_000
_FOREIGN_RUN = 500  # letters beyond ASCII without a space or a line's end between
_READ_OF_CELL, _READ_IN_ALL = 1_000_000, 3_000_000
_MOST_SIGNALS = 20

_NUMBER = re.compile(r"(?<!\w)\d[\d_]*+(?:\.\d*+)?(?:[eE][+-]?\d++)?(?!\w)")
_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[0-7]{3})")
_WORD = re.compile(r"[A-Za-z0-9+/=_\\-]++")
_UNBROKEN_TEXT = re.compile(r"\S++")
_FOREIGN = re.compile(r"[^\x00-\x7f]++")
# What reads values out of text or out of a file; the second pattern: what wrote it here.
_LOADERS: tuple[tuple[str, re.Pattern[str], re.Pattern[str] | None], ...] = (
    (
        "decodes text into values",
        re.compile(
            r"\b(?:b(?:16|32|64|85)decode|a85decode|unhexlify|a2b_\w{1,20}|fromhex|frombuffer"
            r"|fromstring|zlib|lzma|bz2|gzip)\b"
        ),
        None,
    ),
    (
        "loads arrays from a file",
        re.compile(r"\b(?:np|numpy)\s{0,9}\.\s{0,9}(?:load|loadtxt|genfromtxt|fromfile|memmap)\b"),
        re.compile(r"\b(?:save|savez|savez_compressed|savetxt|tofile)\b"),
    ),
    (
        "loads a model or its weights from a file",
        re.compile(r"\b(?:load_weights|load_model|TFSMLayer)\b"),
        re.compile(r"\b(?:save_weights|save_model|save|ModelCheckpoint|BackupAndRestore)\b"),
    ),
    (
        "unpickles",
        re.compile(r"\b(?:pickle|joblib|dill|marshal)\s{0,9}\.\s{0,9}loads?\b"),
        re.compile(r"\b(?:pickle|joblib|dill|marshal)\s{0,9}\.\s{0,9}dumps?\b"),
    ),
)


def source_signals(cells: Sequence[AlignedCell]) -> tuple[Signal, ...]:
    """Look for weights that were pasted in, as numbers or as text, or loaded.

    Parameters
    ----------
    cells : sequence of AlignedCell
        Of a submission. What the instructor wrote is left out.

    Returns
    -------
    tuple of Signal
        At most 20.
    """
    return tuple(islice(_signals([c for c in cells if _is_students(c)]), _MOST_SIGNALS))


def _is_students(cell: AlignedCell) -> bool:
    if not cell.runs:
        return False
    return (
        cell.original is None or cell.source.strip() != visible_source(cell.original.source).strip()
    )


def _signals(cells: list[AlignedCell]) -> Iterator[Signal]:
    left, numbers = _READ_IN_ALL, 0
    read: list[str] = []
    for cell in cells:
        text = cell.source[: min(_READ_OF_CELL, left)]
        left -= len(text)
        read.append(text)
        if len(text) < len(cell.source):
            yield Signal(
                LONG,
                f"Cell {cell.number} holds {len(cell.source):,} characters; the first "
                f"{len(text):,} were looked at.",
            )
        found = sum(1 for _ in _NUMBER.finditer(text))
        numbers += found
        if found > _NUMBERS_IN_CELL:
            yield Signal(LITERALS, f"Cell {cell.number} holds {found:,} numbers.")
        yield from _encoded(cell.number, text)
    if numbers > _NUMBERS_IN_ALL:
        yield Signal(LITERALS, f"The student's cells hold {numbers:,} numbers together.")
    yield from _loaded("\n".join(read))


def _encoded(number: int, text: str) -> Iterator[Signal]:
    words = [m[0] for m in _WORD.finditer(text) if m.end() - m.start() >= _LONG_WORD]
    # A line of ===== or a long name is no data: data has digits and letters in every run.
    packed = sum(len(w) for w in words if _mixed(w))
    escapes = sum(1 for _ in _ESCAPE.finditer(text))
    if packed >= _ENCODED_CHARACTERS or escapes > _NUMBERS_IN_CELL:
        yield Signal(
            ENCODED,
            f"Cell {number} holds {packed:,} characters in runs of letters and digits, and "
            f"{escapes:,} escaped characters, that look like encoded data.",
        )
        return
    longest = max((m.end() - m.start() for m in _UNBROKEN_TEXT.finditer(text)), default=0)
    foreign = max((m.end() - m.start() for m in _FOREIGN.finditer(text)), default=0)
    if longest >= _UNBROKEN or foreign >= _FOREIGN_RUN:
        yield Signal(
            ENCODED,
            f"Cell {number} holds {max(longest, foreign):,} characters without a space or a "
            "line's end.",
        )


def _mixed(word: str) -> bool:
    return any(c.isdigit() for c in word) and any(c.isalpha() for c in word)


def _loaded(text: str) -> Iterator[Signal]:
    for what, reads, wrote in _LOADERS:
        found = reads.search(text)
        if found is not None and (wrote is None or wrote.search(text) is None):
            yield Signal(LOADED, f"The code {what}: {found[0][:40]}.")
