"""Points for a function that divides labelled images into two parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_course.checks.asking import ask, known_as, no_function, unless_hidden
from mnist_course.checks.score import Score
from mnist_course.datasets import mnist
from mnist_course.experiments.recording.mnist_rows import row_keys
from mnist_course.grading.results import Finding

__all__ = ["check_split"]

Array = npt.NDArray[Any]
_FORM = "return (images[first], labels[first]), (images[second], labels[second])"


@dataclass(frozen=True, slots=True)
class _Case:
    images: Array
    labels: Array
    share: float
    seed: int


@dataclass(frozen=True, slots=True)
class _Part:
    """One part as it came back: which rows of the input it holds (-1: none of them)."""

    rows: npt.NDArray[np.int64]
    labels: Array


def check_split(
    function: Callable[..., Any],
    *,
    seed: int,
    complete: float,
    labels: float,
    stratified: float,
    seeded: float,
    unchanged: float,
) -> Score:
    """Give points for each law that a split keeps.

    Parameters
    ----------
    function : callable
        ``function(images, labels, share, seed)`` gives two pairs of images and labels, the second
        of which holds ``share`` of the images of every digit.
    seed : int
        Of the images that it is asked about.
    complete : float
        For every image in exactly one part, known by a hash of its pixels.
    labels : float
        For labels that still belong to their images.
    stratified : float
        For the right number of images of every digit, up to one.
    seeded : float
        For the same parts with the same seed, and other ones with another.
    unchanged : float
        For leaving the input as it was.
    """
    of = complete + labels + stratified + seeded + unchanged
    found = no_function(function, "split")
    if found is not None:
        return Score(0, of, findings=(found,))
    name = known_as(function)
    lost: dict[str, Finding] = {}
    for case in _cases(seed):
        answer = ask(function, case.images, case.labels, case.share, case.seed)
        found = answer.problem
        parts = None if found is not None else _parts(answer.value, case)
        if found is None and isinstance(parts, Finding):
            found = parts
        if found is not None:
            return Score(0, of, findings=(unless_hidden(found, name, found.why),))
        assert isinstance(parts, tuple)
        problems = {
            "complete": _incomplete(parts, case),
            "labels": _mislabelled(parts, case),
            "stratified": _unbalanced(parts[1], case),
            "seeded": _unseeded(function, parts[1], case),
            "unchanged": _changed(answer.changed),
        }
        for law, problem in problems.items():
            if problem is not None and law not in lost:
                lost[law] = unless_hidden(problem, name, problem.why)
    if not lost:
        return Score(of, of, f"`{name}` keeps all five rules.")
    points = {
        "complete": complete, "labels": labels, "stratified": stratified, "seeded": seeded,
        "unchanged": unchanged,
    }  # fmt: skip
    if "complete" in lost:
        points["seeded"] = points["unchanged"] = 0.0  # easy to keep by not splitting at all
    earned = sum(value for law, value in points.items() if law not in lost)
    return Score(earned, of, findings=lost.values())


def _cases(seed: int) -> list[_Case]:
    """Return images sorted by digit, some digits rare; then rows of another form."""
    rng = np.random.default_rng(seed)
    (images, digits), _ = mnist.load_data()
    wanted = rng.integers(20, 60, 10)
    wanted[rng.choice(10, 2, replace=False)] = (4, 9)
    sorted_rows = np.concatenate(
        [rng.choice(np.flatnonzero(digits == d), n, replace=False) for d, n in enumerate(wanted)]
    )
    count = int(rng.integers(90, 150))
    other = rng.normal(size=(count, 12)).astype(np.float32)
    kinds = rng.choice(rng.choice(10, 3, replace=False), count, p=(0.7, 0.2, 0.1))
    first, second = (int(n) for n in rng.integers(1, 1000, 2))
    return [
        _Case(images[sorted_rows], digits[sorted_rows], 0.25, first),
        _Case(other, kinds, 0.2, second),
    ]


def _parts(value: Any, case: _Case) -> tuple[_Part, _Part] | Finding:
    if value is None:
        return Finding(
            "`split` gives None.",
            "A function without `return` gives None, whatever it computed.",
            _FORM,
        )
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        count = len(value) if isinstance(value, (list, tuple)) else 1
        what = "four arrays in a row" if count == 4 else f"{count} value{'s' * (count != 1)}"
        return Finding(
            f"`split` gives {what}; expected two pairs of images and labels.",
            "In this form it can be used like the loader of the data: (x, y), (x_val, y_val) = ...",
            _FORM,
        )
    found = []
    for place, pair in zip(("first", "second"), value, strict=True):
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            return Finding(
                f"The {place} part is not a pair of images and labels.",
                "Each part needs its labels beside its images.",
                _FORM,
            )
        images, labels = (np.asarray(part) for part in pair)
        if images.shape[1:] != case.images.shape[1:] or labels.shape != images.shape[:1]:
            return Finding(
                f"The {place} part has images of shape {images.shape} with labels of shape "
                f"{labels.shape}; what went in were {case.images.shape} and {case.labels.shape}.",
                "A split chooses rows; each row stays as it was, with one label.",
                _FORM,
            )
        found.append(_Part(_rows_of(images, case), labels))
    return found[0], found[1]


def _rows_of(images: Array, case: _Case) -> npt.NDArray[np.int64]:
    """Return which row of the input each image is, by a hash of its pixels."""
    known = row_keys(case.images.reshape(len(case.images), -1))
    if len(images) == 0:
        return np.zeros(0, dtype=np.int64)
    with np.errstate(all="ignore"):
        same_type = images.astype(case.images.dtype)
    keys = row_keys(same_type.reshape(len(images), -1))
    order = np.argsort(known)
    places = order[np.minimum(np.searchsorted(known[order], keys), len(known) - 1)]
    return np.where(known[places] == keys, places, -1)


def _incomplete(parts: tuple[_Part, _Part], case: _Case) -> Finding | None:
    first, second = (part.rows[part.rows >= 0] for part in parts)
    strange = sum(int((part.rows < 0).sum()) for part in parts)
    both = len(np.intersect1d(first, second))
    repeated = len(first) - len(np.unique(first)) + len(second) - len(np.unique(second))
    lost = len(case.images) - len(np.union1d(first, second))
    if strange:
        return Finding(
            f"{strange} of the images in the two parts are none of those that went in.",
            "A split only chooses; it does not scale or change pixels.",
            "Index the array with row numbers: images[rows].",
        )
    if both:
        return Finding(
            f"{both} of {len(case.images)} images are in both parts.",
            "A method that has seen an image is no longer tested by it: validation would flatter.",
            "Make one list of row numbers in random order, and cut it in two.",
        )
    if repeated:
        return Finding(
            f"{repeated} images occur more than once in a part.",
            "Rows that are drawn with replacement come again, and others never come.",
            "Use rng.permutation, or rng.choice with replace=False.",
        )
    if lost:
        return Finding(
            f"{lost} of {len(case.images)} images are in neither part.",
            "Images are what the methods live on; none should be lost.",
            "The first part holds all rows that are not in the second.",
        )
    return None


def _mislabelled(parts: tuple[_Part, _Part], case: _Case) -> Finding | None:
    wrong = total = 0
    for part in parts:
        known = part.rows >= 0
        wrong += int((case.labels[part.rows[known]] != part.labels[known]).sum())
        total += int(known.sum())
    if not wrong and total:
        return None
    return Finding(
        f"{wrong} of {total} images have another label than before.",
        "With labels of other images nothing can be learnt, and nothing says so.",
        "Index images and labels with the same row numbers; shuffle neither alone.",
    )


def _unbalanced(second: _Part, case: _Case) -> Finding | None:
    size = len(second.labels)
    wanted_size = case.share * len(case.labels)
    digits, counts = np.unique(case.labels, return_counts=True)
    if abs(size - wanted_size) > max(len(digits), 2):
        return Finding(
            f"The second part has {size} of {len(case.labels)} images; share={case.share:g} "
            f"asks for about {wanted_size:.0f}.",
            "The second part is the one to validate with; the larger one comes first.",
            "Cut after round(share * number of images).",
        )
    for digit, count in zip(digits, counts, strict=True):
        got = int((second.labels == digit).sum())
        if abs(got - case.share * count) > 1:
            return Finding(
                f"Of {count} images of {digit}, {got} are in the second part; share="
                f"{case.share:g} asks for {case.share * count:.1f}.",
                "Where a digit is rare in the second part, one lucky image decides; stratified "
                "means the same share of every digit.",
                "Go through the digits: shuffle the row numbers of one digit, and cut there.",
            )
    return None


def _unseeded(function: Callable[..., Any], second: _Part, case: _Case) -> Finding | None:
    held = set(second.rows.tolist())
    for seed, same in ((case.seed, True), (case.seed + 1, False)):
        answer = ask(function, case.images, case.labels, case.share, seed)
        if answer.problem is not None:
            return answer.problem
        again = _parts(answer.value, case)
        if isinstance(again, Finding):
            return again
        if (set(again[1].rows.tolist()) == held) == same:
            continue
        if same:
            return Finding(
                "Called twice with the same seed, it gives two different splits.",
                "Whoever runs your notebook again must get the same parts, or results do not "
                "compare.",
                "rng = np.random.default_rng(seed), and draw from rng only.",
            )
        return Finding(
            "Called with two different seeds, it gives the same split.",
            "Without another split one never learns how much a result owes to this one.",
            "Shuffle, with np.random.default_rng(seed) where seed is the argument.",
        )
    return None


def _changed(changed: bool) -> Finding | None:
    if not changed:
        return None
    return Finding(
        "After the call, the images or labels that went in are in another order, or altered.",
        "shuffle works in place: the caller's images would no longer fit the caller's labels.",
        "Shuffle row numbers (rng.permutation(len(labels))), never the data.",
    )
