"""Many submissions, each graded in a process of its own, some at the same time."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mnist_course.grading.given_data import SHOWN_TRIALS
from mnist_course.proof.trial import Trial

__all__ = ["Job", "run"]

_LOOK = 0.1  # seconds
_LONGEST = 1800.0  # above the deadline of a grade
_ENDING = 60.0  # for a grade to end its own processes


@dataclass(frozen=True, slots=True)
class Job:
    """A submission to grade against an assignment into a folder.

    ``shown``, where it is given, is a folder of trials that the notebook may read.
    """

    submission: Path
    assignment: Path
    folder: Path
    shown: Path | None = None


@dataclass(slots=True)
class _Running:
    number: int
    process: subprocess.Popen[bytes]
    result: Path
    log: Path
    since: float


def run(jobs: Sequence[Job], *, at_once: int) -> Iterator[tuple[int, Trial | None]]:
    """Grade submissions; tell when one begins and when it has ended.

    Leaving the loop early, also by Ctrl-C, ends everything that still runs.

    Parameters
    ----------
    jobs : sequence of Job
    at_once : int
        How many grades run at the same time.

    Yields
    ------
    (int, Trial or None)
        Place of the job in ``jobs``; None when it begins, later its trial. A grade that gave
        none becomes a trial that says why.
    """
    waiting = list(range(len(jobs)))
    running: list[_Running] = []
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                number = waiting.pop(0)
                running.append(_start(number, jobs[number]))
                yield number, None
            ended = [one for one in running if _over(one)]
            for one in ended:
                running.remove(one)
                yield one.number, _trial(one)
            if not ended:
                time.sleep(_LOOK)
    finally:
        _end(running)


def _start(number: int, job: Job) -> _Running:
    job.folder.mkdir(parents=True, exist_ok=True)
    result, log = job.folder / "trial.json", job.folder / "log.txt"
    result.unlink(missing_ok=True)
    command = [sys.executable, "-m", "mnist_course.proof.trial_process"]
    command += map(str, (job.submission, job.assignment, job.folder, result))
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=_environment(job.shown),
            stdin=subprocess.PIPE,  # ends with us, and so does the grade
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C reaches us, and we end it
        )
    return _Running(number, process, result, log, time.monotonic())


def _environment(shown: Path | None) -> dict[str, str]:
    """Return ours with the folder of trials, and without one that somebody else named."""
    kept = {name: value for name, value in os.environ.items() if name != SHOWN_TRIALS}
    return kept if shown is None else {**kept, SHOWN_TRIALS: str(shown)}


def _over(one: _Running) -> bool:
    if one.process.poll() is None and time.monotonic() - one.since > _LONGEST:
        _end([one])
    return one.process.poll() is not None


def _trial(one: _Running) -> Trial:
    _close(one)
    seconds = time.monotonic() - one.since
    try:
        return Trial.from_json(json.loads(one.result.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError):
        last = one.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
        words = f"no grade, exit status {one.process.returncode}: {''.join(last)[:300]}"
        return Trial({}, 0.0, round(seconds, 2), 0, failed=words)


def _end(running: Sequence[_Running]) -> None:
    for one in running:
        one.process.terminate()
    for one in running:
        with contextlib.suppress(subprocess.TimeoutExpired):
            one.process.wait(timeout=_ENDING)
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
        _close(one)


def _close(one: _Running) -> None:
    if one.process.stdin is not None:
        one.process.stdin.close()
