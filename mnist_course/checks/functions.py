"""Points for a function that the student wrote.

The same check runs on the real function in the student's notebook, and on the proxy of it in the
test runner, whose calls cross to the student's process.
"""

from __future__ import annotations

import contextlib
import copy
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mnist_course.checks.asking import ask, unless_hidden
from mnist_course.checks.comparison import difference
from mnist_course.checks.score import CheckFailed, Score
from mnist_course.grading.results import Finding

__all__ = ["allow_seconds", "check_function"]


@dataclass(frozen=True, slots=True)
class _Case:
    arguments: tuple[Any, ...]
    expected: Any


def allow_seconds(function: Callable[..., Any], *, seconds: float) -> None:
    """Set the time that one call may take in the grader; a real function takes what it takes."""
    with contextlib.suppress(AttributeError, TypeError):  # a built-in function takes no attributes
        function.seconds = float(seconds)  # type: ignore[attr-defined]


def check_function(
    function: Callable[..., Any],
    cases: Iterable[Any],
    *,
    expected: Callable[..., Any] | Sequence[Any],
    points: float,
    of: float | None = None,
    known: Iterable[Any] = (),
    tolerance: float = 1e-6,
    may_change_input: bool = False,
    seconds: float | None = None,
    hint: str = "",
) -> Score:
    """Compare a student's function with a reference.

    The cases are asked in a random order, and the first of ``known`` (of ``cases`` without any)
    is asked again at the end, so that an answer cannot come from the number of the call or from
    a value that was kept.

    Parameters
    ----------
    function : callable
        The student's.
    cases : iterable
        Inputs: a tuple holds the arguments of one call, anything else is the only argument.
    expected : callable or sequence
        The reference, called with the same arguments; or the expected values in order.
    points : float
        For a function that is right in every case.
    of : float, optional
        Points of the whole item, where other parts add to it.
    known : iterable, optional
        Cases that students see elsewhere, asked among the others; ``expected`` must be a callable
        then.
    tolerance : float
        See ``difference``.
    may_change_input : bool
        True for a function whose task is to change what it is given.
    seconds : float, optional
        Time limit of one call in the grader.
    hint : str
        Author's words for a case that fails in a hidden test: all that is told about it.

    Returns
    -------
    Score
        All points or none.

    Raises
    ------
    CheckFailed
        If ``function`` is no function.
    """
    name = str(getattr(function, "__name__", "the function"))
    if not callable(function):
        raise CheckFailed(
            f"A value of type {type(function).__name__} stands where a function is expected.",
            "This item calls it.",
            "Define it with `def`, and do not use its name for anything else.",
        )
    if seconds is not None:
        allow_seconds(function, seconds=seconds)
    whole = points if of is None else of
    asked = _in_order(_with_answers(cases, known, expected))
    for case in asked:
        found = _try(function, name, case, tolerance=tolerance, changes=may_change_input)
        if found is not None:
            return Score(0, whole, findings=(unless_hidden(found, name, hint),))
    return Score(points, whole, f"`{name}` is right in all {len(asked)} cases.")


def _with_answers(
    cases: Iterable[Any], known: Iterable[Any], expected: Callable[..., Any] | Sequence[Any]
) -> list[_Case]:
    def arguments(case: Any) -> tuple[Any, ...]:
        return case if isinstance(case, tuple) else (case,)

    given = [arguments(case) for case in cases]
    if not callable(expected):
        answers = list(expected)
        if len(answers) != len(given) or list(known):
            raise ValueError(
                f"{len(given)} cases need as many expected values, got {len(answers)}; known "
                "cases need a reference that can be called"
            )
        return [_Case(a, e) for a, e in zip(given, answers, strict=True)]
    seen = [arguments(case) for case in known]
    return [_Case(a, expected(*copy.deepcopy(a))) for a in (*seen, *given)]


def _in_order(cases: list[_Case]) -> list[_Case]:
    """Return the cases in a random order, with the first of them once more at the end."""
    if not cases:
        raise ValueError("a function is checked with one case at least")
    order = np.random.default_rng(secrets.randbits(64)).permutation(len(cases))
    return [*(cases[i] for i in order), cases[0]]


def _try(
    function: Callable[..., Any], name: str, case: _Case, *, tolerance: float, changes: bool
) -> Finding | None:
    answer = ask(function, *case.arguments, name=name)
    if answer.problem is not None:
        return answer.problem
    if answer.changed and not changes:
        return Finding(
            f"{answer.call} changes its input.",
            "An array is handed over as it is, not as a copy: the caller's data are altered.",
            "Work on a copy: x = x.copy(); or write x = x - 1 instead of x -= 1.",
        )
    return difference(answer.value, case.expected, tolerance=tolerance, call=answer.call)
