"""Drawings of characters, made by code from strokes, with the truth about each."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mnist_course.drawings.changes import CHANGES
    from mnist_course.drawings.drawing import Drawing, draw, drawings
    from mnist_course.drawings.supplied import letters, practice_drawings, supplied_drawings
    from mnist_course.drawings.synthetic import synthetic_digit

__all__ = [
    "CHANGES",
    "Drawing",
    "draw",
    "drawings",
    "letters",
    "practice_drawings",
    "supplied_drawings",
    "synthetic_digit",
]

_HOME = {
    "CHANGES": "changes",
    "Drawing": "drawing",
    "draw": "drawing",
    "drawings": "drawing",
    "letters": "supplied",
    "practice_drawings": "supplied",
    "supplied_drawings": "supplied",
    "synthetic_digit": "synthetic",
}


def __getattr__(name: str) -> Any:
    # Late: NumPy and Pillow load when a name is used, not when the package is.
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
