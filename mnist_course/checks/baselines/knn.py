"""Points for k nearest neighbours whose k was chosen on validation images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_course.checks.asking import no_function
from mnist_course.checks.baselines.choosing_k import accuracies, as_choice, check_choice
from mnist_course.checks.baselines.neighbours import votes
from mnist_course.checks.baselines.reading import points_for, read_new
from mnist_course.checks.score import Score, note
from mnist_course.datasets import mnist
from mnist_course.experiments.recording.data_print import read, shared_rows
from mnist_course.grading.results import Finding

__all__ = ["check_knn"]

AGREEMENT = 0.96
"""Share of images for which two ways to count the same neighbours agree at least."""

_AT_MOST = 2_000  # rows of the validation images that the grader computes again
_DEVIATIONS = 4.0
_TIES = 0.006  # by which ways to break a tie between digits with as many votes may differ
_EXACT = 0.0011  # by which scikit-learn's numbers differ from ours: a neighbour as near as another
_NOT_ON_TEST = (
    "A k that was chosen on test images fits them by chance, too: the test then flatters.",
    "Choose on validation images: x_choose, y_choose.",
)

Array = npt.NDArray[Any]
Pair = tuple[Any, Any]


def check_knn(
    choose_k: Callable[..., Any],
    knn_predict: Callable[..., Any],
    chosen: Pair,
    *,
    fitted_on: Pair,
    chosen_on: Pair,
    tested_on: Pair,
    seed: int,
    rows: int,
    function: Mapping[str, float],
    numbers: Mapping[str, float],
    reading: Mapping[float, float],
) -> Score:
    """Give points for the function that chooses, for the choice, and for what came of it.

    Parameters
    ----------
    choose_k : callable
        See `check_choice`.
    knn_predict : callable
        ``knn_predict(x)`` gives one digit for each row.
    chosen : (best k, accuracies by k)
        As ``choose_k`` gave them for the student's images.
    fitted_on, chosen_on : (x, y)
        The rows that vote, and the rows on which k was chosen.
    tested_on : (x, y)
        The test images of the notebook, on which k must not be chosen.
    seed : int
        Of everything that the functions are asked about.
    rows : int
        New test images to ask about.
    function : mapping
        Points for ``"accuracy"`` and ``"best"`` of ``choose_k``.
    numbers : mapping
        Points for ``"accuracy"`` and ``"best"`` of ``chosen``.
    reading : mapping of float to float
        Accuracy on new test images to points.
    """
    of = sum(function.values()) + sum(numbers.values()) + max(reading.values())
    score = check_choice(choose_k, seed=seed, of=of, **function)
    score = score.plus(_numbers(chosen, fitted_on, chosen_on, tested_on, of=of, **numbers))
    return score.plus(
        _reading(knn_predict, chosen[0], fitted_on, rows=rows, seed=seed, points=reading, of=of)
    )


def _numbers(
    chosen: Pair,
    fitted_on: Pair,
    chosen_on: Pair,
    tested_on: Pair,
    *,
    accuracy: float,
    best: float,
    of: float,
) -> Score:
    if chosen == (None, None):
        return Score(
            0,
            of,
            "`best_k` and `accuracy_by_k` are still None.",
            "They are to hold what choose_k gives for x_small and x_choose.",
            "Write choose_k, then run the cell that calls it.",
        )
    choice = as_choice(chosen)
    found = choice if isinstance(choice, Finding) else _wrong_rows(fitted_on, chosen_on)
    if found is not None:
        return Score(0, of, findings=(found,))
    assert not isinstance(choice, Finding)
    best_k, claimed = choice
    x, y = np.asarray(chosen_on[0])[:_AT_MOST], np.asarray(chosen_on[1])[:_AT_MOST]
    ks = sorted(k for k in claimed if 1 <= k <= min(len(fitted_on[0]), 200))
    if not ks or best_k not in ks:
        return Score(
            0,
            of,
            f"`best_k` is {best_k}, and `accuracy_by_k` has numbers for {sorted(claimed)}.",
            "The choice must be one of those that were measured.",
            "best_k, accuracy_by_k = choose_k(x_small, y_small, x_choose, y_choose, [1, 3, 5])",
        )
    again = accuracies(np.asarray(fitted_on[0]), np.asarray(fitted_on[1]), x, y, ks)
    far = max(abs(claimed[k] - again[k]) for k in ks)
    if far > _EXACT and _are_of_the_test(claimed, fitted_on, tested_on, ks):
        return Score(
            0,
            of,
            f"`accuracy_by_k` says {claimed[best_k]:.4f} for k = {best_k}: that is the accuracy on "
            "test images.",
            *_NOT_ON_TEST,
        )
    if far > _tolerance(again[best_k], len(x), len(chosen_on[0])):
        worst = max(ks, key=lambda k: abs(claimed[k] - again[k]))
        return Score(
            0,
            of,
            f"`accuracy_by_k` says {claimed[worst]:.4f} for k = {worst}; computed again from "
            f"x_small and x_choose it is {again[worst]:.4f}.",
            "A number that does not come from the images that it is said to come from proves "
            "nothing.",
            "Call choose_k with x_small, y_small, x_choose and y_choose, and type nothing in.",
        )
    saw = f"`accuracy_by_k` is right: {claimed[best_k]:.4f} for k = {best_k} on x_choose."
    chance = np.sqrt(again[best_k] * (1 - again[best_k]) / len(x))
    if again[best_k] < max(again.values()) - chance:
        return Score(
            accuracy,
            of,
            f"{saw} Another k reaches {max(again.values()):.4f}.",
            "Chance alone does not explain this difference.",
            "Choose the k with the best accuracy, or one that is as good but for chance.",
        )
    return Score(accuracy + best, of, saw)


def _tolerance(share: float, rows: int, of_rows: int) -> float:
    """Return how far the grader's number may be away: ties, and chance where it took a part."""
    part = max(0.0, 1 - rows / max(of_rows, 1))
    return _TIES + _DEVIATIONS * float(np.sqrt(share * (1 - share) / rows * part))


