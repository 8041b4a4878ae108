"""Points for a loop of mini-batches that learns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_course.checks.score import Score, ramp
from mnist_course.checks.two_layers import formulas
from mnist_course.checks.two_layers.calls import CHANGED, Answer, ask, numbers
from mnist_course.checks.two_layers.formulas import NAMES
from mnist_course.datasets import mnist
from mnist_course.grading.results import Finding

__all__ = ["check_training"]

_ROWS = 50
_ONE_BATCH = 24
_CLOSE = 1e-3  # of the largest entry of an update, in float32
_EPOCHS, _BATCH, _RATE = 150, 16, 0.1

Array = NDArray[Any]


def check_training(
    train: Callable[..., Any],
    *,
    step: float,
    by_heart: Mapping[float, float],
    copies: float,
    random_labels: bool = False,
    seed: int = 0,
) -> Score:
    """Check ``train(params, x, labels, activation, learning_rate, batch_size, epochs, seed)``.

    Parameters
    ----------
    train : callable
        Gives new parameters.
    step : float
        Points for one epoch of one batch: exactly one step against the gradient.
    by_heart : mapping of float to float
        Accuracy on 50 pictures that it was trained on for long: points.
    copies : float
        Points for leaving the given parameters alone.
    random_labels : bool
        Take labels that have nothing to do with the pictures. Then only a row that was really used
        can be known, so that rows that a loop leaves out are found.
    seed : int
    """
    of = step + max(by_heart.values()) + copies
    first, found, share = _one_step(train, seed)
    if first.finding is not None:
        return Score(0, of, findings=[first.finding])
    earned, findings = share * step, [found]
    answer, found, accuracy = _learn(train, random_labels, seed)
    earned += ramp(accuracy, by_heart)
    findings.append(found)
    if first.changed or answer.changed:
        findings.append(Finding("`train` changes the parameters that it is given.", *CHANGED))
    elif share or accuracy >= min(by_heart):
        earned += copies
        findings.append(Finding("The parameters that went in are still the same afterwards."))
    return Score(earned, of, findings=findings)


def _one_step(train: Callable[..., Any], seed: int) -> tuple[Answer, Finding, float]:
    """Train for one epoch of one batch, which may have room for more rows than there are."""
    rng = np.random.default_rng([seed, 1])
    parameters = formulas.start_parameters(20, 8, 10, seed=seed)
    x = rng.random((_ONE_BATCH, 20)).astype(np.float32)
    labels = rng.integers(0, 10, size=_ONE_BATCH)
    slopes = formulas.gradients(parameters, x, labels, "tanh")
    changed, rate = False, 0.25
    found, share = Finding(""), 0.0
    for room in (_ONE_BATCH, _ONE_BATCH + 8):
        answer = ask(train, "train", parameters, x, labels, "tanh", rate, room, 1, seed)
        if answer.finding is not None:
            return answer, answer.finding, 0.0
        trained = _parameters(answer.value, parameters)
        if isinstance(trained, Finding):
            return Answer(finding=trained), trained, 0.0
        changed = changed or answer.changed
        moved = {name: (parameters[name] - trained[name]) / rate for name in NAMES}
        found, share = _compared(moved, slopes, room)
        if share < 1:
            break
    return Answer(changed=changed), found, share


def _compared(
    moved: dict[str, Array], slopes: dict[str, Array], room: int
) -> tuple[Finding, float]:
    """Judge one update by what it did to each parameter."""
    wrong = [name for name in NAMES if not _equal(moved[name], slopes[name])]
    if not wrong:
        return Finding("One batch and one epoch make one step, learning rate times gradient."), 1.0
    still = [name for name in NAMES if not moved[name].any()]
    if len(still) == len(NAMES) and room > _ONE_BATCH:
        return Finding(
            f"{_ONE_BATCH} pictures, and batches of up to {room}: nothing was learnt.",
            "A batch that is not full was left out. Its rows count like all others.",
            "range(0, len(x), batch_size) reaches the last, smaller batch, too.",
        ), 0.0
    if len(still) == len(NAMES):
        return Finding(
            "After one epoch the parameters are as they were.",
            "Nothing was learnt: either no update was made, or the result was not returned.",
            "new[name] = new[name] - learning_rate * gradients[name], then return new.",
        ), 0.0
    if still:
        return Finding(
            f"After one epoch {', '.join(still)} did not move.",
            "Every parameter has a gradient, and takes part in learning.",
            "Loop over all names: for name in gradients.",
        ), 0.0
    ratios = [float((moved[n] * slopes[n]).sum() / (slopes[n] ** 2).sum()) for n in NAMES]
    if np.ptp(ratios) < 0.01 * abs(ratios[0]) and all(
        _equal(moved[n], ratios[0] * slopes[n]) for n in NAMES
    ):
        if ratios[0] < 0:
            return Finding(
                "The step goes along the gradient, not against it.",
                "The gradient points to where the loss grows.",
                "Subtract: new[name] - learning_rate * gradients[name].",
            ), 0.0
        return Finding(
            f"One batch and one epoch move the parameters {ratios[0]:.3g} times as far as learning "
            "rate times gradient.",
            "The learning rate is the only factor between gradient and step.",
            "Is the gradient divided by the batch size twice, or the learning rate fixed?",
        ), 1 / 3
    return Finding(
        f"{_ONE_BATCH} pictures in one batch, one epoch: {', '.join(wrong)} should move by the "
        "learning rate times the mean gradient of all of them, and moved otherwise.",
        "A different step means other rows, more than one update, or gradients of parameters that "
        "were changed in between.",
        "Print how many batches your loop makes, and of which size. Compute all gradients before "
        "you change any parameter.",
    ), 0.0


def _learn(
    train: Callable[..., Any], random_labels: bool, seed: int
) -> tuple[Answer, Finding, float]:
    (images, digits), _ = mnist.load_data()
    rng = np.random.default_rng([seed, 2])
    rows = rng.choice(len(images), _ROWS, replace=False)
    x = images[rows].reshape(_ROWS, -1).astype(np.float32) / np.float32(255)
    labels = rng.integers(0, 10, size=_ROWS) if random_labels else digits[rows].astype(np.int64)
    parameters = formulas.start_parameters(784, 64, 10, seed=seed)
    answer = ask(train, "train", parameters, x, labels, "relu", _RATE, _BATCH, _EPOCHS, seed)
    if answer.finding is not None:
        return answer, answer.finding, 0.0
    trained = _parameters(answer.value, parameters)
    if isinstance(trained, Finding):
        return answer, trained, 0.0
    probabilities = formulas.forward(trained, x, "relu").probabilities
    accuracy = float((probabilities.argmax(axis=1) == labels).mean())
    return answer, _told(accuracy), accuracy


def _told(accuracy: float) -> Finding:
    saw = f"After {_EPOCHS} epochs it knows {accuracy:.0%} of {_ROWS} pictures by heart."
    if accuracy == 1:
        return Finding(saw)
    if accuracy > 0.85:
        return Finding(
            saw,
            f"{_ROWS} pictures in batches of {_BATCH} leave a last batch of {_ROWS % _BATCH}; rows "
            "that never take part cannot be learnt.",
            "range(0, len(x), batch_size) reaches the last, smaller batch, too. Use every row once "
            "an epoch, in a new order.",
        )
    return Finding(
        saw,
        "So few pictures can be learnt without a mistake. Where that fails, something is broken; "
        "more data would only hide it.",
        "Print the loss after each epoch. Take picture and label of the same rows.",
    )


def _parameters(value: Any, given: Mapping[str, Array]) -> dict[str, Array] | Finding:
    """Return trained parameters as float64 arrays, or what is wrong with them."""
    if not isinstance(value, dict) or not set(NAMES) <= value.keys():
        return Finding(
            f"`train` gives a {type(value).__name__}; expected a dict with {', '.join(NAMES)}.",
            "Its result is the trained network.",
            "return new, the dict of the new parameters",
        )
    read = {name: numbers(value[name]) for name in NAMES}
    arrays = {name: array.astype(np.float64) for name, array in read.items() if array is not None}
    for name in NAMES:
        array = arrays.get(name)
        if array is None or array.shape != given[name].shape:
            got = "no numbers" if array is None else f"of shape {array.shape}"
            return Finding(
                f"After training, {name} is {got}; it began with {given[name].shape}.",
                "An update moves the numbers of a parameter; it never changes its shape.",
                "Look at the shape of its gradient: broadcasting can blow up a sum.",
            )
        if not np.isfinite(array).all():
            return Finding(
                f"After training, {name} holds NaN or infinity.",
                "From then on every output is NaN.",
                "Print the loss of each batch: where does it begin? Is the step too large?",
            )
    return arrays


def _equal(got: Array, expected: Array) -> bool:
    return bool(np.abs(got - expected).max() <= _CLOSE * np.abs(expected).max())
