"""The trials in a student's variable, whatever else may stand there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mnist_course.checks.plain_values import type_name
from mnist_course.checks.score import CheckFailed
from mnist_course.exceptions import MnistCourseError
from mnist_course.experiments.trials.trial import Trial

__all__ = ["trials_in"]

_MOST = 2_000
_NEXT = "Leave what run_arms(arms, seeds=...) returns in `{name}`."


def trials_in(value: Any, *, name: str = "trials") -> list[Trial]:
    """Return the trials of a list, of a tuple, or of a dictionary of them.

    Parameters
    ----------
    value : object
    name : str
        The student's variable.

    Raises
    ------
    CheckFailed
        If there is no trial, or anything that is none.
    """
    found = list(_flat(value))
    if value is None or (not found and not isinstance(value, (list, tuple, Mapping))):
        raise CheckFailed(
            f"`{name}` is still None."
            if value is None
            else f"`{name}` holds a value of type {type_name(value)}; expected a list of trials.",
            "This item looks at what was trained, not at what is said about it.",
            _NEXT.format(name=name),
        )
    if not found:
        raise CheckFailed(
            f"`{name}` holds 0 trials.",
            "This item looks at what was trained, not at what is said about it.",
            _NEXT.format(name=name),
        )
    others = [part for part in found if not isinstance(part, Trial)]
    if others:
        raise CheckFailed(
            f"{len(others)} of the {len(found)} values in `{name}` are no trials; the first is "
            f"of type {type_name(others[0])}.",
            "A trial holds the record of a training; a number alone could come from anywhere.",
            _NEXT.format(name=name),
        )
    if len(found) > _MOST:
        raise CheckFailed(
            f"`{name}` holds {len(found):,} trials; at most {_MOST:,} are looked at.",
            "A study of this course needs a few dozen.",
            "Keep the arms that the task asks for.",
        )
    return [_sound(trial, name) for trial in found if isinstance(trial, Trial)]


def _sound(trial: Trial, name: str) -> Trial:
    """Return a trial whose every part has its type, as one that crossed a process boundary."""
    try:
        return Trial.from_dict(trial.to_dict())
    except Exception as error:  # a trial made by hand may hold anything
        words = str(error) if isinstance(error, MnistCourseError) else type(error).__name__
        raise CheckFailed(
            f"A trial in `{name}` cannot be read: {words[:200]}.",
            "A trial is what `run` or `own_trial` returns; made by hand it proves nothing.",
            _NEXT.format(name=name),
        ) from None


def _flat(value: Any) -> list[Any]:
    """Return the values of nested lists, tuples and dictionaries, two levels deep."""
    parts: list[Any] = [value]
    for _ in range(3):
        opened: list[Any] = []
        for part in parts:
            if isinstance(part, Mapping):
                opened += part.values()
            elif isinstance(part, (list, tuple)):
                opened += part
            elif part is not value or isinstance(part, Trial):
                opened.append(part)
        parts = opened
    return parts
