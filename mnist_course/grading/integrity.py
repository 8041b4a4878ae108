"""What staff should look at: facts that an honest notebook hardly ever shows.

A signal costs no points and is never shown to the student; a person decides. Everything here works
on plain facts, so that it is the same wherever they were found:

======================== =======================================================================
:func:`execution_signals` what the sandbox refused, what cells were not allowed to open
:func:`accuracy_signals`  better on test rows than on training rows, worse on rows made new
:func:`record_signals`    recorded fits on test rows
:func:`data_signals`      a captured array of training data with test rows in it
:func:`answer_signals`    answers that stay the same while the inputs change
======================== =======================================================================

What the text of the cells tells is in ``source_signals.py``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_course.grading.results import CellError, Signal

if TYPE_CHECKING:
    from mnist_course.experiments.recording.log import ExperimentLog

__all__ = [
    "ROWS",
    "accuracy_signals",
    "answer_signals",
    "data_signals",
    "execution_signals",
    "record_signals",
]

ROWS = 5_000
"""Training rows on which a model is measured beside the 10,000 test rows."""
_TEST_ROWS = 10_000
# MNIST's test rows are a little easier: a network that has just begun to learn reads up to 1 %
# more of them.
_EASIER = 0.01
_DEVIATIONS = 3.5  # of chance, on top: one honest model in some thousands
# A download, or `!pip install`, is refused and no attack.
_HARMLESS = frozenset({"network", "socket"})
_NEW_ROWS = 0.03  # accuracy that a honest network does not lose on slightly changed rows
_NOT_OURS = re.compile(
    r"/proc/(?!self)|/autograder|/root\b|/etc/(?:shadow|sudoers)|\.ssh\b|results\.json|\.frame\b"
)


def execution_signals(
    refused: Mapping[str, int], errors: Sequence[CellError]
) -> tuple[Signal, ...]:
    """Report attempts to reach beyond the sandbox.

    Parameters
    ----------
    refused : mapping of str to int
        System calls that the sandbox refused, by name.
    errors : sequence of CellError
        Cells that did not end well.
    """
    found = []
    calls = {n: count for n, count in sorted(refused.items()) if n not in _HARMLESS and count > 0}
    if calls:
        told = ", ".join(f"{name} ({count})" for name, count in list(calls.items())[:10])
        found.append(Signal("refused by the sandbox", f"System calls were refused: {told}."))
    for error in errors[:100]:
        if error.kind == "PermissionError" and (place := _NOT_OURS.search(error.message[:2000])):
            found.append(
                Signal(
                    "refused by the sandbox",
                    f"Cell {error.cell} tried to open what is not the student's: {place[0]}.",
                )
            )
    return tuple(found[:10])


def accuracy_signals(measured: Mapping[str, float]) -> tuple[Signal, ...]:
    """Compare accuracies on rows that a model may know with those on rows that it cannot.

    Parameters
    ----------
    measured : mapping of str to float
        ``test_rows_accuracy`` with ``training_rows_accuracy`` for a rebuilt model,
        ``known_rows_accuracy`` with ``new_rows_accuracy`` for one that only its own process runs.
    """
    found = []
    test, train = measured.get("test_rows_accuracy"), measured.get("training_rows_accuracy")
    known, new = measured.get("known_rows_accuracy"), measured.get("new_rows_accuracy")
    if test is None:
        test = new
    if test is not None and train is not None and test - train > _gap(test, train):
        found.append(
            Signal(
                "better on test rows",
                f"{test:.2%} of the test images are read, but only {train:.2%} of "
                f"{ROWS:,} training images: the model may know the test set.",
            )
        )
    if known is not None and new is not None and known - new > _NEW_ROWS:
        found.append(
            Signal(
                "worse on new rows",
                f"{known:.2%} of the test images are read as they are, {new:.2%} when they are "
                "slightly changed: answers may be looked up.",
            )
        )
    return tuple(found)


def _gap(test: float, train: float) -> float:
    """Return the difference that chance and the easier test rows explain."""
    share = min(max((test + train) / 2, 0.01), 0.99)
    deviation = math.sqrt(share * (1 - share) * (1 / ROWS + 1 / _TEST_ROWS))
    return _EASIER + _DEVIATIONS * deviation


def record_signals(log: ExperimentLog) -> tuple[Signal, ...]:
    """Report fits whose training data held test rows."""
    fits = [fit for fit in log.fits if fit.data is not None and fit.data.test_rows > 0]
    if not fits:
        return ()
    numbers = ", ".join(str(fit.number) for fit in fits[:10])
    most = max(fit.data.test_rows for fit in fits if fit.data is not None)
    return (
        Signal(
            "fit on test rows",
            f"{len(fits)} of {len(log.fits)} fits (number {numbers}) were trained on test images, "
            f"on up to {most:,} of them.",
        ),
    )


def data_signals(name: str, array: np.ndarray[Any, Any]) -> tuple[Signal, ...]:
    """Report test rows in an array that is called training data; computed from its content."""
    if "train" not in name.lower() or array.ndim < 2 or math.prod(array.shape[1:]) != 784:
        return ()
    from mnist_course.experiments.recording.data_print import read

    reading = read(array)
    if reading is None or reading.print.test_rows == 0:
        return ()
    return (
        Signal(
            "test rows in training data",
            f"`{name}` holds {reading.print.test_rows:,} images of the test set among "
            f"{reading.print.rows:,} rows.",
        ),
    )


def answer_signals(name: str, inputs: Sequence[Any], answers: Sequence[Any]) -> tuple[Signal, ...]:
    """Report answers that stay the same while the inputs change.

    Parameters
    ----------
    name : str
        Of the function or model that was asked.
    inputs, answers : sequence
        Plain values or arrays, one answer for each input.

    Returns
    -------
    tuple of Signal
        Empty where fewer than three different inputs were asked, or where two answers differ.
    """
    asked = [i for i, value in enumerate(inputs) if not any(_same(value, v) for v in inputs[:i])]
    if len(asked) < 3 or not all(_same(answers[i], answers[asked[0]]) for i in asked):
        return ()
    return (
        Signal(
            "answers do not move",
            f"`{name}` gives the same answer for {len(asked)} different inputs.",
        ),
    )


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        one, two = np.asarray(a), np.asarray(b)
        equal_nan = one.dtype.kind in "fc" and two.dtype.kind in "fc"
        return one.shape == two.shape and np.array_equal(one, two, equal_nan=equal_nan)
    if type(a) in (list, tuple) and type(b) is type(a):
        return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))
    if type(a) is dict and type(b) is dict:
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    return type(a) is type(b) and bool(a == b)
