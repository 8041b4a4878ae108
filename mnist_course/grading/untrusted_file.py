"""Open a file that a student made, without following, waiting or executing."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from mnist_course.exceptions import SubmissionError
from mnist_course.grading.escaping import plain_text

__all__ = ["open_regular", "shown_name"]


def shown_name(path: Path) -> str:
    """Return a file's name for a sentence: the name is the student's text, too."""
    return plain_text(path.name, limit=80) or "the file"


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file for reading.

    Parameters
    ----------
    path : Path
        Its last part may be anything: a link, a pipe, a device, a socket, a folder, any name.

    Returns
    -------
    BinaryIO
        Not buffered; positioned at the start.

    Raises
    ------
    SubmissionError
        If it is not a regular file or cannot be opened, in a sentence that a student may see.
    """
    flags = os.O_RDONLY
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)
    name = shown_name(path)
    try:
        if path.is_symlink():  # a clearer word than that of O_NOFOLLOW, which decides
            raise SubmissionError(f"{name} is a link. Submit the .ipynb file itself.")
        descriptor = os.open(path, flags)
    except FileNotFoundError as error:
        raise SubmissionError(f"There is no file {name}. Check the name.") from error
    except SubmissionError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        reason = getattr(error, "strerror", None) or "the name cannot be a file's"
        raise SubmissionError(f"{name} cannot be opened ({reason}).") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)  # a folder could not even be wrapped in a file object
        raise SubmissionError(f"{name} is not a file. Submit the .ipynb file itself.")
    return os.fdopen(descriptor, "rb", buffering=0)
