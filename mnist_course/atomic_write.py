"""Write a file so that nobody ever sees half of it."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

__all__ = ["write_bytes", "write_text"]


def write_bytes(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write beside the target, flush to disk, then rename over it.

    Whoever opens ``path`` reads the old bytes or the new ones, even after a crash. A symbolic link
    at ``path`` is replaced, never followed. The folder must exist.

    Parameters
    ----------
    path : Path
        The file to make or replace.
    data : bytes
        Its whole content.
    mode : int
        Permissions of the new file, whatever the umask and the old file's permissions were.

    Raises
    ------
    OSError
        If the folder is missing or not writable, the disk is full, or ``path`` is a folder. The
        old file is then untouched and nothing is left beside it.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    # O_EXCL refuses a file or link that somebody put there first.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(beside, flags, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            if hasattr(os, "fchmod"):
                os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(beside, path)  # noqa: PTH105 - the same call, named as the manual names it
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
    _flush_folder(path.parent)


def write_text(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Write UTF-8 text as :func:`write_bytes` does; line ends stay as they are."""
    write_bytes(path, text.encode("utf-8"), mode=mode)


def _flush_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut, where the system can."""
    with contextlib.suppress(OSError):  # Windows cannot open a folder; some mounts cannot sync one
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
