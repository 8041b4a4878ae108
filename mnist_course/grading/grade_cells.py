"""Have the grade cells judged in a fresh trusted process; read its report."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mnist_course.grading import given_data
from mnist_course.grading.assignment import GIVEN_NAMES, AssignmentCell, free_names
from mnist_course.grading.control import Desk, Service
from mnist_course.grading.deadline import Deadline
from mnist_course.grading.results import CellGrade, Finding, Picture, Signal, Verdict

__all__ = ["Judgement", "Services", "judge_cells"]

_DRAWING_SECONDS = 20.0  # kept for the pictures, or ...
_DRAWING_SHARE = 0.2  # ... this share of the time, where that is less
_LAST_WORDS = 1500
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Verdicts by grade id, with what was measured, drawn and noticed on the way."""

    grades: Mapping[str, CellGrade]
    measurements: Mapping[str, float]
    pictures: tuple[Picture, ...]
    substituted: tuple[str, ...]
    signals: tuple[Signal, ...] = ()
    verdicts: tuple[Mapping[str, Any], ...] = ()
    """As the test runner wrote them: what `judge_cells` takes as ``known`` another time."""


@dataclass(frozen=True, slots=True)
class Services:
    """What the test runner may ask for while it judges.

    Parameters
    ----------
    evaluator : callable
        Returns the connection to the evaluator, which it starts when there is none yet.
    kernel : callable
        Given True when the kernel no longer answers, returns the connection to the student's
        kernel, or why there is none.
    interrupt : callable
        Interrupts the call that the student's kernel is busy with.
    """

    evaluator: Callable[[], socket.socket]
    kernel: Callable[[bool], socket.socket | str]
    interrupt: Callable[[], None]


def judge_cells(
    cells: Sequence[AssignmentCell],
    *,
    captured: Path | None,
    execution: Mapping[str, Any],
    folder: Path,
    deadline: Deadline,
    services: Services | None = None,
    pictures: bool = True,
    on_report: Callable[[Judgement], None] | None = None,
    known: Mapping[str, Mapping[str, Any]] | None = None,
    answers: Path | None = None,
) -> Judgement:
    """Judge the grade cells of a notebook.

    Parameters
    ----------
    cells : sequence of AssignmentCell
        The instructor's, hidden tests included.
    captured : Path or None
        What the student's kernel exported.
    execution : mapping
        What the cells see as ``execution``.
    folder : Path
        Trusted and private: holds the job, whose cells are the hidden tests.
    deadline : Deadline
        For all cells together, with the pictures.
    services : Services, optional
        Without them no model is rebuilt and no function called.
    pictures : bool
        Also draw the pictures of the feedback.
    on_report : callable, optional
        Called with the verdicts so far whenever an item is done.
    known : mapping, optional
        Verdicts by grade id of an earlier ``Judgement`` of the same values: these items are not
        judged again.
    answers : Path, optional
        Trusted, private folder for the evaluator's answers about these values, old and new.

    Returns
    -------
    Judgement
        With one grade for each cell in any case: a cell without a report is not graded.
    """
    reserve = min(_DRAWING_SECONDS, _DRAWING_SHARE * deadline.left()) if pictures else 0.0
    job = {
        "cells": [
            {
                "id": cell.grade_id,
                "source": cell.source,
                "points": cell.points,
                "needs": sorted(free_names(cell.source) - GIVEN_NAMES),
            }
            for cell in cells
        ],
        "captured": str(captured) if captured is not None else None,
        "execution": dict(execution),
        "seconds": deadline.left(but=reserve),
        "pictures": pictures,
        "known": {grade_id: dict(verdict) for grade_id, verdict in (known or {}).items()},
        "answers": str(answers) if answers is not None else None,
    }
    folder.chmod(0o700)
    report_file = folder / "report.json"
    job_file = folder / "job.json"

    def look(_message: Mapping[str, Any]) -> None:
        if on_report is not None:
            on_report(_judgement(cells, _report(report_file), folder, ""))

    desk = Desk({"report": look, **_as_table(services)})
    try:
        job_file.write_text(json.dumps(job | {"control_fd": desk.theirs.fileno()}))
        note = _run(job_file, desk, deadline)
    finally:
        desk.close()
    return _judgement(cells, _report(report_file), folder, note)


