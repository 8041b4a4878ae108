"""Points for measuring on rows that a network was not trained on."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_course.checks.score import Score
from mnist_course.checks.two_layers import formulas
from mnist_course.checks.two_layers.calls import CHANGED, ask, numbers
from mnist_course.checks.two_layers.network import Network, read_network
from mnist_course.datasets import mnist
from mnist_course.grading.results import Finding

__all__ = ["check_held_out", "wrong_evaluation"]

_CLOSE = 1e-3

Array = NDArray[Any]


def check_held_out(
    evaluate: Callable[..., Any],
    network: Any,
    report: Any,
    fit_rows: Any,
    *,
    function: float,
    apart: float,
    number: float,
    at_least: int = 1_000,
    seed: int = 0,
) -> Score:
    """Check an evaluation: the function, the rows, the number.

    Parameters
    ----------
    evaluate : callable
        ``evaluate(params, x, labels, activation)`` gives ``(loss, accuracy)``.
    network : dict
        The network that was evaluated.
    report : dict
        ``rows`` (numbers of MNIST training images), ``loss`` and ``accuracy`` as the student found
        them.
    fit_rows : array of int
        Rows that the network was trained on.
    function, apart, number : float
        Points for: a function that is right for other networks and rows; rows that are not among
        ``fit_rows``; an accuracy that the grader finds, too, on just these rows.
    at_least : int
        Rows of a measurement that tells something.
    seed : int
    """
    of = function + apart + number
    earned, findings = 0.0, []
    found = wrong_evaluation(evaluate, seed=seed)
    if found is None:
        earned += function
        findings.append(Finding("`evaluate` is right for other networks and other rows."))
    else:
        findings.append(found)
    rows = _rows(report, at_least)
    if isinstance(rows, Finding):
        return Score(earned, of, findings=[*findings, rows])
    used = numbers(fit_rows)
    trained_on = np.unique(used) if used is not None else np.empty(0, dtype=np.int64)
    shared = int(np.isin(rows, trained_on).sum())
    if not len(trained_on):
        findings.append(
            Finding("`fit_rows` holds no rows.", "It says what the network was trained on.", "")
        )
    elif shared:
        findings.append(
            Finding(
                f"{shared:,} of the {len(rows):,} rows were also used for training.",
                "On these the network only has to remember. The number would promise too much.",
                "Measure on held_out: evaluate(params, x_train[held_out], y_train[held_out], ...).",
            )
        )
    else:
        earned += apart
        findings.append(Finding(f"None of the {len(rows):,} rows was used for training."))
    read = read_network(network, "network")
    found = read if isinstance(read, Finding) else _wrong_number(read, report, rows, trained_on)
    if found is None:
        earned += number
        findings.append(Finding("The grader finds the same accuracy on the same rows."))
    else:
        findings.append(found)
    return Score(earned, of, findings=findings)


def wrong_evaluation(evaluate: Callable[..., Any], *, seed: int) -> Finding | None:
    """Say what is wrong with ``evaluate``, tried on networks and rows of its own; None if right."""
    rng = np.random.default_rng([seed, 3])
    pairs: list[tuple[tuple[float, float], tuple[float, float]]] = []
    for rows, activation in ((40, "relu"), (30, "tanh")):
        parameters = formulas.start_parameters(12, 9, 10, seed=rows + seed)
        x = rng.normal(size=(rows, 12)).astype(np.float32)
        probabilities = formulas.forward(parameters, x, activation).probabilities
        answers = probabilities.argmax(axis=1)
        labels = np.where(rng.random(rows) < 0.4, answers, rng.integers(10, size=rows))
        answer = ask(evaluate, "evaluate", parameters, x, labels, activation)
        if answer.finding is not None:
            return answer.finding
        if answer.changed:
            return Finding("`evaluate` changes the network or the rows.", *CHANGED)
        got = _pair(answer.value)
        if got is None:
            return Finding(
                f"`evaluate` gives a {type(answer.value).__name__}; expected two numbers.",
                "It tells the loss, which training makes small, and the accuracy, which people "
                "understand.",
                "return loss, accuracy",
            )
        right = float((answers == labels).mean())
        pairs.append((got, (formulas.cross_entropy(probabilities, labels), right)))
    if pairs[0][0] == pairs[1][0]:
        return Finding(
            "`evaluate` gives the same for two different networks and other rows.",
            "It looks at variables of the notebook, not at its arguments: so it measures on the "
            "same rows for ever, perhaps on those of the training.",
            "Use only params, x, labels and activation inside it.",
        )
    return next((found for pair in pairs if (found := _wrong_pair(*pair)) is not None), None)


def _pair(value: Any) -> tuple[float, float] | None:
    pair = numbers(value)
    return None if pair is None or pair.shape != (2,) else (float(pair[0]), float(pair[1]))


def _wrong_pair(got: tuple[float, float], expected: tuple[float, float]) -> Finding | None:
    loss, accuracy = (
        math.isclose(g, e, rel_tol=_CLOSE, abs_tol=_CLOSE)
        for g, e in zip(got, expected, strict=True)
    )
    if loss and accuracy:
        return None
    if _wrong_pair_swapped(got, expected):
        return Finding(
            "`evaluate` gives the accuracy first, then the loss.",
            "Whoever calls it takes the first number for the loss.",
            "return loss, accuracy",
        )
    if loss and math.isclose(got[1], 100 * expected[1], rel_tol=_CLOSE):
        return Finding(
            f"`evaluate` gives an accuracy of {got[1]:.4g}.",
            "The accuracy is a share, from 0 to 1.",
            "(answers == labels).mean()",
        )
    what, one, other = ("accuracy", got[1], expected[1]) if loss else ("loss", got[0], expected[0])
    return Finding(
        f"`evaluate` gives a{'n' * (what == 'accuracy')} {what} of {one:.4g}; expected "
        f"{other:.4g}.",
        "The loss is the mean cross-entropy; the accuracy is the share of rows whose largest "
        "probability stands at the label.",
        "Use forward, cross_entropy and argmax(axis=1) on the arguments.",
    )


def _wrong_pair_swapped(got: tuple[float, float], expected: tuple[float, float]) -> bool:
    return all(
        math.isclose(g, e, rel_tol=_CLOSE) for g, e in zip(got, reversed(expected), strict=True)
    )


def _rows(report: Any, at_least: int) -> NDArray[np.int64] | Finding:
    if not isinstance(report, dict) or not {"rows", "accuracy"} <= report.keys():
        got = "still None" if report is None else f"a {type(report).__name__} without these"
        return Finding(
            f"`mnist_report` is {got}; expected a dict with rows, loss and accuracy.",
            "A measurement without the rows it was made on cannot be repeated.",
            "mnist_report = {'rows': held_out, 'loss': loss, 'accuracy': accuracy}",
        )
    rows = numbers(report["rows"])
    if rows is None or rows.ndim != 1 or rows.dtype.kind not in "iu" or len(rows) < at_least:
        got = "no list of whole numbers" if rows is None else f"an array of shape {rows.shape}"
        return Finding(
            f"mnist_report['rows'] is {got}; expected at least {at_least:,} row numbers.",
            "Chance alone moves an accuracy on few pictures by several points.",
            "Use held_out, the numbers of the rows that were set aside.",
        )
    if rows.min() < 0 or rows.max() >= 60_000 or len(np.unique(rows)) < len(rows):
        return Finding(
            "mnist_report['rows'] holds numbers twice, or numbers that are no training image.",
            "Each row stands for one picture of MNIST's 60,000 training images.",
            "Use held_out as part 1 makes it.",
        )
    return rows.astype(np.int64)


def _wrong_number(
    network: Network, report: Any, rows: NDArray[np.int64], trained_on: Array
) -> Finding | None:
    told = numbers(report["accuracy"])
    if told is None or told.size != 1:
        return Finding(
            "mnist_report['accuracy'] is no number.", "", "Give the number from evaluate."
        )
    claimed = float(told.reshape(-1)[0])
    right = _right(network)
    found = float(right[rows].mean())
    if abs(claimed - found) <= 2.5 / len(rows):  # two pictures on the edge between two classes
        return None
    known = trained_on[(trained_on >= 0) & (trained_on < len(right))].astype(np.int64)
    if len(known) and abs(claimed - float(right[known].mean())) <= 2.5 / len(known):
        return Finding(
            f"The report says {claimed:.4f}: that is the accuracy on the training rows. On the "
            "rows "
            f"that it names, it is {found:.4f}.",
            "Training rows tell how much was remembered; what counts is what was understood.",
            "Measure on held_out: evaluate(params, x_train[held_out], y_train[held_out], ...).",
        )
    return Finding(
        f"The report says {claimed:.4f}. The grader finds {found:.4f} on the same rows.",
        "The two must be the same network, the same rows and the same pixels / 255.",
        "Evaluate `network` again after the last training, and write down what comes out.",
    )


def _right(network: Network) -> NDArray[np.bool_]:
    """Tell for each of the 60,000 training images whether the network gets it right."""
    (images, labels), _ = mnist.load_data()
    answers = []
    for start in range(0, len(images), 10_000):  # pixels as float32 only block by block
        x = images[start : start + 10_000].reshape(-1, 784).astype(np.float32) / np.float32(255)
        answers.append(network.probabilities(x).argmax(axis=1))
    correct: NDArray[np.bool_] = np.concatenate(answers) == labels
    return correct
