"""Grade a class: give out jobs, note every end at once, repeat nothing."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from mnist_course.atomic_write import write_text
from mnist_course.class_grading.audit_log import AuditLine, AuditLog, item_scores, test_digests
from mnist_course.class_grading.changes import Change, changes_of
from mnist_course.class_grading.grading_job import (
    GRADES,
    Cost,
    GradingJob,
    file_digest,
    give_out,
    grade_submission,
    graded_submission,
    put_grade,
)
from mnist_course.class_grading.records import GradedSubmission, Submission
from mnist_course.class_grading.store import Entry, Store
from mnist_course.grading import feedback, gradescope
from mnist_course.grading.assignment import Assignment, read_assignment
from mnist_course.grading.results import NotebookGrade
from mnist_course.grading.ungraded import items
from mnist_course.workforce.workforce import Failure, Job, Workforce

__all__ = ["TRIES", "ClassResult", "ClassSettings", "Listener", "grade_class"]

TRIES = 3
"""How often a submission may cost a worker before it is put aside."""

_LOST = "Your notebook could not be graded automatically. A person will look at it."
_log = logging.getLogger(__name__)


class Listener(Protocol):
    """What hears how the work goes on."""

    def plan(self, known: int, to_do: int) -> None:
        """So many grades are known, so many are to be made."""
        ...

    def finished(self, line: AuditLine, seconds: float) -> None:
        """One submission is done; ``seconds`` of the clock since work began."""
        ...


@dataclass(frozen=True, slots=True)
class ClassSettings:
    """How a class is graded.

    Parameters
    ----------
    assignment : Path
        The instructor's notebook.
    output : Path
        Folder with one folder for each student, and ``audit.jsonl``.
    store : Path
        Folder of what was worked out; on a cluster all machines see it under this path.
    deadline_seconds, cell_seconds, require_sandbox
        See ``grade_to_folder``.
    by : str
        Who gave the command.
    again : frozenset of str
        Students whose notebooks are run and judged again, whatever is known.
    what_if : bool
        Say what would change; leave ``output`` as it is.
    """

    assignment: Path
    output: Path
    store: Path
    deadline_seconds: float = 540.0
    cell_seconds: float | None = None
    require_sandbox: bool = False
    by: str = ""
    again: frozenset[str] = frozenset()
    what_if: bool = False


@dataclass(frozen=True, slots=True)
class ClassResult:
    """What came of grading a class.

    Parameters
    ----------
    graded : tuple of GradedSubmission
        In the order of the submissions; also those that were put aside for a person.
    failures : mapping of str to str
        By student, why the grader itself failed; these are tried again next time.
    changes : tuple of Change
        Against the last grade of each student that had one.
    states : mapping of str to int
        How many were ``graded``, ``judged``, ``known``, ``failed``, ``lost``.
    keys : mapping of str to str
        By student, the key of the grade in the store.
    confusion : array of int, shape (10, 10), optional
        Sum of the confusion matrices that checks counted; None where none did.
    """

    graded: tuple[GradedSubmission, ...]
    failures: Mapping[str, str]
    changes: tuple[Change, ...]
    states: Mapping[str, int]
    keys: Mapping[str, str] = field(default_factory=dict)
    confusion: npt.NDArray[np.int64] | None = None


@dataclass(slots=True)
class _Work:
    """What is put together while results come in."""

    graded: dict[str, GradedSubmission] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    changes: dict[str, Change] = field(default_factory=dict)
    states: dict[str, int] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    confusion: npt.NDArray[np.int64] | None = None

    def count(self, confusion: object) -> None:
        """Add a student's confusion matrix, if it is one."""
        matrix = np.asarray(confusion if confusion is not None else 0, dtype=np.int64)
        if matrix.shape == (10, 10):
            self.confusion = matrix if self.confusion is None else self.confusion + matrix


