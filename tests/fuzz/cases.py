"""How many inputs are tried, and how a valid one is damaged.

``FUZZ=long`` tries a hundred times as many, other ones each time; the usual run is the same every
time. A failure prints the input with a line that repeats it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

_ALWAYS: dict[str, Any] = {
    "deadline": None,
    "print_blob": True,
    "database": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
}
_PROFILES = {
    "ci": settings(**_ALWAYS, max_examples=500, derandomize=True),
    "long": settings(**_ALWAYS, max_examples=50_000),
}
CASES = _PROFILES[os.environ.get("FUZZ", "ci")]
FEW = settings(CASES, max_examples=max(50, CASES.max_examples // 5))  # each takes milliseconds


@st.composite
def damaged(draw: Callable[..., Any], whole: bytes, words: tuple[bytes, ...] = ()) -> bytes:
    """Return valid bytes with a few changes: cut, doubled, moved, overwritten, words put in."""
    raw = whole
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(raw)))
        end = min(len(raw), start + draw(st.integers(0, 40) | st.integers(0, len(raw))))
        kind = draw(st.sampled_from(["cut", "double", "move", "flip", "word", "truncate"]))
        if kind == "cut":
            raw = raw[:start] + raw[end:]
        elif kind == "double":
            raw = raw[:end] + raw[start:]
        elif kind == "move":
            to = draw(st.integers(0, len(raw)))
            raw = raw[:to] + raw[start:end] + raw[to:]
        elif kind == "flip" and start < len(raw):
            raw = raw[:start] + bytes([draw(st.integers(0, 255))]) + raw[start + 1 :]
        elif kind == "word":
            put = draw(st.sampled_from(words) if words else st.binary(max_size=8))
            raw = raw[:start] + put + raw[end if draw(st.booleans()) else start :]
        elif kind == "truncate":
            raw = raw[:start]
    return raw
