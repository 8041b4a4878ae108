"""Points for studies whose arms have in common what a task says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mnist_course.checks.score import CheckFailed, Score
from mnist_course.checks.study.reading import trials_in
from mnist_course.grading.results import Finding

__all__ = ["check_common_settings"]


def check_common_settings(
    studies: Mapping[str, tuple[Any, Mapping[str, object]]], *, points: float
) -> Score:
    """Look whether all trials of some studies were made as a task says.

    Parameters
    ----------
    studies : mapping of str to (list of Trial, mapping of str to object)
        The student's variable: its value, with settings that every trial must have, in the words
        of `recording.settings.KNOBS`, such as ``{"hidden layers": 6}``.
    points : float
        For all of them; none when one is wrong. Where there are no trials, without a word: the
        check of the study itself says so.
    """
    for name, (given, wanted) in studies.items():
        try:
            trials = trials_in(given, name=name)
        except CheckFailed:
            return Score(0, points)
        for trial in trials:
            done = trial.done()
            for setting, value in wanted.items():
                if done.get(setting) != value:
                    return Score(
                        0,
                        points,
                        f"In `{name}` {trial.arm!r}, seed {trial.seed}, has {setting} "
                        f"{done.get(setting)}; asked for is {value}.",
                        "The two experiments of this part differ in this; otherwise the second one "
                        "says nothing that the first one did not.",
                        "Begin every arm with the configuration that the task gives, and change "
                        "one field of it.",
                    )
    told = "; ".join(
        f"`{name}`: {', '.join(f'{setting} {value}' for setting, value in wanted.items())}"
        for name, (_, wanted) in studies.items()
    )
    return Score(points, points, findings=(Finding(f"{told}."),))
