"""One moment that everything about a submission must be done by."""

from __future__ import annotations

import time

__all__ = ["Deadline"]


class Deadline:
    """A moment on the monotonic clock; every step of a grade draws on the same one.

    Parameters
    ----------
    seconds : float
        From now, or from ``start``.
    start : float, optional
        A moment of ``time.monotonic``.
    """

    def __init__(self, seconds: float, *, start: float | None = None) -> None:
        self.seconds = float(seconds)
        self._end = (time.monotonic() if start is None else start) + self.seconds

    def left(self, *, but: float = 0.0) -> float:
        """Return the seconds that are left when ``but`` seconds stay untouched, at least 0."""
        return max(0.0, self._end - time.monotonic() - but)

    def at_most(self, seconds: float, *, but: float = 0.0) -> float:
        """Return ``seconds``, or what is left where that is less."""
        return min(float(seconds), self.left(but=but))
