"""The folder of a sandbox and its user: made fresh, removed without a trace."""

from __future__ import annotations

import secrets
import stat
import tempfile
from pathlib import Path

from mnist_course.exceptions import KernelStartError
from mnist_course.grading.confine.removal import remove
from mnist_course.grading.left_behind import PREFIX, places

__all__ = ["fresh_user", "make_scratch", "sweep"]

_FIRST_USER, _USERS = 200_000, 60_000
_FOR_ALL = ("/dev/shm", "/tmp", "/var/tmp")  # noqa: S108 - only entries of one user are touched


def make_scratch(name: str, *, own_user: bool) -> Path:
    """Make a sandbox's folder where its user can reach it.

    Raises
    ------
    KernelStartError
        If no folder for temporary files can be entered by another user.
    """
    for place in places():
        if not own_user or all(_open_to_others(p) for p in (place, *place.resolve().parents)):
            base = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{name}-", dir=place))
            if own_user:
                base.chmod(0o711)
            return base.resolve()
    raise KernelStartError("no temporary folder that an unprivileged user can reach; set TMPDIR")


def _open_to_others(path: Path) -> bool:
    return bool(path.stat().st_mode & stat.S_IXOTH)


def fresh_user() -> int:
    """Return a user number that no process has."""
    used = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                used.add(entry.stat().st_uid)
            except OSError:
                continue
    while True:
        user = _FIRST_USER + secrets.randbelow(_USERS)
        if user not in used:
            return user


def sweep(user: int) -> None:
    """Remove what a finished sandbox user left in the folders that everybody may write."""
    for root in _FOR_ALL:
        place = Path(root)
        for entry in place.iterdir() if place.is_dir() else ():
            try:
                if entry.lstat().st_uid == user:
                    remove(str(entry))
            except OSError:
                continue
