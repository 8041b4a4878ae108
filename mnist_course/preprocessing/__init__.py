"""Turn any picture of a digit into an image as MNIST has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnist_course.late_names import late_names

if TYPE_CHECKING:
    from mnist_course.preprocessing.normalization import to_mnist
    from mnist_course.preprocessing.resizing import just_resize

__all__ = ["just_resize", "to_mnist"]

_MODULES = {"just_resize": "resizing", "to_mnist": "normalization"}

# Late: Pillow and SciPy load when a name is used, not when the package is.
__getattr__, __dir__ = late_names(globals(), _MODULES)
