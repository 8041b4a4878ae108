"""Points for starting weights."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_course.checks.score import Score
from mnist_course.checks.two_layers.calls import ask, numbers
from mnist_course.checks.two_layers.formulas import NAMES
from mnist_course.grading.results import Finding

__all__ = ["check_init"]

_SIZES = (784, 64, 10)
# Standard deviation of the weights times the root of the units that feed them: 1 after LeCun,
# 1.41 after He. The classic 0.01 is small, and trains.
_LOW, _HIGH = 0.05, 2.5

Array = NDArray[Any]


def check_init(
    init_params: Callable[..., Any],
    *,
    form: float,
    different: float,
    size: float,
    seeded: float,
    seed: int = 0,
) -> Score:
    """Check ``init_params(inputs, hidden, outputs, seed)``.

    Parameters
    ----------
    init_params : callable
        Gives a dict with W1, b1, W2, b2.
    form : float
        Points for shapes and float32 (half of them when only the type is another).
    different : float
        For units that are not each other's twins.
    size : float
        For weights of a useful size around 0, and biases near 0.
    seeded : float
        For the same values from the same seed, others from another.
    seed : int
    """
    of = form + different + size + seeded
    first = ask(init_params, "init_params", *_SIZES, seed)
    if first.finding is not None:
        return Score(0, of, findings=[first.finding])
    found = _misshapen(first.value, _SIZES)
    if found is not None:
        return Score(0, of, findings=[found])
    values = {name: np.asarray(first.value[name]) for name in NAMES}
    other_sizes = (30, 20, 10)
    other = ask(init_params, "init_params", *other_sizes, seed)
    found = other.finding or _misshapen(other.value, other_sizes)
    if found is not None:
        return Score(0, of, findings=[found])
    parts: list[tuple[float, float, Finding | None]] = [
        (form, *_types(values)),
        (different, *_twins(values)),
        (size, *_spread(values)),
        (seeded, *_repeats(init_params, values, seed)),
    ]
    earned = sum(worth * share for worth, share, _ in parts)
    return Score(earned, of, findings=[found for _, _, found in parts if found is not None])


def _misshapen(value: Any, sizes: tuple[int, int, int]) -> Finding | None:
    inputs, hidden, outputs = sizes
    shapes = {"W1": (inputs, hidden), "b1": (hidden,), "W2": (hidden, outputs), "b2": (outputs,)}
    if not isinstance(value, dict) or not set(NAMES) <= value.keys():
        got = (
            f"the keys {sorted(map(str, value))}"
            if isinstance(value, dict)
            else type(value).__name__
        )
        return Finding(
            f"`init_params` gives {got}; expected a dict with W1, b1, W2, b2.",
            "All functions of this notebook look parameters up by these names.",
            "return {'W1': ..., 'b1': ..., 'W2': ..., 'b2': ...}",
        )
    for name, shape in shapes.items():
        array = numbers(value[name])
        if array is None or array.shape != shape:
            got = "no array of numbers" if array is None else f"of shape {array.shape}"
            turned = array is not None and array.ndim == 2 and array.shape == shape[::-1]
            return Finding(
                f"For {inputs} inputs, {hidden} hidden units and {outputs} outputs, {name} is "
                f"{got}; "
                f"expected {shape}.",
                "Pictures are rows here, so x @ W1 needs one row of W1 for each input."
                if turned
                else "Each unit has one weight for each of its inputs, and one bias.",
                "Swap the two sizes." if turned else "Compare with the table of shapes above.",
            )
    return None


def _types(values: dict[str, Array]) -> tuple[float, Finding]:
    kinds = {array.dtype.name for array in values.values()}
    if kinds == {"float32"}:
        return 1.0, Finding("Four arrays of the right shape, as float32.")
    found = Finding(
        f"The parameters are {' and '.join(sorted(kinds))}; expected float32.",
        "A float64 parameter turns everything it meets into float64: twice the memory, and "
        "about half "
        "the speed.",
        "Finish each array with .astype(np.float32).",
    )
    return (0.5 if all(k.startswith("float") for k in kinds) else 0.0), found


def _twins(values: dict[str, Array]) -> tuple[float, Finding]:
    columns = values["W1"].astype(np.float64)
    if not columns.any():
        return 0.0, Finding(
            "All weights of W1 are 0.",
            "Then all hidden units give the same and get the same gradient: they stay twins "
            "for ever, "
            "and 64 units are worth one.",
            "Draw the weights at random: rng.standard_normal((inputs, hidden)) times a small "
            "number.",
        )
    twins = len({column.tobytes() for column in columns.T})
    if twins == columns.shape[1] and values["W2"].any():
        return 1.0, Finding("Every hidden unit starts with weights of its own.")
    return 0.0, Finding(
        f"{columns.shape[1]} hidden units have only {twins} different sets of weights."
        if values["W2"].any()
        else "All weights of W2 are 0.",
        "Units with equal weights get equal gradients and stay twins; through a W2 of zeros no "
        "gradient reaches W1.",
        "Draw every weight on its own, with the full shape as size.",
    )


def _spread(values: dict[str, Array]) -> tuple[float, Finding | None]:
    for name in ("W1", "W2"):
        weights = values[name].astype(np.float64)
        if not weights.any():
            return 0.0, None  # said already: its units are twins
        inputs = weights.shape[0]
        spread = float(weights.std()) * math.sqrt(inputs)
        if not math.isfinite(spread):
            return 0.0, Finding(
                f"{name} holds NaN or infinity.",
                "Nothing can be learnt from there.",
                "Print each array after you made it.",
            )
        if abs(weights.mean()) > 0.5 * weights.std() > 0:
            return 0.0, Finding(
                f"The weights of {name} are {weights.mean():.3g} on average.",
                "Weights of one sign add up over all inputs, so that every unit says the same.",
                "Draw around 0: rng.standard_normal(...), not rng.random(...).",
            )
        if not _LOW <= spread <= _HIGH:
            effect = (
                "softmax is sure of itself before it has learnt anything."
                if spread > _HIGH
                else "hardly anything arrives at the output, and little gradient comes back."
            )
            return 0.0, Finding(
                f"The weights of {name} have a standard deviation of {weights.std():.3g}.",
                f"A unit adds up {inputs} products, so its sum is about {spread:.3g} times as "
                f"large as one of its inputs: {effect}",
                f"Aim at a standard deviation of 1 / sqrt({inputs}) to sqrt(2 / {inputs}).",
            )
    for name in ("b1", "b2"):
        largest = float(np.abs(values[name]).max())
        if not largest <= 0.2:
            return 0.0, Finding(
                f"A bias in {name} starts at {largest:.3g}.",
                "A bias is added to every sum, whatever the picture: the network starts with an "
                "opinion.",
                "Let the biases start at 0.",
            )
    spread = float(values["W1"].std())
    return 1.0, Finding(f"The weights of W1 have a standard deviation of {spread:.3g}.")


def _repeats(
    init_params: Callable[..., Any], values: dict[str, Array], seed: int
) -> tuple[float, Finding]:
    again = ask(init_params, "init_params", *_SIZES, seed)
    other = ask(init_params, "init_params", *_SIZES, seed + 1)
    if again.finding is not None or other.finding is not None:
        return 0.0, again.finding or other.finding or Finding("")
    if not np.array_equal(np.asarray(again.value["W1"]), values["W1"]):
        return 0.0, Finding(
            "Two calls with the same seed give different weights.",
            "Then no result can be repeated, not even by you.",
            "Begin with rng = np.random.default_rng(seed), and draw everything from rng.",
        )
    if all(np.array_equal(np.asarray(other.value[name]), values[name]) for name in ("W1", "W2")):
        return 0.0, Finding(
            "Two different seeds give the same weights.",
            "How much a result depends on chance shows only when the start can differ.",
            "Use the argument: rng = np.random.default_rng(seed).",
        )
    return 1.0, Finding("The same seed gives the same weights, another seed others.")