def grade_class(
    submissions: Sequence[Submission],
    settings: ClassSettings,
    *,
    force: Workforce,
    listener: Listener,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    work: Callable[[dict[str, Any]], dict[str, Any]] = grade_submission,
) -> ClassResult:
    """Grade every submission that has no grade yet.

    Each grade is in the store, and in the audit log, before the next result is looked at: what
    ends this process loses no grade, and the same call goes on where it was.

    Parameters
    ----------
    submissions : sequence of Submission
        Each student once.
    settings : ClassSettings
    force : Workforce
        Whose ``tries`` say how many workers a submission may cost.
    listener : Listener
    clock : callable
        Gives the time for the audit log.
    work : callable
        What workers do, a function of a module; a benchmark has them do something shorter.

    Returns
    -------
    ClassResult

    Raises
    ------
    AssignmentError
        If the instructor's notebook cannot be read.
    StoreError, OSError
        If the store, the output or the log cannot be written.
    WorkforceError
        If no scheduler answers, or if it is gone.
    """
    assignment = read_assignment(settings.assignment)
    store = Store(settings.store)
    if not settings.what_if:
        settings.output.mkdir(mode=0o700, parents=True, exist_ok=True)
    grading = _Grading(submissions, settings, assignment, store, listener, clock)
    return grading.carry_out(force, work)


