"""A student's function in the test runner: calls cross to the student's kernel as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mnist_course.checks.score import CannotGrade
from mnist_course.exceptions import SerializationError
from mnist_course.grading import answers_seen
from mnist_course.grading.call_errors import in_hidden_part, no_attribute, student_error
from mnist_course.grading.model_facade import ModelFacade, RemoteModelFacade
from mnist_course.grading.serialization import MAX_STRING, Portable
from mnist_course.grading.student_line import CallFailed, StudentLine

__all__ = ["CALL_SECONDS", "StudentFunction", "arguments"]

CALL_SECONDS = 10.0
_DEEPEST = 10


class StudentFunction:
    """A function of the student's notebook; calling it calls it there.

    Arguments and results are values of the closed list (None, bool, int, float, str, list, tuple,
    dict, NumPy arrays and scalars; as arguments also functions and models of the same notebook).

    Attributes
    ----------
    seconds : float
        Time limit of one call; settable.
    signature : str
        What Python says about its parameters; untrusted words.

    Raises
    ------
    StudentError
        From a call that raised, took too long, ended the process or gave no plain value.
    """

    def __init__(self, parts: Mapping[str, Any], line: StudentLine) -> None:
        call, name = parts.get("call"), parts.get("name")
        if type(call) is not str or type(name) is not str:
            raise SerializationError("a function without an id or a name")
        self._call, self._line = call[:200], line
        self.__name__ = self.__qualname__ = name[:80]
        # Students know it by the name that they gave it, not as "<lambda>".
        self._known_as = call.removeprefix("name ")[:80] if call[:5] == "name " else name[:80]
        self.signature = str(parts.get("signature", ""))[:300]
        self.seconds = CALL_SECONDS

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function in the student's kernel."""
        return self._ask(args, kwargs, watch=False)["ok"]

    def watched(self, args: Sequence[Any]) -> tuple[Any, bool]:
        """Call the function; return its value, and whether it says to have changed its input."""
        answer = self._ask(args, {}, watch=True)
        return answer["ok"], bool(answer.get("changed"))

    def _ask(self, args: Sequence[Any], kwargs: Mapping[str, Any], *, watch: bool) -> Any:
        hidden = in_hidden_part()
        for value in (*args, *kwargs.values()):
            _check_argument(value, self._known_as)
        try:
            answer = self._line.ask(
                float(self.seconds),
                call=self._call,
                args=list(args),
                kwargs=dict(kwargs),
                watch=watch,
            )
        except CallFailed as failed:
            raise student_error(self._known_as, failed, hidden=hidden) from None
        answers_seen.see(self._known_as, [*args, *kwargs.values()], answer["ok"])
        return answer

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        own = self.__dict__.get("_known_as", "it")
        raise no_attribute(str(own), name)

    def __repr__(self) -> str:
        return f"<function {self._known_as} of the student's notebook>"


def arguments(value: Any) -> Portable | None:
    """Take apart what may go into a call beyond plain values: the student's functions, models."""
    call = _call_of(value)
    return Portable("function", {"call": call}) if call else None


def _call_of(value: Any) -> str:
    if isinstance(value, StudentFunction):
        return value._call
    return value.student_call if isinstance(value, (ModelFacade, RemoteModelFacade)) else ""


def _check_argument(value: Any, name: str, depth: int = 0) -> None:
    """Refuse what the student's side could not receive: a mistake of the grade cell."""
    kind = type(value)
    fits = depth <= _DEEPEST and (
        value is None
        or kind in (bool, float, list, tuple, dict)
        or (kind is int and -(2**63) <= value < 2**64)
        or (kind is str and len(value) <= MAX_STRING)
        or (isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "biufc")
        or bool(_call_of(value))
    )
    if not fits:
        raise CannotGrade(f"`{name}` was called with a {kind.__name__}, which cannot be sent")
    if kind in (list, tuple):
        for part in value:
            _check_argument(part, name, depth + 1)
    elif kind is dict:
        for key, part in value.items():
            _check_argument(key, name, depth + 1)
            _check_argument(part, name, depth + 1)
