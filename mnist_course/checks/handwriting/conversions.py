"""Ask a student's ``to_mnist`` for many pictures, and notice when the answers are not its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_course.checks.asking import ask, must_be_function, unless_hidden
from mnist_course.checks.handwriting.look import as_frame
from mnist_course.checks.score import CheckFailed, note_for_staff
from mnist_course.grading.results import Finding

__all__ = ["Conversion", "converted", "failures", "refuse_the_courses_own"]

NAME = "to_mnist"
_HINT = "It is called with grey and colour pictures, wide, high, tiny and large ones."
_GIVE_UP = 3  # failed calls in a row after which nothing else is tried
_COMPARED = 4  # pictures that are compared with what the course's own function makes of them
# Mean difference of pixels 0..1; that of conversions written apart is .0014 and more.
_SAME, _ALMOST = 1e-4, 1e-3

Images = Sequence[NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Conversion:
    """One call: its value, whether it changed its input, and why there is no value."""

    value: Any = None
    changed: bool = False
    problem: Finding | None = None


def converted(function: Callable[..., Any], images: Images) -> list[Conversion]:
    """Call a function with each picture.

    Parameters
    ----------
    function : callable
        The student's, or its proxy.
    images : sequence of ndarray
        Each one is handed over as a copy.

    Returns
    -------
    list of Conversion
        One for each picture. After three failures in a row the others are not tried.

    Raises
    ------
    CheckFailed
        If ``function`` is no function, or fails with every picture.
    """
    must_be_function(function, NAME)
    made: list[Conversion] = []
    in_a_row = 0
    for image in images:
        one = made[-1] if in_a_row >= _GIVE_UP else _call(function, image)
        in_a_row = in_a_row + 1 if one.problem else 0
        made.append(one)
    if made and all(one.problem for one in made):
        problem = made[0].problem
        assert problem is not None
        raise CheckFailed(problem.saw, problem.why, problem.next_step)
    return made


def _call(function: Callable[..., Any], image: NDArray[Any]) -> Conversion:
    answer = ask(function, image, name=NAME)
    problem = answer.problem and unless_hidden(answer.problem, NAME, _HINT)
    return Conversion(answer.value, answer.changed, problem)


def failures(conversions: Sequence[Conversion]) -> tuple[Finding, ...]:
    """Return how many calls failed and with what, nothing when none did."""
    problems = [one.problem for one in conversions if one.problem]
    if not problems:
        return ()
    return (
        Finding(
            f"{len(problems)} of {len(conversions)} calls gave no image. {problems[0].saw}",
            "A picture that cannot be converted is a digit that nobody reads.",
            "Call `to_mnist` in a cell of your own with pictures of other kinds: grey and colour, "
            "wide and high, tiny and large.",
        ),
    )


def refuse_the_courses_own(conversions: Sequence[Conversion], images: Images) -> None:
    """Refuse answers that are, to the last digit, those of the course's own function.

    Two programs that were written apart never agree that closely on noisy pictures.

    Parameters
    ----------
    conversions : sequence of Conversion
    images : sequence of ndarray
        What they were made of.

    Raises
    ------
    CheckFailed
        If every compared answer is the same. Answers that are nearly the same are told to staff.
    """
    from mnist_course.preprocessing import to_mnist

    gaps = []
    for one, image in zip(conversions, images, strict=True):
        frame = as_frame(one.value) if one.problem is None else None
        if frame is None:
            return
        gaps.append(_gap(frame, np.asarray(to_mnist(image), dtype=np.float64)))
        if gaps[-1] > _ALMOST:
            return
        if len(gaps) == _COMPARED:
            break
    if len(gaps) < _COMPARED:
        return
    if max(gaps) > _SAME:
        note_for_staff(
            f"the answers of to_mnist differ by {max(gaps):.4f} or less from those of "
            "mnist_course.preprocessing.to_mnist"
        )
        return
    note_for_staff("to_mnist answers exactly as mnist_course.preprocessing.to_mnist does")
    raise CheckFailed(
        "`to_mnist` gives, to the last digit, what `mnist_course.preprocessing.to_mnist` gives.",
        "That one is here to compare with. This assignment is about the steps inside.",
        "Write the five steps yourself; if you did and see this, tell your instructor.",
    )


def _gap(frame: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return the mean difference at the best of nine places, so that a small move hides nothing."""
    largest = max(float(frame.max()), 1e-9)
    return min(
        float(np.abs(frame / largest - np.roll(other, (down, right), axis=(0, 1))).mean())
        for down in (0, -1, 1)
        for right in (0, -1, 1)
    )