def _as_table(services: Services | None) -> dict[str, Service]:
    if services is None:
        return {}
    return {
        "evaluator": lambda message: services.evaluator(),
        "kernel": lambda message: services.kernel(bool(message["broken"])),
        "interrupt": lambda message: services.interrupt(),
    }


def _judgement(
    cells: Sequence[AssignmentCell], report: Mapping[str, Any], folder: Path, note: str
) -> Judgement:
    by_id = {v["id"]: v for v in report["verdicts"]}
    measurements: dict[str, float] = {}
    for verdict in report["verdicts"]:
        measurements.update(verdict.get("measurements", {}))
    measurements |= report.get("staff_measurements", {})
    return Judgement(
        {c.grade_id: _grade(c, by_id.get(c.grade_id), note) for c in cells},
        measurements,
        tuple(
            Picture(title, alt, (folder / file).read_bytes())
            for title, alt, file in report["pictures"]
        ),
        tuple(report["substituted"]),
        tuple(Signal(kind, detail) for kind, detail in report.get("signals", ())),
        tuple(report["verdicts"]),
    )


def _run(job_file: Path, desk: Desk, deadline: Deadline) -> str:
    """Run the trusted process; return why it did not end well, else an empty string."""
    # The parent's settings of Python and of its threads must not reach the tests.
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(job_file.parent),
        "LANG": "C.UTF-8",
        "OPENBLAS_NUM_THREADS": "1",  # a process that forks keeps to one thread
        "OMP_NUM_THREADS": "1",
        "MPLBACKEND": "agg",
        "MPLCONFIGDIR": str(job_file.parent / "matplotlib"),
        **given_data.environment(),
    }
    if "SYSTEMROOT" in os.environ:  # Windows starts no process without it
        environment["SYSTEMROOT"] = os.environ["SYSTEMROOT"]
    command = [sys.executable, "-I", "-m", "mnist_course.grading.test_runner", str(job_file)]
    with subprocess.Popen(
        command,
        env=environment,
        cwd=job_file.parent,
        pass_fds=[desk.theirs.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        words = _attend(process, desk, deadline)
    if words is None:
        return "the time for judging was up"
    if process.returncode == 0:
        return ""
    _log.error("the test runner ended with status %d: %s", process.returncode, words)
    return f"the test runner ended with status {process.returncode}: {words}"


def _attend(process: subprocess.Popen[bytes], desk: Desk, deadline: Deadline) -> str | None:
    """Answer the test runner until it ends; return the last that it said, None when time is up."""
    assert process.stderr is not None
    said = b""
    try:
        while deadline.left() > 0:
            words = process.stderr.fileno()
            ready = select.select([desk.fileno(), words], [], [], deadline.left())[0]
            if desk.fileno() in ready:
                desk.answer()
            if words in ready:
                part = os.read(words, 1 << 16)
                if not part:  # the runner is gone with all its forks
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(timeout=max(0.1, deadline.left()))
                        return said.decode("utf-8", "replace")
                    break
                said = (said + part)[-_LAST_WORDS:]
        return None
    finally:
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # the fork that judges, too


def _report(path: Path) -> dict[str, Any]:
    try:
        report: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError):
        return {"verdicts": [], "substituted": [], "pictures": []}
    return report


def _grade(cell: AssignmentCell, verdict: Mapping[str, Any] | None, note: str) -> CellGrade:
    if verdict is None:
        return CellGrade(
            cell.grade_id,
            cell.title,
            cell.points,
            0.0,
            Verdict.NOT_GRADED,
            (Finding("The grader did not get to this item. Please tell your instructor."),),
            note or "no report from the test runner",
        )
    return CellGrade(
        cell.grade_id,
        cell.title,
        cell.points,
        float(verdict["score"]),
        Verdict(verdict["verdict"]),
        tuple(Finding(*found) for found in verdict["findings"]),
        str(verdict["staff_note"]),
        float(verdict["seconds"]),
    )
