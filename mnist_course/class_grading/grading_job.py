"""What a worker does: grade one submission into a folder, unless its grade is known."""

from __future__ import annotations

import contextlib
import hashlib
import resource
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

from mnist_course.atomic_write import write_bytes
from mnist_course.class_grading.grade_record import grade_from_dict, grade_to_dict
from mnist_course.class_grading.known_results import StoredResults, environment
from mnist_course.class_grading.records import GradedSubmission, Submission
from mnist_course.class_grading.store import Entry, Store, key_of
from mnist_course.exceptions import SubmissionError, WorkforceError
from mnist_course.grading.peak_memory import PeakMemory
from mnist_course.grading.report import grade_to_folder
from mnist_course.grading.results import NotebookGrade, Picture
from mnist_course.grading.sandbox import SandboxOptions
from mnist_course.grading.shared_forkserver import with_shared_forkserver
from mnist_course.grading.untrusted_file import open_regular

__all__ = [
    "FILES",
    "GRADES",
    "Cost",
    "GradingJob",
    "file_digest",
    "give_out",
    "grade_of",
    "grade_submission",
    "graded_submission",
    "put_grade",
]

GRADES = "grades"
_COSTS = "costs"
FILES = ("results.json", "feedback.html", "executed.ipynb")
"""What a student's folder holds."""


@dataclass(frozen=True, slots=True)
class GradingJob:
    """One submission to grade, as plain values that cross to a worker.

    Parameters
    ----------
    submission, assignment : str
        Paths of the submitted file and of the instructor's notebook, as the worker sees them.
    output : str
        Folder for results.json, feedback.html and executed.ipynb.
    store : str
        Folder of a `Store` that is there, see ``mark``.
    mark : str
        Content of the store's file of that name: a worker that does not see it is on a machine
        that does not share the folder.
    deadline_seconds : float
    cell_seconds : float or None
    require_sandbox : bool
    rerun : bool
        Run and judge again, whatever is stored.
    """

    submission: str
    assignment: str
    output: str
    store: str
    mark: str
    deadline_seconds: float = 540.0
    cell_seconds: float | None = None
    require_sandbox: bool = False
    rerun: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    def limits(self) -> dict[str, Any]:
        """Return what may stop a run, early or before it begins."""
        return {
            "deadline": self.deadline_seconds,
            "cell": self.cell_seconds,
            # Who asks for every layer must not be given a run that had fewer.
            "require_sandbox": self.require_sandbox,
        }

    def grade_key(self, digest: str, assignment: str) -> str:
        """Return the key of the whole grade of a file, by its SHA-256 and the assignment's."""
        suffix = Path(self.submission).suffix.lower()  # a sentence may speak of the kind of file
        return key_of("grade", environment(), digest, suffix, assignment, self.limits())


