"""Turn text that may come from a student into text that is safe to show.

Every report passes everything that it did not write itself through one of these:

==================== ===========================================================================
:func:`student_text` one line that a student reads; in HTML the template escapes it, too
:func:`markdown_text` the same for Markdown
:func:`plain_text`   one line that staff read: paths of this machine stay
:func:`visible_lines` many lines: what a cell printed, what is logged
:func:`csv_cell`     a field of a table that a spreadsheet opens
==================== ===========================================================================
"""

from __future__ import annotations

import logging
import re
import unicodedata

from mnist_course.grading.redaction import redact

__all__ = [
    "DEFAULT_LIMIT",
    "VisibleFormatter",
    "csv_cell",
    "markdown_text",
    "plain_text",
    "student_text",
    "visible_lines",
]

DEFAULT_LIMIT = 2_000  # characters of one sentence; Gradescope cuts whole fields at 100,000

# Colours and commands for a terminal: CSI; OSC, DCS and their like with what they carry; the rest.
_ANSI = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90-\x9f]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]"
)
_SPACES = re.compile(r"\s+")
_MANY_MARKS = 3  # more combining marks on one letter than any language stacks
_JOINERS = {"\u200c", "\u200d"}  # needed to write Persian, Hindi and composed emoji
_REPLACED = "\ufffd"
_BREAK = "\u2060"  # word joiner: invisible, has no width, ends a link or a mention

# What no terminal, page or file should get: controls but for tab and line feed, what reorders or
# hides text, surrogates, private characters, what is no character. A test compares with Unicode's
# tables; the joiners that some languages need stay.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2"
    "\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
_NO_TEXT = re.compile("[\ud800-\uf8ff\ufdd0-\ufdef\ufffe\uffff\U000f0000-\U0010ffff]")
_LINE_ENDS = re.compile("\r\n|[\u2028\u2029\x85]")
_MANY_IN_A_ROW = re.compile(
    "([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]"
    "{3})[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+"
)
# What spreadsheets take for the start of a formula, in their usual and their wide form.
_FORMULA = tuple("=+-@|%\t\uff1d\uff0b\uff0d\uff20\u2212")

# Structure of Markdown, then what renderers add: tables, strike-through, mathematics, HTML. The
# second group is written as character references, which those dialects without it pass on to HTML.
_BACKSLASH = str.maketrans({character: f"\\{character}" for character in "\\`*_{}[]"})
_REFERENCES = str.maketrans({c: f"&#{ord(c)};" for c in "<>&|~^$"})
_LINE_START = re.compile(r"^(?:([#+!:=-])|(\d{1,9})([.)])(?= |$))")
_LINKS = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=@)|(?=@)|(?<=\$)(?=\$)", re.IGNORECASE)


def plain_text(text: object, *, limit: int = DEFAULT_LIMIT) -> str:
    """Return one line of visible characters.

    Terminal colours, control characters, NUL, bidirectional overrides, invisible characters and
    piles of combining marks are removed; lone surrogates and private characters become U+FFFD;
    white space becomes single blanks; what is too long ends in an ellipsis. Letters of every
    language stay. The result may still hold ``<`` or ``*``: it is text, not markup.

    Parameters
    ----------
    text : object
        Usually a str; anything else is shown as ``str(text)``.
    limit : int
        Longest result, in characters.

    Returns
    -------
    str
        At most ``limit`` characters.
    """
    # Hostile text can be megabytes long: cut before looking at each character.
    raw = _ANSI.sub("", _written(text)[: 8 * limit])
    kept: list[str] = []
    marks = 0
    for character in raw:
        category = unicodedata.category(character)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if character.isspace() or category in {"Zl", "Zp"}:
            kept.append(" ")
        elif category in {"Cs", "Co", "Cn"}:
            kept.append(_REPLACED)
        elif marks <= _MANY_MARKS and (category not in {"Cc", "Cf"} or character in _JOINERS):
            kept.append(character)
    line = _SPACES.sub(" ", "".join(kept)).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _written(value: object) -> str:
    try:
        return str(value)
    except Exception:  # an integer of thousands of digits; an exception whose own words fail
        return f"a value of type {type(value).__name__}"


