"""List the files in a zip of a whole class; nothing is ever extracted under the zip's own names."""

from __future__ import annotations

import contextlib
import re
import stat
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

from mnist_course.class_grading.intake.found import Problem, some_of
from mnist_course.class_grading.intake.listing import ClassFile, Listing, is_meant
from mnist_course.exceptions import ClassError, SubmissionError
from mnist_course.grading.notebook_outline import Readable
from mnist_course.grading.submitted_zip import is_zip
from mnist_course.grading.untrusted_file import open_regular, shown_name

__all__ = ["open_class_zip"]

_MOST_FILES = 200_000
# A zip's list of files is read whole; a real export of 500 students needs some megabytes.
_MOST_AT_ONCE = 32 << 20
_ENCRYPTED = 0x1
_DRIVE = re.compile(r"[A-Za-z]:")
_AGAIN = "Download it again from the platform."


@contextlib.contextmanager
def open_class_zip(path: Path) -> Iterator[Listing]:
    """Open the zip of a class; its files can be read while the context lasts.

    Parameters
    ----------
    path : Path
        A zip that a platform made of what students uploaded.

    Yields
    ------
    Listing
        In the zip's order. A member that is a link, encrypted, packed in an unusual way, or has
        a name that leads outside is not among the files but among the problems.

    Raises
    ------
    ClassError
        If it is no zip, is damaged, or lists more than 200,000 files.
    """
    try:
        file = open_regular(path)
    except SubmissionError as error:
        raise ClassError(f"cannot open {shown_name(path)}: {error} Expected a zip.") from error
    with file:
        if not is_zip(file):
            raise ClassError(
                f"{shown_name(path)} is not a zip. Expected a folder, or the zip that Gradescope "
                f"or Canvas gave. {_AGAIN}"
            )
        try:
            archive = zipfile.ZipFile(_Bounded(file))
        except ClassError:
            raise
        except Exception as error:  # zipfile trusts its input and fails in many ways
            raise ClassError(f"the zip {shown_name(path)} is damaged. {_AGAIN}") from error
        with archive:
            yield _listing(archive, shown_name(path))


def _listing(archive: zipfile.ZipFile, name: str) -> Listing:
    members = archive.infolist()
    if len(members) > _MOST_FILES:
        raise ClassError(
            f"the zip {name} lists {len(members):,} files; expected at most {_MOST_FILES:,}. "
            f"{_AGAIN}"
        )
    files: list[ClassFile] = []
    refused: dict[str, list[str]] = defaultdict(list)
    for member in members:
        parts = _parts(member.filename)
        # A name that begins with NUL is empty here, and zipfile itself asks for its last letter.
        if (member.filename and member.is_dir()) or (parts and not is_meant(parts)):
            continue
        if why := _refusal(member, parts):
            refused[why].append(member.filename)
        else:
            files.append(ClassFile(parts, partial(_open, archive, member)))
    return Listing(
        tuple(files),
        tuple(
            Problem(name, f"{why}; left out: {some_of(names)}. Get these files from the students.")
            for why, names in refused.items()
        ),
    )


def _parts(name: str) -> tuple[str, ...]:
    """Return the parts of a member's name; none where it leads outside or is no name."""
    if name.startswith(("/", "\\")) or _DRIVE.match(name):
        return ()
    parts = tuple(part for part in re.split(r"[/\\]", name) if part not in {"", "."})
    return () if ".." in parts else parts


def _refusal(member: zipfile.ZipInfo, parts: tuple[str, ...]) -> str:
    if not parts:
        return "holds names that are none or lead outside of it"
    if stat.S_IFMT(member.external_attr >> 16) not in {0, stat.S_IFREG}:
        return "holds links or devices"
    if member.flag_bits & _ENCRYPTED:
        return "holds encrypted files"
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "holds files that are packed in an unusual way"
    return ""


@contextlib.contextmanager
def _open(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[Readable]:
    try:
        opened = archive.open(member)
    except Exception as error:  # as above: a damaged member fails in many ways
        raise SubmissionError("The file is damaged in the zip.") from error
    with opened:
        yield _Member(opened)


class _Bounded:
    """A file of which nobody can read very much at once."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        most = _MOST_AT_ONCE + 1
        read = self._file.read(most if size < 0 else min(size, most))
        if len(read) == most:
            raise ClassError(f"the zip lists too many files. {_AGAIN}")
        return read


class _Member:
    """A file in a zip that gives its bytes or a sentence."""

    def __init__(self, file: Readable) -> None:
        self._file = file

    def read(self, size: int, /) -> bytes:
        try:
            return self._file.read(size)
        except Exception as error:  # as above
            raise SubmissionError("The file is damaged in the zip.") from error
