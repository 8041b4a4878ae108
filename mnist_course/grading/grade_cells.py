"""Have the grade cells judged in a fresh trusted process; read its report."""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mnist_course.grading.assignment import GIVEN_NAMES, AssignmentCell, free_names
from mnist_course.grading.results import CellGrade, Finding, Picture, Verdict

__all__ = ["Judgement", "judge_cells"]

_DRAWING_SECONDS = 20.0  # beyond the time for the cells: start, pictures
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Verdicts by grade id, with what was measured and drawn on the way."""

    grades: Mapping[str, CellGrade]
    measurements: Mapping[str, float]
    pictures: tuple[Picture, ...]
    substituted: tuple[str, ...]


def judge_cells(
    cells: Sequence[AssignmentCell],
    *,
    captured: Path | None,
    execution: Mapping[str, Any],
    evaluator: socket.socket | None,
    folder: Path,
    seconds: float,
    pictures: bool = True,
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
    evaluator : socket or None
        Connection to the evaluator process.
    folder : Path
        Trusted and private: holds the job, whose cells are the hidden tests.
    seconds : float
        For all cells together.
    pictures : bool
        Also draw the pictures of the feedback.

    Returns
    -------
    Judgement
        With one grade for each cell in any case: a cell without a report is not graded.
    """
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
        "evaluator_fd": evaluator.fileno() if evaluator is not None else None,
        "seconds": seconds,
        "pictures": pictures,
    }
    folder.chmod(0o700)
    job_file = folder / "job.json"
    job_file.write_text(json.dumps(job))
    note = _run(job_file, evaluator, seconds + _DRAWING_SECONDS)
    report = _report(folder / "report.json")
    by_id = {v["id"]: v for v in report["verdicts"]}
    grades = {c.grade_id: _grade(c, by_id.get(c.grade_id), note) for c in cells}
    measurements: dict[str, float] = {}
    for verdict in report["verdicts"]:
        measurements.update(verdict.get("measurements", {}))
    return Judgement(
        grades,
        measurements,
        tuple(
            Picture(title, alt, (folder / file).read_bytes())
            for title, alt, file in report["pictures"]
        ),
        tuple(report["substituted"]),
    )


def _run(job_file: Path, evaluator: socket.socket | None, seconds: float) -> str:
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
    }
    if "SYSTEMROOT" in os.environ:  # Windows starts no process without it
        environment["SYSTEMROOT"] = os.environ["SYSTEMROOT"]
    command = [sys.executable, "-I", "-m", "mnist_course.grading.test_runner", str(job_file)]
    try:
        ended = subprocess.run(
            command,
            env=environment,
            cwd=job_file.parent,
            pass_fds=[evaluator.fileno()] if evaluator is not None else [],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"the test runner took longer than {seconds:.0f} seconds"
    if ended.returncode == 0:
        return ""
    words = ended.stderr.decode("utf-8", "replace")[-1500:]
    _log.error("the test runner ended with status %d: %s", ended.returncode, words)
    return f"the test runner ended with status {ended.returncode}: {words}"


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
