"""Say which versions decide the numbers of a trial."""

from __future__ import annotations

from functools import lru_cache
from importlib import metadata

__all__ = ["RUNNER", "versions"]

RUNNER = 1
"""Goes up when a change of the runner changes the numbers that a trial gives."""


def versions() -> dict[str, str]:
    """Return the versions of Keras, TensorFlow and NumPy, by package."""
    return {name: _version(name) for name in ("keras", "tensorflow", "numpy")}


@lru_cache
def _version(name: str) -> str:
    # tensorflow-cpu is the same package under another name.
    for package in (name, f"{name}-cpu"):
        try:
            return metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return "unknown"
