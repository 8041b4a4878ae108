"""Points for a softmax that is right, row by row, whatever the size of the scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mnist_course.checks.comparison import difference
from mnist_course.checks.score import Score
from mnist_course.checks.two_layers import formulas
from mnist_course.checks.two_layers.calls import CHANGED, ask, numbers
from mnist_course.grading.results import Finding

__all__ = ["check_softmax"]

_CLOSE = 1e-5
_WORKED = {
    "ordinary": "Rows of ordinary scores become probabilities.",
    "large": "Scores of 1,000 and of -1,000 give finite probabilities.",
    "mixed": "Rows of very different size do not disturb each other.",
}


def check_softmax(
    softmax: Callable[..., Any], *, ordinary: float, large: float, mixed: float, seed: int = 0
) -> Score:
    """Check a softmax on ordinary, on large and on mixed scores.

    Parameters
    ----------
    softmax : callable
        Takes scores of shape (n, k) or (k,), gives probabilities of the same shape.
    ordinary, large, mixed : float
        Points for: rows of small scores; single rows of +-1,000, such as ``[1000, 0]``; a table
        whose rows differ so much that one common shift for all of them does not do.
    seed : int
        Of the ordinary scores.
    """
    points = {"ordinary": ordinary, "large": large, "mixed": mixed}
    earned, findings = 0.0, []
    for kind, cases in _cases(seed).items():
        found = _first_wrong(softmax, cases)
        if found is None:
            earned += points[kind]
            findings.append(Finding(_WORKED[kind]))
        elif found not in findings:
            findings.append(found)
    return Score(earned, sum(points.values()), findings=findings)


def _cases(seed: int) -> Mapping[str, list[np.ndarray[Any, Any]]]:
    rng = np.random.default_rng(seed)
    far = 900.0 + 200 * rng.random()
    return {
        "ordinary": [
            rng.normal(0, 2, size=(4, 10)),
            rng.normal(0, 2, size=(3, 5)).astype(np.float32),
            np.zeros((2, 4)),
            rng.normal(0, 2, size=6),
        ],
        "large": [
            np.array([1000.0, 0.0]),
            np.array([[far, far - 1, 0.0]]),
            np.array([[-far, -far - 2]]),
            np.array([[200.0, 150.0, 0.0]], dtype=np.float32),
        ],
        "mixed": [
            np.array([[far, 0.0], [0.0, -1.0], [-far, 1 - far]]),
            np.array([[0.0, 3.0, 1.0], [-2 * far, -2 * far, 1 - 2 * far]]),
        ],
    }


def _first_wrong(softmax: Callable[..., Any], cases: list[np.ndarray[Any, Any]]) -> Finding | None:
    for scores in cases:
        with np.errstate(all="ignore"):
            answer = ask(softmax, "softmax", scores)
        if answer.finding is not None:
            return answer.finding
        if answer.changed:
            return Finding("`softmax` changes the scores that it is given.", *CHANGED)
        expected = formulas.softmax(scores)
        found = _diagnosed(answer.value, scores, expected)
        if found is not None:
            return found
    return None


def _diagnosed(
    value: Any, scores: np.ndarray[Any, Any], expected: np.ndarray[Any, Any]
) -> Finding | None:
    """Say what is wrong, the known mistakes first; shows no scores, they may be hidden ones."""
    call = f"`softmax` of scores of shape {scores.shape}"
    got = numbers(value)
    if got is not None and got.shape == expected.shape:
        broken = (~np.isfinite(got)).any(axis=-1)
        if broken.any() and (scores.max(axis=-1) > 80)[broken].any():
            return Finding(
                "`softmax` gives NaN or infinity for large scores, such as [1000, 0].",
                "exp(1000) is beyond every float, and infinity divided by infinity is NaN; one "
                "such "
                "row makes the whole network NaN.",
                "Subtract the largest score of each row first: the result is the same.",
            )
        if broken.any():
            return Finding(
                "`softmax` gives NaN for a row whose scores are all far below 0, or far below "
                "those "
                "of another row.",
                "Then every exp() of the row is 0, and 0 / 0 is NaN. One common shift for the "
                "whole "
                "table is too much for such a row.",
                "Subtract from each row its own largest score: z.max(axis=-1, keepdims=True).",
            )
        if scores.ndim == 2 and len(scores) > 1 and _close(got.sum(), 1.0):
            return Finding(
                f"All {len(scores)} rows of the result together sum to 1.",
                "Each row is one picture, and its probabilities must sum to 1 on their own.",
                "Sum along the last axis only: axis=-1, keepdims=True.",
            )
        if scores.ndim == 2 and _close(got.sum(axis=0), np.ones(got.shape[1])):
            return Finding(
                "The columns of the result sum to 1, not the rows.",
                "A row holds the ten scores of one picture; a column mixes pictures.",
                "Sum along the last axis: axis=-1, keepdims=True.",
            )
        far = np.max(np.abs(got.sum(axis=-1) - 1))
        if far > _CLOSE:
            return Finding(
                f"The probabilities of a row sum to {got.sum(axis=-1).flat[0]:.4g}.",
                "Probabilities are positive and sum to 1.",
                "Divide the powers of each row by their sum.",
            )
    return difference(value, expected, tolerance=_CLOSE, call=call)


def _close(one: Any, other: Any) -> bool:
    return bool(np.allclose(one, other, rtol=_CLOSE, atol=_CLOSE))
