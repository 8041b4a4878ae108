"""In words, where something was measured."""

from __future__ import annotations

import os
import platform

import psutil

__all__ = ["machine"]


def machine() -> str:
    """Return cores, memory, system and Python of this machine."""
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}"
    )
