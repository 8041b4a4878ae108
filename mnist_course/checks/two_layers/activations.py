"""Points for activation functions with their slopes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_course.checks.comparison import difference
from mnist_course.checks.score import Score
from mnist_course.checks.two_layers.calls import CHANGED, UNWRITTEN, ask, numbers
from mnist_course.checks.two_layers.formulas import ACTIVATIONS, Activation, gelu_by_tanh
from mnist_course.grading.results import Finding

__all__ = ["check_activations"]

_CLOSE = 2e-5
_HALF_STEP = 1e-5

Array = NDArray[Any]


def check_activations(activations: Any, *, points: Mapping[str, float], seed: int = 0) -> Score:
    """Check activation functions, each a pair ``(value, slope)`` of functions of ``z``.

    Half of the points of an activation are for its values, half for its slopes. GELU may be the
    exact one or its approximation by tanh.

    Parameters
    ----------
    activations : dict of str to pair of callables
    points : mapping of str to float
        Points of each name.
    seed : int
        Of the weighted sums that they are tried with.
    """
    of = sum(points.values())
    if not isinstance(activations, dict):
        return Score(
            0,
            of,
            f"`ACTIVATIONS` is a {type(activations).__name__}; expected a dict.",
            "The network looks its activation function up by name.",
            "ACTIVATIONS = {'relu': (relu, relu_slope), ...}",
        )
    tried = _weighted_sums(seed)
    earned, right, findings = 0.0, [], []
    for name, worth in points.items():
        share, found = _share(activations.get(name), name, tried)
        earned += share * worth
        findings += found
        if share == 1:
            right.append(name)
    unwritten = [found.saw.split("`")[1] for found in findings if UNWRITTEN in found.saw]
    if len(unwritten) > 1:
        findings = [found for found in findings if UNWRITTEN not in found.saw]
        findings.append(Finding(f"Still to be written: {', '.join(unwritten)}."))
    if right:
        findings.insert(0, Finding(f"Values and slopes are right: {', '.join(right)}."))
    return Score(earned, of, findings=findings)


def _weighted_sums(seed: int) -> Array:
    """Return weighted sums of every size, none at 0, where ReLU has no slope."""
    rng = np.random.default_rng(seed)
    z = rng.uniform(0.05, 4.0, size=(5, 6)) * np.where(rng.random((5, 6)) < 0.5, -1, 1)
    z[0, :4] = [-25.0, 25.0, -0.3, 0.3]
    return z


def _share(pair: Any, name: str, z: Array) -> tuple[float, list[Finding]]:
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        return 0.0, [
            Finding(
                f"`ACTIVATIONS` has no pair of functions for {name!r}.",
                "The network needs the value and the slope of its activation function.",
                f"Keep the entry {name!r}: ({name}, {name}_slope).",
            )
        ]
    forms = [ACTIVATIONS[name], *([gelu_by_tanh] if name == "gelu" else [])]
    share, findings = 0.0, []
    for function, what, wrong in (
        (pair[0], name, _wrong_value),
        (pair[1], f"{name}_slope", _wrong_slope),
    ):
        with np.errstate(all="ignore"):
            answer = ask(function, what, z)
        found = answer.finding
        if found is None and answer.changed:
            found = Finding(f"`{what}` changes its input.", *CHANGED)
        if found is None:
            found = wrong(answer.value, what, forms, z)
        if found is None:
            share += 0.5
        else:
            findings.append(found)
    return share, findings


def _wrong_value(value: Any, name: str, forms: list[Activation], z: Array) -> Finding | None:
    if any(_close(value, form.value(z)) for form in forms):
        return None
    return difference(value, forms[0].value(z), tolerance=_CLOSE, call=f"`{name}(z)`")


def _wrong_slope(value: Any, name: str, forms: list[Activation], z: Array) -> Finding | None:
    """Compare slopes with the slope of the true function, found without a formula for it."""
    # A form that grows like z loses digits in the difference, hence the wider tolerance.
    if any(_close(value, _numerical_slope(form, z)) for form in forms):
        return None
    own = name.removesuffix("_slope")
    value_of = forms[0].value
    mistakes = {
        f"It takes z for the output a: it gives what belongs to {own}({own}(z)).": (
            forms[0].slope(value_of(z)), "The input is the weighted sum z. Begin with a = "
                                         f"{own}(z)."
        ),
        f"It expects a, the output of `{own}`, where it is called with z.": (
            _from_output(own, z), f"The input is the weighted sum z. Begin with a = {own}(z)."
        ),
        "It gives the function itself.": (value_of(z), "Derive the function by hand first."),
        "Its sign is turned.": (-forms[0].slope(z), "Follow the signs through the chain rule."),
    }  # fmt: skip
    for saw, (wrong, step) in mistakes.items():
        if wrong is not None and _close(value, wrong):
            return Finding(
                f"`{name}` is not the slope of `{own}`. {saw}",
                "A wrong slope sends every weight below it in a wrong direction.",
                step,
            )
    if own == "gelu" and any(_close(value, form.value(z) / z) for form in forms):
        return Finding(
            "`gelu_slope` gives only the share of the normal distribution below z.",
            "z times this share is a product: its slope has two terms.",
            "Use the product rule: the share, plus z times the slope of the share.",
        )
    found = difference(value, forms[0].slope(z), tolerance=_CLOSE, call=f"`{name}(z)`")
    if found is None:  # between the two tolerances
        return None
    return Finding(
        found.saw,
        "A slope is (f(z + h) - f(z - h)) / 2h for a small h: that is what it is compared with.",
        f"Plot `{name}` beside that quotient of your own `{own}`.",
    )


def _from_output(name: str, z: Array) -> Array | None:
    """Return what a slope gives that is written for the output ``a``, called with ``z``."""
    slopes: dict[str, Array] = {
        "sigmoid": z * (1 - z),
        "tanh": 1 - z**2,
        "softsign": (1 - np.abs(z)) ** 2,
    }
    return slopes.get(name)


def _numerical_slope(form: Activation, z: Array) -> Array:
    slope: Array = (form.value(z + _HALF_STEP) - form.value(z - _HALF_STEP)) / (2 * _HALF_STEP)
    return slope


def _close(value: Any, expected: Array) -> bool:
    got = numbers(value)
    return (
        got is not None
        and got.shape == expected.shape
        and bool(np.allclose(got, expected, rtol=_CLOSE, atol=_CLOSE))
    )
