"""Write a cell that no spreadsheet executes.

What a student is called, and what they call their files, ends up in tables that instructors open.
Source: https://owasp.org/www-community/attacks/CSV_Injection.
"""

from __future__ import annotations

import re
import unicodedata

from mnist_course.grading.escaping import plain_text

__all__ = ["number", "own_text", "safe_cell"]

_STARTS = frozenset("=+-@|%\u2212")  # after full-width and other forms became the usual ones
_BREAKS = ("\t", "\r", "\n")
_QUOTES = frozenset("\"'`´‘’‚‛“”„‟«»‹›")
_SEPARATORS = re.compile(r"([,;\t\r\n])")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?%?")
_DIGITS = 4  # behind the point; Canvas keeps 2, Moodle 5


def safe_cell(text: str) -> str:
    """Return a cell that a spreadsheet shows as it is.

    What begins like a formula, also behind blanks, quotes or invisible characters and in
    full-width forms, gets an apostrophe in front. So does what stands behind a separator: a
    spreadsheet that expects another one than the file has takes it for a cell, whatever the
    quotes. Numbers, and a lone ``-`` (no grade), stay.

    Parameters
    ----------
    text : str
        Any text.

    Examples
    --------
    >>> safe_cell("=1+1"), safe_cell("＝1"), safe_cell("-1.5"), safe_cell("Ada - x;@y")
    ("'=1+1", "'＝1", '-1.5', "Ada - x;'@y")
    """
    if _NUMBER.fullmatch(text) or text == "-":
        return text
    pieces = [f"'{piece}" if _is_formula(piece) else piece for piece in _SEPARATORS.split(text)]
    made = "".join(pieces)
    return f"'{made}" if made.startswith(_BREAKS) or _is_formula(made) else made


def _is_formula(piece: str) -> bool:
    if piece.startswith("'"):
        return False  # a spreadsheet shows what follows
    for character in piece:
        if character in _QUOTES or unicodedata.category(character)[0] in "ZC":
            continue  # nothing that a spreadsheet must see
        return unicodedata.normalize("NFKC", character)[0] in _STARTS
    return False


def own_text(value: object, *, limit: int = 200) -> str:
    """Return one visible line that is safe in a cell."""
    return safe_cell(plain_text(value, limit=limit))


def number(value: float) -> str:
    """Return points as a person writes them: at most four decimals, none that say nothing.

    Examples
    --------
    >>> number(59.99999999999999), number(12.5), number(0)
    ('60', '12.5', '0')
    """
    return f"{value:.{_DIGITS}f}".rstrip("0").rstrip(".")
