"""Data sets of this machine that a graded notebook may read, in the sandbox, too.

MNIST is part of this package, and what lies in the Python environment or in the system's folders
can be read in any case. What is left is this user's cache, of which the known files are shown one
by one: nothing else in it, and nothing else of the user's home.
"""

from __future__ import annotations

import stat
from pathlib import Path

from mnist_course.datasets import locations
from mnist_course.datasets.fashion_mnist import PUBLISHED

__all__ = ["environment", "files"]


def files() -> tuple[Path, ...]:
    """Return the files to show, under the names that `environment` leads to.

    No links: one could lead anywhere. Whoever loads a file verifies it.
    """
    folder = _cache() / PUBLISHED.folder_name
    return tuple(p for f in PUBLISHED.files.values() if _is_plain(p := folder / f.name))


def environment() -> dict[str, str]:
    """Return the variables with which a process finds these files, and looks for no others.

    A process that grades must not try the network: what it fetched would be gone with it.
    """
    found = {locations.CACHE_VARIABLE: str(_cache())} if files() else {}
    return {locations.OFFLINE_VARIABLE: "1", **found}


def _cache() -> Path:
    return locations.cache_folder().resolve()


def _is_plain(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False
