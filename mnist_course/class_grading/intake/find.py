"""Find the submissions of a class."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mnist_course.class_grading.intake.canvas_download import (
    looks_like_canvas,
    read_canvas_download,
)
from mnist_course.class_grading.intake.class_folder import entries_of, is_folder, list_folder
from mnist_course.class_grading.intake.class_zip import open_class_zip
from mnist_course.class_grading.intake.found import Found, Kind, Problem, some_of
from mnist_course.class_grading.intake.gradescope_export import metadata_of, read_gradescope_export
from mnist_course.class_grading.intake.listing import Listing
from mnist_course.class_grading.intake.matching import People, matched
from mnist_course.class_grading.intake.nbgrader_folder import read_nbgrader_folder
from mnist_course.class_grading.intake.student_files import read_student_files
from mnist_course.class_grading.intake.student_ids import same_folder
from mnist_course.class_grading.intake.unpacking import MOST_BYTES, Unpacking
from mnist_course.class_grading.intake.uploads import Upload
from mnist_course.class_grading.records import Student, Submission
from mnist_course.exceptions import ClassError, SubmissionError
from mnist_course.grading.assignment import Assignment
from mnist_course.grading.submitted_file import Choice

__all__ = ["find_submissions"]


@dataclass(frozen=True, slots=True)
class _Claim:
    """One person's part in an upload: as the upload says, and as the course knows them."""

    said: Student
    student: Student
    upload: Upload


def find_submissions(
    place: Path,
    assignment: Assignment,
    *,
    unpacked_to: Path,
    kind: Kind | None = None,
    roster: Mapping[str, Student] | None = None,
    most_bytes: int = MOST_BYTES,
) -> Found:
    """Find what a class handed in for one assignment.

    Nothing below ``place`` is changed, run or followed. Files are copied to ``unpacked_to`` one by
    one, to names that we choose, where they lie in a zip or among those of other students.

    Parameters
    ----------
    place : Path
        nbgrader's ``submitted``, a folder with one notebook, zip or folder per student, or what
        Gradescope ("Export Submissions") or Canvas ("Download Submissions") gave: the zip, or the
        folder that it was unpacked to.
    assignment : Assignment
        Its id and its graded cells tell which notebook of several is meant.
    unpacked_to : Path
        A folder for copies: missing, empty, or filled by an earlier run, whose files are removed.
    kind : Kind, optional
        What ``place`` is; told by what is there where it is not given.
    roster : mapping of str to Student, optional
        Who is in the class, see :func:`read_roster`. Submissions then get the roster's ids, and
        whoever is only on one side is a problem.
    most_bytes : int
        That all copies may have together.

    Returns
    -------
    Found
        Students are named by the platform's id (Gradescope: SID, else e-mail address; Canvas: its
        user id), the roster's, or the name of their file or folder, so that the same student has
        the same id in every run.

    Raises
    ------
    ClassError
        If ``place`` is nothing of the kind, damaged or too large, or ``unpacked_to`` is somebody
        else's folder. Trouble with single submissions is a problem, never an error.
    """
    here, there = place.resolve(), unpacked_to.resolve()
    if (place.is_dir() and there.is_relative_to(here)) or here.is_relative_to(there):
        raise ClassError(
            f"one of {place} and {unpacked_to} is within the other: copies would be taken for "
            "submissions, or submissions removed. Expected a folder elsewhere for the copies; name "
            "another one."
        )
    unpacking = Unpacking(unpacked_to, assignment, most_bytes=most_bytes)
    with _listed(place, kind, assignment.id) as (kind, listing):
        if kind is Kind.NBGRADER:
            uploads, problems = read_nbgrader_folder(place, assignment.id)
        elif kind is Kind.FILES:
            uploads, problems = read_student_files(place)
        elif kind is Kind.GRADESCOPE:
            uploads, problems = read_gradescope_export(listing)
        else:
            uploads, problems = read_canvas_download(listing)
        problems = [*listing.problems, *problems]
        claims = [_Claim(student, student, u) for u in uploads for student in u.people]
        if roster is not None:
            claims, unmatched = _with_roster(claims, roster)
            problems += unmatched
        kept, refused = _one_each(claims)
        problems += refused
        submissions, nothing = _chosen(kept, unpacking)
    if not claims and not problems:
        problems.append(Problem(place.name, "holds no submission. Check that it is the folder."))
    return Found(kind, submissions, (*problems, *nothing))


@contextlib.contextmanager
def _listed(place: Path, kind: Kind | None, assignment_id: str) -> Iterator[tuple[Kind, Listing]]:
    """Tell what is there; its files can be read while the context lasts."""
    if not place.is_dir():
        with open_class_zip(place) as listing:
            kind = kind or _kind_of_platform(listing)
            if kind not in {Kind.GRADESCOPE, Kind.CANVAS}:
                raise ClassError(
                    f"the zip {place.name} is neither Gradescope's export nor Canvas' download: "
                    "expected submission_metadata.yml or names such as "
                    "“doejane_4711_815_m5.ipynb”, found "
                    f"{some_of(['/'.join(file.parts) for file in listing.files]) or 'no file'}. "
                    "Unpack it and name the folder."
                    + "".join(f" {problem}" for problem in listing.problems)
                )
            yield kind, listing
        return
    if kind is None and _is_nbgrader(place, assignment_id):
        kind = Kind.NBGRADER
    if kind in {Kind.NBGRADER, Kind.FILES}:
        yield kind, Listing(())
        return
    kind = kind or _kind_of_platform(list_folder(place, most_depth=2)) or Kind.FILES
    yield kind, Listing(()) if kind is Kind.FILES else list_folder(place)


