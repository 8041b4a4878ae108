"""What the processes below the keeper use, read from /proc; and their end."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = ["descendants", "disk_usage", "end_descendants", "end_user", "memory_of_descendants"]

_PROC = Path("/proc")
_DEEPEST = 100  # levels of folders
_MOST_ENTRIES = 50_000


def _parents() -> dict[int, int]:
    """Return process → parent, for every process that is not dead yet."""
    found = {}
    for entry in os.scandir(_PROC):
        if entry.name.isdigit():
            try:
                fields = (_PROC / entry.name / "stat").read_bytes().rpartition(b")")[2].split()
            except OSError:
                continue
            if fields[0] not in b"ZX":
                found[int(entry.name)] = int(fields[1])
    return found


def descendants() -> list[int]:
    """Return the processes below this one, whatever session they are in."""
    children: dict[int, list[int]] = {}
    for process, parent in _parents().items():
        children.setdefault(parent, []).append(process)
    found: list[int] = []
    todo = [os.getpid()]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


def memory_of_descendants() -> tuple[int, int]:
    """Return the bytes of memory of their own of all processes below this one, and their number."""
    total = 0
    below = descendants()
    for process in below:
        try:
            status = (_PROC / str(process) / "status").read_bytes()
        except OSError:
            continue
        for line in status.splitlines():
            if line.startswith((b"RssAnon:", b"RssShmem:")):
                total += int(line.split()[1]) << 10
    return total, len(below)


def disk_usage(folders: list[str]) -> int:
    """Return the bytes on disk below some folders, which untrusted code fills meanwhile.

    Too many files or too deep folders count as too much. Follows no links.
    """
    total = 0
    for entries, size in enumerate(_sizes(folders)):
        total += size
        if size < 0 or entries > _MOST_ENTRIES:
            return 1 << 62
    return total


def _sizes(folders: list[str]) -> Iterator[int]:
    todo = [(folder, 0) for folder in folders]
    while todo:
        folder, depth = todo.pop()
        if depth > _DEEPEST:
            yield -1
            return
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    try:
                        yield entry.stat(follow_symlinks=False).st_blocks * 512
                        if entry.is_dir(follow_symlinks=False):
                            todo.append((entry.path, depth + 1))
                    except OSError:
                        continue
        except FileNotFoundError:
            continue
        except OSError:  # closed to us, or a path too long to open: nobody honest makes one
            yield -1
            return


def _reap() -> bool:
    """Take the ended children; True while any is left."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def end_descendants(seconds: float = 20.0) -> bool:
    """Kill everything below this process, frozen first so that none forks meanwhile.

    This process must adopt orphans (``PR_SET_CHILD_SUBREAPER``), so that none can leave the tree.
    Returns False when something does not die.
    """
    deadline = time.monotonic() + seconds
    while True:
        below = descendants()
        for sign in (signal.SIGSTOP, signal.SIGKILL):
            for process in below:
                try:
                    os.kill(process, sign)
                except OSError:
                    continue
        if not _reap() and not descendants():
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)


def _users() -> set[int]:
    used = set()
    for process in _parents():
        try:
            used.add((_PROC / str(process)).stat().st_uid)
        except OSError:
            continue
    return used


def end_user(user: int, seconds: float = 20.0) -> bool:
    """Kill every process of a user at once; ``kill(-1)`` cannot be outrun by forking."""
    deadline = time.monotonic() + seconds
    while user in _users():
        try:
            child = os.fork()
        except OSError:
            return False
        if child == 0:
            try:
                os.setgroups([])
                os.setresgid(user, user, user)
                os.setresuid(user, user, user)
                os.kill(-1, signal.SIGKILL)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        _reap()
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True
