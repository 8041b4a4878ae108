"""Checks of trained networks: the grader computes itself, whatever the notebook says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from mnist_course.checks import (
    CannotGrade,
    Score,
    check_held_out,
    check_network,
    check_training,
    check_unit_images,
    is_network,
    own_or_given,
)
from mnist_course.checks.two_layers import accuracy, formulas
from mnist_course.checks.two_layers.own_or_given import Parts
from mnist_course.datasets.mnist import Split
from mnist_course.exceptions import DatasetError
from mnist_course.grading.namespace import take_apart

Array = np.ndarray[Any, Any]
GIVEN = Parts()
RAMP = {0.85: 4, 0.88: 6, 0.90: 8, 0.92: 10}
FIT_ROWS = np.arange(2_000, 6_000)
HELD_OUT = np.arange(2_000)


def told(score: Score) -> str:
    return " ".join(f"{f.saw} {f.why} {f.next_step}" for f in score.findings)


@pytest.fixture(scope="module")
def trained(mnist_data: tuple[Split, Split]) -> dict[str, Any]:
    """A network that learnt 4,000 pictures, and reads about nine of ten."""
    (images, labels), _ = mnist_data
    x = images[FIT_ROWS].reshape(-1, 784).astype(np.float32) / np.float32(255)
    start = formulas.start_parameters(784, 32, 10, seed=0)
    params = GIVEN.train(start, x, labels[FIT_ROWS].astype(np.int64), "relu", 0.1, 32, 4, 0)
    return {"activation": "relu", "params": params}


def train_case(function: Callable[..., Any], **options: Any) -> Score:
    given = {"step": 3, "by_heart": {0.5: 1, 0.9: 2, 1.0: 4}, "copies": 1} | options
    return check_training(function, **given)


@pytest.mark.parametrize("seed", [*range(4), 8_812])
@pytest.mark.parametrize("random_labels", [False, True])
def test_a_right_loop_earns_everything(random_labels: bool, seed: int) -> None:
    assert train_case(GIVEN.train, random_labels=random_labels, seed=seed) == 8


def loop(
    *,
    sign: float = -1,
    names: tuple[str, ...] = formulas.NAMES,
    copies: bool = True,
    full: bool = False,
    shuffled: bool = True,
    labels_too: bool = True,
    factor: float = 1,
) -> Callable[..., Any]:
    """Return a training loop with mistakes."""

    def train(
        params: Any, x: Array, labels: Array, activation: str, rate: float, size: int,
        epochs: int, seed: int,
    ) -> dict[str, Any]:  # fmt: skip
        rng = np.random.default_rng(seed)
        new = {n: a.copy() for n, a in params.items()} if copies else params
        for _ in range(epochs):
            order = rng.permutation(len(x)) if shuffled else np.arange(len(x))
            for begin in range(0, len(x) - (size - 1 if full else 0), size):
                rows = order[begin : begin + size]
                other = rows if labels_too else np.arange(begin, min(begin + size, len(x)))
                slopes = formulas.gradients(new, x[rows], labels[other], activation)
                for name in names:
                    new[name] += (sign * factor * rate * slopes[name]).astype(new[name].dtype)
        return new

    return train


def unwritten(*_: Any) -> Any:
    raise NotImplementedError("`train` is not written yet")


@pytest.mark.parametrize(
    ("function", "points", "words"),
    [
        (loop(shuffled=False), 8, "by heart"),
        (loop(full=True), 5, "A batch that is not full was left out"),
        (loop(full=True, shuffled=False), 3, "a last batch of 2"),
        (loop(sign=1), 1, "goes along the gradient"),
        (loop(names=("W1", "W2")), 5, "b1, b2 did not move"),
        (loop(copies=False), 7, "changes the parameters"),
        (loop(labels_too=False), 5, "moved otherwise"),
        (loop(factor=1 / 24), 4, "times as far"),
        (lambda *given: {n: a.copy() for n, a in given[0].items()}, 0, "as they were"),
        (lambda *given: {n: np.zeros(3) for n in formulas.NAMES}, 0, "of shape (3,)"),
        (lambda *given: {n: a * np.nan for n, a in given[0].items()}, 0, "NaN or infinity"),
        (lambda *given: (given[0], []), 0, "gives a tuple; expected a dict"),
        (unwritten, 0, "not written yet"),
    ],
    ids=range(13),
)
def test_a_wrong_loop_is_told_why(function: Callable[..., Any], points: float, words: str) -> None:
    score = train_case(function, random_labels=True)
    assert score <= points
    assert words in told(score)


def test_a_network_is_measured_by_its_parameters(trained: dict[str, Any]) -> None:
    score = check_network(trained, data="mnist", points=RAMP, name="mnist_model")
    assert 4 <= score < 10
    assert "of the 10,000 test images of MNIST are right" in told(score)
    assert "full points at 92%" in told(score)
    claims = trained | {"accuracy": 0.99, "predict": lambda x: x}
    assert check_network(claims, data="mnist", points=RAMP, name="mnist_model") == score
    assert check_network(trained, data="mnist", points={0.5: 3}, name="mnist_model") == 3


def params_of(trained: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"activation": "relu", "params": trained["params"] | changes}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: None, "is still None"),
        (lambda t: t["params"], "without 'params'"),
        (lambda t: t | {"activation": "swish"}, "'swish'"),
        (lambda t: {"activation": "relu", "params": {"W1": 1}}, "lacks b1, W2, b2"),
        (lambda t: params_of(t, b1=np.full(32, np.nan)), "holds NaN"),
        (lambda t: params_of(t, b1=["a"] * 32), "no numbers"),
        (lambda t: params_of(t, W1=t["params"]["W1"].T), "Store W1.T and W2.T"),
        (lambda t: params_of(t, b2=np.zeros(3)), "b2 (3,)"),
        (lambda t: params_of(t, b2=np.eye(10)[7] * 1e6), "always class 7"),
        (lambda t: params_of(t, W1=t["params"]["W1"] / 255), "With pixels from 0 to 255"),
        (lambda t: params_of(t, **formulas.start_parameters(784, 8, 10, seed=3)), "hardly been"),
        (
            lambda t: params_of(t, **formulas.start_parameters(784, 2_001, 10, seed=3)),
            "2,001 hidden units",
        ),
    ],
    ids=range(12),
)
def test_a_network_that_does_not_work_is_told_why(
    trained: dict[str, Any], change: Callable[[Any], Any], words: str
) -> None:
    score = check_network(change(trained), data="mnist", points=RAMP, name="mnist_model")
    assert score == 0
    assert words in told(score)


def test_what_can_be_used_goes_on(trained: dict[str, Any]) -> None:
    assert is_network(trained)
    assert not is_network(None)
    assert not is_network({"activation": "relu", "params": {}})


def test_missing_clothes_cost_nothing_that_the_grader_has_to_answer_for(
    trained: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> Any:
        raise DatasetError("Fashion-MNIST is nowhere.")

    accuracy._test_images.cache_clear()
    monkeypatch.setattr(accuracy.fashion_mnist, "load_data", missing)
    case = {"data": "fashion_mnist", "points": {0.7: 4}, "name": "fashion_model"}
    score = check_network(trained, **case)
    assert score == 0
    assert "not on this computer" in told(score)
    with pytest.raises(CannotGrade, match="not on this machine"):
        check_network(trained, **case, required=True)


@pytest.fixture(scope="module")
def report(trained: dict[str, Any], mnist_data: tuple[Split, Split]) -> dict[str, Any]:
    return measured(trained, mnist_data, HELD_OUT)


def measured(network: dict[str, Any], data: tuple[Split, Split], rows: Array) -> dict[str, Any]:
    (images, labels), _ = data
    x = images[rows].reshape(-1, 784).astype(np.float32) / np.float32(255)
    loss, accuracy = GIVEN.evaluate(network["params"], x, labels[rows], "relu")
    return {"rows": rows, "loss": loss, "accuracy": accuracy}


def held_out_case(
    network: Any, report: Any, evaluate: Any = GIVEN.evaluate, rows: Any = FIT_ROWS
) -> Score:
    return check_held_out(evaluate, network, report, rows, function=2, apart=1, number=1)


def test_an_honest_report_earns_everything(trained: dict[str, Any], report: dict[str, Any]) -> None:
    assert held_out_case(trained, report) == 4
    plain = {"rows": HELD_OUT.tolist(), "accuracy": float(report["accuracy"])}
    assert held_out_case(trained, plain, rows=FIT_ROWS.tolist()) == 4


def test_training_rows_are_found(
    trained: dict[str, Any], report: dict[str, Any], mnist_data: tuple[Split, Split]
) -> None:
    training = measured(trained, mnist_data, FIT_ROWS)
    assert training["accuracy"] > report["accuracy"]
    lying = held_out_case(trained, report | {"accuracy": training["accuracy"]})
    assert lying == 3
    assert "that is the accuracy on the training rows" in told(lying)
    saying_so = held_out_case(trained, training)
    assert saying_so == 3
    assert "4,000 of the 4,000 rows were also used" in told(saying_so)


@pytest.mark.parametrize(
    ("change", "points", "words"),
    [
        (lambda r: None, 2, "still None"),
        (lambda r: {"rows": HELD_OUT}, 2, "without these"),
        (lambda r: r | {"rows": HELD_OUT[:50]}, 2, "at least 1,000"),
        (lambda r: r | {"rows": HELD_OUT + 0.5}, 2, "at least 1,000"),
        (lambda r: r | {"rows": HELD_OUT - 1}, 2, "no training image"),
        (lambda r: r | {"rows": np.repeat(HELD_OUT[:1000], 2)}, 2, "numbers twice"),
        (lambda r: r | {"accuracy": 0.999}, 3, "The grader finds"),
        (lambda r: r | {"accuracy": "good"}, 3, "is no number"),
    ],
    ids=range(8),
)
def test_a_wrong_report_is_told_why(
    trained: dict[str, Any],
    report: dict[str, Any],
    change: Callable[[Any], Any],
    points: float,
    words: str,
) -> None:
    score = held_out_case(trained, change(report))
    assert score == points
    assert words in told(score)


@pytest.mark.parametrize(
    ("evaluate", "words"),
    [
        (lambda p, x, y, a: (2.0, 0.5), "the same for two different networks"),
        (lambda p, x, y, a: GIVEN.evaluate(p, x, y, a)[::-1], "accuracy first"),
        (lambda p, x, y, a: (GIVEN.evaluate(p, x, y, a)[0], 100 * GIVEN.evaluate(p, x, y, a)[1]),
         "a share, from 0 to 1"),
        (lambda p, x, y, a: GIVEN.evaluate(p, x, y, "relu"), "expected"),
        (lambda p, x, y, a: 0.5, "expected two numbers"),
        (unwritten, "not written yet"),
    ],
    ids=range(6),
)  # fmt: skip
def test_a_wrong_evaluation_is_told_why(
    trained: dict[str, Any], report: dict[str, Any], evaluate: Any, words: str
) -> None:
    score = held_out_case(trained, report, evaluate)
    assert score == 2
    assert words in told(score)


def images_of(params: Any) -> Array:
    result: Array = params["W1"].T.reshape(-1, 28, 28)
    return result


def drawing(
    count: int = 12, *, title: str = "unit", above: str = "", mosaic: bool = False
) -> Figure:
    figure, axes = plt.subplots(3, 5)
    for axis in [axes.flat[0]] if mosaic else axes.flat[:count]:
        axis.imshow(np.zeros((28, 28)))
        axis.set_title(title)
    figure.suptitle(above)
    return figure


@pytest.fixture(autouse=True)
def no_figure_stays_open() -> Iterator[None]:
    yield
    plt.close("all")


def units_case(function: Any, figure: Any) -> Score:
    return check_unit_images(function, figure, images=2, drawn=1, labelled=1)


@pytest.mark.parametrize(
    "figure",
    [drawing, lambda: drawing(title="", above="hidden units"), lambda: drawing(mosaic=True)],
    ids=["titles", "one title above", "a mosaic"],
)
def test_any_form_of_picture_earns_everything(figure: Callable[[], Figure]) -> None:
    assert units_case(images_of, figure()) == 4
    assert units_case(images_of, take_apart(figure())) == 4


@pytest.mark.parametrize(
    ("function", "figure", "points", "words"),
    [
        (lambda p: p["W1"].reshape(-1, 28, 28), drawing, 2, "mixes the weights of all units"),
        (lambda p: images_of(p).swapaxes(1, 2), drawing, 2, "on their side"),
        (lambda p: images_of(p) / 2, drawing, 2, "not the weights in W1"),
        (lambda p: p["W1"].T, drawing, 2, "expected (6, 28, 28)"),
        (lambda p: images_of(p).tolist(), drawing, 4, ""),
        (unwritten, drawing, 2, "not written yet"),
        (images_of, lambda: drawing(3), 2, "holds 3 images"),
        (images_of, lambda: drawing(title=""), 3, "No title and no label"),
        (images_of, lambda: None, 2, "still None"),
        (images_of, lambda: "picture.png", 2, "expected a figure"),
    ],
    ids=range(10),
)
def test_wrong_pictures_are_told_why(
    function: Any, figure: Callable[[], Any], points: float, words: str
) -> None:
    score = units_case(function, figure())
    assert score == points
    assert words in told(score)


def test_the_notebook_goes_on_with_what_works() -> None:
    def own(z: Array) -> Array:
        return formulas.softmax(z)

    use = own_or_given(softmax=own, cross_entropy=unwritten)
    assert use.softmax is own
    assert use.cross_entropy is formulas.cross_entropy
    assert repr(use) == "yours: softmax\ngiven, until yours is right: cross_entropy"
    pairs = {"relu": (np.abs, np.sign), "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2), "odd": 3}
    later = own_or_given(use, activations=pairs, backward=unwritten, train=GIVEN.train)
    assert later.softmax is own
    assert later.activations["tanh"] == pairs["tanh"]
    assert later.activations["relu"][0](np.array([-2.0])) == 0
    assert {name for name, whose in later.origin.items() if whose == "yours"} == {
        "softmax", "tanh", "train",
    }  # fmt: skip


def test_whatever_a_student_defines_the_notebook_goes_on() -> None:
    nothing: Any = None
    use = own_or_given(
        softmax=nothing, activations=nothing, init_params=3, forward="f", cross_entropy=[],
        backward=unwritten, train=unwritten, evaluate=unwritten,
    )  # fmt: skip
    assert "yours" not in use.origin.values()
    params = use.init_params(20, 5, 10, 0)
    x, labels = np.ones((4, 20), np.float32), np.arange(4)
    assert use.forward(params, x, "relu")[2].shape == (4, 10)
    after = use.train(params, x, labels, "gelu", 0.1, 2, 3, 0)
    assert use.evaluate(after, x, labels, "gelu")[0] < use.evaluate(params, x, labels, "gelu")[0]
