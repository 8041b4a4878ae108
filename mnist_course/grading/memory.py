"""How much memory this machine, or the container around us, has left."""

from __future__ import annotations

from pathlib import Path

import psutil

__all__ = ["available_memory"]

_CGROUPS = (
    # (limit, current use) in version 2, then version 1
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
    ),
)


def available_memory() -> int:
    """Return the bytes that new processes can take: the machine's, or the container's if less."""
    available = int(psutil.virtual_memory().available)
    for limit_file, use_file in _CGROUPS:
        try:
            limit, use = Path(limit_file).read_text().strip(), Path(use_file).read_text().strip()
        except OSError:
            continue
        if limit.isdigit() and use.isdigit():
            available = min(available, max(0, int(limit) - int(use)))
    return available
