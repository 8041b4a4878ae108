"""What a method that reads digits answers for images that nobody has seen before."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_course.baselines import nearest_mean
from mnist_course.checks.asking import ask
from mnist_course.checks.functions import allow_seconds
from mnist_course.checks.new_rows import slightly_new
from mnist_course.checks.score import Score, ramp
from mnist_course.datasets import mnist
from mnist_course.grading.call_errors import in_hidden_part
from mnist_course.grading.results import Finding

__all__ = [
    "CALL_SECONDS",
    "Reading",
    "as_rows",
    "ask_digits",
    "knows_the_test",
    "points_for",
    "read_new",
]

CALL_SECONDS = 60.0  # for one call; the slowest machine that grades has half a core
_BATCH = 1_000
_CANDIDATES = 10_000  # training images among which to look for hard ones: some 2,000 of them
_DEVIATIONS = 3.5  # of chance: one honest method in some thousands
_EASIER = 0.01  # by which test images may be easier to read than training images

Rows = npt.NDArray[np.float32]
Digits = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a method answered for images that were made slightly new.

    Parameters
    ----------
    x : array of shape (n, 784), float32
        Test images as rows.
    digits : array of shape (n,), int
        The answers for them.
    accuracy : float
        The share of right ones (0..1).
    hard_test, hard_train : float
        The same for test images and for training images that nearest mean gets wrong: whoever
        was fitted on them knows these, too. NaN when nobody asked.
    """

    x: Rows
    digits: Digits
    accuracy: float
    hard_test: float = math.nan
    hard_train: float = math.nan


def ask_digits(reader: Callable[..., Any], name: str, x: Rows) -> Digits | Finding:
    """Ask a method for the digits of some rows.

    Parameters
    ----------
    reader : callable
        Takes rows (n, 784), gives n digits.
    name : str
        What the student calls it.
    x : array of shape (n, 784)

    Returns
    -------
    array of shape (n,), int, or Finding
        The digits; or why there are none.
    """
    allow_seconds(reader, seconds=CALL_SECONDS)
    parts = []
    for start in range(0, len(x), _BATCH):
        block = x[start : start + _BATCH]
        answer = ask(reader, block, name=name)
        found = answer.problem or _no_digits(answer.value, len(block), answer.call)
        if found is not None:
            return _of_hidden(found, name)
        parts.append(np.asarray(answer.value).astype(np.int64))
    return np.concatenate(parts)


def read_new(
    reader: Callable[..., Any], name: str, *, rows: int, seed: int, hard: bool = True
) -> Reading | Finding:
    """Ask a method about images that were made slightly new; see `ask_digits`.

    Parameters
    ----------
    rows : int
        Test images.
    seed : int
        Which ones, and how they are changed.
    hard : bool
        Also ask about as many hard test images, and as many hard training images.
    """
    rng = np.random.default_rng(seed)
    _, (images, labels) = mnist.load_data()
    chosen = rng.choice(len(images), rows, replace=False)
    asked = [_as_new(images[chosen], labels[chosen], rng)]
    if hard:
        asked += _hard(rows, rng)
    digits = ask_digits(reader, name, np.concatenate([x for x, _ in asked]))
    if isinstance(digits, Finding):
        return digits
    right = digits == np.concatenate([y for _, y in asked])
    shares = [float(part.mean()) for part in np.split(right, range(rows, len(right), rows))]
    return Reading(asked[0][0], digits[:rows], *shares)


def _as_new(images: Any, labels: Any, rng: np.random.Generator) -> tuple[Rows, Digits]:
    return as_rows(slightly_new(images, rng)), labels.astype(np.int64)


def _hard(rows: int, rng: np.random.Generator) -> list[tuple[Rows, Digits]]:
    """Return test images, then training images, that nearest mean gets wrong."""
    (images, labels), test = mnist.load_data()
    some = rng.choice(len(images), _CANDIDATES, replace=False)
    train = images[some], labels[some]
    read = nearest_mean(as_rows(train[0]), train[1])
    found = []
    for images, labels in (test, train):
        wrong = np.flatnonzero(read(as_rows(images)) != labels)
        chosen = rng.choice(wrong, rows, replace=False)
        found.append(_as_new(images[chosen], labels[chosen], rng))
    return found


