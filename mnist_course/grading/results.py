"""What a grade is: frozen values that every writer reads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = [
    "CellError",
    "CellGrade",
    "Finding",
    "NotebookGrade",
    "Picture",
    "SandboxLayer",
    "Signal",
    "Verdict",
]


class Verdict(StrEnum):
    """The outcome of one grade cell."""

    PASSED = "passed"
    PARTIAL = "partial"
    FAILED = "failed"
    NOT_GRADED = "not graded"  # the grader could not decide: zero points, shown to staff
    MANUAL = "manual"  # a person grades it: no score yet


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to tell the student: what we saw, why it matters, what to try next.

    All three are plain text (no markup). ``saw`` holds a number where there is one.
    """

    saw: str
    why: str = ""
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class CellGrade:
    """The grade of one item.

    Parameters
    ----------
    grade_id : str
        nbgrader's id of the cell, ``m5-accuracy``.
    title : str
        A few words for a person, ``Test accuracy``.
    max_score : float
        Points of the instructor's copy; never the submission's.
    score : float or None
        ``0 <= score <= max_score``; None only for ``Verdict.MANUAL``.
    verdict : Verdict
        Must agree with the score: passed = all points, partial = some, failed and not graded = 0.
    findings : tuple of Finding
        Shown to the student.
    staff_note : str
        Shown to staff only (why it could not be graded, integrity signals).
    seconds : float
        Wall time that judging took.

    Raises
    ------
    ValueError
        If score and verdict contradict each other or the score is out of range.
    """

    grade_id: str
    title: str
    max_score: float
    score: float | None
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    staff_note: str = ""
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.max_score) and self.max_score >= 0):
            raise ValueError(
                f"{self.grade_id}: max_score must be finite and >= 0, got {self.max_score!r}"
            )
        if self.verdict is Verdict.MANUAL:
            if self.score is not None:
                raise ValueError(
                    f"{self.grade_id}: a manual item has no score yet, got {self.score!r}"
                )
            return
        if (
            self.score is None
            or not math.isfinite(self.score)
            or not 0 <= self.score <= self.max_score
        ):
            raise ValueError(
                f"{self.grade_id}: score must be in 0..{self.max_score:g}, got {self.score!r}"
            )
        fits = {
            Verdict.PASSED: self.score == self.max_score,
            Verdict.PARTIAL: self.score < self.max_score,
            Verdict.FAILED: self.score == 0,
            Verdict.NOT_GRADED: self.score == 0,
        }
        if not fits[self.verdict]:
            raise ValueError(
                f"{self.grade_id}: {self.verdict} does not fit {self.score:g}/{self.max_score:g}"
            )


@dataclass(frozen=True, slots=True)
class CellError:
    """A cell of the student's notebook that did not end well.

    ``cell`` counts the notebook's cells from 1; ``kind`` is the exception's name, ``TimeoutError``
    or ``DeadKernelError``; ``message`` is one line, already cut to a fair length.
    """

    cell: int
    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class SandboxLayer:
    """One layer of isolation: was it asked for, is it active, and in which words."""

    name: str
    active: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that a person should look at; for staff only, never points.

    Parameters
    ----------
    kind : str
        A short stable name, ``fit on test rows``.
    detail : str
        One sentence with the numbers.
    """

    kind: str
    detail: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture for the feedback page: PNG bytes with a title and a text alternative."""

    title: str
    alt: str
    png: bytes


@dataclass(frozen=True, slots=True)
class NotebookGrade:
    """The grade of one notebook.

    Parameters
    ----------
    assignment : str
        Id of the assignment, ``m5``.
    cells : tuple of CellGrade
        In the order of the instructor's notebook.
    headline : str
        Empty, or one sentence about the whole submission that a student must read first
        ("This file is not a notebook ...").
    repairs : tuple of str
        What was repaired while reading, for the student.
    errors : tuple of CellError
        Cells that raised, ran out of time or killed the kernel.
    measurements : mapping of str to float
        What the checks measured: ``accuracy`` (0..1), ``parameters``, ``training_seconds`` ...
    pictures : tuple of Picture
        Confusion matrix, learning curves.
    layers : tuple of SandboxLayer
        Isolation of the student's code.
    seconds : float
        Wall time of the whole grade.
    grader_failed : bool
        True when the grader itself broke; the submission must be graded again.
    signals : tuple of Signal
        For staff, never points and never shown to the student.
    """

    assignment: str
    cells: tuple[CellGrade, ...]
    headline: str = ""
    repairs: tuple[str, ...] = ()
    errors: tuple[CellError, ...] = ()
    measurements: Mapping[str, float] = field(default_factory=dict)
    pictures: tuple[Picture, ...] = ()
    layers: tuple[SandboxLayer, ...] = ()
    seconds: float = 0.0
    grader_failed: bool = False
    signals: tuple[Signal, ...] = ()

    @property
    def automatic(self) -> tuple[CellGrade, ...]:
        """The items that the engine grades."""
        return tuple(cell for cell in self.cells if cell.verdict is not Verdict.MANUAL)

    @property
    def manual(self) -> tuple[CellGrade, ...]:
        """The items that a person grades."""
        return tuple(cell for cell in self.cells if cell.verdict is Verdict.MANUAL)

    @property
    def score(self) -> float:
        """Points of the automatic items."""
        return math.fsum(cell.score or 0.0 for cell in self.automatic)

    @property
    def max_score(self) -> float:
        """Points that the automatic items can give."""
        return math.fsum(cell.max_score for cell in self.automatic)
