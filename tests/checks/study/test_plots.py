"""Pictures of a study: every usual kind, every wrong one, here and as they leave a kernel."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from mnist_course.checks.study.plots import check_study_plot
from mnist_course.experiments import Design, frame
from mnist_course.experiments.trials.trial import Trial
from mnist_course.grading.namespace import export
from mnist_course.grading.serialization import Portable, decode
from tests.experiments.validity.cases import ARMS
from tests.experiments.validity.pretend import study

DESIGN = Design("dropout")
METRIC = "val_accuracy"
Draw = Callable[[Any, list[Trial]], None]


@pytest.fixture(scope="module")
def trials() -> list[Trial]:
    """Three arms, clearly apart."""
    return study(ARMS, levels={"no dropout": 0.9, "dropout 0.1": 0.93, "dropout 0.3": 0.86})


def _values(trials: list[Trial], metric: str = METRIC) -> list[list[float]]:
    return [[t.measured[metric] for t in trials if t.arm == arm] for arm in ARMS]


def _means(trials: list[Trial]) -> list[float]:
    return [statistics.fmean(values) for values in _values(trials)]


def _sds(trials: list[Trial]) -> list[float]:
    return [statistics.stdev(values) for values in _values(trials)]


def _figure(draw: Draw, trials: list[Trial], *, named: bool = True) -> Figure:
    figure = Figure()
    axes = figure.subplots()
    draw(axes, trials)
    axes.set(xlabel="arm", ylabel="accuracy") if named else axes.set(xlabel="", ylabel="")
    return figure


def _points(axes: Any, trials: list[Trial]) -> None:
    for place, values in enumerate(_values(trials)):
        axes.scatter([place] * len(values), values)


def _lying(axes: Any, trials: list[Trial]) -> None:
    for place, values in enumerate(_values(trials)):
        axes.plot([100 * v for v in values], [place] * len(values), "o")


def _errorbars(axes: Any, trials: list[Trial]) -> None:
    axes.errorbar(list(ARMS), _means(trials), yerr=_sds(trials))


def _bars(axes: Any, trials: list[Trial]) -> None:
    axes.bar(list(ARMS), _means(trials), yerr=_sds(trials), capsize=4)


def _lying_bars(axes: Any, trials: list[Trial]) -> None:
    axes.barh(list(ARMS), _means(trials), xerr=_sds(trials))


def _boxes(axes: Any, trials: list[Trial]) -> None:
    axes.boxplot(_values(trials))


def _violins(axes: Any, trials: list[Trial]) -> None:
    axes.violinplot(_values(trials), showmeans=True)


def _band(axes: Any, trials: list[Trial]) -> None:
    mean, sd = np.array(_means(trials)), np.array(_sds(trials))
    axes.plot([0, 0.1, 0.3], mean)
    axes.fill_between([0, 0.1, 0.3], mean - sd, mean + sd, alpha=0.3)


def _errors(axes: Any, trials: list[Trial]) -> None:
    for place, values in enumerate(_values(trials)):
        axes.scatter([place] * len(values), [100 * (1 - v) for v in values])


def _every_curve(axes: Any, trials: list[Trial]) -> None:
    for trial in trials:
        axes.plot(range(1, 5), trial.fit.history["val_cross_entropy"])


def _mean_curve(axes: Any, trials: list[Trial]) -> None:
    for arm in ARMS:
        series = np.array([t.fit.history["val_accuracy"] for t in trials if t.arm == arm])
        axes.plot(range(1, 5), series.mean(axis=0), label=arm)
        axes.fill_between(range(1, 5), series.min(axis=0), series.max(axis=0), alpha=0.3)


def _seaborn(kind: str, **options: Any) -> Draw:
    def draw(axes: Any, trials: list[Trial]) -> None:
        import seaborn

        getattr(seaborn, kind)(frame(trials), x="arm", y=METRIC, ax=axes, **options)

    return draw


RIGHT: dict[str, Draw] = {
    "points": _points,
    "points to the right, in percent": _lying,
    "error bars without caps": _errorbars,
    "bars": _bars,
    "lying bars": _lying_bars,
    "boxes": _boxes,
    "violins": _violins,
    "a band": _band,
    "errors in percent": _errors,
    "every learning curve": _every_curve,
    "mean curves with a band": _mean_curve,
    "seaborn's points": _seaborn("stripplot"),
    "seaborn's means": _seaborn("pointplot", errorbar="sd"),
    "seaborn's bars": _seaborn("barplot", errorbar=("ci", 95), n_boot=50, seed=0),
    "seaborn's boxes": _seaborn("boxplot"),
    "seaborn's violins": _seaborn("violinplot", inner="point"),
    "seaborn's swarm": _seaborn("swarmplot"),
}


def _sent(figure: Any, folder: Path) -> Any:
    """Return a figure as it arrives in the grader."""
    path = folder / "values"
    export({"figure": figure}, ["figure"], str(path))
    build = {"figure": lambda parts: Portable("figure", parts)}
    return decode(path.read_bytes(), build=build)["values"]["figure"]


@pytest.mark.filterwarnings("ignore:vert")  # seaborn's boxes speak to an older matplotlib
@pytest.mark.parametrize("kind", RIGHT)
def test_a_right_picture_of_any_kind(trials: list[Trial], kind: str, tmp_path: Path) -> None:
    figure = _figure(RIGHT[kind], trials)
    for shown in (figure, _sent(figure, tmp_path)):
        score = check_study_plot(shown, trials, DESIGN, points=4)
        assert float(score) == 4, str(score)


def _means_alone(axes: Any, trials: list[Trial]) -> None:
    axes.plot(range(3), _means(trials), "o-")


def _plain_bars(axes: Any, trials: list[Trial]) -> None:
    axes.bar(list(ARMS), _means(trials))


def _other_measure(axes: Any, trials: list[Trial]) -> None:
    for place, values in enumerate(_values(trials, "weight_norm")):
        axes.scatter([place] * len(values), values)


def _two_of_three(axes: Any, trials: list[Trial]) -> None:
    _points(axes, [t for t in trials if t.arm != "dropout 0.3"])


def _one_line(axes: Any, trials: list[Trial]) -> None:
    axes.plot(range(1, 5), trials[0].fit.history["val_accuracy"])


def _nothing(axes: Any, trials: list[Trial]) -> None:
    del trials
    axes.set_title("a title alone")


def _other_study(axes: Any, trials: list[Trial]) -> None:
    del trials
    axes.plot([0.5, 0.6, 0.7])


WRONG: dict[str, tuple[Draw, float, str]] = {
    "means without spread": (_means_alone, 3, "how far the runs lie apart"),
    "bars without spread": (_plain_bars, 3, "how far the runs lie apart"),
    "another measure": (_other_measure, 0, "0 of 3 arms"),
    "two of three arms": (_two_of_three, 4 / 3, "'dropout 0.3'"),
    "the curve of one run": (_one_line, 0, "of 3 arms"),
    "nothing": (_nothing, 0, "0 of 3 arms"),
    "other numbers": (_other_study, 0, "0 of 3 arms"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_picture_and_what_is_said(trials: list[Trial], kind: str, tmp_path: Path) -> None:
    draw, points, words = WRONG[kind]
    figure = _figure(draw, trials)
    for shown in (figure, _sent(figure, tmp_path)):
        score = check_study_plot(shown, trials, DESIGN, points=4)
        assert float(score) == pytest.approx(points, abs=0.01), str(score)
        assert words in str(score)


def test_axes_without_names_cost_a_quarter(trials: list[Trial]) -> None:
    score = check_study_plot(_figure(_points, trials, named=False), trials, DESIGN, points=4)
    assert float(score) == 3 and "Neither axis" in str(score)


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        (None, "still None"),
        (5, "int"),
        ("plot", "str"),
        (Figure(), "no axes"),
        (Portable("figure", {}), "no axes"),
        (Portable("figure", {"axes": [5, {}]}), "0 of 3"),
        (Portable("figure", {"axes": [{"lines": [{"x": "a", "y": [None, "b", 1e400]}]}]}), "0 of"),
        (Portable("model", {}), "expected a figure"),
    ],
    ids=str,
)
def test_whatever_is_left_instead_of_a_figure(trials: list[Trial], figure: Any, words: str) -> None:
    score = check_study_plot(figure, trials, DESIGN, points=4, name="mine")
    assert float(score) == 0 and words in str(score)


def test_axes_stand_for_their_figure(trials: list[Trial]) -> None:
    assert check_study_plot(_figure(_points, trials).axes[0], trials, DESIGN, points=4) == 4


def test_several_panels_count_together(trials: list[Trial]) -> None:
    figure = Figure()
    for axes, arm in zip(figure.subplots(1, 3), ARMS, strict=True):
        values = [t.measured[METRIC] for t in trials if t.arm == arm]
        axes.scatter(range(3), values)
        axes.set(title=arm, ylabel="accuracy")
    assert check_study_plot(figure, trials, DESIGN, points=4) == 4
