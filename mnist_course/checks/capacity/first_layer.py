"""Points for a look at the first layer: its weights as images, its share of the parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_course.checks.capacity import formulas
from mnist_course.checks.plain_values import as_number
from mnist_course.checks.score import Score
from mnist_course.checks.two_layers.calls import CHANGED, ask, numbers
from mnist_course.grading.results import Finding

__all__ = ["check_first_layer"]

_CLOSE = 1e-3


def check_first_layer(
    unit_images: Any, first_layer_share: Any, *, images: float, share: float, seed: int = 0
) -> Score:
    """Check two functions about the first layer.

    Parameters
    ----------
    unit_images : callable
        ``unit_images(kernel)``: the kernel (784, units) gives an array (units, 28, 28).
    first_layer_share : callable
        ``first_layer_share(depth, width)``: the part of all parameters, 0..1, that belongs to the
        first hidden layer.
    images, share : float
        Points for each of them.
    seed : int
        Of the weights and sizes.
    """
    earned, findings = 0.0, []
    for points, found, told in (
        (images, _wrong_images(unit_images, seed), "`unit_images` gives each unit its own image."),
        (share, _wrong_share(first_layer_share, seed), "`first_layer_share` is right."),
    ):
        earned += points if found is None else 0
        findings.append(Finding(told) if found is None else found)
    return Score(earned, images + share, findings=findings)


def _wrong_images(function: Any, seed: int) -> Finding | None:
    rng = np.random.default_rng(seed)
    for units in (5, 12, 28):
        kernel = rng.normal(0, 0.1, size=(formulas.PIXELS, units)).astype(np.float32)
        answer = ask(function, "unit_images", kernel)
        if answer.finding is not None:
            return answer.finding
        if answer.changed:
            return Finding("`unit_images` changes the kernel that it is given.", *CHANGED)
        found = _compared(numbers(answer.value), kernel)
        if found is not None:
            return found
    return None


def _compared(got: NDArray[Any] | None, kernel: NDArray[Any]) -> Finding | None:
    expected = formulas.unit_images(kernel)
    if got is None or got.shape != expected.shape:
        told = "no array of numbers" if got is None else f"an array of shape {got.shape}"
        return Finding(
            f"`unit_images` gives {told}; expected {expected.shape} for {len(expected)} units.",
            "One image for each unit, 28 rows of 28 weights.",
            "A column of the kernel holds the weights of one unit.",
        )
    if np.allclose(got, expected, atol=1e-6):
        return None
    if np.allclose(got, kernel.reshape(expected.shape), atol=1e-6):
        return Finding(
            "Each image of `unit_images` mixes the weights of all units.",
            "The kernel has one row for each pixel. Reshaping it as it is cuts along rows: a few "
            "pixels of every unit side by side, which looks like noise.",
            "Turn it first: kernel.T has one row for each unit.",
        )
    if np.allclose(got, expected.swapaxes(1, 2), atol=1e-6):
        return Finding(
            "The images of `unit_images` lie on their side.",
            "Pixels are stored row by row, and so are their weights.",
            "kernel.T.reshape(-1, 28, 28), without another transpose.",
        )
    return Finding(
        "The images of `unit_images` are not the weights of the kernel.",
        "Rescaled weights look alike, but cannot be compared from unit to unit.",
        "kernel.T.reshape(-1, 28, 28); choose colours when you draw.",
    )


def _wrong_share(function: Any, seed: int) -> Finding | None:
    rng = np.random.default_rng(seed)
    cases = [(1, 63), (5, 50), (3, 512)]
    cases += [(int(rng.integers(1, 8)), int(rng.integers(4, 900))) for _ in range(4)]
    for depth, width in cases:
        answer = ask(function, "first_layer_share", depth, width)
        if answer.finding is not None:
            return answer.finding
        found = _other_share(as_number(answer.value), depth, width)
        if found is not None:
            return found
    return None


def _other_share(got: float | None, depth: int, width: int) -> Finding | None:
    expected = formulas.first_layer_share(depth, width)
    call = f"`first_layer_share({depth}, {width})`"
    if got is not None and abs(got - expected) <= 1e-9:
        return None
    if got is None:
        return Finding(f"{call} gives no number.", "A share is one number.", "Return a float.")
    if abs(got - 100 * expected) <= 100 * _CLOSE:
        return Finding(
            f"{call} gives {got:.4g}: percent.",
            "A share is asked for, from 0 to 1.",
            "Leave out the factor 100; print with :.0% when you want percent.",
        )
    weights = formulas.PIXELS * width / formulas.count_parameters(depth, width)
    if abs(got - weights) <= 1e-9:
        return Finding(
            f"{call} gives {got:.4f}: the biases of the first layer are missing in it.",
            "They are parameters of that layer, one for each unit.",
            "(784 + 1) x width, divided by all parameters.",
        )
    if abs(got - expected) <= _CLOSE:
        return Finding(
            f"{call} gives {got:.6g}; expected {expected:.6g}.",
            "It is rounded, or a few parameters are missing in one of the two numbers.",
            "Return the quotient as it is, and round when you print.",
        )
    return Finding(
        f"{call} gives {got:.4g}; expected {expected:.4g}.",
        "It is the parameters of the first hidden layer, divided by all parameters.",
        "(784 + 1) x width, divided by what your count of parameters gives.",
    )
