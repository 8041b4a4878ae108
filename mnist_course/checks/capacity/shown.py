"""Choose which study a figure shows: the student's own, or the example of the notebook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mnist_course.checks.score import CheckFailed
from mnist_course.checks.study.reading import trials_in

if TYPE_CHECKING:
    from mnist_course.experiments import Trial

__all__ = ["study_or_given"]


def study_or_given(own: Any, given: Sequence[Trial]) -> list[Trial]:
    """Return the student's trials where they are a study, else the given ones.

    Parameters
    ----------
    own : object
        What the student's variable holds. Two arms make a study.
    given : sequence of Trial
    """
    try:
        trials = trials_in(own)
    except CheckFailed:
        trials = []
    if len({trial.arm for trial in trials}) > 1:
        return trials
    return list(given)
