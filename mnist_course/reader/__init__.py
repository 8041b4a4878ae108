"""The reader of assignment m4: a trained network that reads images as MNIST has them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mnist_course.reader.loading import load_reader

__all__ = ["load_reader"]

_HOME = {"load_reader": "loading"}


def __getattr__(name: str) -> Any:
    # Late: NumPy loads when a name is used, not when the package is.
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