class _Grading:
    def __init__(
        self,
        submissions: Sequence[Submission],
        settings: ClassSettings,
        assignment: Assignment,
        store: Store,
        listener: Listener,
        clock: Callable[[], datetime],
    ) -> None:
        self._submissions = submissions
        self._settings = settings
        self._assignment = assignment
        self._store = store
        self._listener = listener
        self._clock = clock
        self._began = clock()
        self._log = AuditLog(settings.output / "audit.jsonl")
        self._before = self._log.last_by_student()
        self._tests = test_digests(assignment)
        self._digest = file_digest(settings.assignment)
        self._work = _Work()
        self._mark = _mark(store)
        # Where nothing may change, the pages go to a place of their own in the store.
        self._pages = settings.output
        if settings.what_if:
            self._pages = store.folder / "what-if"

    def carry_out(
        self, force: Workforce, work: Callable[[dict[str, Any]], dict[str, Any]]
    ) -> ClassResult:
        jobs, known = self._planned()
        self._listener.plan(len(known), len(jobs))
        for submission, job, digest, key in known:
            self._take_known(submission, job, digest, key)
        for number, found in force.results(_as_jobs(jobs, work)):
            submission, job = jobs[number]
            if isinstance(found, Failure):
                found = self._put_aside(submission, job, found)
            entry = self._store.get(GRADES, found["key"]) if found["key"] else None
            self._note(submission, found, entry)
        done = self._work
        ids = [one.student.id for one in self._submissions]
        return ClassResult(
            tuple(done.graded[i] for i in ids if i in done.graded),
            done.failures,
            tuple(done.changes[i] for i in ids if i in done.changes),
            done.states,
            done.keys,
            done.confusion,
        )

    def _planned(
        self,
    ) -> tuple[list[tuple[Submission, GradingJob]], list[tuple[Submission, GradingJob, str, str]]]:
        """Return what is to be graded, of equal files the first one first; and what is known.

        What is known comes with the digest of its file and the key of its grade.
        """
        todo: list[tuple[Submission, GradingJob]] = []
        copies: list[tuple[Submission, GradingJob]] = []
        known: list[tuple[Submission, GradingJob, str, str]] = []
        seen: set[str] = set()
        for submission in self._submissions:
            job = self._job(submission)
            digest = file_digest(submission.path)
            key = job.grade_key(digest, self._digest)
            if not job.rerun and self._store.get(GRADES, key) is not None:
                known.append((submission, job, digest, key))
            elif key in seen:
                copies.append((submission, job))
            else:
                todo.append((submission, job))
                seen.add(key)
        return todo + copies, known

    def _take_known(self, submission: Submission, job: GradingJob, digest: str, key: str) -> None:
        """Write the pages of a known grade, and note it."""
        entry = self._store.get(GRADES, key)
        if entry is not None:
            give_out(entry.files, Path(job.output))
        self._note(submission, {"digest": digest, "key": key, "state": "known"}, entry)

    def _job(self, submission: Submission) -> GradingJob:
        settings = self._settings
        return GradingJob(
            str(submission.path.absolute()),
            str(settings.assignment.absolute()),
            str((self._pages / submission.student.id).absolute()),
            str(self._store.folder.absolute()),
            self._mark,
            settings.deadline_seconds,
            settings.cell_seconds,
            settings.require_sandbox,
            submission.student.id in settings.again,
        )

    def _put_aside(
        self, submission: Submission, job: GradingJob, failure: Failure
    ) -> dict[str, Any]:
        """Return what a worker would have: of a submission that costs workers, a grade of its own.

        Anything else that goes wrong is the grader's problem, and is tried again next time.
        """
        digest = file_digest(submission.path)
        found = {"digest": digest, "key": "", "state": "failed", "words": failure.words}
        if not failure.lost:
            return found
        cells = tuple(
            replace(cell, staff_note=f"grading ended {TRIES} workers: {failure.words}")
            if cell.score is not None
            else cell
            for cell in items(self._assignment)
        )
        grade = NotebookGrade(self._assignment.id, cells, headline=_LOST)
        output = Path(job.output)
        output.mkdir(mode=0o700, parents=True, exist_ok=True)
        gradescope.write_results(grade, output / "results.json")
        feedback.write_feedback(grade, output / "feedback.html")
        (output / "executed.ipynb").unlink(missing_ok=True)
        key = job.grade_key(digest, self._digest)
        put_grade(self._store, key, grade, Cost(0.0, 0), output)
        return {**found, "key": key, "state": "lost"}

    def _note(self, submission: Submission, found: Mapping[str, Any], entry: Entry | None) -> None:
        """Take one result: into the log first, then into what is told."""
        student, work = submission.student.id, self._work
        state = str(found["state"])
        if entry is None:
            state = "failed"
            work.failures[student] = str(found.get("words", "its grade is not in the store"))
            line = self._line(submission, found, state, None)
        else:
            graded = graded_submission(
                entry, submission, str(found["digest"]), self._pages / student
            )
            work.keys[student] = str(found["key"])
            work.count(entry.value["confusion"])
            line = self._line(submission, found, state, graded.grade)
            before = self._before.get(student)
            change = None if before is None else changes_of(before, line, graded.grade)
            if change is not None:
                work.changes[student] = change
            work.graded[student] = graded
        work.states[state] = work.states.get(state, 0) + 1
        if not self._settings.what_if and self._is_news(line):
            self._log.add(line)
        self._listener.finished(line, (self._clock() - self._began).total_seconds())

    def _is_news(self, line: AuditLine) -> bool:
        """Tell whether the log does not end with this grade of the student already."""
        before = self._before.get(line.student)
        return before is None or not line.grade or before.grade != line.grade

    def _line(
        self,
        submission: Submission,
        found: Mapping[str, Any],
        state: str,
        grade: NotebookGrade | None,
    ) -> AuditLine:
        return AuditLine(
            self._clock().isoformat(timespec="seconds"),
            self._settings.by,
            submission.student.id,
            self._assignment.id,
            str(found["digest"]),
            state,
            str(found["key"]),
            0.0 if grade is None else grade.score,
            0.0 if grade is None else grade.max_score,
            {} if grade is None else item_scores(grade, self._tests),
            str(found.get("words", "")),
        )


def _as_jobs(
    jobs: Sequence[tuple[Submission, GradingJob]],
    work: Callable[[dict[str, Any]], dict[str, Any]],
) -> Iterator[Job]:
    for submission, job in jobs:
        yield Job(work, (job.to_dict(),), submission.student.id)


def _mark(store: Store) -> str:
    """Return what the file ``mark`` of a store holds; it is made where it is not there."""
    path = store.folder / "mark"
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        mark = secrets.token_hex(16)
        write_text(path, mark, mode=0o600)
        return mark
