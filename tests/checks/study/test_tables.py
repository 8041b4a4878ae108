"""Tables of a study: every right layout, every wrong number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from mnist_course.checks.study.tables import check_study_table
from mnist_course.experiments import Design, frame, summary
from mnist_course.experiments.trials.trial import Trial
from tests.experiments.validity.cases import ARMS, L2, STOPPING
from tests.experiments.validity.pretend import study, with_measured

DESIGN = Design("dropout")
METRIC = "val_accuracy"
MakeTable = Callable[[list[Trial]], Any]


@pytest.fixture(scope="module")
def trials() -> list[Trial]:
    """Three arms in an order that is not that of the alphabet."""
    return study(ARMS, levels={"no dropout": 0.9, "dropout 0.1": 0.92, "dropout 0.3": 0.87})


def _means(trials: list[Trial]) -> Any:
    return frame(trials).groupby("arm", sort=False)[METRIC].mean()


def _without_index(table: Any) -> Any:
    return table.reset_index(drop=True)


RIGHT: dict[str, MakeTable] = {
    "summary": lambda t: summary(t, METRIC),
    "summary whose index did not travel": lambda t: _without_index(summary(t, METRIC)),
    "frame": frame,
    "frame in another order": lambda t: frame(t).sort_values(METRIC),
    "grouped": lambda t: frame(t).groupby("arm")[METRIC].agg(["mean", "std"]),
    "grouped, without its index": lambda t: _without_index(
        frame(t).groupby("arm")[METRIC].agg(["mean", "std"])
    ),
    "rounded": lambda t: summary(t, METRIC).round(3),
    "in percent": lambda t: 100 * summary(t, METRIC)[["mean", "sd"]],
    "in percent with one decimal": lambda t: (100 * summary(t, METRIC)[["mean"]]).round(2),
    "as words": lambda t: pd.DataFrame(
        {"arm": list(ARMS), "accuracy": [f"{m:.4f} ± 0.004" for m in _means(t)]}
    ),
    "other names for the columns": lambda t: pd.DataFrame(
        {"Bedingung": list(ARMS), "Genauigkeit": list(_means(t))}
    ),
    "an arm for each column": lambda t: summary(t, METRIC).T,
    "a seed for each row, an arm for each column": lambda t: frame(t).pivot(
        index="seed", columns="arm", values=METRIC
    ),
    "with a row for something else": lambda t: pd.concat(
        [summary(t, METRIC), pd.DataFrame({"mean": [0.5]}, index=["by hand"])]
    ),
    "names with capitals": lambda t: summary(t, METRIC).rename(index=str.upper),
    "several measures": lambda t: frame(t).groupby("arm").mean(numeric_only=True),
}


@pytest.mark.parametrize("layout", RIGHT)
def test_a_right_table_in_any_layout(trials: list[Trial], layout: str) -> None:
    score = check_study_table(RIGHT[layout](trials), trials, DESIGN, points=2)
    assert float(score) == 2, str(score)


WRONG: dict[str, tuple[MakeTable, str]] = {
    "a number by hand": (
        lambda t: summary(t, METRIC).assign(mean=[0.91, 0.93, 0.95]),
        "'dropout 0.3'",
    ),
    "an arm left out": (lambda t: summary(t, METRIC).drop("dropout 0.3"), "'dropout 0.3'"),
    "the best run of each arm": (
        lambda t: frame(t).groupby("arm", sort=False)[[METRIC]].max(),
        "best run",
    ),
    "one seed": (lambda t: frame(t)[frame(t).seed == 0][["arm", METRIC]], "one run"),
    "training accuracy": (
        lambda t: frame(t).groupby("arm")[["train_accuracy"]].mean(),
        "trained on",
    ),
    "test accuracy": (lambda t: frame(t).groupby("arm")[["test_accuracy"]].mean(), "test_accuracy"),
    "the means under the wrong arms": (
        lambda t: pd.DataFrame({"arm": [*ARMS][::-1], "mean": list(_means(t))}),
        "mean",
    ),
    "no number": (lambda t: pd.DataFrame({"arm": [*ARMS], "how": ["good"] * 3}), "no number"),
    "no row": (lambda t: summary(t, METRIC).iloc[:0], "0 rows"),
    "a list": (lambda t: [1, 2, 3], "list"),
    "nothing": (lambda t: None, "still None"),
    "a type": (lambda t: pd.DataFrame, "type"),
    "another study": (
        lambda t: summary(study(STOPPING, levels={"to the end": 0.8}), METRIC),
        "there is none for",
    ),
    "far too large": (lambda t: pd.DataFrame({"x": range(30_000)}), "30,000"),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_wrong_table_and_what_is_said(trials: list[Trial], mistake: str) -> None:
    make, words = WRONG[mistake]
    score = check_study_table(make(trials), trials, DESIGN, points=2, name="mine")
    assert float(score) == 0, str(score)
    assert words in str(score) and "`mine`" in str(score)
    assert score.findings[0].why and score.findings[0].next_step


def test_the_last_epoch_instead_of_the_restored_one() -> None:
    trials = study(STOPPING)
    last = frame(trials).assign(**{METRIC: [t.fit.history[METRIC][-1] for t in trials]})
    score = check_study_table(
        last[["arm", METRIC]], trials, Design("patience"), points=2, name="mine"
    )
    assert float(score) == 0 and "last epoch" in str(score)


def test_the_loss_with_its_penalty_instead_of_cross_entropy() -> None:
    trials = study(L2)
    loss = pd.DataFrame(
        {"arm": [t.arm for t in trials], "loss": [t.fit.history["val_loss"][-1] for t in trials]}
    )
    design = Design("l2", metric="val_cross_entropy")
    score = check_study_table(loss, trials, design, points=2)
    assert float(score) == 0 and "holds val_loss" in str(score)


def test_an_arm_that_failed_may_stand_there_as_it_likes(trials: list[Trial]) -> None:
    lost = [
        with_measured(t, val_accuracy=float("nan")) if t.arm == "dropout 0.3" else t for t in trials
    ]
    score = check_study_table(summary(lost, METRIC), lost, DESIGN, points=2)
    assert float(score) == 2, str(score)


def test_columns_with_one_name_are_no_problem(trials: list[Trial]) -> None:
    table = summary(trials, METRIC)
    both = pd.concat([table[["n"]], table[["mean"]]], axis=1)
    both.columns = pd.Index(["x", "x"])
    assert check_study_table(both, trials, DESIGN, points=2) == 2
