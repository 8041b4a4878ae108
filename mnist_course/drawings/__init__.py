"""Drawings of characters, made by code from strokes, with the truth about each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnist_course.late_names import late_names

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

_MODULES = {
    "CHANGES": "changes",
    "Drawing": "drawing",
    "draw": "drawing",
    "drawings": "drawing",
    "letters": "supplied",
    "practice_drawings": "supplied",
    "supplied_drawings": "supplied",
    "synthetic_digit": "synthetic",
}

# Late: NumPy and Pillow load when a name is used, not when the package is.
__getattr__, __dir__ = late_names(globals(), _MODULES)
