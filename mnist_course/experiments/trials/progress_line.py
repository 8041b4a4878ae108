"""Show on one line how far a list of trials is, with the time left."""

from __future__ import annotations

import time
from collections import Counter
from types import TracebackType
from typing import TextIO

from mnist_course.experiments.trials.trial import Trial

__all__ = ["ProgressLine", "duration"]

_SOURCES = {
    "shipped": "given with the course",
    "stored": "from earlier runs",
    "run": "trained now",
}


class ProgressLine:
    """A line that is written over itself, so that it needs no widget and no terminal.

    Parameters
    ----------
    total : int
        How many trials there will be.
    stream : text stream
        Where the line is written.
    """

    def __init__(self, total: int, stream: TextIO) -> None:
        self._total = total
        self._stream = stream
        self._sources: Counter[str] = Counter()
        self._trained = 0.0  # seconds
        self._width = 0
        self._started = time.perf_counter()

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        done = sum(self._sources.values())
        parts = [
            f"{number} {_SOURCES.get(source, source)}" for source, number in self._sources.items()
        ]
        taken = duration(time.perf_counter() - self._started)
        number = f"{done}" if done == self._total else f"stopped after {done} of {self._total}"
        self._write(f"{number} trials ({', '.join(parts) or 'none'}) in {taken}")
        self._stream.write("\n")
        self._stream.flush()

    def add(self, trial: Trial) -> None:
        """Count a trial that is finished."""
        self._sources[trial.source] += 1
        if trial.source == "run":
            self._trained += trial.seconds

    def begin(self, arm: str, seed: int) -> None:
        """Show the trial that is trained now."""
        done = sum(self._sources.values())
        left = ""
        if trained := self._sources["run"]:
            seconds = self._trained / trained * (self._total - done)
            left = f", about {duration(seconds)} left"
        self._write(f"trial {done + 1} of {self._total}{left}: {arm}, seed {seed}")

    def _write(self, text: str) -> None:
        self._stream.write("\r" + text.ljust(self._width))
        self._stream.flush()
        self._width = len(text)


def duration(seconds: float) -> str:
    """Write a time for a person: ``8 s``, ``3 min 20 s``, ``2 h 5 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
