"""Learning curves in a figure: those of the model's own fit, in any usual form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from mnist_course.checks import check_curves
from mnist_course.grading.namespace import take_apart
from mnist_course.grading.serialization import decode, encode

HISTORY = {
    "loss": (0.5, 0.3, 0.2, 0.15),
    "val_loss": (0.35, 0.25, 0.22, 0.21),
    "accuracy": (0.85, 0.91, 0.94, 0.955),
    "val_accuracy": (0.9, 0.93, 0.935, 0.94),
}
Check = Callable[[Any], tuple[float, str]]


@pytest.fixture(autouse=True)
def no_figure_stays_open() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.fixture
def check(known: Any, make_model: Any, make_log: Any, final: Any) -> Check:
    model = make_model()
    log = make_log(final(model, history=HISTORY, epochs=4))

    def run(curves: Any) -> tuple[float, str]:
        score = check_curves(curves, model, log)
        assert score.of == 5
        return float(score), str(score)

    return run


def draw(*names: str, legend: bool = True, labels: bool = True, factor: float = 1) -> Figure:
    figure, axes = plt.subplots()
    for name in names:
        axes.plot(range(1, 5), factor * np.array(HISTORY[name]), label=name)
    if legend:
        axes.legend()
    if labels:
        axes.set(xlabel="epoch", ylabel="value")
    return figure


def two_panels() -> Figure:
    figure, panels = plt.subplots(1, 2)
    for axes, metric in zip(panels, ("loss", "accuracy"), strict=True):
        axes.plot(HISTORY[metric], label="entraînement")
        axes.plot(HISTORY[f"val_{metric}"], "o--", label="données mises de côté")
        axes.set(xlabel="époque", title=metric)
        axes.legend()
    return figure


def pandas_plot() -> Figure:
    import pandas as pd

    axes = pd.DataFrame(HISTORY).plot(xlabel="epoch", ylabel="value")
    figure: Figure = axes.figure
    return figure


def seaborn_plot() -> Figure:
    import pandas as pd
    import seaborn as sns

    figure, axes = plt.subplots()
    sns.lineplot(pd.DataFrame(HISTORY)[["loss", "val_loss"]], ax=axes)
    axes.set(xlabel="epoch", ylabel="loss")
    return figure


def our_own() -> Figure:
    from mnist_course.visualization import plot_learning_curves

    figure: Figure = plot_learning_curves(HISTORY).axes_[0].figure
    return figure


def legend_of_the_figure() -> Figure:
    figure = draw("loss", "val_loss", legend=False)
    figure.legend()
    return figure


@pytest.mark.parametrize(
    "make",
    [
        lambda: draw("loss", "val_loss"),
        lambda: draw("accuracy", "val_accuracy", factor=100),
        lambda: draw(*HISTORY),
        two_panels,
        pandas_plot,
        seaborn_plot,
        our_own,
        legend_of_the_figure,
        lambda: [draw("loss", "accuracy"), draw("loss", "val_loss")],
    ],
    ids=[
        "loss", "percent", "all in one", "two panels", "pandas", "seaborn", "ours", "figure legend",
        "two figures",
    ],
)  # fmt: skip
def test_right_in_any_form(make: Callable[[], Any], check: Check) -> None:
    curves = make()
    earned, told = check(curves)
    assert earned == 5, told
    # As it arrives at the grader.
    frame = encode(curves, take_apart=take_apart)
    from mnist_course.grading.serialization import Portable

    arrived = decode(frame, build={"figure": lambda parts: Portable("figure", parts)})
    assert check(arrived) == (earned, told)


@pytest.mark.parametrize(
    ("make", "points", "words"),
    [
        (lambda: draw("loss", "accuracy"), 0, "its validation counterpart is missing"),
        (lambda: draw("val_loss"), 0, "its training counterpart is missing"),
        (lambda: draw("loss", "val_accuracy"), 0, "counterpart is missing"),
        (lambda: draw("loss", "val_loss", legend=False), 4, "no legend that names both"),
        (lambda: draw("loss", "val_loss", labels=False), 4, "horizontal axis has no name"),
        (plt.figure, 0, "no line in `curves`"),
    ],
    ids=["no validation", "no training", "two metrics", "no legend", "no names", "empty"],
)
def test_what_is_missing_is_said(
    make: Callable[[], Figure], points: float, words: str, check: Check
) -> None:
    earned, told = check(make())
    assert earned == points
    assert words in told


def test_labels_that_are_mixed_up(check: Check) -> None:
    figure = draw("loss", "val_loss")
    training, validation = figure.axes[0].get_lines()
    training.set_label("validation")
    validation.set_label("training")
    figure.axes[0].legend()
    earned, told = check(figure)
    assert earned == 4
    assert "'validation' holds the training values" in told


def test_validating_on_the_test_set_is_a_hint(make_model: Any, make_log: Any, final: Any) -> None:
    model, figure = make_model(), draw("loss", "val_loss")
    tested = final(model, history=HISTORY, epochs=4)
    assert tested.validation.test_rows == 10_000
    clean = replace(tested.validation, test_rows=0, train_rows=5_000)
    for validation, told in ((tested.validation, True), (clean, False), (None, False)):
        score = check_curves(figure, model, make_log(replace(tested, validation=validation)))
        assert float(score) == 5
        assert ("nothing is deducted" in str(score)) == told


def test_curves_of_another_fit(check: Check) -> None:
    figure, axes = plt.subplots()
    axes.plot([0.9, 0.8, 0.7], label="training")
    axes.plot([0.9, 0.8, 0.75], label="validation")
    earned, told = check(figure)
    assert earned == 0
    assert "None of the 2 lines" in told
    assert "has 4 epochs (the lines have 3 points)" in told


def test_a_history_is_what_a_figure_is_drawn_from(check: Check) -> None:
    kept = type("History", (), {"history": {k: list(v) for k, v in HISTORY.items()}})()
    for form in (kept, kept.history):
        earned, told = check(form)
        assert earned == 3
        assert "hides what a curve shows" in told
    only_training = {k: v for k, v in kept.history.items() if not k.startswith("val_")}
    assert check(only_training)[0] == 0
    assert check({**kept.history, "val_loss": [1, 2, 3, 4], "val_accuracy": "no"})[0] == 0


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "still None"), (3, "type int; expected a figure"), ([None], "still None")],
)
def test_what_is_no_figure(value: Any, words: str, check: Check) -> None:
    earned, told = check(value)
    assert earned == 0
    assert words in told


@pytest.mark.parametrize(
    ("history", "epochs", "words"),
    [
        ({"loss": (0.5, 0.4)}, 2, "nothing on validation data"),
        ({"loss": (0.5,), "val_loss": (0.4,)}, 1, "one epoch"),
    ],
)
def test_a_fit_without_curves(
    history: Any, epochs: int, words: str, make_model: Any, make_log: Any, final: Any
) -> None:
    model = make_model()
    log = make_log(final(model, history=history, epochs=epochs))
    assert words in str(check_curves(plt.figure(), model, log))
    assert "No fit" in str(check_curves(plt.figure(), make_model((3,)), make_log()))


def test_all_fits_of_a_model_or_the_last_one(make_model: Any, make_log: Any, final: Any) -> None:
    model = make_model()
    first = final(model, history=HISTORY, epochs=4, number=1)
    more = {name: tuple(reversed(values)) for name, values in HISTORY.items()}
    second = final(model, history=more, epochs=4, number=2, continued_from=1)
    log = make_log(first, second)
    whole = {name: HISTORY[name] + more[name] for name in HISTORY}
    for shown in (whole, more):
        figure, axes = plt.subplots()
        axes.plot(shown["loss"], label="training")
        axes.plot(shown["val_loss"], label="validation")
        axes.set(xlabel="epoch", ylabel="loss")
        axes.legend()
        assert check_curves(figure, model, log) == 5