def as_rows(images: Any) -> Rows:
    """Return levels (n, 28, 28) as methods read them: float32 rows within 0..1."""
    scaled: Rows = images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
    return scaled


def points_for(reading: Reading, name: str, points: Mapping[float, float], *, of: float) -> Score:
    """Turn the accuracy on new test images into points.

    Parameters
    ----------
    points : mapping of float to float
        Accuracy to points.
    of : float
        Points of the whole item.
    """
    found = knows_the_test(reading, name)
    if found is not None:
        return Score(0, of, findings=(found,))
    earned = ramp(reading.accuracy, points)
    saw = f"`{name}` reads {reading.accuracy:.1%} of {len(reading.digits):,} new test images."
    higher = [limit for limit in points if reading.accuracy < limit]
    if not higher:
        return Score(earned, of, saw)
    limit, most = min(higher), max(points.values())
    always = set(reading.digits.tolist())
    if len(always) == 1:
        return Score(
            earned,
            of,
            saw,
            f"It answers {always.pop()} for every image.",
            "It is given float32 rows within 0 and 1: fit it on rows of the same kind.",
        )
    return Score(
        earned,
        of,
        saw,
        f"From {limit:.0%} on it gets {points[limit]:g} of the {most:g} points for reading.",
        "Fit it on all rows of x_small (x_train for the means), with the labels that belong to "
        "them, and hand it the rows as they are.",
    )


def knows_the_test(reading: Reading, name: str) -> Finding | None:
    """Return what tells that a method was fitted on the images that it is tested with."""
    here, elsewhere, rows = reading.hard_test, reading.hard_train, len(reading.digits)
    if math.isnan(here):
        return None
    share = min(max((here + elsewhere) / 2, 0.01), 0.99)
    chance = math.sqrt(2 * share * (1 - share) / rows)
    if here - elsewhere <= _EASIER + _DEVIATIONS * chance:
        return None
    return Finding(
        f"`{name}` reads {here:.1%} of the hard test images, but only {elsewhere:.1%} of as many "
        "hard training images.",
        "No method is so much better at images that it has never seen: it was fitted on test "
        "images, and then a test measures memory.",
        "Fit it on x_small and y_small only.",
    )


def _no_digits(value: Any, rows: int, call: str) -> Finding | None:
    """Return why a value is no array of one digit a row."""
    try:
        array = np.asarray(value)
    except ValueError:  # lists of different lengths
        array = np.asarray(None)
    if array.dtype.kind not in "iuf":
        return Finding(
            f"{call} gives a {type(value).__name__}; expected one digit for each row.",
            "Its answers are compared with the labels.",
            "Return an array of whole numbers, as predict of scikit-learn does.",
        )
    if array.shape != (rows,):
        scores = array.shape == (rows, 10)
        return Finding(
            f"{call} gives an array of shape {array.shape} for {rows} rows; expected ({rows},).",
            "Each row of pixels is one image, and gets one digit.",
            "Take the place of the best score: .argmax(axis=1)."
            if scores
            else "Print the shape of what goes in and of what comes out.",
        )
    if not (np.isfinite(array).all() and np.isin(array, np.arange(10)).all()):
        return Finding(
            f"{call} gives numbers that are no digits from 0 to 9.",
            "Its answers are compared with the labels.",
            "Return the digit itself, not a distance and not a row number.",
        )
    return None


def _of_hidden(found: Finding, name: str) -> Finding:
    if not in_hidden_part():
        return found
    return Finding(
        f"`{name}` gave no digits for hidden images.",
        "It is asked about float32 rows of 784 numbers within 0 and 1.",
        "Try it on x_val[:20]: it must give 20 digits.",
    )
