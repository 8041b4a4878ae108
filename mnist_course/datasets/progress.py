"""How the fetching of a data set tells what it does."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Progress", "silent"]

Progress = Callable[[str, int, int], None]
"""Called with (what is done, bytes done, bytes of all or 0 where nobody knows)."""


def silent(_step: str, _done: int, _of: int) -> None:
    """Tell nobody."""
