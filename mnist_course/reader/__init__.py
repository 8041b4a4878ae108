"""The reader of assignment m4: a trained network that reads images as MNIST has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnist_course.late_names import late_names

if TYPE_CHECKING:
    from mnist_course.reader.loading import load_reader

__all__ = ["load_reader"]

_MODULES = {"load_reader": "loading"}

# Late: NumPy loads when a name is used, not when the package is.
__getattr__, __dir__ = late_names(globals(), _MODULES)