def _kind_of_platform(listing: Listing) -> Kind | None:
    if metadata_of(listing) is not None:
        return Kind.GRADESCOPE
    return Kind.CANVAS if looks_like_canvas(listing) else None


def _is_nbgrader(place: Path, assignment_id: str) -> bool:
    return any(
        entry.is_dir(follow_symlinks=False) and is_folder(Path(entry.path) / assignment_id)
        for entry in entries_of(place)
    )


def _with_roster(
    claims: Sequence[_Claim], roster: Mapping[str, Student]
) -> tuple[list[_Claim], list[Problem]]:
    people = People(roster.values())
    named: list[_Claim] = []
    problems: list[Problem] = []
    missing = dict(roster)
    for claim in claims:
        match = people.find(claim.said)
        if match.student is None:
            problems.append(
                Problem(
                    _shown(claim.said),
                    f"is not in the roster: {match.doubt}. Graded as {claim.said.id}; add them to "
                    "the roster, so that the grade finds its way.",
                )
            )
            named.append(claim)
            continue
        if match.doubt:
            problems.append(
                Problem(_shown(claim.said), f"{match.doubt}. See on the platform who it is.")
            )
        missing.pop(match.student.id, None)
        named.append(_Claim(claim.said, matched(claim.said, match.student), claim.upload))
    problems += [
        Problem(_shown(student), "is in the roster and handed in nothing.")
        for student in missing.values()
    ]
    return named, problems


def _one_each(claims: Sequence[_Claim]) -> tuple[list[_Claim], list[Problem]]:
    """Keep one upload for each student; of two, the later one if surely of the same person."""
    groups: dict[str, list[_Claim]] = defaultdict(list)
    for claim in claims:
        groups[same_folder(claim.student.id)].append(claim)
    kept: list[_Claim] = []
    problems: list[Problem] = []
    for group in groups.values():
        uploads = {id(claim.upload): claim for claim in group}
        if len(uploads) == 1 and _same_person(group):
            kept.append(group[0])
            continue
        keys = some_of([claim.upload.key for claim in uploads.values()])
        latest = _latest(list(uploads.values())) if _same_person(group) else None
        if latest is not None:
            kept.append(latest)
            problems.append(
                Problem(
                    _shown(latest.student),
                    f"handed in {len(uploads)} times ({keys}); the latest, {latest.upload.key}, is "
                    "graded. Take it out if another one counts.",
                )
            )
        else:
            ids = some_of(sorted({_shown(claim.said) for claim in group}))
            problems.append(
                Problem(
                    _shown(group[0].student),
                    f"is the id of {len(group)} submissions ({keys}) of which nobody knows whether "
                    f"they are one student's: {ids}. Expected ids that differ in more than "
                    "capitals. None of them is graded; rename or take out all but one.",
                )
            )
    return kept, problems


def _same_person(group: Sequence[_Claim]) -> bool:
    """Tell whether nothing speaks against one person: anybody can type somebody else's id."""
    addresses = {claim.said.email.casefold() for claim in group if claim.said.email}
    return len({claim.student.id for claim in group}) == 1 and len(addresses) <= 1


def _latest(claims: Sequence[_Claim]) -> _Claim | None:
    times = [claim.upload.submitted for claim in claims]
    known = [time for time in times if time is not None]
    if len(known) < len(times) or len(set(known)) < len(known):
        return None
    return claims[times.index(max(known))]


def _chosen(
    claims: Sequence[_Claim], unpacking: Unpacking
) -> tuple[tuple[Submission, ...], list[Problem]]:
    choices: dict[int, Choice | str] = {}  # a group's file is copied once
    submissions: list[Submission] = []
    problems: list[Problem] = []
    for claim in sorted(claims, key=lambda claim: claim.student.id):
        upload = claim.upload
        if id(upload) not in choices:
            try:
                choices[id(upload)] = unpacking.choose(upload)
            except SubmissionError as error:
                choices[id(upload)] = str(error)
        choice = choices[id(upload)]
        if isinstance(choice, str):
            problems.append(
                Problem(
                    _shown(claim.student),
                    f"handed in nothing that can be graded ({upload.key}). Tell them: “{choice}”",
                )
            )
            continue
        submissions.append(Submission(claim.student, choice.path, upload.submitted, choice.note))
        if choice.note:
            problems.append(
                Problem(
                    _shown(claim.student),
                    f"handed in several notebooks. They will read: “{choice.note}”",
                )
            )
    return tuple(submissions), problems


def _shown(student: Student) -> str:
    name = f"{student.first_name} {student.last_name}".strip() or student.email
    return f"{student.id} ({name})" if name and name != student.id else student.id
