"""Read ``submission_metadata.yml`` of a Gradescope export: who handed in which folder, and when.

The file is Ruby's YAML and holds what students' tests printed. It is read as a stream of events:
no object is ever built from it, whatever tag it carries, and what is not asked for is skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import yaml

from mnist_course.class_grading.intake.found import some_of
from mnist_course.class_grading.intake.times import read_time
from mnist_course.exceptions import ClassError, SubmissionError
from mnist_course.grading.notebook_outline import Readable

__all__ = ["METADATA", "SubmissionFacts", "Submitter", "read_metadata"]

METADATA = "submission_metadata.yml"

_MOST_BYTES = 512 << 20
_MOST_DEPTH = 64
_MOST_SUBMISSIONS = 20_000
_MOST_SUBMITTERS = 1_000  # of one submission
_MOST_ANCHORS = 100_000
_MOST_TEXT = 1_000  # characters of a name, an id, an e-mail address, a time
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same events, ten times as fast
_NOTHING = {"", "~", "null", "Null", "NULL"}


@dataclass(frozen=True, slots=True)
class Submitter:
    """One person, as Gradescope knows them; what is not known is empty."""

    name: str = ""
    sid: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class SubmissionFacts:
    """What is known of one submission."""

    submitters: tuple[Submitter, ...] = ()
    created_at: datetime | None = None


def read_metadata(file: Readable) -> dict[str, SubmissionFacts]:
    """Read who handed in what.

    Parameters
    ----------
    file : Readable
        Untrusted bytes.

    Returns
    -------
    dict
        By the name of the submission's folder, in the file's order.

    Raises
    ------
    ClassError
        If it is not such a file, or larger or deeper than any export.
    """
    try:
        return _Reader(file).facts()
    except (yaml.YAMLError, SubmissionError, UnicodeError, ValueError) as error:
        if isinstance(error, ClassError):
            raise
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ClassError(
            f"{METADATA} cannot be read: {some_of([first])}. Expected the file that Gradescope "
            "puts into its export; download the export again."
        ) from error


class _Reader:
    """A cursor over the events of one file."""

    def __init__(self, file: Readable) -> None:
        self._events: Iterator[Any] = yaml.parse(_Bounded(file), Loader=_LOADER)
        self._anchors: dict[str, str] = {}

    def facts(self) -> dict[str, SubmissionFacts]:
        event = self._next()
        while isinstance(event, (yaml.StreamStartEvent, yaml.DocumentStartEvent)):
            event = self._next()
        if not isinstance(event, yaml.MappingStartEvent):
            raise _not_understood("it begins with no list of submissions")
        found: dict[str, SubmissionFacts] = {}
        for folder in self._keys():
            if folder in found:
                raise _not_understood(f"it names {folder!r} twice")
            if len(found) >= _MOST_SUBMISSIONS:
                raise _not_understood(f"it names more than {_MOST_SUBMISSIONS:,} submissions")
            found[folder] = self._submission()
        return found

    def _submission(self) -> SubmissionFacts:
        event = self._next()
        if not isinstance(event, yaml.MappingStartEvent):
            self._skip(event)
            return SubmissionFacts()
        submitters: tuple[Submitter, ...] = ()
        created: datetime | None = None
        for key in self._keys():
            event = self._next()
            if key == "submitters" and isinstance(event, yaml.SequenceStartEvent):
                submitters = self._submitters()
            elif key == "created_at":
                created = read_time(self._text(event))
            else:
                self._skip(event)
        return SubmissionFacts(submitters, created)

    def _submitters(self) -> tuple[Submitter, ...]:
        people: list[Submitter] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            if len(people) >= _MOST_SUBMITTERS:
                raise _not_understood(f"a submission has more than {_MOST_SUBMITTERS:,} submitters")
            if isinstance(event, yaml.MappingStartEvent):
                person = {key: self._text(self._next()) for key in self._keys()}
                people.append(
                    Submitter(
                        person.get("name", ""), person.get("sid", ""), person.get("email", "")
                    )
                )
            else:
                self._skip(event)
                people.append(Submitter())  # somebody, of whom nothing is known
        return tuple(people)

    def _keys(self) -> Iterator[str]:
        """Yield the keys of a mapping, each before its value; Ruby's symbols lose their colon."""
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            yield self._text(event).removeprefix(":")

    def _text(self, event: Any) -> str:
        """Return one plain value; empty for nothing, and for anything that is not one."""
        if isinstance(event, yaml.AliasEvent):  # Ruby writes the same text once
            return self._anchors.get(event.anchor, "")
        if not isinstance(event, yaml.ScalarEvent):
            self._skip(event)
            return ""
        if event.implicit[0] and event.value in _NOTHING:
            return ""
        return str(event.value)[:_MOST_TEXT].strip()

    def _skip(self, event: Any) -> None:
        """Go past the value that begins with ``event``, however it is nested."""
        depth = 0
        while True:
            if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                depth += 1
                if depth > _MOST_DEPTH:
                    raise _not_understood(f"it is nested more than {_MOST_DEPTH} deep")
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                depth -= 1
            if depth <= 0:
                return
            event = self._next()

    def _next(self) -> Any:
        try:
            event = next(self._events)
        except StopIteration:
            raise _not_understood("it ends too early") from None
        if isinstance(event, yaml.ScalarEvent) and event.anchor:
            if len(self._anchors) >= _MOST_ANCHORS:
                raise _not_understood(f"it has more than {_MOST_ANCHORS:,} anchors")
            self._anchors[event.anchor] = event.value[:_MOST_TEXT].strip()
        return event


def _not_understood(why: str) -> ClassError:
    return ClassError(
        f"{METADATA} is not what Gradescope exports: {why}. Expected a submission's folder with "
        "its submitters, again and again; download the export again."
    )


class _Bounded:
    """A file that ends in an error when it is longer than any real one."""

    def __init__(self, file: Readable) -> None:
        self._file = file
        self._left = _MOST_BYTES

    def read(self, size: int = 1 << 16) -> bytes:
        piece = self._file.read(min(size, 1 << 20))
        self._left -= len(piece)
        if self._left < 0:
            raise _not_understood(f"it is larger than {_MOST_BYTES / 1e6:,.0f} MB")
        return piece
