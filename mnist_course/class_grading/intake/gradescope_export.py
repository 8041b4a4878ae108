"""Read a Gradescope export: a folder per submission, with a file that says whose it is."""

from __future__ import annotations

from collections import defaultdict

from mnist_course.class_grading.intake.found import Problem, some_of
from mnist_course.class_grading.intake.gradescope_metadata import (
    METADATA,
    SubmissionFacts,
    Submitter,
    read_metadata,
)
from mnist_course.class_grading.intake.listing import ClassFile, Listing
from mnist_course.class_grading.intake.student_ids import folder_name
from mnist_course.class_grading.intake.uploads import Upload, first_and_last
from mnist_course.class_grading.records import Student
from mnist_course.exceptions import ClassError, SubmissionError

__all__ = ["metadata_of", "read_gradescope_export"]


def metadata_of(listing: Listing) -> ClassFile | None:
    """Return the export's own metadata: students may hand in files of that name, deeper down."""
    found = [f for f in listing.files if f.name == METADATA and len(f.parts) <= 2]
    if not found:
        return None
    highest = min(len(file.parts) for file in found)
    at_top = [file for file in found if len(file.parts) == highest]
    # Beside one folder with the real file there is nothing else; two of them are no export.
    return at_top[0] if len(at_top) == 1 else None


def read_gradescope_export(listing: Listing) -> tuple[list[Upload], list[Problem]]:
    """Find one upload per submission, for everybody of its group.

    Raises
    ------
    ClassError
        If the metadata is missing or cannot be read.
    """
    metadata = metadata_of(listing)
    if metadata is None:
        raise ClassError(
            f"this is no Gradescope export: expected {METADATA} at its top, found "
            f"{some_of([file.name for file in listing.files]) or 'no file'}. In Gradescope choose "
            "Review Grades > Export Submissions."
        )
    try:
        with metadata.open() as file:
            facts = read_metadata(file)
    except (SubmissionError, OSError) as error:
        raise ClassError(
            f"{METADATA} cannot be read: {error} Expected Gradescope's export as it was given; "
            "download it again."
        ) from error
    base = metadata.parts[:-1]
    files: dict[str, list[ClassFile]] = defaultdict(list)
    stray: list[str] = []
    for found in listing.files:
        if found is metadata:
            continue
        if found.parts[: len(base)] != base or len(found.parts) < len(base) + 2:
            stray.append("/".join(found.parts))
        else:
            files[found.parts[len(base)]].append(found)

    uploads: list[Upload] = []
    problems: list[Problem] = []
    for key, of_one in facts.items():
        people = tuple(filter(None, map(_student, of_one.submitters)))
        problems += _unnamed(key, of_one, len(people))
        if people:
            uploads.append(
                Upload(key, people, files=tuple(files.pop(key, ())), submitted=of_one.created_at)
            )
    problems += [
        Problem(
            key,
            f"is not in {METADATA}, so that nobody knows whose it is. Not graded; look it up in "
            "Gradescope, and hand it to `files` with the student's id as its name.",
        )
        for key in files
        if key not in facts
    ]
    if stray:
        problems.append(
            Problem(
                "the export",
                f"holds files outside of any submission: {some_of(stray)}. Not graded.",
            )
        )
    return uploads, problems


def _student(submitter: Submitter) -> Student | None:
    known = submitter.sid or submitter.email
    if not known:
        return None
    first, last = first_and_last(submitter.name)
    identifiers = {"SID": submitter.sid, "Email": submitter.email}
    return Student(
        folder_name(known),
        first,
        last,
        submitter.email,
        {name: value for name, value in identifiers.items() if value},
    )


def _unnamed(key: str, facts: SubmissionFacts, known: int) -> list[Problem]:
    names = [person.name for person in facts.submitters if person.name]
    if not facts.submitters:
        what = f"{METADATA} names no submitter for it"
    elif known < len(facts.submitters):
        what = (
            f"{len(facts.submitters) - known} of its {len(facts.submitters)} submitters "
            f"({some_of(names) or 'no name'}) have neither an SID nor an e-mail address"
        )
    else:
        return []
    return [Problem(key, f"{what}. Not graded for them; add them to the roster in Gradescope.")]