def student_text(text: object, *, limit: int = DEFAULT_LIMIT) -> str:
    """Return ``plain_text`` without paths of the grading machine."""
    line = redact(plain_text(text, limit=limit))
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def visible_lines(text: str, *, limit: int) -> str:
    r"""Return several lines of visible text, as a terminal would show them in the end.

    Terminal commands and what is invisible or reorders text is removed, surrogates and private
    characters become U+FFFD. Of a line that was overwritten (``\r``) the last state stays. What is
    too long is cut from its middle, with a word about it. Takes time in proportion to the text.

    Parameters
    ----------
    text : str
    limit : int
        Longest result in characters, but for a line that says how much was left out.

    Examples
    --------
    >>> visible_lines("1/2\r2/2 \x1b[32mdone\x1b[0m\n", limit=100)
    '2/2 done\n'
    """
    cut = len(text) - 8 * limit
    if cut > 0:  # hostile text can be endless
        text = text[: 4 * limit] + "\n" + text[-4 * limit :]
    text = _LINE_ENDS.sub("\n", _ANSI.sub("", text))
    if "\r" in text:  # a progress bar: its last state stays
        text = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    text = _NO_TEXT.sub(_REPLACED, _INVISIBLE.sub("", text))
    text = _MANY_IN_A_ROW.sub(r"\1", text)
    if len(text) <= limit and cut <= 0:
        return text
    half = min(limit, len(text)) // 2
    left_out = len(text) - 2 * half + max(cut - 1, 0)
    return f"{text[:half]}\n[{left_out:,} characters were left out]\n{text[len(text) - half :]}"


class VisibleFormatter(logging.Formatter):
    """Format a log record so that what a student wrote cannot command the terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the formatted record with its traceback, visible characters only."""
        return visible_lines(super().format(record), limit=20_000)


def csv_cell(value: object, *, limit: int = DEFAULT_LIMIT) -> str:
    """Return a field for ``csv.writer(..., quoting=csv.QUOTE_ALL)`` that no program executes.

    Text that begins like a formula (``=cmd|...``, ``+``, ``-``, ``@``) gets an apostrophe in front,
    which spreadsheets show as text. Quoting all fields keeps separators inside a field from
    starting a new one, whatever separator the program that opens the file expects.

    Parameters
    ----------
    value : object
        A number stays a number, negative ones too; None is empty; all else is one line of text.
    limit : int
        Longest text, in characters.

    Examples
    --------
    >>> csv_cell("=1+1"), csv_cell(-1.5), csv_cell(None)
    ("'=1+1", '-1.5', '')
    """
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(float(value))
    if type(value) is int and abs(value) < 10**100:  # Python refuses to print thousands of digits
        return repr(value)
    line = plain_text(value, limit=limit)
    return f"'{line}" if line.startswith(_FORMULA) else line


def markdown_text(text: object, *, limit: int = DEFAULT_LIMIT) -> str:
    r"""Return Markdown that shows ``text`` and does nothing else.

    No emphasis, link, image, HTML, table, formula, heading, mention or automatic link survives, in
    CommonMark, GitHub's or Gradescope's dialect. ``limit`` counts characters before escaping.

    Examples
    --------
    >>> markdown_text("[a](b) <script>")
    '\\[a\\](b) &#60;script&#62;'
    """
    line = _LINKS.sub(_BREAK, student_text(text, limit=limit))
    escaped = line.translate(_REFERENCES | _BACKSLASH)
    return _LINE_START.sub(_as_words, escaped)


def _as_words(start: re.Match[str]) -> str:
    """Keep a first ``#``, ``-`` or ``1.`` from starting a heading or a list."""
    sign, number, end = start.groups()
    return f"\\{sign}" if sign else f"{number}\\{end}"
