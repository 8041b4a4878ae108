"""Call a function of the student's network: a value, or the one sentence that says why not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mnist_course.checks import asking
from mnist_course.grading.results import Finding

__all__ = ["CHANGED", "UNWRITTEN", "Answer", "ask", "numbers"]

UNWRITTEN = "not written yet"
"""What the NotImplementedError of a scaffold says, in every part of the notebook."""

CHANGED = (
    "An array is handed over as it is, not as a copy: the caller's data change without a word.",
    "Work on a copy (x = x.copy()), or write x = x - 1 instead of x -= 1.",
)
"""Why it matters that a function changes what it is given, and what to do."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call gave: a value, or a finding that says why there is none.

    ``changed`` is True when the function altered its arguments.
    """

    value: Any = None
    finding: Finding | None = None
    changed: bool = False


def ask(function: Any, name: str, *arguments: Any) -> Answer:
    """Call a function of the student's with copies of plain arguments.

    Parameters
    ----------
    function : callable
        The real one, or a proxy of it.
    name : str
        For the sentences, which show no argument: whole networks are no reading.
    *arguments : object
        Arrays, numbers, texts, dicts of arrays.

    Raises
    ------
    CannotGrade
        If the grader has no kernel to ask.
    """
    if not callable(function):
        return Answer(
            finding=Finding(
                f"`{name}` is a {type(function).__name__}; expected a function.",
                "This item calls it.",
                "Define it with `def`, and do not use its name for anything else.",
            )
        )
    with np.errstate(all="ignore"):
        answer = asking.ask(function, *arguments, name=name)
    if answer.problem is not None:
        return Answer(finding=_in_short(answer.problem, answer.call, name))
    if answer.value is None:
        return Answer(
            finding=Finding(
                f"`{name}` gives None.",
                "A function without `return` gives None, whatever it computed or printed.",
                "End it with `return` and the result.",
            )
        )
    return Answer(answer.value, None, answer.changed)


def _in_short(problem: Finding, call: str, name: str) -> Finding:
    if UNWRITTEN in problem.saw:
        return Finding(
            f"`{name}` is {UNWRITTEN}.",
            "Its cell still raises NotImplementedError.",
            "Replace that line by your own code. The parts that follow work without it.",
        )
    told = asking.unless_hidden(problem, name)
    return Finding(
        *(words.replace(call, f"`{name}`") for words in (told.saw, told.why, told.next_step))
    )


def numbers(value: Any) -> np.ndarray[Any, Any] | None:
    """Return a value as an array of real numbers, None when it is none."""
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        return None
    return array if array.dtype.kind in "iuf" else None
