"""What is written once a class is graded: who is in it, its page, nbgrader's gradebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mnist_course.class_grading.class_file import write_class
from mnist_course.class_grading.collected import collect
from mnist_course.class_grading.grade_class import ClassResult, ClassSettings
from mnist_course.class_grading.report.page import write_class_report
from mnist_course.class_grading.report.similarity import compare
from mnist_course.grading.assignment import read_assignment

__all__ = ["PAGE", "RECORDED", "Finished", "finish"]

PAGE = "class.html"
RECORDED = "gradebook.json"


@dataclass(frozen=True, slots=True)
class Finished:
    """What was written.

    Parameters
    ----------
    page : Path
        The page about the class.
    unrecorded : mapping of str to str
        By student, why the gradebook has no grade.
    """

    page: Path
    unrecorded: Mapping[str, str]


def finish(
    result: ClassResult,
    settings: ClassSettings,
    *,
    gradebook_of: Path | None = None,
    collected: bool = True,
) -> Finished:
    """Write ``class.json`` and ``class.html``, and fill the gradebook.

    Parameters
    ----------
    result : ClassResult
    settings : ClassSettings
    gradebook_of : Path, optional
        The folder of an nbgrader course; None to leave its gradebook alone.
    collected : bool
        Whether the submissions are those in its ``submitted/``; others are copied there first.

    Raises
    ------
    GraderError
        If the gradebook cannot be filled at all; the files are written by then.
    OSError
        If a file cannot be written.
    """
    assignment = read_assignment(settings.assignment)
    output = settings.output
    write_class(output, assignment.id, result.graded, result.keys, result.failures)
    page = output / PAGE
    submissions = [one.submission for one in result.graded]
    write_class_report(
        result.graded,
        page,
        assignment=assignment.id,
        made=datetime.now(UTC),
        similar=compare(submissions, assignment),
        confusion=result.confusion,
    )
    unrecorded: dict[str, str] = {}
    if gradebook_of is not None:
        from mnist_course.class_grading.gradebook_writer import write_gradebook

        files = {one.student.id: one.path for one in submissions}
        if not collected:
            files, unrecorded = collect(result.graded, gradebook_of, assignment.id)
        unrecorded |= write_gradebook(
            gradebook_of,
            assignment.id,
            [
                (one.student, files[one.student.id], result.keys[one.student.id])
                for one in submissions
                if one.student.id in files
            ],
            store=settings.store,
            recorded=output / RECORDED,
        )
    return Finished(page, unrecorded)
