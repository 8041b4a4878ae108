"""Keep trials on disk, so that none is run twice."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import stat
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from mnist_course.atomic_write import write_bytes
from mnist_course.exceptions import RecordError, StoreError
from mnist_course.experiments.recording.strict_dict import Fields
from mnist_course.experiments.trials.configuration import Configuration
from mnist_course.experiments.trials.data import data_digest
from mnist_course.experiments.trials.trial import Trial
from mnist_course.experiments.trials.versions import RUNNER, versions

__all__ = ["VARIABLE", "TrialStore", "content_name"]

VARIABLE = "MNIST_COURSE_TRIALS"
"""Environment variable that names the folders of stored trials."""

_DEFAULT = "trials"
_FORMAT = 1
_LARGEST_FILE = 16 * 2**20

_logger = logging.getLogger(__name__)


def content_name(configuration: Configuration, seed: int) -> str:
    """Name a trial by everything that decides its numbers.

    Two trials have the same name exactly if configuration, seed, version of the runner, data files
    and versions of Keras, TensorFlow and NumPy are the same. Their arm does not count.

    Returns
    -------
    str
        64 hexadecimal digits, a SHA-256.
    """
    deciding = {
        "configuration": configuration.changed(),
        "seed": seed,
        "runner": RUNNER,
        "data": data_digest(configuration.dataset),
        "versions": versions(),
    }
    text = json.dumps(deciding, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


class TrialStore:
    """Folders with one JSON file for each trial.

    Any number of processes may read and write the same folder at the same time: a file appears
    whole or not at all. A file that is damaged, or that holds another trial than its name says, is
    reported in the log, then replaced.

    Parameters
    ----------
    folders : path or iterable of path
        All are read, in this order; the first is written. They need not exist.

    Raises
    ------
    StoreError
        If there is no folder at all.

    Examples
    --------
    >>> TrialStore("trials").folders
    (PosixPath('trials'),)
    """

    def __init__(self, folders: str | Path | Iterable[str | Path]) -> None:
        several = [folders] if isinstance(folders, str | Path) else list(folders)
        if not several:
            raise StoreError("A store of trials needs a folder, got none. Name one.")
        self.folders = tuple(Path(folder) for folder in several)
        self._may_write = True

    @classmethod
    def from_environment(cls) -> TrialStore:
        """Use the folders in ``MNIST_COURSE_TRIALS``, else ``trials`` in the current folder."""
        named = os.environ.get(VARIABLE, "")
        return cls([part for part in named.split(os.pathsep) if part] or [_DEFAULT])

    def path(self, configuration: Configuration, seed: int) -> Path:
        """Return the file that this trial is written to."""
        return self.folders[0] / _file_name(configuration, seed)

    def get(self, configuration: Configuration, seed: int) -> Trial | None:
        """Return a stored trial with source ``stored``; None when it must be run."""
        name = _file_name(configuration, seed)
        for folder in self.folders:
            path = folder / name
            try:
                trial = _read(path)
                _check_is(trial, configuration, seed)
            except FileNotFoundError:
                continue
            except (OSError, ValueError) as error:
                _logger.warning("The stored trial %s is not used: %s", path.name, error)
                continue
            return replace(trial, source="stored")
        return None

    def put(self, trial: Trial) -> bool:
        """Store a trial; return whether that was possible.

        A folder that cannot be written is reported in the log once, because a trial that was run
        is worth more than its copy.

        Raises
        ------
        ValueError
            If the trial has no configuration: nobody could ask for it again.
        """
        if trial.configuration is None:
            raise ValueError(
                f"The trial {trial.arm!r}, seed {trial.seed}, was trained by own code, so it has "
                "no configuration by which it could be found again. Keep it in a variable."
            )
        path = self.path(trial.configuration, trial.seed)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(path, _as_json({"format": _FORMAT, "trial": trial.to_dict()}))
        except OSError as error:
            if self._may_write:
                _logger.warning(
                    "Trials cannot be stored in %s (%s), so they will be run again next time. "
                    "Set %s to a folder that can be written.",
                    self.folders[0],
                    error.strerror or error,
                    VARIABLE,
                )
            self._may_write = False
            return False
        return True


def _file_name(configuration: Configuration, seed: int) -> str:
    return f"{content_name(configuration, seed)}.json"


def _as_json(value: dict[str, Any]) -> bytes:
    # NaN stays NaN: the loss of a training that went wrong is a result.
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode("ascii")


def _read(path: Path) -> Trial:
    """Read one file.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it holds no trial.
    """
    status = path.stat()  # once: it may appear at any moment
    if not stat.S_ISREG(status.st_mode):
        raise StoreError("it is no file")
    size = status.st_size
    if size > _LARGEST_FILE:
        raise RecordError(f"it has {size:,} bytes, expected at most {_LARGEST_FILE:,}")
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        raise RecordError("it is damaged: not the JSON that was written") from None
    fields = Fields(content, "a stored trial", ("format", "trial"))
    fields.whole("format", low=_FORMAT, high=_FORMAT)
    return fields.item("trial", Trial.from_dict)


def _check_is(trial: Trial, configuration: Configuration, seed: int) -> None:
    """Believe what is in a file, not its name.

    Raises
    ------
    RecordError
        If it is another trial than the one that is looked for.
    """
    if (trial.configuration, trial.seed) != (configuration, seed):
        raise RecordError("it holds another trial than its name says")
    if trial.versions != versions():
        raise RecordError("it was run with other versions than its name says")
