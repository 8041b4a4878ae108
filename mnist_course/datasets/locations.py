"""Where the files of a data set can lie on this machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = [
    "CACHE_VARIABLE",
    "OFFLINE_VARIABLE",
    "cache_folder",
    "environment_folder",
    "for_people",
    "keras_folder",
    "may_use_network",
]

CACHE_VARIABLE = "MNIST_COURSE_DATA"
"""Environment variable that names another folder for what is fetched."""

OFFLINE_VARIABLE = "MNIST_COURSE_OFFLINE"
"""Environment variable; when it is set, to anything but 0, nothing is fetched."""


def cache_folder() -> Path:
    """Return where this user's data sets are kept: ``$MNIST_COURSE_DATA``, else the user's cache.

    It need not exist. On Linux the user's cache is ``~/.cache/mnist-course``.
    """
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return Path(os.path.expanduser(named))  # noqa: PTH111 - Path's raises without a home
    from platformdirs import user_cache_path

    return user_cache_path("mnist-course", appauthor=False)


def environment_folder() -> Path:
    """Return where the data sets of this Python environment are kept, for all its users.

    A graded notebook may read the environment in any case, so this is the place for a grader.
    """
    return Path(sys.prefix, "share", "mnist-course")


def keras_folder() -> Path:
    """Return where Keras keeps the data sets that it downloaded itself."""
    home = os.environ.get("KERAS_HOME") or os.path.expanduser("~/.keras")  # noqa: PTH111 - as above
    return Path(home, "datasets")


def may_use_network() -> bool:
    """Tell whether a missing data set may be fetched from outside."""
    return os.environ.get(OFFLINE_VARIABLE, "0") in ("", "0")


def for_people(path: Path) -> str:
    """Return a path as people write it: from the current folder, or from the home with ``~``."""
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - as above
    try:
        here = Path.cwd()
    except FileNotFoundError:  # somebody removed it
        here = home
    if path.is_relative_to(here) and not home.is_relative_to(here):
        return str(path.relative_to(here))
    if path.is_relative_to(home) and home != Path(home.anchor):
        return str("~" / path.relative_to(home))
    return str(path)
