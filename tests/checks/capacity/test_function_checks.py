"""What the checks of M7 say to wrong functions: parameters, widths, penalty, norm, first layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import pytest

from mnist_course.checks import (
    check_first_layer,
    check_parameter_formula,
    check_penalty,
    check_weight_norm,
    check_width_solver,
    widths_or_given,
)
from mnist_course.checks.capacity.formulas import (
    count_parameters,
    first_layer_share,
    penalty,
    unit_images,
    weight_norm,
    width_for,
)
from mnist_course.checks.score import Score

Kernels = Sequence[np.ndarray]


def told(score: Score) -> str:
    return " ".join(f"{f.saw} {f.why} {f.next_step}" for f in score.findings)


@pytest.mark.keras
@pytest.mark.parametrize(("depth", "width"), [(1, 1), (1, 128), (2, 30), (5, 50)])
def test_keras_counts_the_same_parameters(depth: int, width: int) -> None:
    layers = [keras.layers.Dense(width) for _ in range(depth)]
    model = keras.Sequential([keras.Input((784,)), *layers, keras.layers.Dense(10)])
    assert model.count_params() == count_parameters(depth, width)
    kernels = [array for array in model.get_weights() if array.ndim == 2]
    assert first_layer_share(depth, width) == model.layers[0].count_params() / model.count_params()
    assert unit_images(kernels[0])[0, 3, 5] == kernels[0][3 * 28 + 5, 0]
    by_keras = sum(float(keras.regularizers.L2(0.01)(kernel)) for kernel in kernels)
    assert penalty(kernels, 0.01) == pytest.approx(by_keras, rel=1e-5)
    assert weight_norm(kernels) == pytest.approx((by_keras / 0.01) ** 0.5, rel=1e-5)


@pytest.mark.parametrize("depth", range(1, 9))
@pytest.mark.parametrize("parameters", [1, 800, 7_960, 50_000, 123_457, 3_000_000])
def test_the_closest_width_is_found(depth: int, parameters: int) -> None:
    best = min(range(1, 4_000), key=lambda width: abs(count_parameters(depth, width) - parameters))
    assert width_for(depth, parameters) == best


WRONG_COUNTS: dict[str, tuple[Callable[[int, int], Any], float, str]] = {
    "no biases": (
        lambda k, m: 784 * m + (k - 1) * m * m + 10 * m,
        0,
        "all biases are missing",
    ),
    "no output biases": (
        lambda k, m: count_parameters(k, m) - 10,
        0,
        "10 biases of the output layer are missing",
    ),
    "one layer too many": (
        lambda k, m: 785 * m + k * (m * m + m) + 10 * m + 10,
        0,
        "one hidden layer too many",
    ),
    "depth forgotten": (lambda k, m: 795 * m + 10, 2, "the depth k changes nothing"),
    "every layer sees the pixels": (
        lambda k, m: k * 785 * m + 10 * m + 10,
        2,
        "as if it saw the pixels",
    ),
    "no output": (lambda k, m: 785 * m + (k - 1) * (m * m + m), 0, "output layer is missing"),
    "something else": (lambda k, m: 800 * k * m, 0, "The layers have 784 inputs"),
    "words": (lambda k, m: "many", 0, "gives no number"),
    "nothing": (lambda k, m: None, 0, "gives None"),
}


@pytest.mark.parametrize("case", WRONG_COUNTS)
def test_a_wrong_count_is_recognised(case: str) -> None:
    function, points, words = WRONG_COUNTS[case]
    score = check_parameter_formula(function, shallow=2, deep=3)
    assert (float(score), score.of) == (points, 5)
    assert words in told(score)


def test_a_right_count_earns_its_points() -> None:
    assert check_parameter_formula(count_parameters, shallow=2, deep=3) == 5
    floats = lambda k, m: float(count_parameters(k, m))  # noqa: E731
    part = check_parameter_formula(floats, shallow=2, deep=3, of=15)
    assert (float(part), part.of) == (5, 15)


def by_formula(depth: int, parameters: int) -> float:
    a, b, c = depth - 1, 794 + depth, 10 - parameters
    return -c / b if a == 0 else (-b + (b * b - 4 * a * c) ** 0.5) / (2 * a)


def without_the_straight_line(depth: int, parameters: int) -> int:
    a, b, c = depth - 1, 794 + depth, 10 - parameters
    return round((-b + (b * b - 4 * a * c) ** 0.5) / (2 * a))


WRONG_WIDTHS: dict[str, tuple[Callable[[int, int], Any], float, str]] = {
    "rounds down": (lambda k, p: int(by_formula(k, p)), 6, "take the one that comes closer"),
    "not whole": (by_formula, 7, "no whole numbers"),
    "always as for one layer": (lambda k, p: round((p - 10) / 795), 0, "comes closer"),
    "divides by zero": (without_the_straight_line, 0, "straight line"),
    "other root": (lambda k, p: -5, 0, "comes closest to"),
    "nothing": (lambda k, p: None, 0, "gives None"),
    "words": (lambda k, p: "wide", 0, "gives no number"),
}


@pytest.mark.parametrize("case", WRONG_WIDTHS)
def test_a_wrong_width_is_recognised(case: str) -> None:
    function, points, words = WRONG_WIDTHS[case]
    score = check_width_solver(function, points=10, rounded_down=6, fractions=7)
    assert (float(score), score.of) == (points, 10)
    assert words in told(score)


def search(depth: int, parameters: int) -> int:
    width = 1
    while count_parameters(depth, width + 1) <= parameters:
        width += 1
    below = parameters - count_parameters(depth, width)
    return width if below <= count_parameters(depth, width + 1) - parameters else width + 1


@pytest.mark.parametrize("function", [width_for, search, lambda k, p: float(width_for(k, p))])
def test_a_right_width_earns_its_points(function: Callable[..., Any]) -> None:
    assert check_width_solver(function, points=10, rounded_down=6, fractions=7) == 10
    assert check_width_solver(function, points=10, rounded_down=6, fractions=7, seed=60_413) == 10


@pytest.mark.parametrize("function", [width_for, lambda k, p: 7, lambda k, p: 1 / 0, None])
def test_later_parts_get_right_widths_in_any_case(function: Any) -> None:
    widths = widths_or_given(function, (1, 2, 3, 4, 5), 50_000)
    assert widths == {depth: width_for(depth, 50_000) for depth in (1, 2, 3, 4, 5)}
    for depth, width in widths.items():
        assert count_parameters(depth, width) == pytest.approx(50_000, rel=0.01)


def squares(kernels: Kernels) -> float:
    return sum(float((kernel**2).sum()) for kernel in kernels)


WRONG_PENALTIES: dict[str, tuple[Callable[..., Any], str]] = {
    "of the norm": (lambda k, a: a * squares(k) ** 0.5, "the norm times l2"),
    "halved": (lambda k, a: a / 2 * squares(k), "half of it"),
    "without the factor": (lambda k, a: squares(k), "without the factor l2"),
    "mean": (lambda k, a: a * squares(k) / sum(w.size for w in k), "the mean square"),
    "L1": (lambda k, a: a * sum(float(np.abs(w).sum()) for w in k), "that is L1"),
    "first kernel": (lambda k, a: a * squares(k[:1]), "of the first kernel alone"),
    "square of the sum": (lambda k, a: a * sum(float(w.sum()) for w in k) ** 2, "of the sum"),
    "sum of norms": (
        lambda k, a: a * sum(float(np.linalg.norm(w)) for w in k),
        "the sum of the norms",
    ),
    "an array": (lambda k, a: [a * squares([w]) for w in k], "no single finite number"),
    "a constant": (lambda k, a: 0.3, "expected"),
}


@pytest.mark.parametrize("case", WRONG_PENALTIES)
def test_a_wrong_penalty_is_recognised(case: str) -> None:
    function, words = WRONG_PENALTIES[case]
    score = check_penalty(function, points=3, of=10)
    assert (float(score), score.of) == (0, 10)
    assert words in told(score)


WRONG_NORMS: dict[str, tuple[Callable[..., Any], str]] = {
    "no root": (squares, "the square of the norm"),
    "sum of norms": (lambda k: sum(float(np.linalg.norm(w)) for w in k), "sum of the kernels'"),
    "mean of norms": (lambda k: np.mean([np.linalg.norm(w) for w in k]), "mean of the kernels'"),
    "first kernel": (lambda k: float(np.linalg.norm(k[0])), "of the first kernel alone"),
    "mean square": (lambda k: (squares(k) / sum(w.size for w in k)) ** 0.5, "mean square"),
    "sizes": (lambda k: sum(float(np.abs(w).sum()) for w in k), "sum of the sizes"),
    "spectral": (lambda k: sum(float(np.linalg.norm(w, 2)) for w in k), "leave out the 2"),
}


@pytest.mark.parametrize("case", WRONG_NORMS)
def test_a_wrong_norm_is_recognised(case: str) -> None:
    function, words = WRONG_NORMS[case]
    score = check_weight_norm(function, points=3)
    assert (float(score), score.of) == (0, 3)
    assert words in told(score)


def test_right_functions_of_weights_in_other_styles_earn_their_points() -> None:
    flat = lambda k: np.concatenate([w.ravel() for w in k])  # noqa: E731
    assert check_penalty(penalty, points=3) == 3
    assert check_penalty(lambda k, a: a * np.dot(flat(k), flat(k)), points=3, seed=71_882) == 3
    assert check_weight_norm(weight_norm, points=3) == 3
    assert check_weight_norm(lambda k: np.linalg.norm(flat(k)), points=3, seed=71_882) == 3


def in_place(kernels: list[np.ndarray], l2: float) -> float:
    for kernel in kernels:
        kernel **= 2
    return l2 * sum(float(kernel.sum()) for kernel in kernels)


def test_weights_must_not_be_changed() -> None:
    assert "changes the weights" in told(check_penalty(in_place, points=3))


WRONG_IMAGES: dict[str, tuple[Callable[..., Any], str]] = {
    "not turned": (lambda w: w.reshape(-1, 28, 28), "mixes the weights of all units"),
    "on their side": (lambda w: w.T.reshape(-1, 28, 28).swapaxes(1, 2), "lie on their side"),
    "rescaled": (lambda w: unit_images(w) / np.abs(w).max(), "not the weights of the kernel"),
    "rows": (lambda w: w.T, "an array of shape"),
    "nothing": (lambda w: None, "gives None"),
}
WRONG_SHARES: dict[str, tuple[Callable[..., Any], str]] = {
    "percent": (lambda k, m: 100 * first_layer_share(k, m), "percent"),
    "no biases": (lambda k, m: 784 * m / count_parameters(k, m), "biases of the first layer"),
    "rounded": (lambda k, m: round(first_layer_share(k, m), 4), "rounded"),
    "of the others": (lambda k, m: 1 - first_layer_share(k, m), "divided by all parameters"),
    "words": (lambda k, m: "most", "gives no number"),
}


@pytest.mark.parametrize("case", WRONG_IMAGES)
def test_wrong_images_are_recognised(case: str) -> None:
    function, words = WRONG_IMAGES[case]
    score = check_first_layer(function, first_layer_share, images=3, share=2)
    assert (float(score), score.of) == (2, 5)
    assert words in told(score)


@pytest.mark.parametrize("case", WRONG_SHARES)
def test_a_wrong_share_is_recognised(case: str) -> None:
    function, words = WRONG_SHARES[case]
    score = check_first_layer(unit_images, function, images=3, share=2)
    assert (float(score), score.of) == (3, 5)
    assert words in told(score)


def test_a_right_look_at_the_first_layer_earns_its_points() -> None:
    lists = lambda w: [column.reshape(28, 28) for column in w.T]  # noqa: E731
    assert check_first_layer(unit_images, first_layer_share, images=3, share=2) == 5
    assert check_first_layer(lists, first_layer_share, images=3, share=2, seed=35_160) == 5


@pytest.mark.parametrize(
    "check",
    [
        lambda f: check_parameter_formula(f, shallow=2, deep=3),
        lambda f: check_width_solver(f, points=10, rounded_down=6, fractions=7),
        lambda f: check_penalty(f, points=3),
        lambda f: check_weight_norm(f, points=3),
        lambda f: check_first_layer(f, f, images=3, share=2),
    ],
)
def test_what_is_not_written_yet_costs_no_error(check: Callable[..., Score]) -> None:
    def unfinished(*arguments: Any) -> Any:
        raise NotImplementedError("`it` is not written yet")

    for answer, words in ((unfinished, "not written yet"), (None, "expected a function")):
        score = check(answer)
        assert float(score) == 0
        assert words in told(score)
