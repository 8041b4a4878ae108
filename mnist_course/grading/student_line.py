"""The test runner's line to the student's kernel: one question, one answer, a time limit for each.

Whatever comes over it was written by untrusted code.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mnist_course.checks.score import CannotGrade
from mnist_course.exceptions import SerializationError
from mnist_course.grading.channel import Channel
from mnist_course.grading.control import Control
from mnist_course.grading.kept_answers import KeptAnswers
from mnist_course.grading.serialization import Build, Opaque, Portable, TakeApart
from mnist_course.grading.transcript import NoAnswerError, Transcript

__all__ = ["MOST_BYTES", "CallFailed", "KernelGone", "StudentLine"]

MOST_BYTES = 64 << 20  # of arrays that go into one call, or come out of it
_SECONDS_TO_STOP = 5.0  # that an interrupted call has to answer
_HANDING_OVER = 1.0  # seconds of an item that are kept for its verdict


class KernelGone(CannotGrade):
    """There is no kernel to ask, for a reason that lies before this item."""


@dataclass
class CallFailed(Exception):  # noqa: N818 - a fact about a call; StudentError is made of it
    """A call gave no value.

    ``kind`` is ``"error"`` (the student's code raised), ``"late"``, ``"ended"`` (the process is
    gone), ``"garbage"`` (no value of the closed list came) or ``"misfit"`` (a value that is none
    of those expected, described in ``message``).
    """

    kind: str
    type_name: str = ""
    message: str = ""
    line: int = 0
    seconds: float = 0.0


class StudentLine:
    """Ask the student's kernel, as long as there is one.

    Parameters
    ----------
    control : Control
        Gives the connection, and interrupts a call.
    take_apart : callable
        For arguments; see ``serialization.encode``.
    build : mapping
        For results; see ``serialization.decode``.
    transcript : Transcript
        Of earlier calls, and of these.
    """

    def __init__(
        self,
        control: Control,
        *,
        take_apart: TakeApart,
        build: Mapping[str, Build],
        transcript: Transcript | None = None,
    ) -> None:
        self._control = control
        self.transcript = transcript or Transcript(KeptAnswers(None), take_apart=take_apart)
        self._take_apart = take_apart
        self._build = build
        self._channel: Channel | None = None
        self._why = "nobody asked for a kernel yet"
        self._end = time.monotonic() + 60.0
        self.used = False
        self.broken = False

    def renew(self, seconds: float, *, broken: bool = False) -> None:
        """Have a kernel that answers, started again where needed; between two items.

        Parameters
        ----------
        seconds : float
            That it may take.
        broken : bool
            True when the kernel that there was does not answer as it should.
        """
        self.close()
        try:
            connection = self._control.ask("kernel", seconds, broken=broken)
        except CannotGrade as error:
            self._why = str(error)
        else:
            self._channel = Channel(
                connection, take_apart=self._take_apart, build=self._build, most=MOST_BYTES
            )
        self.used = self.broken = False

    def close(self) -> None:
        """Hang up."""
        if self._channel is not None:
            self._channel.close()
            self._channel = None

    def begin(self, seconds: float) -> None:
        """Begin an item, all of whose calls together have ``seconds``."""
        self._end = time.monotonic() + seconds
        self.used = self.broken = False

    def ask(self, seconds: float, **question: Any) -> dict[str, Any]:
        """Ask one question and return the answer, which holds ``"ok"``.

        Raises
        ------
        CallFailed
            If the student's side gave no value.
        KernelGone
            If there was no kernel to begin with.
        CannotGrade
            If the question is too large to be sent.
        """
        if self.transcript.answers_again:
            return self._as_last_time(question)
        try:
            answer = self._ask(seconds, question)
        except CallFailed as failed:
            failure = (failed.type_name, failed.message, failed.line)
            self.transcript.note(question, {"failed": failure} if failed.kind == "error" else None)
            raise
        except BaseException:
            self.transcript.note(question, None)
            raise
        self.transcript.note(question, {k: v for k, v in answer.items() if k != "number"})
        return answer

    def _as_last_time(self, question: dict[str, Any]) -> dict[str, Any]:
        try:
            outcome = self.transcript.answer(question)
        except NoAnswerError as error:
            raise KernelGone(f"the student's kernel was not started: {error}") from error
        if "failed" in outcome:
            raise CallFailed("error", *outcome["failed"])
        return outcome

    def _ask(self, seconds: float, question: dict[str, Any]) -> dict[str, Any]:
        if self._channel is None or (self.broken and not self.used):
            raise KernelGone(f"the student's kernel cannot be asked: {self._why}")
        if self.broken:
            raise CallFailed("ended")
        limit = min(seconds, self._end - time.monotonic() - _HANDING_OVER)
        if limit <= 0:
            raise CallFailed("late", seconds=0.0)
        number = secrets.randbits(60)
        try:
            message = self._channel.pack({**question, "number": number})
        except SerializationError as error:
            raise CannotGrade(f"the question cannot be sent: {error}") from error
        deadline = time.monotonic() + limit
        try:
            self._channel.send_packed(message, seconds=limit)
            self.used = True
            answer = self._answer(self._channel, number, deadline)
        except TimeoutError as error:
            self._stop(self._channel, number)
            raise CallFailed("late", seconds=limit) from error
        except (OSError, EOFError) as error:
            self.broken = True
            if not self.used:
                self._why = "it had ended"
                raise KernelGone(f"the student's kernel cannot be asked: {self._why}") from error
            raise CallFailed("ended") from error
        except Exception as error:
            # Builders of values are asked with a student's data: whatever they raise is no value.
            self.broken = not isinstance(error, SerializationError) or self.broken
            raise CallFailed("garbage", message=str(error)[:200]) from error
        return _checked(answer)

    def _answer(self, channel: Channel, number: int, deadline: float) -> dict[str, Any]:
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("no answer in time")
            answer = channel.receive(seconds=left)
            if type(answer) is dict and answer.get("number") == number:
                return answer

    def _stop(self, channel: Channel, number: int) -> None:
        """Interrupt a call; its late answer is read, so that the next question gets its own."""
        self._control.tell("interrupt")
        try:
            self._answer(channel, number, time.monotonic() + _SECONDS_TO_STOP)
        except Exception:
            self.broken = True


def _checked(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer that holds a value of the closed list, else raise what it says."""
    if "ok" in answer:
        opaque = _opaque_in(answer["ok"])
        if opaque is not None:
            raise CallFailed("garbage", type_name=opaque.type_name, message=opaque.reason)
        return answer
    kind, message, line = answer.get("error"), answer.get("message"), answer.get("line")
    if type(kind) is not str or type(message) is not str or type(line) is not int:
        raise CallFailed("garbage")
    known = line if 0 < line < 1_000_000 else 0
    raise CallFailed("error", kind[:80], " ".join(message.split())[:300], known)


def _opaque_in(value: Any) -> Opaque | None:
    """Return the first part of a value that could not leave the kernel."""
    todo = [value]
    while todo:
        part = todo.pop()
        if isinstance(part, Opaque):
            return part
        if type(part) in (list, tuple):
            todo += part
        elif type(part) is dict:
            todo += part.values()
        elif isinstance(part, Portable):
            todo += part.parts.values()
    return None
