"""Turn what a platform calls a student into the name of one folder."""

from __future__ import annotations

import hashlib
import re
import unicodedata

__all__ = ["folder_name", "same_folder"]

_MOST_CHARACTERS = 80
_MOST_BYTES = 200  # of a name, UTF-8; file systems take 255
_SAFE = re.compile(r"\w(?:[\w .@+-]*[\w@+-])?")  # letters of every language
# Windows opens a device for these, whatever their suffix.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?:\..*)?", re.I)
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_@+-]+")  # without the dot of nul.txt, too
_KEPT = 40
_HASH = 8


def folder_name(text: str) -> str:
    """Return a name that can be a folder on every system.

    Parameters
    ----------
    text : str
        Any text: an id, an e-mail address, the name of a file.

    Returns
    -------
    str
        The text itself where that is safe. Else what is left of it with a part of its hash, so
        that the same text always has the same name and another text another one.

    Examples
    --------
    >>> folder_name("alice@school.edu"), folder_name("../x")
    ('alice@school.edu', 'x-d6b96a97')
    """
    name = unicodedata.normalize("NFC", text)
    if (
        _SAFE.fullmatch(name)
        and not _DEVICE.fullmatch(name)
        and len(name) <= _MOST_CHARACTERS
        and len(name.encode("utf-8", "surrogatepass")) <= _MOST_BYTES
    ):
        return name
    plain = _NOT_PLAIN.sub("_", unicodedata.normalize("NFKD", name))[:_KEPT].strip("_-@+")
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH]
    return f"{plain or 'student'}-{digest}"


def same_folder(name: str) -> str:
    """Return what two names share when some file system takes them for one."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFC", name).casefold())
