"""How large a study is run: small enough to try, or large enough to quote."""

from __future__ import annotations

from typing import Literal, get_args

__all__ = ["SIZES", "Size"]

Size = Literal["quick", "full"]
"""``quick``: minutes on two cores, to see that it works. ``full``: what docs/RESULTS.md quotes."""

SIZES: tuple[Size, ...] = get_args(Size)