def _are_of_the_test(
    claimed: Mapping[int, float], fitted_on: Pair, tested: Pair, ks: list[int]
) -> bool:
    """Return True when the accuracies are those on test images, all or those of the table."""
    _, (images, labels) = mnist.load_data()
    every = images.reshape(len(images), -1) / np.float32(255), labels
    for x, y in (tested, every):
        rows, digits = np.asarray(x), np.asarray(y)
        if rows.ndim == 2 and rows.shape[1:] == every[0].shape[1:] and len(rows) == len(digits):
            test = accuracies(np.asarray(fitted_on[0]), np.asarray(fitted_on[1]), rows, digits, ks)
            if max(abs(claimed[k] - test[k]) for k in ks) <= _EXACT:
                return True
    return False


def _wrong_rows(fitted_on: Pair, chosen_on: Pair) -> Finding | None:
    """Return which rows are where they must not be."""
    for name, (x, y) in (("small", fitted_on), ("choose", chosen_on)):
        rows, labels = np.shape(x), np.shape(y)
        if len(rows) != 2 or rows[0] == 0 or labels != rows[:1] or rows[1] != 784:
            return Finding(
                f"`x_{name}` has the shape {rows}, `y_{name}` {labels}.",
                "Rows of 784 pixels with one label each are expected.",
                f"Run the cell that makes x_{name} and y_{name} again, and leave it as it is.",
            )
    small, choose = read(np.asarray(fitted_on[0])), read(np.asarray(chosen_on[0]))
    if choose is not None and choose.print.test_rows:
        return Finding(
            f"{choose.print.test_rows:,} of the images in x_choose are test images.", *_NOT_ON_TEST
        )
    both = shared_rows(choose, small)
    if both:
        return Finding(
            f"{both:,} of the images in x_choose are in x_small as well.",
            "Each of them is its own nearest neighbour, so k = 1 looks best.",
            "Choose on images that do not vote: x_val, y_val.",
        )
    return None


def _reading(
    knn_predict: Callable[..., Any],
    best_k: Any,
    fitted_on: Pair,
    *,
    rows: int,
    seed: int,
    points: Mapping[float, float],
    of: float,
) -> Score:
    found = no_function(knn_predict, "knn_predict") or read_new(
        knn_predict, "knn_predict", rows=rows, seed=seed
    )
    if isinstance(found, Finding):
        return Score(0, of, findings=(found,))
    note(knn_accuracy=found.accuracy)
    x, y = np.asarray(fitted_on[0]), np.asarray(fitted_on[1])
    known = read(x)
    if known is not None and known.print.test_rows:
        return Score(
            0,
            of,
            f"{known.print.test_rows:,} of the images in x_small are test images.",
            "The nearest neighbour of a test image is then that image itself: the test measures "
            "memory.",
            "x_small, y_small = x_train[:10_000], y_train[:10_000]",
        )
    if type(best_k) is int and x.ndim == 2 and 1 <= best_k <= len(x) == len(y):
        own = votes(x, y, found.x, [best_k])[0]
        same = float((own == found.digits).mean())
        if same < AGREEMENT:
            return Score(
                0,
                of,
                f"`knn_predict` and the {best_k} nearest rows of x_small give the same answer for "
                f"{same:.1%} of {rows:,} new images, and {found.accuracy:.1%} of its answers are "
                "right.",
                "The same rows and the same k vote the same way; other rows vote here, or another "
                "k.",
                "Fit KNeighborsClassifier(n_neighbors=best_k) on x_small and y_small, and use its "
                "predict.",
            )
    return points_for(found, "knn_predict", points, of=of)
