"""Points for a table that says how networks stand a shift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_course.checks import backend
from mnist_course.checks.convolutions.shifting import shifted
from mnist_course.checks.measurement import held_out, inputs_for
from mnist_course.checks.no_points import or_no_points
from mnist_course.checks.plain_values import as_mapping, as_number, type_name
from mnist_course.checks.score import CheckFailed, Score
from mnist_course.checks.trained_model import CLASSES, is_verified, record_of, weights_of
from mnist_course.grading.results import Finding

if TYPE_CHECKING:
    from mnist_course.experiments.recording.log import ExperimentLog

__all__ = ["DIRECTIONS", "accuracies_when_shifted", "check_translation"]

DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1))
"""To the right, to the left, down, up."""

Table = dict[str, list[float | None]]


def accuracies_when_shifted(
    model: Any, log: ExperimentLog, *, pixels: Sequence[int], rows: int, name: str
) -> list[float]:
    """Return the share of MNIST test images that a model reads, for each shift.

    Parameters
    ----------
    model : keras.Model
    log : ExperimentLog
        Says in which scaling the model was trained.
    pixels : sequence of int
        How far the images are moved; each accuracy is the mean over the four `DIRECTIONS`.
    rows : int
        How many test images, from the first one on.
    name : str
        Of the student's variable.

    Raises
    ------
    CheckFailed
        If there is no network with ten outputs.
    """
    if is_verified(model):
        weights_of(model, name)
    record, _ = record_of(model, log)
    images, labels = held_out()
    images, labels = images[:rows], labels[:rows]
    moves = [[(0, 0)] if n == 0 else [(n * a, n * b) for a, b in DIRECTIONS] for n in pixels]
    asked = np.concatenate([shifted(images, *move) for each in moves for move in each])
    try:
        outputs = backend.current().predict(model, inputs_for(model, record, asked))
    except ValueError as error:
        raise CheckFailed(
            str(error).replace("`model`", f"`{name}`"),
            "The moved images go in as the images did that it was trained on.",
            "Train it on images of 28 x 28 pixels.",
        ) from error
    if outputs.ndim != 2 or outputs.shape[1] != CLASSES:
        raise CheckFailed(
            f"`{name}` does not give ten numbers for an image.",
            "The position of the largest number is the answer.",
            "End it with Dense(10, activation='softmax').",
        )
    right = (outputs.argmax(axis=1).reshape(-1, len(labels)) == labels).mean(axis=1)
    ends = np.cumsum([len(each) for each in moves])
    return [float(part.mean()) for part in np.split(right, ends[:-1])]


@or_no_points("of")
def check_translation(
    table: Any,
    models: Mapping[str, Any],
    log: ExperimentLog,
    *,
    pixels: Sequence[int],
    rows: int,
    tolerance: float,
    points: float,
    of: float,
) -> Score:
    """Measure every field of a table of accuracies again.

    Parameters
    ----------
    table : mapping of str to sequence or mapping, or DataFrame
        For each model one accuracy (0..1, or in percent) for each of ``pixels``, in this order or
        by the number of pixels.
    models : mapping of str to keras.Model
        By the names that the table has.
    log : ExperimentLog
    pixels, rows
        See `accuracies_when_shifted`.
    tolerance : float
        How far an accuracy may be away.
    points : float
        For a table that is right everywhere; each field has the same share.
    of : float
        Points of the whole item.
    """
    claimed = _read(table, tuple(models), pixels)
    measured = {
        name: accuracies_when_shifted(model, log, pixels=pixels, rows=rows, name=name)
        for name, model in models.items()
    }
    percent = any(v is not None and v > 1.5 for row in claimed.values() for v in row)
    wrong: list[tuple[str, int, float | None, float]] = []
    for name, accuracies in measured.items():
        for n, said, found in zip(pixels, claimed[name], accuracies, strict=True):
            value = None if said is None else said / 100 if percent else said
            if value is None or abs(value - found) > tolerance:
                wrong.append((name, n, value, found))
    fields = len(measured) * len(pixels)
    if not wrong:
        return Score(points, of, f"All {fields} accuracies are what the grader measures.")
    share = 1 - len(wrong) / fields
    return Score(points * share, of, findings=(_told(wrong, fields, claimed, measured),))


def _read(table: Any, names: Sequence[str], pixels: Sequence[int]) -> Table:
    if table is None:
        raise CheckFailed(
            "`robustness` is still None.",
            "A sentence such as 'convolutions do not mind a shift' needs numbers, and they can "
            "surprise.",
            "Fill it with the accuracy of each network for each shift.",
        )
    if type(table).__name__ == "DataFrame" and not set(names) & set(map(str, table.columns)):
        table = table.T  # a row for each network
    by_network = as_mapping(table)
    if by_network is None:
        raise CheckFailed(
            f"`robustness` is a {type_name(table)}.",
            "It is read by the names of the networks.",
            'Make it a dictionary: robustness["dense"] is a list of accuracies, one for each '
            "shift.",
        )
    by_name = {str(key): value for key, value in by_network.items()}
    return {name: _row(by_name.get(name), pixels) for name in names}


def _row(value: Any, pixels: Sequence[int]) -> list[float | None]:
    if isinstance(value, Mapping):
        by_pixels = {str(key): number for key, number in value.items()}
        return [as_number(by_pixels.get(str(n))) for n in pixels]
    try:
        numbers = [as_number(number) for number in value]
    except TypeError:
        numbers = []
    return numbers if len(numbers) == len(pixels) else [None] * len(pixels)


def _told(
    wrong: Sequence[tuple[str, int, float | None, float]],
    fields: int,
    claimed: Table,
    measured: Mapping[str, Sequence[float]],
) -> Finding:
    missing = [w for w in wrong if w[2] is None]
    if len(missing) == len(wrong):
        name, n, _, _ = missing[0]
        return Finding(
            f"{len(missing)} of {fields} accuracies are missing or no numbers, the first one for "
            f"{name!r} and a shift of {n}.",
            "Both networks are measured with the same shifts; else there is nothing to compare.",
            "One accuracy for each of PIXELS, 0 included, for both networks.",
        )
    name, n, said, found = next(w for w in wrong if w[2] is not None)
    seen = f"{len(wrong)} of {fields} accuracies are not what the grader measures: {name!r} moved "
    seen += f"by {n} is {said:.3f} in your table and {found:.3f} here."
    names = list(measured)
    if len(names) == 2 and claimed[names[0]] == claimed[names[1]]:
        return Finding(
            seen,
            "Both rows of your table are the same: they belong to one and the same network.",
            "Ask each network for its own predictions.",
        )
    return Finding(
        seen,
        "The table belongs to the networks that you hand in: the same test images, all four "
        "directions, the mean of the four accuracies.",
        "Run the cell again after every training. For one number of pixels, move to the right, to "
        "the left, down and up.",
    )
