"""Points for the forward pass, and for the loss of a network that has learnt nothing."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_course.checks.comparison import difference
from mnist_course.checks.score import Score
from mnist_course.checks.two_layers import formulas
from mnist_course.checks.two_layers.calls import CHANGED, ask, numbers
from mnist_course.grading.results import Finding

__all__ = ["check_start_loss"]

_CLOSE = 1e-4

Array = NDArray[Any]


def check_start_loss(
    forward: Callable[..., Any],
    cross_entropy: Callable[..., Any],
    *,
    passes: float,
    mean: float,
    finite: float,
    near: float = 0.5,
    seed: int = 0,
) -> Score:
    """Check the forward pass and the loss of an untrained network.

    Parameters
    ----------
    forward : callable
        ``forward(params, x, activation)`` gives ``(z1, a1, probabilities)``.
    cross_entropy : callable
        ``cross_entropy(probabilities, labels)`` gives the mean loss.
    passes, mean, finite : float
        Points for: the probabilities of a given network; its loss, near ln 10; a finite loss where
        a right class has probability 0.
    near : float
        How far from ln 10 the loss of the given start may be: a check of the check.
    seed : int
        Of the given network and its pictures.
    """
    of = passes + mean + finite
    rng = np.random.default_rng(seed)
    parameters = formulas.start_parameters(40, 12, 10, seed=seed, dtype=np.float64)
    parameters["b1"] += rng.normal(0, 0.1, size=12)
    parameters["b2"] += rng.normal(0, 0.1, size=10)
    x = rng.random((64, 40)) * (rng.random((64, 40)) < 0.3)  # mostly paper, as a digit is
    labels = rng.integers(0, 10, size=64)
    earned, findings = 0.0, []
    found = _wrong_pass(forward, parameters, x)
    if found is None:
        earned += passes
        findings.append(Finding("The forward pass gives the right probabilities."))
    else:
        findings.append(found)
    probabilities = formulas.forward(parameters, x, "relu").probabilities
    expected = formulas.cross_entropy(probabilities, labels)
    if abs(expected - math.log(10)) > near:
        raise ValueError(f"a start with loss {expected:.3f} shows nothing: choose another seed")
    answer = ask(cross_entropy, "cross_entropy", probabilities, labels)
    found = answer.finding or _wrong_loss(answer.value, expected, len(labels))
    if found is not None:
        return Score(earned, of, findings=[*findings, found])
    earned += mean
    findings.append(
        Finding(f"An untrained network has a loss of {expected:.3f}; ln 10 is {math.log(10):.3f}.")
    )
    found = _infinite(cross_entropy)
    if found is None:
        earned += finite
    else:
        findings.append(found)
    return Score(earned, of, findings=findings)


def _wrong_pass(
    forward: Callable[..., Any], parameters: dict[str, Array], x: Array
) -> Finding | None:
    for activation in ("relu", "tanh"):
        answer = ask(forward, "forward", parameters, x, activation)
        if answer.finding is not None:
            return answer.finding
        if answer.changed:
            return Finding("`forward` changes its parameters or its pictures.", *CHANGED)
        if not isinstance(answer.value, (tuple, list)) or len(answer.value) != 3:
            return Finding(
                f"`forward` gives a {type(answer.value).__name__}; expected three arrays.",
                "The way back needs the sums z1 and the outputs a1 of the hidden layer, too.",
                "return z1, a1, probabilities",
            )
        expected = formulas.forward(parameters, x, activation)
        if activation == "tanh" and _close(
            answer.value[2], formulas.forward(parameters, x, "relu").probabilities
        ):
            return Finding(
                "`forward` computes the same with 'tanh' as with 'relu'.",
                "Which activation function is used is an argument.",
                "Look it up: value, slope = use.activations[activation]",
            )
        for got, want, what in zip(
            answer.value,
            (expected.z1, expected.a1, expected.probabilities),
            ("z1", "a1", "probabilities"),
            strict=True,
        ):
            found = difference(got, want, tolerance=_CLOSE, call=f"`{what}` of `forward`")
            if found is not None:
                return found
    return None


def _wrong_loss(value: Any, expected: float, rows: int) -> Finding | None:
    array = numbers(value)
    if array is None or array.size != 1:
        got = type(value).__name__ if array is None else f"an array of shape {array.shape}"
        return Finding(
            f"`cross_entropy` gives {got}; expected one number.",
            "Gradient descent needs one number to make smaller: the mean over all pictures.",
            "Pick the probability of each right class, then take -log and the mean.",
        )
    got_loss = float(array.reshape(-1)[0])
    if math.isclose(got_loss, expected, rel_tol=_CLOSE):
        return None
    known = _known_losses(expected, rows)
    for wrong, (saw, why, step) in known.items():
        if math.isclose(got_loss, wrong, rel_tol=1e-3):
            return Finding(f"The loss of an untrained network is {got_loss:.3f}. {saw}", why, step)
    return Finding(
        f"The loss of an untrained network is {got_loss:.3f}; expected {expected:.3f}.",
        "Ten equally likely classes cost ln 10 = 2.303, and without training it is about that.",
        "Work it out by hand for two pictures and three classes.",
    )


def _known_losses(expected: float, rows: int) -> dict[float, tuple[str, str, str]]:
    """Return known wrong losses with what is wrong, why it matters, what to do."""
    other_logarithm = "ln 10 and all the gradients belong to the natural logarithm."
    return {
        expected * rows: (
            f"That is {rows} times the mean: a sum over {rows} pictures.",
            "A sum grows with the batch, and with it the gradient: the learning rate would fit "
            "one batch size only.",
            "Divide by the number of pictures, or use .mean().",
        ),
        -expected: (
            "Its sign is turned.",
            "Training makes the loss smaller: this one it would make worse.",
            "The loss is minus the logarithm.",
        ),
        expected / math.log(2): ("It is in bits: log2.", other_logarithm, "Use np.log."),
        expected / math.log(10): ("It is made with log10.", other_logarithm, "Use np.log."),
        expected / 10: (
            "That is a tenth: a mean over pictures and classes.",
            "Only one of ten classes is the right one; the others add zeros.",
            "Sum over the classes, or pick the right one; then the mean over pictures.",
        ),
    }


def _infinite(cross_entropy: Callable[..., Any]) -> Finding | None:
    probabilities = np.array([[0.0, 1.0], [0.5, 0.5]])
    with np.errstate(all="ignore"):
        answer = ask(cross_entropy, "cross_entropy", probabilities, np.array([0, 1]))
    if answer.finding is not None:
        return answer.finding
    array = numbers(answer.value)
    if array is not None and np.isfinite(array).all():
        return None
    return Finding(
        "`cross_entropy` is infinite or NaN where the right class has probability 0.",
        "In float32 that happens: e to the power of -104 is 0. One such picture spoils the mean.",
        "Take the logarithm of np.maximum(p, 1e-12).",
    )


def _close(value: Any, expected: Array) -> bool:
    got = numbers(value)
    return (
        got is not None
        and got.shape == expected.shape
        and bool(np.allclose(got, expected, rtol=_CLOSE, atol=_CLOSE))
    )
