"""The most memory that a process has used together with everything that it started."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path
from typing import Self

from mnist_course.grading.confine.watch import descendants

__all__ = ["PeakMemory"]

_LOOK = 0.2  # seconds between two looks
_SHARE = 100  # a look may take one part in so many of the time


class PeakMemory:
    """Looks at this process and all below it while a block runs.

    Counted is what a container cannot take back: private and shared memory, not the pages of
    files; what processes share, as a fork does with its parent, counts once. What lasts less than
    a look is missed.

    Attributes
    ----------
    bytes : int
        The largest sum over all processes at one moment; 0 where the system does not tell.
    """

    def __init__(self) -> None:
        self.bytes = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._look()
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._over.set()
        self._thread.join()
        self._look()

    def _watch(self) -> None:
        pause = _LOOK
        while not self._over.wait(pause):
            began = time.thread_time()
            self._look()
            pause = max(_LOOK, _SHARE * (time.thread_time() - began))

    def _look(self) -> None:
        if not Path("/proc/self/status").exists():
            return
        total = 0
        for process in (os.getpid(), *descendants()):
            with contextlib.suppress(OSError):  # it has ended
                total += _own_part(process)
        self.bytes = max(self.bytes, total)


def _own_part(process: int) -> int:
    """Return the bytes of a process, of those that it shares with others its part."""
    folder = Path(f"/proc/{process}")
    with contextlib.suppress(OSError):  # another user's, and we are not root
        if found := _bytes(folder / "smaps_rollup", (b"Pss_Anon:", b"Pss_Shmem:")):
            return found
    return _bytes(folder / "status", (b"RssAnon:", b"RssShmem:"))


def _bytes(file: Path, kinds: tuple[bytes, ...]) -> int:
    lines = file.read_bytes().splitlines()
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith(kinds))
