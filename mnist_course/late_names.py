"""Names of a package that are loaded when they are used, not when the package is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

__all__ = ["late_names"]


def late_names(
    namespace: Mapping[str, Any], homes: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return what a package needs as ``__getattr__`` and ``__dir__``.

    Parameters
    ----------
    namespace : mapping
        The package's ``globals()``.
    homes : mapping of str to str
        Each public name with the module below the package in which it is defined.

    Examples
    --------
    >>> __getattr__, __dir__ = late_names(globals(), {"SVC": "svm"})    # doctest: +SKIP
    """
    package = str(namespace["__name__"])

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{homes[name]}"), name)

    def names() -> list[str]:
        return sorted({*namespace, *homes})

    return get, names
