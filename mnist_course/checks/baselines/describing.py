"""Points for a function that says what is in a set of images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_course.checks.asking import ask, known_as, no_function, unless_hidden
from mnist_course.checks.comparison import difference
from mnist_course.checks.score import Score
from mnist_course.datasets import mnist
from mnist_course.grading.results import Finding

__all__ = ["check_description", "facts"]

CLASSES = 10

_HINTS = {
    "counts": (
        "Ten numbers are wanted, also where a digit does not occur.",
        "np.bincount(labels, minlength=10) counts all ten; np.unique leaves out what is missing.",
    ),
    "majority": (
        "It is the share of right answers of whoever always says the most frequent digit.",
        "Divide the largest of the ten counts by the number of labels.",
    ),
    "shape": ("It is the shape of one image.", "Leave out the first number of images.shape."),
    "range": ("Scaling the pixels starts from here.", "images.min() and images.max(), in a pair."),
    "dtype": ("The type decides how you may compute.", "str(images.dtype) is a word."),
    "images": ("All else is counted among these.", "len(images)"),
}


def facts(images: npt.NDArray[Any], labels: npt.NDArray[Any]) -> dict[str, Any]:
    """Return what ``describe`` of m1 must give."""
    counts = np.bincount(labels, minlength=CLASSES)
    return {
        "images": len(images),
        "shape": list(images.shape[1:]),
        "dtype": str(images.dtype),
        "range": [float(images.min()), float(images.max())],
        "counts": counts.tolist(),
        "majority": float(counts.max() / counts.sum()),
    }


def check_description(
    function: Callable[..., Any], *, seed: int, points: Mapping[str, float]
) -> Score:
    """Give points for each key of the dict that a function gives.

    Parameters
    ----------
    function : callable
        ``function(images, labels)`` gives a dict with the keys of `facts`.
    seed : int
        Of the images that it is asked about.
    points : mapping of str to float
        For each key, when it is right in all cases.
    """
    of = sum(points.values())
    found = no_function(function, "describe")
    if found is not None:
        return Score(0, of, findings=(found,))
    name = known_as(function)
    wrong: dict[str, Finding] = {}
    asked = _cases(seed)
    for images, labels in asked:
        answer = ask(function, images, labels)
        found = answer.problem
        if found is None and not isinstance(answer.value, dict):
            found = difference(answer.value, {}, tolerance=0, call=answer.call)
        if found is not None:
            return Score(0, of, findings=(unless_hidden(found, name),))
        for key, expected in facts(images, labels).items():
            if key in points and key not in wrong:
                problem = _problem(answer.value, key, expected, answer.call)
                if problem is not None:
                    wrong[key] = unless_hidden(problem, name, f"It is `{key}` that is wrong.")
    earned = sum(value for key, value in points.items() if key not in wrong)
    if not wrong:
        return Score(of, of, f"`{name}` is right for all {len(asked)} sets of images.")
    return Score(earned, of, findings=wrong.values())


def _problem(got: Mapping[Any, Any], key: str, expected: Any, call: str) -> Finding | None:
    value = got.get(key)
    if value is None:
        return Finding(f"{call}[{key!r}] is missing or still None.", *_HINTS[key])
    found = difference(value, expected, tolerance=1e-4, call=f"{call}[{key!r}]")
    return None if found is None else Finding(found.saw, *_HINTS[key])


def _cases(seed: int) -> list[tuple[npt.NDArray[Any], npt.NDArray[Any]]]:
    """Return part of MNIST, and images of another form among which digits are missing."""
    rng = np.random.default_rng(seed)
    (images, labels), _ = mnist.load_data()
    rows = rng.choice(len(images), int(rng.integers(200, 900)), replace=False)
    count, height, width = (int(n) for n in rng.integers((30, 5, 9), (90, 9, 15)))
    some = rng.choice(CLASSES - 1, 4, replace=False)  # never a 9: bincount alone stops too early
    other = rng.uniform(-1, rng.uniform(2, 9), (count, height, width)).astype(np.float32)
    return [(images[rows], labels[rows]), (other, rng.choice(some, count))]
