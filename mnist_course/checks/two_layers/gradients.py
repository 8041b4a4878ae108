"""Points for the gradient of one parameter, compared with a numerical one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_course.checks.score import Score
from mnist_course.checks.two_layers import formulas
from mnist_course.checks.two_layers.calls import CHANGED, Answer, ask, numbers
from mnist_course.checks.two_layers.formulas import NAMES
from mnist_course.checks.two_layers.wrong_gradients import Example, mistakes
from mnist_course.grading.results import Finding

__all__ = ["check_gradient"]

_CLOSE = 1e-4  # of the largest entry; float64 formulas agree to 1e-8, float32 ones to 1e-5
_FORM_SHARE = 1 / 3  # for a gradient that only lacks a factor or stands on its side

Array = NDArray[Any]


def check_gradient(
    backward: Callable[..., Any],
    name: str,
    *,
    points: float,
    activations: Sequence[str] = ("relu", "tanh"),
    seed: int = 0,
) -> Score:
    """Check one of the gradients that ``backward(params, x, labels, activation)`` gives.

    Each activation function stands for an equal share of the points. A gradient that is right up
    to a constant factor, or stands on its side, earns a third of its share.

    Parameters
    ----------
    backward : callable
        Gives a dict with a gradient for each parameter.
    name : str
        ``"W1"``, ``"b1"``, ``"W2"`` or ``"b2"``.
    points : float
    activations : sequence of str
        Activation functions of the networks that are tried.
    seed : int
        Of these networks with their pictures.
    """
    earned = 0.0
    findings: list[Finding] = []
    for number, activation in enumerate(activations):
        network = _network(activation, rows=5 + 2 * number, seed=seed + number)
        share, found = _share(backward, name, network)
        earned += share * points / len(activations)
        if found is not None and all(found.next_step != other.next_step for other in findings):
            findings.append(found)
    if not findings:
        largest = f"within {_CLOSE:.0e} of its largest entry"
        findings.append(
            Finding(
                f"The gradient of {name} equals the numerical one, {largest}, with "
                f"{' and '.join(activations)}."
            )
        )
    return Score(earned, points, findings=findings)


def _network(activation: str, *, rows: int, seed: int) -> Example:
    """Return a small network without a sum near 0, where ReLU has no slope."""
    for attempt in range(100):
        rng = np.random.default_rng([seed, attempt])
        parameters = {
            "W1": rng.normal(0, 0.6, size=(8, 6)),
            "b1": rng.normal(0, 0.3, size=6),
            "W2": rng.normal(0, 0.6, size=(6, 10)),
            "b2": rng.normal(0, 0.3, size=10),
        }
        x = rng.random((rows, 8))
        z1 = formulas.forward(parameters, x, activation).z1
        both_signs = (z1 > 0).any(axis=0).all() and (z1 < 0).any()
        if np.abs(z1).min() > 1e-3 and both_signs:
            return Example(parameters, x, rng.integers(0, 10, size=rows), activation)
    raise ValueError(f"no network without a sum near 0 for seed {seed}")


def _share(
    backward: Callable[..., Any], name: str, network: Example
) -> tuple[float, Finding | None]:
    answer = ask(backward, "backward", *network.arguments)
    got, found = _gradient(answer, name)
    if found is not None:
        return 0.0, found
    expected = formulas.numerical_gradient(*network.arguments, name)
    if got is not None and got.shape == expected.shape and _equal(got, expected):
        return 1.0, None
    if got is None or not np.isfinite(got).all():
        return 0.0, Finding(
            f"The gradient of {name} holds NaN, infinity or no numbers.",
            "One update with it makes every weight NaN.",
            "Print the arrays of `backward` one after the other: where does it begin?",
        )
    if (found := _one_for_all(got, expected, name, network.activation)) is not None:
        return 0.0, found
    for mistake in mistakes(name, network, expected):
        if _equal_in_shape(got, np.asarray(mistake.wrong)):
            saw = f"The gradient of {name} is wrong ({network.activation}): {mistake.saw}"
            share = _FORM_SHARE if mistake.form else 0.0
            return share, Finding(saw, mistake.why, mistake.step)
    return 0.0, _unknown(got, expected, name, network.activation)


def _gradient(answer: Answer, name: str) -> tuple[Array | None, Finding | None]:
    if answer.finding is not None:
        return None, answer.finding
    if answer.changed:
        return None, Finding("`backward` changes its parameters or its pictures.", *CHANGED)
    if not isinstance(answer.value, dict) or name not in answer.value:
        got = (
            f"the keys {sorted(map(str, answer.value))}"
            if isinstance(answer.value, dict)
            else f"a {type(answer.value).__name__}"
        )
        return None, Finding(
            f"`backward` gives {got}; expected a dict with {', '.join(NAMES)}.",
            "The update takes each parameter with the gradient of the same name.",
            "return {'W1': ..., 'b1': ..., 'W2': ..., 'b2': ...}",
        )
    return numbers(answer.value[name]), None


def _equal(got: Array, expected: Array) -> bool:
    return bool(np.abs(got - expected).max() <= _CLOSE * np.abs(expected).max())


def _equal_in_shape(got: Array, wrong: Array) -> bool:
    return got.shape == wrong.shape and bool(wrong.any()) and _equal(got, wrong)


def _one_for_all(got: Array, expected: Array, name: str, activation: str) -> Finding | None:
    """Recognise the gradient of a bias that was summed over the units, too."""
    scale = np.abs(expected).max()
    if expected.ndim != 1 or got.size not in (1, expected.size) or np.ptp(got) > _CLOSE * scale:
        return None
    one = float(got.flat[0])
    number = "all entries equal" if got.size > 1 else "one number for all units"
    why = "Every unit has a bias of its own, and so a sum of its own over the pictures."
    if abs(one) <= _CLOSE * scale:
        saw = f"{number}, and it is 0."
        why += (
            " The errors of the ten outputs add up to 0 for each picture, so this bias never "
            "learns."
            if name == "b2"
            else " With 0 it never learns."
        )
    else:
        saw = f"{number} ({one:.4g}): the sum over all units too."
        why += " One sum for all still trains, only worse: it hides well."
    return Finding(
        f"The gradient of {name} is wrong ({activation}): {saw}",
        why,
        "Sum over the pictures only: axis=0.",
    )


def _unknown(got: Array, expected: Array, name: str, activation: str) -> Finding:
    if got.shape != expected.shape:
        return Finding(
            f"The gradient of {name} has the shape {got.shape}; expected {expected.shape} "
            f"({activation}).",
            "A gradient has one entry for each entry of its parameter.",
            "Write the shape of each array beside its line, as in the table above.",
        )
    far = float(np.abs(got - expected).max() / np.abs(expected).max())
    return Finding(
        f"The gradient of {name} differs from the numerical one by {far:.2g} times its largest "
        "entry "
        f"({activation}).",
        "The numerical one moves each parameter a little up and down and looks at the loss: it "
        "needs "
        "no chain rule, so it cannot share your mistake.",
        "Go back from the loss: is the gradient of b2 right? Then W2, b1, W1.",
    )
