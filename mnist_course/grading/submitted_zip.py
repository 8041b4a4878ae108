"""Read the one notebook in a zip that a student handed in; nothing is ever extracted."""

from __future__ import annotations

import contextlib
import re
import stat
import zipfile
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from mnist_course.exceptions import SubmissionError
from mnist_course.grading.escaping import plain_text
from mnist_course.grading.notebook_outline import MAX_BYTES, Readable

__all__ = ["NOTEBOOK_NAME", "is_zip", "open_member"]

# Browsers append .txt or .json to a download that they take for text.
NOTEBOOK_NAME = re.compile(r"\.ipynb(\.(txt|json))?$", re.IGNORECASE)
_NOT_MEANT = re.compile(r"(^|/)(\.(?!\.?/)|__MACOSX(/|$))")  # hidden, checkpoints, what macOS adds
# A zip's list of files is read whole; at 46 bytes or more for each, this is at most 45,000 files.
_MOST_AT_ONCE = 2 << 20
_NAMES_SHOWN = 5
_ENCRYPTED = 0x1
_AGAIN = "Submit the .ipynb file itself."


def is_zip(file: BinaryIO) -> bool:
    """Tell whether a file begins like a zip; its position is the start afterwards."""
    head = file.read(4)
    file.seek(0)
    return head in (b"PK\x03\x04", b"PK\x05\x06")


@contextlib.contextmanager
def open_member(file: BinaryIO) -> Iterator[Readable]:
    """Open the one notebook in a zip for reading.

    Parameters
    ----------
    file : BinaryIO
        The zip.

    Raises
    ------
    SubmissionError
        If it is no zip, holds no notebook or more than one, or the notebook is encrypted, too
        large or damaged; also while it is read.
    """
    try:
        archive = zipfile.ZipFile(_Bounded(file))
    except SubmissionError:
        raise
    except Exception as error:
        # zipfile trusts its input and fails in many ways on anything else.
        raise SubmissionError(f"The zip is damaged and cannot be opened. {_AGAIN}") from error
    with archive:
        member = _one_notebook(archive.infolist())
        try:
            opened = archive.open(member)
        except Exception as error:  # as above
            raise SubmissionError(f"The notebook in the zip is damaged. {_AGAIN}") from error
        with opened:
            yield _Member(opened)


def _one_notebook(members: Sequence[zipfile.ZipInfo]) -> zipfile.ZipInfo:
    files = [m for m in members if not m.is_dir() and not _NOT_MEANT.search(m.filename)]
    notebooks = [m for m in files if NOTEBOOK_NAME.search(m.filename) and not _is_link(m)]
    if len(notebooks) != 1:
        found = "no notebook" if not notebooks else f"{len(notebooks)} notebooks"
        raise SubmissionError(
            f"The zip holds {found}; expected one{_names(notebooks or files)}. {_AGAIN}"
        )
    member = notebooks[0]
    if member.flag_bits & _ENCRYPTED:
        raise SubmissionError(f"The notebook in the zip is encrypted. {_AGAIN}")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise SubmissionError(f"The zip is packed in a way that is not read here. {_AGAIN}")
    if member.file_size > MAX_BYTES:
        raise SubmissionError(
            f"The notebook in the zip has {member.file_size / 1e6:.0f} MB; at most "
            f"{MAX_BYTES / 1e6:.0f} MB are read. Clear its outputs, save it, and submit it again."
        )
    return member


def _is_link(member: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(member.external_attr >> 16)


def _names(members: Sequence[zipfile.ZipInfo]) -> str:
    names = [f"“{plain_text(m.filename, limit=80)}”" for m in members[:_NAMES_SHOWN]]
    if len(members) > _NAMES_SHOWN:
        names.append(f"{len(members) - _NAMES_SHOWN:,} more")
    return f" (found {', '.join(names)})" if names else ""


class _Bounded:
    """A file of which nobody can read very much at once."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        read = self._file.read(_MOST_AT_ONCE + 1 if size < 0 else min(size, _MOST_AT_ONCE + 1))
        if len(read) > _MOST_AT_ONCE:
            raise SubmissionError(f"The zip holds too many files. {_AGAIN}")
        return read


class _Member:
    """A file in a zip that gives its bytes or a sentence."""

    def __init__(self, file: Readable) -> None:
        self._file = file

    def read(self, size: int, /) -> bytes:
        try:
            return self._file.read(size)
        except Exception as error:  # as above: a damaged member fails in many ways
            raise SubmissionError(f"The notebook in the zip is damaged. {_AGAIN}") from error
