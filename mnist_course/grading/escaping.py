"""Turn text that may come from a student into text that is safe to show.

Every report passes everything that it did not write itself through :func:`plain_text`, for HTML
followed by the template's own escaping, or through :func:`markdown_text`.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["DEFAULT_LIMIT", "markdown_text", "plain_text"]

DEFAULT_LIMIT = 2_000  # characters of one sentence; Gradescope cuts whole fields at 100,000

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_SPACES = re.compile(r"\s+")
_MANY_MARKS = 3  # more combining marks on one letter than any language stacks
_JOINERS = {"\u200c", "\u200d"}  # needed to write Persian, Hindi and composed emoji
_REPLACED = "\ufffd"
_BREAK = "\u2060"  # word joiner: invisible, has no width, ends a link or a mention

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
    raw = _ANSI.sub("", str(text)[: 8 * limit])
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


def markdown_text(text: object, *, limit: int = DEFAULT_LIMIT) -> str:
    r"""Return Markdown that shows ``text`` and does nothing else.

    No emphasis, link, image, HTML, table, formula, heading, mention or automatic link survives, in
    CommonMark, GitHub's or Gradescope's dialect. ``limit`` counts characters before escaping.

    Examples
    --------
    >>> markdown_text("[a](b) <script>")
    '\\[a\\](b) &#60;script&#62;'
    """
    line = _LINKS.sub(_BREAK, plain_text(text, limit=limit))
    escaped = line.translate(_REFERENCES | _BACKSLASH)
    return _LINE_START.sub(_as_words, escaped)


def _as_words(start: re.Match[str]) -> str:
    """Keep a first ``#``, ``-`` or ``1.`` from starting a heading or a list."""
    sign, number, end = start.groups()
    return f"\\{sign}" if sign else f"{number}\\{end}"
