"""What the checks of M7 see in trials, and in figures of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from mnist_course.checks import check_equal_parameters, check_two_measures, study_or_given
from mnist_course.checks.capacity.formulas import width_for
from mnist_course.checks.score import Score
from mnist_course.experiments import FitRecord, Trial
from mnist_course.grading.namespace import take_apart
from mnist_course.grading.serialization import Portable

matplotlib.use("Agg")

METRICS = ("train_cross_entropy", "val_cross_entropy")
MakeFit = Callable[..., FitRecord]


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def told(score: Score) -> str:
    return " ".join(f"{f.saw} {f.why} {f.next_step}" for f in score.findings)


def trial(make_fit: MakeFit, arm: str, hidden: Sequence[int]) -> Trial:
    return Trial(arm, 0, None, make_fit(1, hidden=tuple(hidden)), {})


def check_sizes(trials: Any) -> Score:
    return check_equal_parameters(
        trials, parameters=50_000, within=0.02, depths=(1, 2, 3), size=3, shape=1, name="mine"
    )


def test_networks_of_equal_size_earn_all_points(make_fit: MakeFit) -> None:
    trials = [trial(make_fit, f"{k} hidden", (width_for(k, 50_000),) * k) for k in (3, 1, 2)]
    assert check_sizes(trials) == 4
    assert check_sizes(tuple(trials)) == 4
    assert check_sizes({"mine": trials}) == 4


@pytest.mark.parametrize(
    ("hidden", "points", "words"),
    [
        ([(63,), (63, 63), (63,) * 3], 1, "'2 hidden' has 54,127 parameters, 8% away from 50,000"),
        ([(63,), (59, 59)], 1.5, "No network with 3 hidden layers was trained"),
        ([(63,)], 0, "No network with 2 and 3 hidden layers was trained"),
        ([(63,), (59, 59), (60, 30, 30)], 3, "have 60, 30 and 30 units"),
    ],
)  # fmt: skip
def test_networks_of_unequal_size_are_named(
    make_fit: MakeFit, hidden: list[tuple[int, ...]], points: float, words: str
) -> None:
    score = check_sizes([trial(make_fit, f"{len(h)} hidden", h) for h in hidden])
    assert (float(score), score.of) == (points, 4)
    assert words in told(score)


@pytest.mark.parametrize(
    ("value", "words"), [(None, "`mine` is still None"), ([], "0 trials"), ([0.9], "are no trials")]
)
def test_no_trials_are_told_as_such(value: Any, words: str) -> None:
    score = check_sizes(value)
    assert float(score) == 0
    assert words in told(score)


@pytest.fixture
def trials(make_fit: MakeFit) -> list[Trial]:
    rng = np.random.default_rng(0)
    return [
        Trial(arm, seed, None, make_fit(1 + seed), {
            "train_cross_entropy": training + 0.01 * rng.random(),
            "val_cross_entropy": 0.25 + training + 0.02 * rng.random(),
        })
        for arm, training in (("none", 0.02), ("strong", 0.15)) for seed in range(4)
    ]  # fmt: skip


def draw(trials: Sequence[Trial], metrics: Sequence[str] = METRICS, *, legend: bool = True) -> Any:
    figure, axes = plt.subplots()
    for metric in metrics:
        x = [t.arm for t in trials]
        axes.plot(x, [t.measured[metric] for t in trials], "o", label=metric)
    axes.set(xlabel="arm", ylabel="cross-entropy")
    if legend:
        axes.legend()
    return figure


def check_figure(figure: Any, trials: Any) -> Score:
    return check_two_measures(figure, trials, METRICS, each=2, named=1, axis="l2", name="my_figure")


def test_a_figure_of_both_measures_earns_its_points(trials: list[Trial]) -> None:
    assert check_figure(draw(trials), trials) == 5
    assert check_figure(take_apart(draw(trials)), trials) == 5  # as it leaves a student's kernel


def test_two_panels_with_titles_need_no_legend(trials: list[Trial]) -> None:
    figure, panels = plt.subplots(1, 2)
    for panel, metric in zip(panels, METRICS, strict=True):
        panel.plot([t.arm for t in trials], [t.measured[metric] for t in trials], "o")
        panel.set(xlabel="arm", title=metric, ylabel="nats")
    assert check_figure(figure, trials) == 5


def test_parts_of_a_figure_that_somebody_made_up_stop_nothing(trials: list[Trial]) -> None:
    parts = take_apart(draw(trials)).parts
    (axes,) = parts["axes"]
    bare = {"axes": [{"lines": axes["lines"], "xlabel": "arm", "legend": 7}], "legend": None}
    assert check_figure(Portable("figure", bare), trials) == 4


def test_a_figure_that_lacks_something_is_told_what(trials: list[Trial]) -> None:
    score = check_figure(draw(trials, legend=False), trials)
    assert (float(score), "Nothing says which points" in told(score)) == (4, True)

    score = check_figure(draw(trials, METRICS[1:]), trials)
    assert float(score) == 2
    assert "train_cross_entropy" in told(score)

    score = check_figure(draw(trials[:4]), trials)
    assert float(score) == 0
    assert "'strong'" in told(score)

    for figure in (None, 3, plt.figure()):
        score = check_figure(figure, trials)
        assert (float(score), score.of) == (0, 5)
        assert "my_figure" in told(score)


def test_a_figure_shows_the_own_study_where_there_is_one(trials: list[Trial]) -> None:
    other = [t.named("only one arm") for t in trials]
    assert study_or_given(trials, other) == trials
    for own in (None, [], other, 3, "trials"):
        assert study_or_given(own, trials) == trials
