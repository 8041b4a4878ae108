"""Choose what a notebook goes on with: the student's own function, or a given one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np

from mnist_course.checks.score import CheckFailed, Score
from mnist_course.checks.two_layers import formulas
from mnist_course.checks.two_layers.activations import check_activations
from mnist_course.checks.two_layers.formulas import ACTIVATIONS, NAMES
from mnist_course.checks.two_layers.gradients import check_gradient
from mnist_course.checks.two_layers.held_out import wrong_evaluation
from mnist_course.checks.two_layers.initial_weights import check_init
from mnist_course.checks.two_layers.softmax import check_softmax
from mnist_course.checks.two_layers.start_loss import check_start_loss
from mnist_course.checks.two_layers.training import check_training

__all__ = ["Parts", "own_or_given"]

Function = Callable[..., Any]

_YOURS = "yours"
_GIVEN = "given, until yours is right"


def _forward(params: Any, x: Any, activation: str) -> tuple[Any, Any, Any]:
    found = formulas.forward(params, x, activation)
    return found.z1, found.a1, found.probabilities


def _init_params(inputs: int, hidden: int, outputs: int, seed: int) -> dict[str, Any]:
    return formulas.start_parameters(inputs, hidden, outputs, seed=seed)


def _train(
    params: Any,
    x: Any,
    labels: Any,
    activation: str,
    learning_rate: float,
    batch_size: int,
    epochs: int,
    seed: int,
) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    new = {name: np.array(params[name]) for name in NAMES}
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch_size):
            rows = order[start : start + batch_size]
            for name, slope in formulas.gradients(new, x[rows], labels[rows], activation).items():
                new[name] -= np.asarray(learning_rate * slope, dtype=new[name].dtype)
    return new


def _evaluate(params: Any, x: Any, labels: Any, activation: str) -> tuple[float, float]:
    probabilities = formulas.forward(params, x, activation).probabilities
    accuracy = float((probabilities.argmax(axis=1) == labels).mean())
    return formulas.cross_entropy(probabilities, labels), accuracy


@dataclass(frozen=True, slots=True)
class Parts:
    """The functions of a network, by the names that the notebook gives them.

    ``activations`` maps a name to the pair (value, slope). ``origin`` says of each part whose it
    is, and is what is shown.
    """

    softmax: Function = formulas.softmax
    cross_entropy: Function = formulas.cross_entropy
    activations: Mapping[str, tuple[Function, Function]] = field(
        default_factory=lambda: MappingProxyType(
            {name: (one.value, one.slope) for name, one in ACTIVATIONS.items()}
        )
    )
    init_params: Function = _init_params
    forward: Function = _forward
    backward: Function = formulas.gradients
    train: Function = _train
    evaluate: Function = _evaluate
    origin: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return "\n".join(
            f"{whose}: {', '.join(names)}"
            for whose in (_YOURS, _GIVEN)
            if (names := [name for name, origin in self.origin.items() if origin == whose])
        )


def own_or_given(parts: Parts | None = None, /, **own: Any) -> Parts:
    """Take up functions of the student's that work, and given ones for the others.

    So nothing in a later part depends on an earlier answer. Never raises for a wrong function.

    Parameters
    ----------
    parts : Parts, optional
        What there is already.
    **own : callable, or dict of pairs for ``activations``
        By the names of `Parts`; `forward` is judged together with `cross_entropy` or alone.

    Returns
    -------
    Parts
    """
    now = Parts() if parts is None else parts
    origin = dict(now.origin)
    chosen: dict[str, Any] = {}
    for name, function in own.items():
        if name == "activations":
            chosen[name] = _activations(function, origin, now)
        elif _works(name, function):
            chosen[name], origin[name] = function, _YOURS
        else:
            origin[name] = _GIVEN
    return replace(now, origin=MappingProxyType(origin), **chosen)


def _activations(
    own: Any, origin: dict[str, str], now: Parts
) -> Mapping[str, tuple[Function, Function]]:
    chosen = dict(now.activations)
    for name, pair in own.items() if isinstance(own, dict) else ():
        if name not in ACTIVATIONS:
            continue
        if _full(partial(check_activations, own, points={name: 1})):
            chosen[name], origin[name] = (pair[0], pair[1]), _YOURS
        else:
            origin[name] = _GIVEN
    return MappingProxyType(chosen)


def _works(name: str, function: Any) -> bool:
    checks: dict[str, Callable[[], Score]] = {
        "softmax": lambda: check_softmax(function, ordinary=1, large=1, mixed=1),
        "cross_entropy": lambda: check_start_loss(_forward, function, passes=1, mean=1, finite=1),
        "init_params": lambda: check_init(function, form=1, different=1, size=1, seeded=1),
        "forward": lambda: check_start_loss(
            function, formulas.cross_entropy, passes=1, mean=1, finite=1
        ),
        "train": lambda: check_training(function, step=1, by_heart={1.0: 1}, copies=1),
    }
    if name == "backward":
        return all(_full(partial(check_gradient, function, n, points=1)) for n in NAMES)
    if name == "evaluate":
        return wrong_evaluation(function, seed=0) is None
    return _full(checks[name])


def _full(check: Callable[[], Score]) -> bool:
    try:
        score = check()
    except CheckFailed:
        return False
    return float(score) == score.of
