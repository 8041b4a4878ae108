"""Write down who graded what, when, and with which tests; lines are added, never changed."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from mnist_course.grading.assignment import Assignment
from mnist_course.grading.results import NotebookGrade, Verdict

__all__ = ["AuditLine", "AuditLog", "ItemScore", "item_scores", "test_digests"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ItemScore:
    """The points of one item, with the first digits of the SHA-256 of the cell that gave them."""

    score: float
    of: float
    verdict: str
    test: str


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One grade that was made or looked up.

    Parameters
    ----------
    time : str
        ISO 8601, UTC.
    by : str
        Who gave the command.
    student, assignment : str
    submission : str
        SHA-256 of the submitted file.
    state : str
        ``graded``, ``judged`` (tests ran on the stored run), ``known``, ``failed`` or ``lost``.
    grade : str
        Key of the grade in the store; empty where there is none.
    score, of : float
        Automatic points.
    items : mapping of str to ItemScore
        Automatic items by grade id.
    words : str
        Why there is no grade.
    """

    time: str
    by: str
    student: str
    assignment: str
    submission: str
    state: str
    grade: str
    score: float
    of: float
    items: Mapping[str, ItemScore]
    words: str = ""

    def to_json(self) -> str:
        """Return the line, ASCII, without its end."""
        return json.dumps(asdict(self), separators=(",", ":"), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the line that `to_json` wrote.

        Raises
        ------
        ValueError, TypeError, KeyError
            If it is none.
        """
        plain: dict[str, Any] = json.loads(text)
        plain["items"] = {name: ItemScore(**item) for name, item in plain["items"].items()}
        return cls(**plain)


def test_digests(assignment: Assignment) -> dict[str, str]:
    """Return the first 16 digits of the SHA-256 of each grade cell, by grade id."""
    return {
        cell.grade_id: hashlib.sha256(cell.source.encode()).hexdigest()[:16]
        for cell in assignment.grade_cells
    }


def item_scores(grade: NotebookGrade, tests: Mapping[str, str]) -> dict[str, ItemScore]:
    """Return the automatic items of a grade."""
    return {
        cell.grade_id: ItemScore(
            float(cell.score or 0.0),
            cell.max_score,
            str(Verdict(cell.verdict)),
            tests.get(cell.grade_id, ""),
        )
        for cell in grade.automatic
    }


class AuditLog:
    """A file of JSON lines with one writer.

    A line is on the disk when `add` returns. A last line that was cut by a crash is left as it is
    and told; what follows stands on lines of its own.

    Parameters
    ----------
    path : Path
        The file; it need not exist, its folder must.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, line: AuditLine) -> None:
        """Append a line and flush it to disk.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        descriptor = os.open(self._path, flags, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            whole = size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"
            data = ("" if whole else "\n").encode() + line.to_json().encode("ascii") + b"\n"
            while data:
                data = data[os.write(descriptor, data) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def lines(self) -> list[AuditLine]:
        """Return what was written so far, in order; a line that cannot be read is told."""
        try:
            text = self._path.read_text(encoding="ascii", errors="replace")
        except FileNotFoundError:
            return []
        found = []
        for number, line in enumerate(text.split("\n"), start=1):
            if not line:
                continue
            try:
                found.append(AuditLine.from_json(line))
            except (ValueError, TypeError, KeyError):
                _log.warning("line %d of %s cannot be read", number, self._path)
        return found

    def last_by_student(self) -> dict[str, AuditLine]:
        """Return the last grade of each student; lines without a grade do not count."""
        return {line.student: line for line in self.lines() if line.grade}
