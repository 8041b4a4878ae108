"""Check that text is a picture in base64, before a page embeds it as it is."""

from __future__ import annotations

import base64
import binascii
import re

__all__ = ["PICTURE_TYPES", "checked_picture"]

_LIMIT = 16 << 20  # characters
_BASE64 = re.compile(r"[A-Za-z0-9+/]*+={0,2}")
_BLANKS = re.compile(r"\s+")
_MAGIC = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
}
PICTURE_TYPES = tuple(_MAGIC)


def checked_picture(text: str, kind: str) -> str:
    """Return a picture's base64 without blanks.

    Parameters
    ----------
    text : str
        Untrusted.
    kind : str
        One of ``PICTURE_TYPES``.

    Returns
    -------
    str
        Letters, digits, ``+``, ``/`` and ``=`` only; empty when it is no picture of that kind or
        has more than 16 million characters.
    """
    if len(text) > _LIMIT:
        return ""
    text = _BLANKS.sub("", text)
    if not _BASE64.fullmatch(text):
        return ""
    try:
        begin = base64.b64decode(text[:32], validate=True)
    except binascii.Error:
        return ""
    return text if begin.startswith(_MAGIC[kind]) else ""
