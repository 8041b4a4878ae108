"""Grade a class of which half is hostile, one after another, in one process.

    python -m benchmarks.soak --submissions 200

Every second submission is honest; the others are the attacks of ``tests/attacks`` in turn. Each
honest one must have the same points as alone, every submission a verdict, and afterwards no
process, file, shared memory, open file or port may be left. Writes docs/measurements/soak.json.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from benchmarks.measuring import save
from mnist_course.grading.autograde import autograde
from mnist_course.grading.results import NotebookGrade
from tests.attacks.attack import Attack, notebook_of
from tests.attacks.catalogue import ATTACKS
from tests.attacks.target import TINY
from tests.attacks.world import World, world

__all__ = ["Traces", "main", "soak"]

_CELL_SECONDS, _DEADLINE = 6.0, 45.0
_FIRST_SANDBOX_USER = 200_000
HOSTILE = tuple(a for a in ATTACKS if "ours" in a.graders and a.target is TINY)
_SHARED = ("/tmp", "/var/tmp", "/dev/shm")


@dataclass(frozen=True)
class Traces:
    """What can be left behind: each a set of names."""

    processes: frozenset[str]
    files: frozenset[str]
    ports: frozenset[str]
    open_files: int

    @classmethod
    def now(cls) -> Traces:
        """Look at this process and at the machine."""
        me = psutil.Process()
        processes = {f"{p.pid} {p.name()}" for p in me.children(recursive=True)}
        for process in psutil.process_iter(["uids", "status"]):
            uids = process.info["uids"]
            ours = uids is not None and uids.real >= _FIRST_SANDBOX_USER
            if ours and process.info["status"] != psutil.STATUS_ZOMBIE:
                processes.add(f"{process.pid} of user {uids.real}")
        files = {
            str(entry)
            for place in _SHARED
            for entry in Path(place).iterdir()
            if entry.name.startswith("mnist-course-") or entry.lstat().st_uid >= _FIRST_SANDBOX_USER
        }
        ports = {str(c.laddr) for c in me.net_connections("all") if c.status == "LISTEN"}
        return cls(frozenset(processes), frozenset(files), frozenset(ports), me.num_fds())

    def left_since(self, before: Traces) -> list[str]:
        """Return what is there now and was not before."""
        found = [
            *(f"process {p}" for p in self.processes - before.processes),
            *(f"file {p}" for p in self.files - before.files),
            *(f"port {p}" for p in self.ports - before.ports),
        ]
        if self.open_files > before.open_files + 2:  # the first grade opens what stays open
            found.append(f"{self.open_files - before.open_files} open files")
        return found


def _write(made: World, number: int) -> tuple[Path, str, Attack | None]:
    """Write a submission; return it with the set of answers that it may earn at most."""
    folder = made.root / "submitted" / f"student{number}"
    folder.mkdir(mode=0o700)
    if number % 2 == 0:
        base = list(TINY.answers)[number // 2 % len(TINY.answers)]
        path = folder / "tiny.ipynb"
        cells = {"first": "", "last": "", "answers": TINY.answers[base]}
        path.write_text(json.dumps(notebook_of(cells, TINY)))
        return path, base, None
    attack = HOSTILE[number // 2 % len(HOSTILE)]
    place = made.place(attack.file_name)
    place.submission.parent.mkdir(exist_ok=True)
    for old in place.submission.parent.iterdir():
        if old.is_dir() and not old.is_symlink():
            continue
        old.unlink()
    place.submission.write_bytes(attack.submission(place))
    if attack.prepare is not None:
        attack.prepare(place)
    return place.submission, attack.base, attack


def _grade(made: World, path: Path) -> tuple[NotebookGrade, float]:
    began = time.perf_counter()
    grade = autograde(
        path,
        made.course / "source" / "tiny" / "tiny.ipynb",
        deadline_seconds=_DEADLINE,
        cell_seconds=_CELL_SECONDS,
        pictures=False,
    ).grade
    return grade, time.perf_counter() - began


def soak(submissions: int) -> dict[str, Any]:
    """Grade that many submissions and return the figures, with every difference in words."""
    wrong: list[str] = []
    seconds: dict[str, list[float]] = {"honest": [], "hostile": []}
    with world() as made:
        warm, _, _ = _write(made, 0)
        _grade(made, warm)  # what is opened once is open now
        (warm.parent / warm.name).unlink()
        warm.parent.rmdir()
        before, memory = Traces.now(), psutil.Process().memory_info().rss
        for number in range(submissions):
            path, base, attack = _write(made, number)
            grade, took = _grade(made, path)
            seconds["hostile" if attack else "honest"].append(took)
            scores = {c.grade_id.removeprefix("tiny-"): c.score for c in grade.automatic}
            name = f"{number} ({attack.name if attack else base})"
            if attack is None and scores != TINY.earned[base]:
                wrong.append(f"{name} has {scores}, alone {TINY.earned[base]}")
            if set(scores) != set(TINY.earned[base]) or grade.grader_failed:
                wrong.append(f"{name} has no verdict")
            gained = {n for n, s in scores.items() if (s or 0) > TINY.earned[base].get(n, 0)}
            if attack is not None and gained:
                wrong.append(f"{name} gained {sorted(gained)}")
            if took > _DEADLINE + 30:
                wrong.append(f"{name} took {took:.0f} s")
            print(f"{name}: {took:.1f} s", flush=True)
        left = Traces.now().left_since(before)
        grown = psutil.Process().memory_info().rss - memory
    return {
        "submissions": submissions,
        "hostile": len(seconds["hostile"]),
        "attacks": min(len(HOSTILE), len(seconds["hostile"])),
        "differences": wrong,
        "left_behind": left,
        "grader_grew_by_mib": round(grown / 2**20, 1),
        "seconds": {k: round(statistics.median(v), 2) for k, v in seconds.items() if v},
    }


def main() -> int:
    """Run, save, and fail when anything was different or left behind."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--submissions", type=int, default=200)
    arguments = parser.parse_args()
    os.umask(0o022)
    figures = soak(arguments.submissions)
    print(json.dumps(figures, indent=2))
    save("soak", f"python -m benchmarks.soak --submissions {arguments.submissions}", figures)
    return 1 if figures["differences"] or figures["left_behind"] else 0


if __name__ == "__main__":
    sys.exit(main())
