"""Trials that the wrong solutions of a proof have in common, run once.

A wrong solution differs from the right one in a few lines, so that nearly all trials of its studies
are the same: they are run beforehand, and its notebook finds them as a student's own store. The
right solution is graded without, as a student's work is: it trains everything itself.

``python -m mnist_course.proof.shown_trials FOLDER`` reads a JSON list of ``[configuration, seed]``
from its standard input, runs what is not in the folder, and stores it there.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from mnist_course.datasets.locations import cache_folder
from mnist_course.exceptions import ProofError
from mnist_course.experiments.trials.configuration import Configuration
from mnist_course.experiments.trials.store import TrialStore

__all__ = ["Wanted", "folder_of", "main", "prepare"]

Wanted = tuple[Configuration, int]


def folder_of(assignment: str) -> Path:
    """Return where the trials of an assignment's proof are kept between runs."""
    return cache_folder() / "proof-trials" / assignment


def prepare(wanted: Iterable[Wanted], folder: Path, *, at_once: int) -> int:
    """Run the trials that a folder does not hold yet.

    Parameters
    ----------
    wanted : iterable of (Configuration, int)
        Each with its seed.
    folder : Path
        Made where it is missing, readable for everybody: student code runs as another user.
    at_once : int
        Processes at the same time.

    Returns
    -------
    int
        How many were run.

    Raises
    ------
    ProofError
        If a process ends without having run its share.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for place in (folder, folder.parent):
        place.chmod(0o755)
    store = TrialStore(folder)
    missing = [one for one in dict.fromkeys(wanted) if store.get(*one) is None]
    shares = [missing[first::at_once] for first in range(at_once)]
    started = [_start(share, folder) for share in shares if share]
    for process in started:
        process.wait()
    if any(process.returncode for process in started):
        raise ProofError("The trials that wrong solutions share could not be run; see above.")
    return len(missing)


def _start(share: Sequence[Wanted], folder: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", "mnist_course.proof.shown_trials", str(folder)],
        stdin=subprocess.PIPE,
    )
    assert process.stdin is not None
    plain = [[configuration.changed(), seed] for configuration, seed in share]
    # A process that has ended already says so by its status.
    with contextlib.suppress(BrokenPipeError), process.stdin:
        process.stdin.write(json.dumps(plain).encode())
    return process


def main(arguments: list[str]) -> int:
    """Run what standard input asks for."""
    from mnist_course.experiments.trials.training import train

    store = TrialStore(arguments[0])
    plain: list[list[Any]] = json.load(sys.stdin)
    for values, seed in plain:
        if not store.put(train(Configuration.from_dict(values), seed, "shown")):
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
