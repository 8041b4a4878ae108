"""Checks of single functions: who is right earns everything, who is not reads why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mnist_course.checks import (
    Score,
    check_activations,
    check_gradient,
    check_init,
    check_softmax,
    check_start_loss,
)
from mnist_course.checks.two_layers import formulas
from mnist_course.checks.two_layers.formulas import ACTIVATIONS, NAMES, Activation, gelu_by_tanh

Array = np.ndarray[Any, Any]


def told(score: Score) -> str:
    return " ".join(f"{f.saw} {f.why} {f.next_step}" for f in score.findings)


def unwritten(*_: Any) -> Any:
    raise NotImplementedError("`softmax` is not written yet")


def in_place_softmax(z: Array) -> Array:
    z -= z.max(axis=-1, keepdims=True)
    return formulas.softmax(z)


def softmax_case(function: Callable[..., Any], seed: int = 0) -> Score:
    return check_softmax(function, ordinary=2, large=4, mixed=2, seed=seed)


@pytest.mark.parametrize("seed", range(5))
def test_a_right_softmax_earns_everything(seed: int) -> None:
    assert softmax_case(formulas.softmax, seed) == 8
    assert softmax_case(lambda z: formulas.softmax(z).tolist(), seed) == 8


@pytest.mark.parametrize(
    ("function", "points", "words"),
    [
        (lambda z: np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True), 2, "such as [1000, 0]"),
        (lambda z: np.exp(z - z.max()) / np.exp(z - z.max()).sum(axis=-1, keepdims=True), 6,
         "its own largest score"),
        (lambda z: formulas.softmax(z.ravel()).reshape(z.shape), 4, "together sum to 1"),
        (lambda z: formulas.softmax(z.T).T if z.ndim == 2 else formulas.softmax(z), 0,
         "columns of the result sum to 1"),
        (lambda z: np.exp(z - z.max(axis=-1, keepdims=True)), 0, "of a row sum to"),
        (in_place_softmax, 0, "changes the scores"),
        (unwritten, 0, "not written yet"),
        (lambda z: None, 0, "gives None"),
        (lambda z: 1 / 0, 0, "ZeroDivisionError"),
        (3, 0, "is a int; expected a function"),
    ],
    ids=range(10),
)  # fmt: skip
def test_a_wrong_softmax_is_told_why(function: Any, points: float, words: str) -> None:
    score = softmax_case(function)
    assert score <= points
    assert words in told(score)


WORTH = {"identity": 1, "relu": 1, "tanh": 2, "sigmoid": 2, "softsign": 2, "gelu": 2}
RIGHT = {name: (one.value, one.slope) for name, one in ACTIVATIONS.items()}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("gelu", [ACTIVATIONS["gelu"], gelu_by_tanh], ids=["exact", "tanh"])
def test_right_activations_earn_everything(gelu: Activation, seed: int) -> None:
    given = RIGHT | {"gelu": (gelu.value, gelu.slope), "tanh": (np.tanh, RIGHT["tanh"][1])}
    assert check_activations(given, points=WORTH, seed=seed) == 10
    given = {name: list(pair) for name, pair in given.items()}
    assert check_activations(given, points=WORTH, seed=seed) == 10


def cut_in_place(z: Array) -> Array:
    z[z < 0] = 0
    return z


@pytest.mark.parametrize(
    ("name", "pair", "lost", "words"),
    [
        ("sigmoid", (RIGHT["sigmoid"][0], lambda z: z * (1 - z)), 1, "It expects a, the output"),
        ("tanh", (RIGHT["tanh"][0], lambda z: 1 - z**2), 1, "It expects a, the output"),
        ("tanh", (RIGHT["tanh"][0], lambda z: 1 - np.tanh(np.tanh(z)) ** 2), 1, "takes z for the"),
        ("relu", (cut_in_place, RIGHT["relu"][1]), 0.5, "`relu` changes its input"),
        ("softsign", (RIGHT["softsign"][0], lambda z: 1 / (1 + np.abs(z))), 1, "that is what it"),
        ("gelu", (gelu_by_tanh.value, lambda z: 0.5 * (1 + np.tanh(z))), 1, "`gelu_slope(z)`"),
        ("gelu", (gelu_by_tanh.value, lambda z: gelu_by_tanh.value(z) / z), 1, "only the share"),
        ("sigmoid", (RIGHT["tanh"][0], RIGHT["tanh"][1]), 2, "`sigmoid(z)` is away"),
        ("gelu", (np.tanh,), 2, "no pair of functions for 'gelu'"),
        ("relu", (RIGHT["relu"][0], RIGHT["relu"][0]), 0.5, "gives the function itself"),
    ],
    ids=range(10),
)
def test_a_wrong_activation_costs_its_own_points(
    name: str, pair: Any, lost: float, words: str
) -> None:
    score = check_activations(RIGHT | {name: pair}, points=WORTH)
    assert score == 10 - lost
    assert words in told(score)


def test_what_is_not_written_is_listed_once() -> None:
    score = check_activations(dict.fromkeys(WORTH, (unwritten, unwritten)), points=WORTH)
    assert score == 0
    (found,) = score.findings
    assert found.saw.startswith("Still to be written: identity, identity_slope, relu")
    assert "is a list" in told(check_activations([], points=WORTH))


def init(inputs: int, hidden: int, outputs: int, seed: int) -> dict[str, Any]:
    return formulas.start_parameters(inputs, hidden, outputs, seed=seed)


def init_case(function: Callable[..., Any]) -> Score:
    return check_init(function, form=1, different=1, size=1, seeded=1)


def changed(**arrays: Callable[..., Any]) -> Callable[..., Any]:
    """Return an init_params of which some arrays are made otherwise."""

    def function(inputs: int, hidden: int, outputs: int, seed: int) -> dict[str, Any]:
        rng = np.random.default_rng(seed)
        values = init(inputs, hidden, outputs, seed)
        return values | {n: make(rng, values[n]) for n, make in arrays.items()}

    return function


def test_right_starts_earn_everything() -> None:
    assert init_case(init) == 4
    classic = changed(
        W1=lambda rng, w: (0.01 * rng.standard_normal(w.shape)).astype("f"),
        W2=lambda rng, w: (0.01 * rng.standard_normal(w.shape)).astype("f"),
    )
    assert init_case(classic) == 4
    uniform = changed(W1=lambda rng, w: rng.uniform(-0.08, 0.08, w.shape).astype("f"))
    assert init_case(uniform) == 4


@pytest.mark.parametrize(
    ("function", "points", "words"),
    [
        (changed(W1=lambda rng, w: np.zeros_like(w)), 2, "All weights of W1 are 0"),
        (changed(W2=lambda rng, w: np.zeros_like(w)), 2, "All weights of W2 are 0"),
        (changed(W1=lambda rng, w: w[:, [0]] + np.zeros_like(w)), 3, "1 different sets"),
        (changed(W1=lambda rng, w: (rng.random(w.shape) - 0.5).astype("f")), 3, "sure of itself"),
        (changed(W1=lambda rng, w: (0.05 * rng.random(w.shape)).astype("f")), 3, "on average"),
        (changed(W1=lambda rng, w: (1e-5 * w)), 3, "hardly anything arrives"),
        (changed(W1=lambda rng, w: w.astype(float)), 3.5, "expected float32"),
        (changed(b1=lambda rng, b: b + 1), 3, "A bias in b1 starts at 1"),
        (changed(W1=lambda rng, w: w.T), 0, "Swap the two sizes"),
        (changed(b1=lambda rng, b: b[None]), 0, "b1 is of shape (1, 64)"),
        (changed(W1=lambda rng, w: w * np.float32(np.nan)), 3, "NaN or infinity"),
        (lambda i, h, o, s: init(i, h, o, 1), 3, "Two different seeds"),
        (lambda i, h, o, s: init(i, h, o, int(np.random.default_rng().integers(1e9))), 3,
         "Two calls with the same seed"),
        (lambda i, h, o, s: init(784, 64, 10, s), 0, "For 30 inputs"),
        (lambda i, h, o, s: list(init(i, h, o, s).values()), 0, "expected a dict"),
        (unwritten, 0, "not written yet"),
    ],
    ids=range(16),
)  # fmt: skip
def test_a_wrong_start_is_told_why(function: Callable[..., Any], points: float, words: str) -> None:
    score = init_case(function)
    assert score <= points
    assert words in told(score)


def forward(params: Any, x: Array, activation: str) -> tuple[Array, Array, Array]:
    found = formulas.forward(params, x, activation)
    return found.z1, found.a1, found.probabilities


def loss_case(one: Callable[..., Any], other: Callable[..., Any], seed: int = 0) -> Score:
    return check_start_loss(one, other, passes=2, mean=1.5, finite=0.5, seed=seed)


@pytest.mark.parametrize("seed", [*range(20), 7_421])
def test_a_right_loss_earns_everything(seed: int) -> None:
    assert loss_case(forward, formulas.cross_entropy, seed) == 4


def entropy(p: Array, labels: Array, **options: Any) -> Any:
    log = options.get("log", np.log)
    return options.get("end", np.mean)(-log(np.maximum(p[range(len(labels)), labels], 1e-12)))


@pytest.mark.parametrize(
    ("one", "other", "points", "words"),
    [
        (forward, lambda p, y: entropy(p, y, end=np.sum), 2, "64 times the mean"),
        (forward, lambda p, y: entropy(p, y, log=np.log2), 2, "log2"),
        (forward, lambda p, y: entropy(p, y, log=np.log10), 2, "log10"),
        (forward, lambda p, y: -entropy(p, y), 2, "Its sign is turned"),
        (forward, lambda p, y: entropy(p, y) / 10, 2, "pictures and classes"),
        (forward, lambda p, y: entropy(p, y) + 1, 2, "expected"),
        (forward, lambda p, y: -np.log(p[range(len(y)), y]), 2, "expected one number"),
        (forward, lambda p, y: -np.log(p[range(len(y)), y]).mean(), 3.5, "has probability 0"),
        (lambda p, x, a: forward(p, x, "relu"), formulas.cross_entropy, 2, "same with 'tanh'"),
        (lambda p, x, a: forward(p, x, a)[2], formulas.cross_entropy, 2, "expected three arrays"),
        (lambda p, x, a: forward(p | {"b1": 0}, x, a), formulas.cross_entropy, 2, "`z1`"),
        (lambda p, x, a: forward(p | {"b2": 0}, x, a), formulas.cross_entropy, 2, "probabilities"),
        (unwritten, unwritten, 0, "not written yet"),
    ],
    ids=range(13),
)
def test_a_wrong_loss_is_told_why(one: Any, other: Any, points: float, words: str) -> None:
    score = loss_case(one, other)
    assert score == points
    assert words in told(score)


def test_a_start_that_shows_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="choose another seed"):
        check_start_loss(forward, entropy, passes=1, mean=1, finite=1, near=1e-6)


def backward(params: Any, x: Array, labels: Array, activation: str) -> dict[str, Any]:
    return formulas.gradients(params, x, labels, activation)


@pytest.mark.parametrize("seed", [*range(5), 61_440])
@pytest.mark.parametrize("name", NAMES)
def test_a_right_gradient_earns_everything(name: str, seed: int) -> None:
    assert check_gradient(backward, name, points=6, seed=seed) == 6
    assert check_gradient(backward, name, points=6, seed=seed, activations=("gelu", "elu")) == 6


def single(params: Any, x: Array, labels: Array, activation: str) -> dict[str, Any]:
    small = {name: array.astype(np.float32) for name, array in params.items()}
    return formulas.gradients(small, x.astype(np.float32), labels, activation)


@pytest.mark.parametrize("name", NAMES)
def test_float32_is_precise_enough(name: str) -> None:
    assert check_gradient(single, name, points=6) == 6


def wrong(**changes: Callable[..., Any]) -> Callable[..., Any]:
    """Return a backward of which some gradients are altered: (gradient, params, x) -> gradient."""

    def function(params: Any, x: Array, labels: Array, activation: str) -> dict[str, Any]:
        found = backward(params, x, labels, activation)
        return found | {name: change(found[name], x) for name, change in changes.items()}

    return function


def of_the_chain(**options: Any) -> Callable[..., Any]:
    return lambda p, x, y, a: formulas.gradients(p, x, y, a, **options)


def slope_at_output(params: Any, x: Array, labels: Array, activation: str) -> dict[str, Any]:
    slope = ACTIVATIONS[activation].slope
    return formulas.gradients(params, x, labels, activation, slopes_of=lambda f: slope(f.a1))


def from_sums(params: Any, x: Array, labels: Array, activation: str) -> dict[str, Any]:
    found = formulas.forward(params, x, activation)
    d_z2 = found.probabilities.copy()
    d_z2[np.arange(len(labels)), labels] -= 1
    return {"W2": found.z1.T @ d_z2 / len(x)}


@pytest.mark.parametrize(
    ("function", "name", "points", "words"),
    [
        (wrong(b1=lambda g, x: g.sum()), "b1", 0, "the sum over all units too"),
        (wrong(b1=lambda g, x: np.full_like(g, g.sum())), "b1", 0, "all entries equal"),
        (wrong(b2=lambda g, x: g.sum()), "b2", 0, "it is 0"),
        (wrong(b2=lambda g, x: np.full((1, 1), g.sum())), "b2", 0, "this bias never learns"),
        (wrong(b1=lambda g, x: g[None]), "b1", 2, "its shape is (1, 6)"),
        (wrong(b1=lambda g, x: np.ones(len(x))), "b1", 0, "has the shape (5,)"),
        (wrong(W1=lambda g, x: g * len(x)), "W1", 2, "times too large"),
        (wrong(W2=lambda g, x: g / len(x)), "W2", 2, "times too small"),
        (wrong(W1=lambda g, x: -g), "W1", 2, "its sign is turned"),
        (wrong(W2=lambda g, x: g.T), "W2", 2, "stands on its side, (10, 6)"),
        (wrong(W1=lambda g, x: g.T * len(x)), "W1", 2, "and stands on its side"),
        (wrong(W1=lambda g, x: g * np.nan), "W1", 0, "NaN, infinity"),
        (wrong(W1=lambda g, x: g + 0.1), "W1", 0, "differs from the numerical one"),
        (wrong(W1=lambda g, x: g[:3]), "W1", 0, "has the shape (3, 6)"),
        (wrong(b1=lambda g, x: "none"), "b1", 0, "no numbers"),
        (of_the_chain(slopes_of=lambda f: np.ones_like(f.z1)), "W1", 0, "is missing"),
        (of_the_chain(slopes_of=lambda f: f.a1), "b1", 0, "in place of the slope"),
        (of_the_chain(minus_labels=False), "b2", 0, "the labels do not take part"),
        (slope_at_output, "W1", 3, "at the output a1"),
        (from_sums, "W2", 0, "with the sums z1"),
        (lambda p, x, y, a: [1], "W1", 0, "expected a dict"),
        (lambda p, x, y, a: {"dW1": 1}, "W1", 0, "the keys ['dW1']"),
        (unwritten, "W1", 0, "not written yet"),
    ],
    ids=range(23),
)
def test_a_wrong_gradient_is_told_why(function: Any, name: str, points: float, words: str) -> None:
    score = check_gradient(function, name, points=6)
    assert score == points
    assert words in told(score)


def test_a_gradient_for_each_picture_is_recognised() -> None:
    def per_picture(params: Any, x: Array, labels: Array, activation: str) -> dict[str, Any]:
        rows = [backward(params, x[[i]], labels[[i]], activation)["b1"] for i in range(len(x))]
        return {"b1": np.array(rows) / len(x)}

    def along_units(*given: Any) -> dict[str, Any]:
        return {"b1": per_picture(*given)["b1"].sum(axis=1)}

    assert "one row for each picture" in told(check_gradient(per_picture, "b1", points=6))
    assert "one entry for each of the 5" in told(check_gradient(along_units, "b1", points=6))


def test_who_changes_the_network_is_told() -> None:
    def careless(params: Any, x: Array, labels: Array, activation: str) -> dict[str, Any]:
        found = backward(params, x, labels, activation)
        x *= 0
        return found

    score = check_gradient(careless, "W1", points=6)
    assert score == 0
    assert "changes its parameters or its pictures" in told(score)
