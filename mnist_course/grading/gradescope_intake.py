"""What Gradescope makes of a ``results.json``."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

__all__ = ["FIELD_LIMIT", "Intake", "cut", "take_in"]

FIELD_LIMIT = 100_000  # characters
_CUT_MARK = "\n... output cut ...\n"
_NOT_YET_VISIBLE = {"hidden", "after_due_date", "after_published"}


@dataclass(frozen=True, slots=True)
class Intake:
    """A result as Gradescope stores it.

    Parameters
    ----------
    results : mapping
        The stored results: fields cut, NUL replaced; a result of 0 points that says why when the
        autograder's own could not be used.
    score : float
        The total: the stated score, else the sum of the tests.
    max_score : float
        Sum over the tests.
    student_sees_total : bool
        False as soon as one test (or all results) is hidden.
    problem : str
        Empty, or why the autograder's own results were not used: ``timed out``,
        ``autograder failed`` or ``invalid JSON``.
    """

    results: Mapping[str, object]
    score: float
    max_score: float
    student_sees_total: bool
    problem: str = ""


def take_in(written: bytes | None, *, timed_out: bool) -> Intake:
    """Apply Gradescope's rules to the bytes that the autograder wrote.

    Parameters
    ----------
    written : bytes or None
        Content of ``results.json``, None if there is no such file.
    timed_out : bool
        The harness overwrites any result after its time-out.
    """
    if timed_out:
        return _nothing("timed out", "The autograder timed out.")
    if written is None:
        return _nothing("autograder failed", "The autograder failed: it wrote no results.json.")
    try:
        results = json.loads(written, parse_constant=_refuse)
        if not isinstance(results, dict):
            raise ValueError("the results are no object")
        tests = _tests(results)
        maxima = [_number(test.get("max_score", 0)) for test in tests]
        if results.get("score") is not None:
            score = _number(results["score"])
        elif tests:
            score = math.fsum(_number(test["score"]) for test in tests)
        else:
            raise ValueError("neither the results nor any test has a score")
    except (ValueError, KeyError, RecursionError) as error:
        return _nothing("invalid JSON", f"The results are not formatted correctly: {error!r}")
    visibilities = {results.get("visibility"), *(test.get("visibility") for test in tests)}
    stored = _stored(results)
    assert isinstance(stored, dict)
    return Intake(
        results=stored,
        score=score,
        max_score=math.fsum(maxima),
        student_sees_total=not visibilities & _NOT_YET_VISIBLE,
    )


def cut(text: str, *, limit: int = FIELD_LIMIT) -> str:
    """Cut a field that is too long from its middle, as Gradescope does; NUL becomes U+FFFD."""
    text = text.replace("\0", "\ufffd")
    if len(text) <= limit:
        return text
    kept = limit - len(_CUT_MARK)
    head = kept - kept // 2
    return text[:head] + _CUT_MARK + text[len(text) - kept // 2 :]


def _tests(results: Mapping[str, object]) -> list[dict[str, object]]:
    tests = results.get("tests", [])
    if not isinstance(tests, list) or not all(isinstance(test, dict) for test in tests):
        raise ValueError("'tests' must be a list of objects")
    return tests


def _stored(value: object) -> object:
    """Return the value with every text in it cut."""
    if isinstance(value, str):
        return cut(value)
    if isinstance(value, list):
        return [_stored(item) for item in value]
    if isinstance(value, dict):
        return {cut(key): _stored(item) for key, item in value.items()}
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"a score must be a finite number, got {value!r}")
    return float(value)


def _nothing(problem: str, text: str) -> Intake:
    return Intake({"score": 0, "output": text, "tests": []}, 0.0, 0.0, True, problem)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
