"""Find a trial among those that are given with the course."""

from __future__ import annotations

import gzip
import json
import logging
import zlib
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from mnist_course.exceptions import RecordError
from mnist_course.experiments.recording.strict_dict import Fields
from mnist_course.experiments.trials.configuration import Configuration
from mnist_course.experiments.trials.trial import Trial
from mnist_course.experiments.trials.versions import RUNNER

__all__ = ["FOLDER", "FORMAT", "read", "shipped", "shipped_trials"]

FOLDER = Path(__file__).parent / "data"
"""Where they lie, one file for each assignment: ``m6.json.gz``."""

FORMAT = 1
_LONGEST = 10_000  # trials in a file

_logger = logging.getLogger(__name__)


def shipped(configuration: Configuration, seed: int, *, folder: Path = FOLDER) -> Trial | None:
    """Return a trial that is given with the course, with source ``shipped``; None without one.

    It may have been run with other versions of Keras than those of this machine: its ``versions``
    say which.
    """
    return _by_content(folder).get((configuration, seed))


def shipped_trials(*, folder: Path = FOLDER) -> tuple[Trial, ...]:
    """Return all trials that are given with the course."""
    return tuple(_by_content(folder).values())


def read(path: Path) -> tuple[Trial, ...]:
    """Read one file of shipped trials.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it is damaged or holds anything else; a RecordError says which field.
    """
    try:
        text = gzip.decompress(path.read_bytes())
    except (EOFError, zlib.error) as error:
        raise RecordError(f"it is damaged: {error}") from None
    content = json.loads(text)
    fields = Fields(content, path.name, ("format", "runner", "trials"))
    fields.whole("format", low=FORMAT, high=FORMAT)
    fields.whole("runner", low=RUNNER, high=RUNNER)
    trials = fields.items("trials", Trial.from_dict, longest=_LONGEST)
    return tuple(replace(trial, source="shipped") for trial in trials)


@lru_cache(maxsize=8)
def _by_content(folder: Path) -> Mapping[tuple[Configuration, int], Trial]:
    found: dict[tuple[Configuration, int], Trial] = {}
    for path in sorted(folder.glob("*.json.gz")):
        try:
            trials = read(path)
        except (OSError, ValueError) as error:
            # The course can be done without them: each trial is then run.
            _logger.warning("The trials in %s cannot be used: %s", path.name, error)
            continue
        for trial in trials:
            if trial.configuration is not None:
                found.setdefault((trial.configuration, trial.seed), trial)
    return found
