"""Files of this machine that a graded notebook may read, in the sandbox, too.

MNIST is part of this package, and what lies in the Python environment or in the system's folders
can be read in any case. What is left is this user's cache of data sets, of which the known files
are shown one by one: nothing else in it, and nothing else of the user's home. And, where whoever
grades names one, a folder of trials that were run before (`shown_trials`).
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from mnist_course.datasets import locations
from mnist_course.datasets.fashion_mnist import PUBLISHED

__all__ = ["SHOWN_TRIALS", "environment", "files", "shown_trials"]

SHOWN_TRIALS = "MNIST_COURSE_SHOWN_TRIALS"
"""Environment variable of the grader: a folder of stored trials that notebooks may read."""

_STORE_VARIABLE = "MNIST_COURSE_TRIALS"  # as in experiments/trials/store.py, which a test compares


def files() -> tuple[Path, ...]:
    """Return the files to show, under the names that `environment` leads to.

    No links: one could lead anywhere. Whoever loads a file verifies it.
    """
    folder = _cache() / PUBLISHED.folder_name
    found = tuple(p for f in PUBLISHED.files.values() if _is_plain(p := folder / f.name))
    trials = shown_trials()
    return found if trials is None else (*found, trials)


def shown_trials() -> Path | None:
    """Return the folder of stored trials that a graded notebook may read, None without one.

    Trials there are not trained again, which the proof of an assignment needs: its wrong solutions
    share nearly all of them. Nobody sets the variable where students' work is graded.
    """
    named = os.environ.get(SHOWN_TRIALS)
    folder = Path(named).resolve() if named else None
    return folder if folder is not None and folder.is_dir() else None


def environment() -> dict[str, str]:
    """Return the variables with which a process finds these files, and looks for no others.

    A process that grades must not try the network: what it fetched would be gone with it.
    """
    found = {locations.CACHE_VARIABLE: str(_cache())} if files() else {}
    trials = shown_trials()
    if trials is not None:
        # The first folder is the notebook's own, which it may write.
        found[_STORE_VARIABLE] = os.pathsep.join(("trials", str(trials)))
    return {locations.OFFLINE_VARIABLE: "1", **found}


def _cache() -> Path:
    return locations.cache_folder().resolve()


def _is_plain(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False
