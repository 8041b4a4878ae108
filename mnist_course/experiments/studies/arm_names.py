"""Name an arm by the value that it has."""

from __future__ import annotations

from typing import Any

__all__ = ["arm_name"]


def arm_name(axis: str, value: Any) -> str:
    """Return a name such as ``dropout 0.3``, ``hidden 64-32``, ``augmentation flip + shift``.

    Parameters
    ----------
    axis : str
        A field of `Configuration`.
    value : object
        Its value in the arm; None and an empty tuple are ``none``.
    """
    return f"{axis.replace('_', ' ')} {_words(value)}"


def _words(value: Any) -> str:
    if isinstance(value, list | tuple):
        texts = all(isinstance(part, str) for part in value)
        return (" + " if texts else "-").join(map(_words, value)) or "none"
    if value is None:
        return "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
