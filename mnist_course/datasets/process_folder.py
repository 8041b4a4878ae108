"""A folder for what can be kept nowhere else: it goes when this process ends."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

__all__ = ["if_made", "made"]

_made: list[Path] = []


def made() -> Path:
    """Return the folder, made at the first call."""
    if not _made:
        _made.append(Path(tempfile.mkdtemp(prefix="mnist-course-data-")))
        atexit.register(_remove, _made[0], os.getpid())
    return _made[0]


def if_made() -> Path | None:
    """Return the folder if there is one, also in a fork of the process that made it."""
    return _made[0] if _made else None


def _remove(folder: Path, owner: int) -> None:
    if os.getpid() == owner:  # not when a fork of that process ends
        shutil.rmtree(folder, ignore_errors=True)
