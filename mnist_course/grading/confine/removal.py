"""Remove a folder that untrusted code filled: however deep, closed or full of links it is."""

from __future__ import annotations

import itertools
import os
import stat
from pathlib import Path

__all__ = ["remove"]


def remove(path: str) -> None:
    """Remove a folder with all that is in it; what resists is left, without an error.

    Nothing may run in it any more. No link is followed. Deep folders are moved up instead of
    descended, so neither recursion nor the length of a path ends it.
    """
    if Path(path).is_symlink() or not Path(path).is_dir():
        _try(os.unlink, path)
        return
    names = (f"{path}/.removed-{number}" for number in itertools.count())
    todo = [path]
    while todo:
        folder = todo.pop()
        _open_up(folder)
        inside = []
        try:
            with os.scandir(folder) as entries:
                inside = [(e.path, e.is_dir(follow_symlinks=False)) for e in entries]
        except OSError:
            pass
        for entry, is_folder in inside:
            if not is_folder:
                _try(os.unlink, entry)
            elif folder == path:
                todo.append(entry)
            else:
                _open_up(entry)  # a folder that is closed cannot be moved
                up = next(names)
                todo.append(up if _try(os.rename, entry, up) else entry)
        if folder != path:
            _try(os.rmdir, folder)
    _try(os.rmdir, path)


def _open_up(folder: str) -> None:
    """Give ourselves every right on a folder; root has them, and changes no permission."""
    if os.geteuid() != 0 and stat.S_IMODE(os.lstat(folder).st_mode) & 0o700 != 0o700:
        _try(os.chmod, folder, 0o700)


def _try(function: object, *arguments: object) -> bool:
    try:
        function(*arguments)  # type: ignore[operator]
    except OSError:
        return False
    return True
