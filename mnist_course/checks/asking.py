"""One call of a student's function, in the notebook as in the test runner."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mnist_course.checks.comparison import difference, in_words
from mnist_course.checks.score import CannotGrade, CheckFailed, note_for_staff
from mnist_course.exceptions import SerializationError, StudentError
from mnist_course.grading.call_errors import in_hidden_part
from mnist_course.grading.function_proxy import StudentFunction
from mnist_course.grading.namespace import take_apart
from mnist_course.grading.results import Finding
from mnist_course.grading.serialization import Opaque, decode, encode

__all__ = ["Answer", "ask", "known_as", "must_be_function", "no_function", "unless_hidden"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one call.

    Parameters
    ----------
    call : str
        The call in words, between backticks, for sentences about its value.
    value : object
        None when there is a problem.
    changed : bool
        True when the function altered what it was given.
    problem : Finding or None
        Why there is no value that can be graded.
    """

    call: str
    value: Any = None
    changed: bool = False
    problem: Finding | None = None


def known_as(function: Any) -> str:
    """Return the name that a function was defined with."""
    return str(getattr(function, "__name__", "the function"))


def no_function(value: Any, name: str) -> Finding | None:
    """Return why a value cannot be called, None for a function.

    Parameters
    ----------
    value : object
    name : str
        Of the student's variable.
    """
    if callable(value):
        return None
    if value is None:
        saw = f"`{name}` is still None."
    else:
        saw = f"`{name}` is a {type(value).__name__}; expected a function."
    return Finding(
        saw,
        "This item calls it.",
        f"Define it with `def {name}(...)`, or give the name to a method such as "
        "`estimator.predict`.",
    )


def must_be_function(value: Any, name: str) -> None:
    """Raise ``CheckFailed`` for what cannot be called; see `no_function`."""
    found = no_function(value, name)
    if found is not None:
        raise CheckFailed(found.saw, found.why, found.next_step)


def ask(function: Callable[..., Any], *arguments: Any, name: str = "") -> Answer:
    """Call a student's function with copies of the arguments.

    Parameters
    ----------
    function : callable
        The student's own function, or the proxy of it in the test runner.
    *arguments : object
        Values of the closed list (see ``serialization``).
    name : str
        What the student knows the function by; its own name by default.

    Returns
    -------
    Answer
        Whatever the function does: an error of the student's is a problem, not an exception.

    Raises
    ------
    CannotGrade
        If the function could not be asked.
    """
    given = copy.deepcopy(arguments)
    call = f"`{name or known_as(function)}({', '.join(in_words(a) for a in given)})`"
    try:
        if isinstance(function, StudentFunction):
            value, changed = function.watched(given)
            return Answer(call, value, changed)
        value = function(*given)
    except CannotGrade:
        raise
    except NotImplementedError as error:
        words = error.message if isinstance(error, StudentError) else str(error)
        return Answer(call, problem=_unfinished(words, call))
    except StudentError as error:
        return Answer(
            call,
            problem=Finding(
                error.staff or str(error),
                f"It was called as {call}.",
                "Call it like this in a cell of your own.",
            ),
        )
    except Exception as error:
        # The student's own function, in the student's own notebook.
        return Answer(
            call,
            problem=Finding(
                f"{call} raised {type(error).__name__}: {error}",
                "An error ends the function before it gives a value.",
                "Call it like this in a cell of your own, and read the last line of the message.",
            ),
        )
    changed = any(
        difference(after, before, tolerance=0.0, call="") is not None
        for after, before in zip(given, arguments, strict=True)
        if not callable(after)
    )
    return Answer(call, value, changed, _unsendable(value, call))


def unless_hidden(found: Finding, name: str, hint: str = "") -> Finding:
    """Return what the student may read: of a hidden case nothing but that it failed.

    Parameters
    ----------
    found : Finding
        With the values of the case.
    name : str
        Of the function.
    hint : str
        Author's words that say as much as a student may know.
    """
    if not in_hidden_part():
        return found
    note_for_staff(f"hidden: {found.saw}")
    return Finding(
        f"`{name}` is not right for a hidden input.",
        hint or "It is tried with other inputs than those that you see.",
        "Try other shapes, large and negative numbers, zeros, and a single value.",
    )


def _unfinished(words: str, call: str) -> Finding:
    return Finding(
        words or f"{call} is not written yet.",
        "There is nothing to grade yet.",
        "Write it, run its cell, then run this one again. The parts that follow work without it.",
    )


def _unsendable(value: Any, call: str) -> Finding | None:
    """Say in the notebook already what the grader would not be able to read."""
    try:
        parts = decode(encode(value, take_apart=take_apart), build=_Any())
        opaque = next((part for part in _walk(parts) if isinstance(part, Opaque)), None)
    except SerializationError as error:
        return Finding(
            f"{call} gives a value that cannot be graded: {error}.",
            "The grader reads plain values: numbers, words, lists, dicts and NumPy arrays.",
            "Use plain Python numbers and words as keys: int(k), float(x), str(name).",
        )
    if opaque is None:
        return None
    return Finding(
        f"{call} gives a {opaque.type_name}, which cannot be graded: {opaque.reason}.",
        "The grader reads plain values: numbers, words, lists, dicts and NumPy arrays.",
        "Turn it into one of these, for example with str(...), float(...) or np.asarray(...).",
    )


class _Any(dict[str, Callable[[Mapping[str, Any]], Any]]):
    """Builders for every kind of object: its parts."""

    def __bool__(self) -> bool:
        return True  # `decode` takes an empty mapping for none

    def __contains__(self, kind: object) -> bool:
        return True

    def __missing__(self, kind: str) -> Callable[[Mapping[str, Any]], Any]:
        return dict


def _walk(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, dict):
        value = list(value.values())
    if type(value) in (list, tuple):
        for part in value:
            yield from _walk(part)