@dataclass(frozen=True, slots=True)
class Cost:
    """What running and judging a notebook took."""

    cpu_seconds: float
    peak_bytes: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """Return what `to_dict` took apart."""
        return cls(float(plain["cpu_seconds"]), int(plain["peak_bytes"]))


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file; empty for one that cannot be opened as a plain file."""
    try:
        with open_regular(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    except (SubmissionError, OSError):
        return ""


def grade_submission(plain: dict[str, Any]) -> dict[str, Any]:
    """Grade one submission; called in a worker's own process.

    Parameters
    ----------
    plain : dict
        A `GradingJob` as plain values.

    Returns
    -------
    dict
        ``digest`` of the submitted file; ``key`` of its grade in the store; ``state``: ``known``
        (nothing was done), ``judged`` (no cell was run), ``graded``, or ``failed`` with ``words``
        where the grader itself failed; ``judged``: grade ids that were judged now; ``cost``.

    Raises
    ------
    WorkforceError
        If this worker does not see the store.
    OSError
        If the disk is full, or a folder cannot be written.
    """
    job = GradingJob(**plain)
    folder = Path(job.store)
    _check_mark(folder, job.mark)
    store, output = Store(folder), Path(job.output)
    digest = file_digest(Path(job.submission))
    key = job.grade_key(digest, file_digest(Path(job.assignment)))
    entry = None if job.rerun else store.get(GRADES, key)
    if entry is not None:
        give_out(entry.files, output)
        return {"digest": digest, "key": key, "state": "known", "judged": []}
    known = StoredResults(store, job.limits(), rerun=job.rerun)
    options = with_shared_forkserver(
        SandboxOptions(require=job.require_sandbox), Path(job.assignment)
    )
    forkserver = options.forkserver
    assert forkserver is not None
    began = _cpu_seconds() + forkserver.cpu_seconds
    with PeakMemory() as peak:
        grade = grade_to_folder(
            Path(job.submission),
            Path(job.assignment),
            output,
            deadline_seconds=job.deadline_seconds,
            cell_seconds=job.cell_seconds,
            options=options,
            known=known,
        )
    if grade.grader_failed:
        return {"digest": digest, "key": "", "state": "failed", "words": grade.headline,
                "judged": []}  # fmt: skip
    spent = Cost(_cpu_seconds() + forkserver.cpu_seconds - began, peak.bytes)
    cost = _kept_cost(store, known, spent)
    put_grade(store, key, grade, cost, output, confusion=known.confusion)
    return {
        "digest": digest,
        "key": key,
        "state": "graded" if known.was_run else "judged",
        "judged": list(known.judged),
    }


def put_grade(
    store: Store,
    key: str,
    grade: NotebookGrade,
    cost: Cost,
    output: Path,
    *,
    confusion: list[list[int]] | None = None,
) -> None:
    """Store a whole grade, with its pictures and with the files of a student's folder.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    files: dict[str, Path | bytes] = {
        name: output / name for name in FILES if (output / name).is_file()
    }
    pictures = [[picture.title, picture.alt] for picture in grade.pictures]
    files |= {f"picture{n}": picture.png for n, picture in enumerate(grade.pictures)}
    value = {
        "grade": grade_to_dict(grade),
        "cost": cost.to_dict(),
        "pictures": pictures,
        "confusion": confusion,
    }
    store.put(GRADES, key, value, files)


def grade_of(entry: Entry) -> NotebookGrade:
    """Return the grade that `put_grade` stored, with its pictures.

    Raises
    ------
    RecordError
        If the entry is none.
    OSError
        If a picture cannot be read.
    """
    pictures = [
        Picture(str(title), str(alt), entry.files[f"picture{n}"].read_bytes())
        for n, (title, alt) in enumerate(entry.value["pictures"])
    ]
    return replace(grade_from_dict(entry.value["grade"]), pictures=tuple(pictures))


def graded_submission(
    entry: Entry, submission: Submission, digest: str, folder: Path
) -> GradedSubmission:
    """Return a submission with its stored grade, without pictures.

    Parameters
    ----------
    entry : Entry
        What `put_grade` stored.
    submission : Submission
    digest : str
        SHA-256 of the submitted file.
    folder : Path
        Where this student's pages are.

    Raises
    ------
    RecordError
        If the entry is no grade.
    """
    cost = Cost.from_dict(entry.value["cost"])
    grade = grade_from_dict(entry.value["grade"])
    return GradedSubmission(submission, digest, grade, folder, cost.cpu_seconds, cost.peak_bytes)


def _check_mark(folder: Path, mark: str) -> None:
    seen = ""
    with contextlib.suppress(OSError):
        seen = (folder / "mark").read_text(encoding="ascii")
    if seen != mark:
        raise WorkforceError(
            f"A worker does not see the folder {folder} of the command that asks it to grade. "
            "Expected a file system that all workers share. Put the course and its results there."
        )


def give_out(files: Mapping[str, Path], output: Path) -> None:
    """Write the files of a known grade, where they are not there already."""
    output.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in FILES:
        target = output / name
        if name not in files:
            target.unlink(missing_ok=True)
        elif file_digest(target) != files[name].name:
            write_bytes(target, files[name].read_bytes())


def _kept_cost(store: Store, known: StoredResults, now: Cost) -> Cost:
    """Return what the run took when it was run, which may have been another time."""
    if not known.run_key:  # nothing in the file could be run
        return now
    if known.was_run:
        store.put(_COSTS, known.run_key, now.to_dict())
        return now
    entry = store.get(_COSTS, known.run_key)
    return now if entry is None else Cost.from_dict(entry.value)


def _cpu_seconds() -> float:
    """Return the CPU seconds of this process and of all that it started and that has ended."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    usage = [resource.getrusage(kind) for kind in kinds]
    return sum(one.ru_utime + one.ru_stime for one in usage)
