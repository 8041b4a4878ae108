"""How much memory this machine, or the container around us, has left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil

__all__ = ["available_memory"]

_ROOT = Path("/sys/fs/cgroup")


def available_memory() -> int:
    """Return the bytes that new processes can take: the machine's, or the container's if less."""
    available = int(psutil.virtual_memory().available)
    for limit_file, use_file in _limits():
        try:
            limit, use = limit_file.read_text().strip(), use_file.read_text().strip()
        except OSError:
            continue
        if limit.isdigit() and use.isdigit():
            available = min(available, max(0, int(limit) - int(use)))
    return available


def _limits() -> Iterator[tuple[Path, Path]]:
    """Yield (limit, current use) of every control group that this process is in."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":  # version 2, alone or beside version 1
            bases, names = (_ROOT, _ROOT / "unified"), ("memory.max", "memory.current")
        elif "memory" in controllers.split(","):
            bases = (_ROOT / "memory", _ROOT / controllers)
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes")
        else:
            continue
        relative = Path(path.lstrip("/"))
        # In a container the group may be shown as its own root, so its path may not exist there.
        for folder in (relative, *relative.parents):
            for base in bases:
                yield base / folder / names[0], base / folder / names[1]
