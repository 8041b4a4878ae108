"""One thread for each matrix product, while a network is at work.

NumPy hands products to a BLAS library, which spreads each one over all cores. For products as small
as a batch of 32 images the threads wait for each other longer than they calculate, and on a busy
machine very much longer. Whoever has a lot to calculate splits it into large parts instead (see
``gradients.py``). One thread also gives the same bits on any number of cores.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

__all__ = ["one_blas_thread"]


class _Limit:
    """The limit of this process, shared by all networks that are at work at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._controller: Any = None
        self._limiter: Any = None

    def enter(self) -> None:
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._limiter = self._limit()

    def leave(self) -> None:
        with self._lock:
            self._users -= 1
            if not self._users and self._limiter is not None:
                self._limiter.restore_original_limits()
                self._limiter = None

    def _limit(self) -> Any:
        if self._controller is None:
            try:
                from threadpoolctl import (  # type: ignore[import-untyped]  # it has no types
                    ThreadpoolController,
                )
            except ImportError:  # then BLAS does as it likes: slower, not wrong
                return None
            self._controller = ThreadpoolController()
        return self._controller.limit(limits=1, user_api="blas")


_LIMIT = _Limit()


@contextlib.contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let BLAS use one thread for each product within the block, and as many as before after it."""
    _LIMIT.enter()
    try:
        yield
    finally:
        _LIMIT.leave()
