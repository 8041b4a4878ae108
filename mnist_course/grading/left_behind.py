"""Temporary folders of graders that were killed before they could remove them.

A grader holds a lock on each of its folders; the system takes it away when the grader ends, however
it ends. What nobody holds any more is removed when the next grader starts.
"""

from __future__ import annotations

import contextlib
import functools
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mnist_course.grading.confine.removal import remove

with contextlib.suppress(ImportError):  # Windows
    import fcntl

__all__ = [
    "PREFIX",
    "held_folder",
    "hold",
    "places",
    "remove_left_behind",
    "remove_once",
]

PREFIX = "mnist-course-"
_LOCKS = "fcntl" in globals()
_KINDS = ("judge", "kernel", "evaluator")
_YOUNG = 120.0  # seconds: one that was made just now may not be held yet


def places() -> list[Path]:
    """Return the folders where graders make their own, the one to try first at the start."""
    names = (tempfile.gettempdir(), "/tmp", "/var/tmp")  # noqa: S108 - mkdtemp makes it private
    return [Path(name) for name in dict.fromkeys(names)]


def hold(folder: Path) -> int | None:
    """Say that this process uses a folder, until the returned descriptor is closed.

    Where the system has no such locks, None is returned, and nothing is removed either.
    """
    if not _LOCKS:
        return None
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None  # a file system without locks
    return descriptor


@contextmanager
def held_folder(kind: str) -> Iterator[Path]:
    """Make a temporary folder that is removed at the end, or by the next grader."""
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}{kind}-") as name:
        descriptor = hold(Path(name))
        try:
            yield Path(name)
        finally:
            if descriptor is not None:
                os.close(descriptor)


@functools.cache
def remove_once() -> None:
    """Remove what was left behind, when this process calls it for the first time."""
    for place in places():
        remove_left_behind(place)


def remove_left_behind(place: Path, *, young: float = _YOUNG) -> list[Path]:
    """Remove folders of graders that are gone; return what was found.

    Parameters
    ----------
    place : Path
        A folder for temporary files. Only folders in it that have a grader's name and belong to
        the user of this process are looked at.
    young : float
        Folders that changed in the last so many seconds are left alone.
    """
    if not _LOCKS:
        return []
    found = []
    names = tuple(f"{PREFIX}{kind}-" for kind in _KINDS)
    with contextlib.suppress(OSError), os.scandir(place) as entries:
        for entry in entries:
            if entry.name.startswith(names) and _is_left(Path(entry.path), young):
                found.append(Path(entry.path))
                remove(entry.path)
    return found


def _is_left(folder: Path, young: float) -> bool:
    try:
        facts = folder.lstat()
    except OSError:
        return False
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.geteuid():
        return False
    if not 0 <= facts.st_mtime <= time.time() - young:
        return False
    with contextlib.suppress(OSError):
        descriptor = hold(folder)
        if descriptor is not None:
            os.close(descriptor)
            return True
    return False
