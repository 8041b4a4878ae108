"""Errors of a command in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

__all__ = ["errors_in_words"]


@contextmanager
def errors_in_words() -> Iterator[None]:
    """Say errors that are no bugs in a sentence, with exit status 1.

    These are the errors of this package, and files that cannot be written.
    """
    from mnist_course.exceptions import MnistCourseError

    try:
        yield
    except MnistCourseError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        where = error.filename2 or error.filename
        if where is None:
            raise
        raise click.ClickException(f"cannot write {where}: {error.strerror}") from error
