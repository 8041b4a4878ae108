"""Turn any picture of a digit into an image as MNIST has them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mnist_course.preprocessing.normalization import to_mnist
    from mnist_course.preprocessing.resizing import just_resize

__all__ = ["just_resize", "to_mnist"]

_HOME = {"just_resize": "resizing", "to_mnist": "normalization"}


def __getattr__(name: str) -> Any:
    # Late: Pillow and SciPy load when a name is used, not when the package is.
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
