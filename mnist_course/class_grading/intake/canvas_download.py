"""Read what Canvas' "Download Submissions" gives: files whose names say whose they are.

Source: ``ContentZipper#get_filename`` and ``#add_upload_submission`` of canvas-lms. A name is
``<name>[_LATE]_<user id>_<attachment id>_<name of the file>``, with ``anon_<code>`` in place of the
user where grading is anonymous; a text or a link is ``<name>_<user id>_text.html``.
"""

from __future__ import annotations

import re
from collections import defaultdict

from mnist_course.class_grading.intake.found import Problem, some_of
from mnist_course.class_grading.intake.listing import ClassFile, Listing
from mnist_course.class_grading.intake.uploads import Upload
from mnist_course.class_grading.records import Student

__all__ = ["looks_like_canvas", "read_canvas_download"]

# The name ends at the first number that a number follows: Canvas keeps such pairs out of names.
_NAMED = re.compile(
    r"(?:(?P<name>.*?)_)?(?:LATE_)?(?P<user>[0-9]{1,20})"
    r"_(?:[0-9]{1,20}_(?P<original>.+)|(?P<written>(?:text|link)\.html))",
    re.DOTALL,
)
# A code of digits alone would be a number, and the name before it "anon".
_ANONYMOUS = re.compile(
    r"(?P<name>)(?:LATE_)?(?P<user>anon_(?=[0-9]*[A-Za-z])[A-Za-z0-9]{1,20})"
    r"_(?:[0-9]{1,20}_(?P<original>.+)|(?P<written>(?:text|link)\.html))",
    re.DOTALL,
)
_MOST_SHOWN = 60


def looks_like_canvas(listing: Listing) -> bool:
    """Tell whether most files beside each other have names as Canvas gives them."""
    files, _ = _beside_each_other(listing)
    named = sum(_match(file.name) is not None for file in files)
    return 2 * named > len(files)


def read_canvas_download(listing: Listing) -> tuple[list[Upload], list[Problem]]:
    """Find the files of each Canvas user."""
    problems: list[Problem] = []
    files: dict[str, list[ClassFile]] = defaultdict(list)
    names: dict[str, set[str]] = defaultdict(set)
    beside, elsewhere = _beside_each_other(listing)
    other = ["/".join(file.parts) for file in elsewhere]
    for file in beside:
        match = _match(file.name)
        if match is None:
            other.append(file.name)
            continue
        files[match["user"]].append(file)
        names[match["user"]].add(_name(match))
    uploads: list[Upload] = []
    for user, of_one in files.items():
        called = sorted(names[user])
        if len(called) > 1:
            # A student who is called “x_12” gets files that look like those of user 12.
            problems.append(
                Problem(
                    f"Canvas user {user}",
                    f"has files under several names ({some_of(called)}), so that they may be of "
                    f"several students: {some_of([file.name for file in of_one])}. Not graded; see "
                    "in Canvas whose they are, and grade them with `files`.",
                )
            )
            continue
        # The attachment's number and the user's stay away from the name that a student sees.
        renamed = tuple(ClassFile((_original(file),), file.open, file.path) for file in of_one)
        student = Student(user, last_name=called[0][:_MOST_SHOWN], identifiers=_identifiers(user))
        uploads.append(Upload(user, (student,), files=renamed))
    if other:
        problems.append(
            Problem(
                "the download",
                "holds files whose names are not those that Canvas gives: expected such as "
                f"“doejane_4711_815_m5.ipynb”, got {some_of(other)}. Not graded; see whose they "
                "are, and grade them with `files`.",
            )
        )
    return uploads, problems


def _match(name: str) -> re.Match[str] | None:
    return _ANONYMOUS.fullmatch(name) or _NAMED.fullmatch(name)


def _name(match: re.Match[str]) -> str:
    name = (match["name"] or "").casefold()
    return "" if name == "late" else name  # nothing before it: a person without a name


def _original(file: ClassFile) -> str:
    match = _match(file.name)
    assert match is not None
    return str(match["original"] or match["written"])


def _identifiers(user: str) -> dict[str, str]:
    return {} if user.startswith("anon_") else {"ID": user}


def _beside_each_other(listing: Listing) -> tuple[list[ClassFile], list[ClassFile]]:
    """Return the files at the top, or in the only folder there; then all others."""
    depth = 1
    if not any(len(file.parts) == 1 for file in listing.files):
        depth = 2 if len({file.parts[0] for file in listing.files}) == 1 else 1
    beside = [file for file in listing.files if len(file.parts) == depth]
    return beside, [file for file in listing.files if len(file.parts) != depth]
