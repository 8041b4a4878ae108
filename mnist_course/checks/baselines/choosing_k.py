"""Points for a function that chooses the number of neighbours on validation images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_course.checks.asking import ask, known_as, no_function, unless_hidden
from mnist_course.checks.baselines.neighbours import votes
from mnist_course.checks.score import Score
from mnist_course.datasets import mnist
from mnist_course.grading.results import Finding

__all__ = ["accuracies", "as_choice", "check_choice"]

Array = npt.NDArray[Any]
_FORM = "return best_k, accuracy_by_k, where accuracy_by_k[k] is the share of right answers with k"
_PAIRS = ((4, 9), (3, 5), (7, 9), (3, 8), (2, 7))
_FIT, _ASIDE = 70, 90
_MISLABELLED = 0.2  # so that the single nearest image is not to be trusted


@dataclass(frozen=True, slots=True)
class _Case:
    x_fit: Array
    y_fit: Array
    x_val: Array
    y_val: Array
    candidates: list[int]
    right: Mapping[int, float]

    @property
    def arguments(self) -> tuple[Any, ...]:
        return self.x_fit, self.y_fit, self.x_val, self.y_val, self.candidates


def accuracies(x_fit: Array, y_fit: Array, x: Array, y: Array, ks: list[int]) -> dict[int, float]:
    """Return the share of right answers (0..1) for each number of neighbours."""
    right = votes(x_fit, y_fit, x, ks) == np.asarray(y)
    return {k: float(share) for k, share in zip(ks, right.mean(axis=1), strict=True)}


def check_choice(
    function: Callable[..., Any], *, seed: int, accuracy: float, best: float, of: float
) -> Score:
    """Give points for a function that measures each candidate, and returns the best.

    Parameters
    ----------
    function : callable
        ``function(x_fit, y_fit, x_val, y_val, candidates)`` gives the best of the candidates with
        a dict of all accuracies on the validation rows.
    seed : int
        Of the images that it is asked about.
    accuracy, best : float
        For right accuracies, and for the right choice.
    of : float
        Points of the whole item.
    """
    found = no_function(function, "choose_k")
    if found is not None:
        return Score(0, of, findings=(found,))
    name = known_as(function)
    for case in _cases(seed):
        answer = ask(function, *case.arguments)
        found = answer.problem
        if found is None:
            choice = as_choice(answer.value)
            if isinstance(choice, Finding):
                found = choice
            else:
                found, earned = _judged(*choice, case, accuracy)
                if found is None:
                    continue
                return Score(earned, of, findings=(unless_hidden(found, name, found.why),))
        return Score(0, of, findings=(unless_hidden(found, name, found.why),))
    return Score(accuracy + best, of, f"`{name}` chooses right among other images.")


def as_choice(value: Any) -> tuple[int, dict[int, float]] | Finding:
    """Read a pair of the best number and a dict of accuracies by number."""
    if value is None:
        return Finding(
            "`choose_k` gives None.",
            "A function without `return` gives None, whatever it computed or printed.",
            _FORM,
        )
    if isinstance(value, (list, tuple)) and len(value) == 2:
        best, table = value
        if isinstance(best, (int, np.integer)) and isinstance(table, dict) and table:
            try:
                return int(best), {int(k): float(v) for k, v in table.items()}
            except (TypeError, ValueError):
                pass
    return Finding(
        f"`choose_k` gives a {type(value).__name__} that is no pair of a whole number and a dict.",
        "The choice is only worth something with the numbers it comes from.",
        _FORM,
    )


def _judged(
    best: int, found: Mapping[int, float], case: _Case, accuracy: float
) -> tuple[Finding | None, float]:
    """Return what is wrong, with the points that are left; None with 0 when nothing is."""
    if set(found) != set(case.candidates):
        return (
            Finding(
                f"Asked about k = {case.candidates}, it answers about {sorted(found)}.",
                "The candidates are an argument, so that others can be tried.",
                "for k in candidates: ...",
            ),
            0.0,
        )
    worst = max(case.candidates, key=lambda k: abs(found[k] - case.right[k]))
    if abs(found[worst] - case.right[worst]) > 1.5 / _ASIDE:
        return _wrong_numbers(found, case, worst), 0.0
    if case.right[best] < max(case.right.values()):
        return (
            Finding(
                f"The accuracies are right, and it chooses k = {best} with {found[best]:.3f}.",
                "Another candidate has more right answers on the validation images.",
                "max(accuracy_by_k, key=accuracy_by_k.get)",
            ),
            accuracy,
        )
    return None, 0.0


def _wrong_numbers(found: Mapping[int, float], case: _Case, worst: int) -> Finding:
    on_fit = accuracies(case.x_fit, case.y_fit, case.x_fit, case.y_fit, case.candidates)
    if all(abs(found[k] - on_fit[k]) < 1.5 / _FIT for k in case.candidates):
        return Finding(
            f"For k = {worst} it gives {found[worst]:.3f}: that is how many of the images in "
            "x_fit are read correctly.",
            "Each of those is its own nearest neighbour, so k = 1 always wins.",
            "Fit on x_fit, y_fit; measure on x_val, y_val.",
        )
    if max(found.values()) > 1:
        return Finding(
            f"For k = {worst} it gives {found[worst]:g}.",
            "An accuracy is a share within 0 and 1.",
            "Divide the number of right answers by the number of images.",
        )
    return Finding(
        f"For k = {worst} it gives {found[worst]:.3f}; {case.right[worst]:.3f} is expected.",
        "It is to be fitted on x_fit with y_fit, and measured on x_val with y_val: the arguments, "
        "not the arrays of your notebook.",
        "For each k: KNeighborsClassifier(n_neighbors=k).fit(x_fit, y_fit).score(x_val, y_val).",
    )


def _cases(seed: int) -> list[_Case]:
    """Return small sets of two digits, in which one candidate is better than all others."""
    rng = np.random.default_rng(seed)
    (images, labels), _ = mnist.load_data()
    cases: list[_Case] = []
    while len(cases) < 2:
        pair = _PAIRS[rng.integers(len(_PAIRS))]
        rows = rng.choice(np.flatnonzero(np.isin(labels, pair)), _FIT + _ASIDE, replace=False)
        x = (images[rows].reshape(len(rows), -1) / 255).astype(np.float32)
        y = labels[rows].copy()
        wrong = rng.random(len(y)) < _MISLABELLED
        y[wrong] = sum(pair) - y[wrong]
        # Odd numbers: two digits never have as many votes, however a tie is broken.
        candidates = sorted(int(k) for k in rng.choice(np.arange(3, 32, 2), 4, replace=False))
        fit, aside = slice(_FIT), slice(_FIT, None)
        ks = [1, *candidates]
        right = accuracies(x[fit], y[fit], x[aside], y[aside], ks)
        first, second = sorted(right.values(), reverse=True)[:2]
        if first - second > 2.5 / _ASIDE and right[1] < first:
            cases.append(_Case(x[fit], y[fit], x[aside], y[aside], ks, right))
    return cases
