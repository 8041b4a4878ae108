"""Points for the number of parameters as a function of depth and width."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from mnist_course.checks.capacity.formulas import CLASSES, PIXELS, count_parameters
from mnist_course.checks.plain_values import as_number
from mnist_course.checks.score import Score
from mnist_course.checks.two_layers.calls import ask
from mnist_course.grading.results import Finding

__all__ = ["check_parameter_formula"]

_FORMULA = "A dense layer has (inputs + 1) x units parameters, the 1 being the bias."
_FEW = ((1, 1), (1, 16), (2, 32), (3, 10), (5, 50))

# What a wrong count is, where it is one of these: a part of the right one, left out or put in.
_MISTAKES: tuple[tuple[Callable[[int, int], int], str, str], ...] = (
    (
        lambda k, m: count_parameters(k, m) - k * m - CLASSES,
        "all biases are missing",
        "Each of the k x m hidden units and each of the 10 outputs has one.",
    ),
    (
        lambda k, m: count_parameters(k, m) - CLASSES,
        "the 10 biases of the output layer are missing",
        "They belong to the outputs, one each.",
    ),
    (
        lambda k, m: count_parameters(k, m) - k * m,
        "the biases of the hidden layers are missing",
        "Each of the k x m hidden units has one.",
    ),
    (
        lambda k, m: count_parameters(k + 1, m),
        "there is one hidden layer too many",
        "Between k hidden layers there are k - 1 steps from one to the next: none for k = 1.",
    ),
    (
        lambda k, m: count_parameters(1, m),
        "the depth k changes nothing",
        "Each further hidden layer has m inputs and m units.",
    ),
    (
        lambda k, m: k * (PIXELS + 1) * m + (m + 1) * CLASSES,
        "every hidden layer is counted as if it saw the pixels",
        "Only the first one does; the others have m inputs.",
    ),
    (
        lambda k, m: count_parameters(k, m) - (m + 1) * CLASSES,
        "the output layer is missing",
        "It has m inputs and 10 units.",
    ),
)


def check_parameter_formula(
    function: Any,
    *,
    shallow: float,
    deep: float,
    of: float | None = None,
    seed: int = 0,
    name: str = "count_parameters",
) -> Score:
    """Compare ``function(depth, width)`` with the number of parameters.

    Parameters
    ----------
    function : callable
        The student's: hidden layers and units of each, both whole numbers, give a number.
    shallow : float
        Points for one hidden layer.
    deep : float
        Points for two hidden layers and more.
    of : float, optional
        Points of the whole item, where other parts add to it.
    seed : int
        Of the sizes that are tried besides some fixed ones.
    name : str
        For the sentences.
    """
    whole = shallow + deep if of is None else of
    rng = np.random.default_rng(seed)
    drawn = [(int(rng.integers(1, 9)), int(rng.integers(2, 700))) for _ in range(6)]
    cases = [*_FEW, *drawn, (1, int(rng.integers(2, 700)))]
    got: dict[tuple[int, int], float | None] = {}
    for depth, width in cases:
        answer = ask(function, name, depth, width)
        if answer.finding is not None:
            return Score(0, whole, findings=(answer.finding,))
        got[depth, width] = as_number(answer.value)
    earned, findings = 0.0, []
    for points, words, belongs, bound in (
        (shallow, "one hidden layer", operator.eq, 1),
        (deep, "two hidden layers and more", operator.ge, 2),
    ):
        mine = {case: value for case, value in got.items() if belongs(case[0], bound)}
        wrong = [case for case, value in mine.items() if value != count_parameters(*case)]
        if not wrong:
            earned += points
            findings.append(Finding(f"`{name}` is right for {words}."))
        else:
            findings.append(_told(got, wrong[0], name))
    return Score(earned, whole, findings=findings)


def _told(got: dict[tuple[int, int], float | None], case: tuple[int, int], name: str) -> Finding:
    depth, width = case
    value = got[case]
    if value is None:
        return Finding(
            f"`{name}({depth}, {width})` gives no number.",
            "The number of parameters is one whole number.",
            "Return the sum of the layers' parameters.",
        )
    saw = f"`{name}({depth}, {width})` gives {value:,.10g}."
    for mistaken, what, why in _MISTAKES:
        # One case can be two mistakes at once; a mistake explains all cases.
        if all(number == mistaken(*other) for other, number in got.items()):
            return Finding(f"{saw[:-1]}: {what}.", why, _FORMULA)
    return Finding(
        saw,
        f"The layers have {PIXELS} inputs, {depth} x {width} hidden units and {CLASSES} outputs; "
        "every unit is connected with every output of the layer before it.",
        f"{_FORMULA} Add up the first hidden layer, the k - 1 that follow, and the output layer.",
    )
