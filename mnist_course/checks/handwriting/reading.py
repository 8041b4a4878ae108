"""Points for drawings that the given reader can read after conversion."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_course.checks.handwriting.conversions import (
    Conversion,
    converted,
    failures,
    refuse_the_courses_own,
)
from mnist_course.checks.handwriting.look import as_frame, look
from mnist_course.checks.handwriting.mistakes import findings
from mnist_course.checks.score import Score, note, ramp
from mnist_course.grading.results import Finding

__all__ = ["check_reading", "digits_read"]


def check_reading(
    function: Callable[..., Any], *, seed: int, count: int, points: Mapping[float, float]
) -> Score:
    """Convert drawings, let the given reader read them, and count what it gets right.

    The student's function is given pictures; labels and reader stay on this side.

    Parameters
    ----------
    function : callable
        The student's ``to_mnist``.
    seed : int
        Of the drawings.
    count : int
        How many.
    points : mapping of float to float
        Accuracy 0..1: points.

    Returns
    -------
    Score
    """
    from mnist_course.drawings import drawings

    made = drawings(count, seed=seed)
    images = [one.image for one in made]
    conversions = converted(function, images)
    refuse_the_courses_own(conversions, images)
    read = digits_read(conversions)
    right = int((read == np.array([one.label for one in made])).sum())
    note(drawings_accuracy=right / count)
    seen = Finding(
        f"The reader gets {right} of {count} drawings right ({right / count:.1%}).",
        "It reads MNIST's own test images far better than that: what is missing is missing in "
        "the conversion."
        if right / count < max(points)
        else "",
    )
    told: tuple[Finding, ...] = (seen,)
    if right < count:
        looks = [look(o.value, d.ink) for o, d in zip(conversions, made, strict=True)]
        told += failures(conversions) or findings(looks)
    return Score(ramp(right / count, points), max(points.values()), findings=told)


def digits_read(conversions: Sequence[Conversion]) -> NDArray[np.int64]:
    """Return what the given reader reads in each result, -1 where there is none.

    Parameters
    ----------
    conversions : sequence of Conversion
        Results may have any range and shape as long as they are 28 × 28 numbers: the reader gets
        what the student's own notebook would give it.
    """
    from mnist_course.reader import load_reader

    frames: dict[int, NDArray[np.float64]] = {}
    for number, one in enumerate(conversions):
        frame = None if one.problem else as_frame(one.value)
        if frame is not None:
            frames[number] = frame
    read = np.full(len(conversions), -1, dtype=np.int64)
    if frames:
        x = np.stack(list(frames.values())).astype(np.float32)
        read[list(frames)] = np.asarray(load_reader().predict(x)).argmax(axis=1)
    return read
