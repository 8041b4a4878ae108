"""Find the processes that a child leaves behind when it ends."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

__all__ = ["adopted_descendants"]

_PR_SET_CHILD_SUBREAPER = 36
_PR_GET_CHILD_SUBREAPER = 37
_GRACE_SECONDS = 5.0


@contextmanager
def adopted_descendants() -> Iterator[list[str]]:
    """Adopt orphans while the block runs, then name and kill what it has left.

    On Linux this process becomes the parent of every orphan below it, so that a daemon cannot
    escape by ending its own parent. Elsewhere only processes whose parents still live are found.
    No other thread may start processes meanwhile: they would be ended as well.

    Yields
    ------
    list of str
        Empty inside the block; afterwards the names of the processes that were still running.
    """
    me = psutil.Process()
    before = set(me.children(recursive=True))
    names: list[str] = []
    adopted_already = _subreaper(None)
    _subreaper(True)
    try:
        yield names
    finally:
        killed: list[psutil.Process] = []
        # Again and again, because a process can fork between being seen and being killed.
        while left := set(me.children(recursive=True)) - before - set(killed):
            for process in left:
                with suppress(psutil.NoSuchProcess):
                    if process.status() != psutil.STATUS_ZOMBIE:
                        names.append(process.name())
                        process.kill()
                killed.append(process)
        psutil.wait_procs(killed, timeout=_GRACE_SECONDS)
        names.sort()
        _subreaper(adopted_already)


def _subreaper(wanted: bool | None) -> bool:
    """Return whether this process adopts orphans, after setting it if ``wanted`` is not None."""
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    if wanted is not None:
        libc.prctl(_PR_SET_CHILD_SUBREAPER, int(wanted), 0, 0, 0)
        return wanted
    state = ctypes.c_int()
    libc.prctl(_PR_GET_CHILD_SUBREAPER, ctypes.byref(state), 0, 0, 0)
    return bool(state.value)
