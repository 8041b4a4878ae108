"""Points for functions of a network's weights: the penalty of L2, the norm."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_course.checks.capacity import formulas
from mnist_course.checks.plain_values import as_number
from mnist_course.checks.score import Score
from mnist_course.checks.two_layers.calls import CHANGED, ask
from mnist_course.grading.results import Finding

__all__ = ["check_penalty", "check_weight_norm"]

Kernels = list[NDArray[np.float32]]
# A wrong formula, what it is called, why that matters.
Mistake = tuple[Callable[..., float], str, str]

_CLOSE = 1e-4  # of float32 sums over some thousand weights
_SUM = "Square every weight of every kernel, and add all of them up."


def _squares(kernels: Kernels) -> float:
    return sum(float(np.square(kernel, dtype=np.float64).sum()) for kernel in kernels)


def _sizes(kernels: Kernels) -> float:
    return sum(float(np.abs(kernel.astype(np.float64)).sum()) for kernel in kernels)


def _count(kernels: Kernels) -> int:
    return sum(kernel.size for kernel in kernels)


_OF_PENALTY: tuple[Mistake, ...] = (
    (
        lambda k, a: a * _squares(k) ** 0.5,
        "the norm times l2",
        "L2 adds the sum of the squares itself, without a square root.",
    ),
    (
        lambda k, a: a * _squares(k) / 2,
        "half of it",
        "Some books have a factor 1/2 in front of the sum. Keras has none.",
    ),
    (lambda k, a: _squares(k), "the sum without the factor l2", "l2 says how much it counts."),
    (
        lambda k, a: a * _squares(k) / _count(k),
        "l2 times the mean square",
        "Keras adds up all the squares: a larger network has a larger penalty.",
    ),
    (lambda k, a: a * _sizes(k), "l2 times the sizes: that is L1", "L2 squares every weight."),
    (
        lambda k, a: a * _squares(k[:1]),
        "the penalty of the first kernel alone",
        "In the study every layer is penalised.",
    ),
    (
        lambda k, a: a * float(sum(kernel.astype(np.float64).sum() for kernel in k)) ** 2,
        "the square of the sum",
        "Positive and negative weights cancel in a sum; their squares do not.",
    ),
    (
        lambda k, a: a * sum(_squares([kernel]) ** 0.5 for kernel in k),
        "l2 times the sum of the norms",
        "L2 adds the sum of the squares itself, without a square root.",
    ),
)
_OF_NORM: tuple[Mistake, ...] = (
    (_squares, "the square of the norm", "The norm is its square root."),
    (
        lambda k: sum(_squares([kernel]) ** 0.5 for kernel in k),
        "the sum of the kernels' norms",
        "Lengths add up like the sides of a right-angled triangle: squares first, then one root.",
    ),
    (
        lambda k: float(np.mean([_squares([kernel]) ** 0.5 for kernel in k])),
        "the mean of the kernels' norms",
        "All weights together are one long vector, and its length is wanted.",
    ),
    (lambda k: _squares(k[:1]) ** 0.5, "the norm of the first kernel alone", _SUM),
    (
        lambda k: (_squares(k) / _count(k)) ** 0.5,
        "the root of the mean square",
        "That says how large a typical weight is; the norm adds up all of them.",
    ),
    (
        _sizes,
        "the sum of the sizes",
        "That is the norm of L1; the Euclidean one squares each weight.",
    ),
    (
        lambda k: sum(float(np.linalg.norm(kernel, 2)) for kernel in k),
        "the largest stretch of each matrix",
        "np.linalg.norm(kernel, 2) is the spectral norm of a matrix; leave out the 2.",
    ),
)


def check_penalty(
    function: Any, *, points: float, of: float | None = None, seed: int = 0, name: str = "penalty"
) -> Score:
    """Compare ``function(kernels, l2)`` with ``l2`` times the sum of all squared weights.

    Parameters
    ----------
    function : callable
        The student's; takes a list of arrays and a number.
    points : float
        All or none.
    of : float, optional
        Points of the whole item, where other parts add to it.
    seed : int
        Of the weights.
    name : str
        For the sentences.
    """
    cases = [(kernels, l2) for kernels in _networks(seed) for l2 in (0.001, 0.25)]
    found = _first_wrong(function, name, cases, formulas.penalty, _OF_PENALTY)
    return _scored(found, f"`{name}` is l2 times the sum of all squared weights.", points, of)


def check_weight_norm(
    function: Any,
    *,
    points: float,
    of: float | None = None,
    seed: int = 0,
    name: str = "weight_norm",
) -> Score:
    """Compare ``function(kernels)`` with the Euclidean norm of all weights.

    Parameters
    ----------
    function : callable
        The student's; takes a list of arrays.
    points : float
        All or none.
    of : float, optional
        Points of the whole item, where other parts add to it.
    seed : int
        Of the weights.
    name : str
        For the sentences.
    """
    cases = [(kernels,) for kernels in _networks(seed)]
    found = _first_wrong(function, name, cases, formulas.weight_norm, _OF_NORM)
    return _scored(found, f"`{name}` is the length of all weights together.", points, of)


def _networks(seed: int) -> list[Kernels]:
    rng = np.random.default_rng(seed)
    shapes: Sequence[Sequence[tuple[int, int]]] = (
        ((3, 2), (2, 2)),
        ((30, 8), (8, 10)),
        ((20, 7), (7, 7), (7, 5)),
    )
    return [
        [rng.normal(0.05, 0.3, size=shape).astype(np.float32) for shape in network]
        for network in shapes
    ]


def _first_wrong(
    function: Any,
    name: str,
    cases: Sequence[tuple[Any, ...]],
    right: Callable[..., float],
    mistakes: Sequence[Mistake],
) -> Finding | None:
    got: list[tuple[tuple[Any, ...], float]] = []
    for case in cases:
        answer = ask(function, name, *case)
        if answer.finding is not None:
            return answer.finding
        if answer.changed:
            return Finding(f"`{name}` changes the weights that it is given.", *CHANGED)
        value = as_number(answer.value)
        if value is None:
            return Finding(
                f"`{name}` gives no single finite number.",
                "All kernels of a network together give one.",
                _SUM,
            )
        got.append((case, value))
    if all(_close(value, right(*case)) for case, value in got):
        return None
    for mistaken, what, why in mistakes:
        if all(_close(value, mistaken(*case)) for case, value in got):
            return Finding(f"`{name}` gives {what}.", why, _SUM)
    case, value = next((case, value) for case, value in got if not _close(value, right(*case)))
    shapes = " and ".join(str(kernel.shape) for kernel in case[0])
    return Finding(
        f"`{name}` gives {value:.5g} for kernels of the shapes {shapes}"
        f"{f' and l2 = {case[1]:g}' if len(case) > 1 else ''}; expected {right(*case):.5g}.",
        "It is what Keras computes, too.",
        _SUM,
    )


def _scored(found: Finding | None, told: str, points: float, of: float | None) -> Score:
    whole = points if of is None else of
    if found is not None:
        return Score(0, whole, findings=(found,))
    return Score(points, whole, told)


def _close(one: float, other: float) -> bool:
    return bool(np.isclose(one, other, rtol=_CLOSE, atol=1e-9))
