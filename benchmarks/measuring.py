"""Measure processes from outside: wall time, CPU seconds, peak memory of a whole tree."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from mnist_course.proof.machine import machine

__all__ = ["DOCS", "MEASUREMENTS", "Timed", "TreeSampler", "machine", "save", "timed"]

DOCS = Path(__file__).resolve().parent.parent / "docs"
MEASUREMENTS = DOCS / "measurements"


@dataclass
class TreeSampler:
    """Samples the memory of this process and everything below it while a block runs.

    Counted is anonymous memory, which a container cannot take back: pages of files, such as
    TensorFlow's 400 MB of libraries, are dropped and read again when memory is short. What forks
    share counts once. Where the
    system does not tell (no ``/proc``), resident memory is counted. ``peak`` is of the sum over
    all processes at one moment, ``peaks`` of each kind of process by itself; bytes. A look may take
    ``share`` of the time: the kernel counts a large process' pages one by one.
    """

    classify: Callable[[psutil.Process], str]
    interval: float = 0.05
    share: float = 1.0
    peak: int = 0
    peaks: dict[str, int] = field(default_factory=dict)
    at_peak: dict[str, int] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> TreeSampler:
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _sample(self) -> None:
        me = psutil.Process()
        pause = self.interval
        while not self._stop.wait(pause):
            began = time.thread_time()
            now: dict[str, int] = {}
            for process in [me, *me.children(recursive=True)]:
                try:
                    used = _anonymous(process)
                    kind = self.classify(process)
                except (psutil.Error, OSError):
                    continue
                now[kind] = now.get(kind, 0) + used
            for kind, used in now.items():
                self.peaks[kind] = max(self.peaks.get(kind, 0), used)
            if sum(now.values()) > self.peak:
                self.peak, self.at_peak = sum(now.values()), now
            pause = max(self.interval, (time.thread_time() - began) / self.share)


def _anonymous(process: psutil.Process) -> int:
    rollup = Path(f"/proc/{process.pid}/smaps_rollup")
    if not rollup.exists():
        return int(process.memory_info().rss)
    lines = (line.split() for line in rollup.read_text().splitlines())
    return sum(int(words[1]) * 1024 for words in lines if words[0] in ("Pss_Anon:", "SwapPss:"))


@dataclass(frozen=True)
class Timed:
    """What one piece of work took."""

    wall: float
    cpu: float


def timed(work: Callable[[], object]) -> Timed:
    """Run something and return wall time with the CPU seconds of this process and its children."""
    start, before = time.perf_counter(), os.times()
    work()
    after = os.times()
    cpu = sum(after[i] - before[i] for i in range(4))
    return Timed(time.perf_counter() - start, cpu)


def save(name: str, command: str, figures: Mapping[str, Any]) -> Path:
    """Write figures to ``docs/measurements/<name>.json``, without the path of this checkout."""
    MEASUREMENTS.mkdir(parents=True, exist_ok=True)
    path = MEASUREMENTS / f"{name}.json"
    record = {
        "command": command,
        "date": time.strftime("%Y-%m-%d"),
        "machine": machine(),
        **figures,
    }
    here = f"{MEASUREMENTS.parents[1]}/"
    path.write_text(json.dumps(record, indent=2).replace(here, "") + "\n")
    return path
