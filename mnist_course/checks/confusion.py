"""Points for a confusion matrix of a student's model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mnist_course.checks.no_points import or_no_points
from mnist_course.checks.plain_values import as_array
from mnist_course.checks.predictions import confusion_of, predictions_of
from mnist_course.checks.score import CheckFailed, Score
from mnist_course.checks.trained_model import CLASSES
from mnist_course.grading.results import Finding

if TYPE_CHECKING:
    from mnist_course.experiments.recording.log import ExperimentLog

__all__ = ["check_confusion_matrix", "swapped_axes"]

FloatArray = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

_AXES = {"true": "each row", "pred": "each column", "all": "the whole matrix"}


@or_no_points("points")
def check_confusion_matrix(
    confusion: Any,
    model: Any,
    log: ExperimentLog,
    *,
    points: float = 15,
    shares: float = 10,
    swapped: float = 5,
    moved: int = 10,
    name: str = "confusion",
) -> Score:
    """Compare a confusion matrix with the grader's own for the same model.

    Parameters
    ----------
    confusion : array-like of shape (10, 10)
        The student's counts for the test images: rows true digits, columns answers. The sums that
        ``pandas.crosstab(..., margins=True)`` adds are left out.
    model : keras.Model
    log : ExperimentLog
    points : float
        For the counts; all of them when at most ``moved`` images stand in another place, because
        float32 sums in another order tip a few borderline images.
    shares : float
        Points for the right matrix as shares of rows, of columns or of everything.
    swapped : float
        Points for the right counts with rows and columns swapped.
    moved : int
    name : str
        The student's variable.

    Returns
    -------
    Score
        With no points, and the reason, if there is no such matrix or no model to compare it with.
    """
    answer = as_array(confusion, name=name, expected="a table of 10 x 10 counts")
    predictions = predictions_of(model, log)
    own = confusion_of(predictions)
    answer = _square(answer, name)
    if _images_moved(answer, own) <= moved:
        right = int(np.trace(own))
        return Score(
            points,
            points,
            f"`{name}` is the confusion matrix of your network: {right:,} images on the diagonal, "
            f"{int(own.sum()) - right:,} beside it.",
        )
    if _images_moved(answer.T, own) <= moved:
        return Score(swapped, points, findings=(swapped_axes(own, name),))
    for matrix, earned in ((answer, shares), (answer.T, swapped)):
        axis = _normalised_over(matrix, own)
        if axis is not None:
            told = [_normalised(axis, name)]
            if matrix is not answer:
                told.append(swapped_axes(own, name))
            return Score(min(earned, shares), points, findings=told)
    return Score(0, points, findings=(_unlike(answer, own, predictions.labels, name),))


def _square(answer: FloatArray, name: str) -> FloatArray:
    """Return the 10 x 10 counts, without row and column sums."""
    shape = answer.shape
    if shape == (CLASSES + 1, CLASSES + 1):
        inner = answer[:-1, :-1]
        if np.allclose(answer[:-1, -1], inner.sum(axis=1)):
            return inner
    if shape == (CLASSES, CLASSES):
        return answer
    why = "There are ten digits, each of which can be the truth (a row) or the answer (a column)."
    step = "Begin with np.zeros((10, 10), dtype=int), or name all ten classes to the function."
    if answer.ndim == 1:
        why = "A row of numbers cannot say which digit was taken for which. " + why
    elif answer.ndim == 2 and min(shape) >= CLASSES - 1 and max(shape) <= CLASSES:
        why = "A digit that never occurs as an answer has no column in some functions. " + why
    raise CheckFailed(f"`{name}` has the shape {shape}; expected (10, 10).", why, step)


def _images_moved(answer: FloatArray, own: Counts) -> float:
    """Return how many images stand in another place, or are too many or too few."""
    difference = answer - own
    return float(max(difference.clip(min=0).sum(), -difference.clip(max=0).sum()))


def _normalised_over(answer: FloatArray, own: Counts) -> str | None:
    """Return what the shares of a matrix are shares of, None where they are no shares of `own`."""
    totals = {
        "true": own.sum(axis=1, keepdims=True),
        "pred": own.sum(axis=0, keepdims=True),
        "all": own.sum(keepdims=True),
    }
    for factor in (1, 100):
        for axis, total in totals.items():
            expected = factor * own / np.maximum(total, 1)
            # Room for shares that were rounded to two decimals.
            if np.abs(answer - expected).max() <= factor * (5e-3 if axis != "all" else 5e-4):
                return axis
    return None


def _normalised(axis: str, name: str) -> Finding:
    return Finding(
        f"`{name}` holds shares of {_AXES[axis]}; asked for were counts.",
        "Shares are right for comparing digits of which there are more or fewer images. They no "
        "longer say how many images stand behind a number.",
        "Leave out normalize= or the division; draw the shares beside the counts if you like.",
    )


def swapped_axes(own: Counts, name: str) -> Finding:
    """Say that rows and columns are swapped, by the pair of digits that shows it best.

    Parameters
    ----------
    own : array of shape (10, 10), int
        The right matrix: rows true, columns answers.
    name : str
        The student's variable.
    """
    off = own.copy()
    np.fill_diagonal(off, 0)
    difference = off - off.T
    true, said = (int(i) for i in np.unravel_index(int(difference.argmax()), own.shape))
    return Finding(
        f"Rows and columns are swapped: `{name}[{true}, {said}]` is {off[said, true]}, but your "
        f"network takes a {true} for a {said} in {off[true, said]} images.",
        "Rows are the true digits, columns the answers. Read the other way round, the matrix "
        "blames the wrong digit.",
        "Give the true labels first: confusion_matrix(y_test, answers), or matrix[true, answer].",
    )


def _unlike(answer: FloatArray, own: Counts, labels: Counts, name: str) -> Finding:
    total, images = float(answer.sum()), int(own.sum())
    if abs(total - images) > 0.5:
        if _only_mistakes(answer, own):
            return Finding(
                f"`{name}` counts {total:,.0f} images: the mistakes, without the diagonal.",
                "On the diagonal stands what was read correctly; only with it do the rows sum to "
                "the number of images of each digit.",
                "Count every test image, the right ones too.",
            )
        return Finding(
            f"The numbers in `{name}` sum to {total:,.0f}; there are {images:,} test images.",
            "Each test image is counted exactly once, in the row of its digit and the column of "
            "the answer. Training or validation images are no test: the network was made with "
            "them.",
            "Count (y_test[i], answers[i]) for all test images, and print matrix.sum().",
        )
    rows = np.bincount(labels, minlength=CLASSES)
    if np.array_equal(answer.sum(axis=1).round(), rows):
        return Finding(
            f"The rows of `{name}` sum to the right numbers, but "
            f"{_images_moved(answer, own):,.0f} images stand in another column than your network "
            "puts them.",
            "These are the answers of another network, or of this one before it was trained "
            "further.",
            "Predict again with `model`, then count again.",
        )
    if np.array_equal(answer.sum(axis=0).round(), rows):
        return Finding(
            f"The columns of `{name}` sum to {_few(rows)} ..., as the rows should; and the "
            "answers are not those of your network.",
            "Rows are the true digits, columns the answers.",
            "Swap the two, and predict again with `model` before you count.",
        )
    return Finding(
        f"The rows of `{name}` sum to {_few(answer.sum(axis=1))} ...; of the test images "
        f"{_few(rows)} ... are zeros, ones, twos ...",
        "A row counts all images of one digit, whatever the network said.",
        "Take the true digits from y_test and the answers from model.predict(x_test), in the same "
        "order.",
    )


def _only_mistakes(answer: FloatArray, own: Counts) -> bool:
    off = own.copy()
    np.fill_diagonal(off, 0)
    return not answer.diagonal().any() and _images_moved(answer, off) <= 0.05 * off.sum()


def _few(numbers: Any) -> str:
    return ", ".join(f"{number:,.0f}" for number in list(numbers)[:3])
