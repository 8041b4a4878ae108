"""Points for a table of accuracies that says what really happens."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mnist_course.checks.handwriting.conversions import Conversion, converted
from mnist_course.checks.handwriting.reading import digits_read
from mnist_course.checks.score import CheckFailed, Score
from mnist_course.grading.results import Finding

__all__ = ["check_robustness"]

_COLUMNS = ("just_resize", "to_mnist")


def check_robustness(
    table: Any, function: Callable[..., Any], *, count: int, tolerance: float, points: float
) -> Score:
    """Measure every field of a robustness table again.

    Parameters
    ----------
    table : mapping of str to mapping of str to float
        Accuracy 0..1 (or in percent) by the change of the pictures, then by the conversion:
        ``{"shift": {"just_resize": 0.2, "to_mnist": 0.9}, ...}``.
    function : callable
        The student's ``to_mnist``. While it is not written, ``just_resize`` takes its place.
    count : int
        How many of the practice drawings were used.
    tolerance : float
        How far an accuracy may be away.
    points : float
        For a table that is right everywhere; each field has the same share.

    Returns
    -------
    Score

    Raises
    ------
    CheckFailed
        If there is no such table.
    """
    claimed = _read(table)
    measured = _measured(function, count)
    percent = _in_percent(claimed)
    wrong: list[tuple[str, str, float | None, float]] = []
    for change, columns in measured.items():
        for column, accuracy in columns.items():
            claim = claimed.get(change, {}).get(column)
            said = None if claim is None else claim / 100 if percent else claim
            if said is None or not abs(said - accuracy) <= tolerance:
                wrong.append((change, column, said, accuracy))
    fields = len(measured) * len(_COLUMNS)
    told = [_of_field(wrong, fields)] if wrong else []
    if not wrong:
        told = [Finding(f"All {fields} accuracies are what the grader measures.")]
    return Score(points * (1 - len(wrong) / fields), points, findings=told)


def _read(table: Any) -> dict[str, dict[str, float]]:
    if isinstance(table, Mapping) and not table:
        raise CheckFailed(
            "The robustness table is empty.",
            "It holds one row for each change of the drawings.",
            "Fill `robustness` as the text above says.",
        )
    if not isinstance(table, Mapping) or not all(isinstance(v, Mapping) for v in table.values()):
        raise CheckFailed(
            f"`robustness` is a {type(table).__name__} that holds no rows.",
            "It is read by names: first the change, then the conversion.",
            'Make it a dictionary: robustness["shift"]["to_mnist"] is one accuracy.',
        )
    return {
        str(change): {
            str(column): float(value)
            for column, value in columns.items()
            if isinstance(value, (int, float, np.integer, np.floating))
            and not isinstance(value, bool)
            and math.isfinite(value)
        }
        for change, columns in table.items()
    }


def _in_percent(claimed: Mapping[str, Mapping[str, float]]) -> bool:
    return any(value > 1.5 for columns in claimed.values() for value in columns.values())


def _measured(function: Callable[..., Any], count: int) -> dict[str, dict[str, float]]:
    """Return the accuracy of each conversion after each change."""
    from mnist_course.drawings import CHANGES, practice_drawings
    from mnist_course.preprocessing import just_resize

    made = practice_drawings(count)
    labels = np.array([one.label for one in made])
    changed = {name: [change(one.image) for one in made] for name, change in CHANGES.items()}
    measured: dict[str, dict[str, float]] = {}
    for name, images in changed.items():
        plain = [Conversion(just_resize(image)) for image in images]
        try:
            own = converted(function, images)
        except CheckFailed:  # not written yet: a later part does not depend on an earlier one
            own = plain
        results = zip(_COLUMNS, (plain, own), strict=True)
        measured[name] = {c: float((digits_read(r) == labels).mean()) for c, r in results}
    return measured


def _of_field(wrong: list[tuple[str, str, float | None, float]], fields: int) -> Finding:
    change, column, said, accuracy = wrong[0]
    missing = [f"{row!r}/{name!r}" for row, name, value, _ in wrong if value is None]
    if len(missing) == len(wrong):
        return Finding(
            f"{len(missing)} of {fields} fields are missing or no numbers: {', '.join(missing[:4])}"
            f"{' ...' if len(missing) > 4 else ''}.",
            "Without the row as it is, and both conversions side by side, nobody can say what a "
            "change costs.",
            "Loop over CHANGES and over both conversions.",
        )
    if said is None:
        change, column, said, accuracy = next(w for w in wrong if w[2] is not None)
    return Finding(
        f"{len(wrong)} of {fields} fields are not what the grader measures: {change!r} with "
        f"{column!r} is {said:.3f} in your table and {accuracy:.3f} here.",
        "A table is evidence only as long as it was measured with the functions that are handed "
        "in, on the same drawings.",
        "Apply the change to the *drawing*, then convert it, then ask the reader; use all practice "
        "drawings, and run the cell again after every repair of `to_mnist`.",
    )
