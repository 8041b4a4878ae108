"""Points for a table that says what the trials say."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from mnist_course.checks.score import Score
from mnist_course.checks.study.table_rows import (
    Layout,
    Rows,
    has_words,
    in_order,
    layouts,
    named_in,
    rows_of,
)
from mnist_course.experiments.trials.trial import Trial
from mnist_course.experiments.validity.design import Design
from mnist_course.experiments.validity.grouped import by_arm, listed, of_arm
from mnist_course.grading.results import Finding

__all__ = ["check_study_table", "not_measured", "value_of"]

_ROUNDING = 6e-4  # three decimals, as people write them
_NEXT = 'Make it from the trials: summary(trials, "{metric}"), or frame(trials).'

Means = Mapping[str, float]


def check_study_table(
    table: Any, trials: Sequence[Trial], design: Design, *, points: float, name: str = "table"
) -> Score:
    """Give points for a table in which every arm has its mean, or every trial its number.

    Parameters
    ----------
    table : pandas.DataFrame
        A row for each arm, or for each trial, with the measure of the design in some column, as
        a share or in percent.
    trials : sequence of Trial
    design : Design
    points : float
    name : str
        The student's variable.
    """
    read = not_measured(trials, design) or rows_of(table, name)
    if isinstance(read, Finding):
        return Score(0, points, findings=(read,))
    arms = by_arm(trials)
    expected = _means(arms, lambda trial: value_of(trial, design.metric))
    named = list(layouts(read, list(arms)))
    meant = [*named, *in_order(read, list(arms))]
    if any(_agrees(column, expected) for columns in meant for column in columns.values()):
        return Score(points, points, f"`{name}` agrees with the record for all {len(arms)} arms.")
    if not meant or (not named and has_words(read)):
        return Score(0, points, findings=(_missing_arms(read, arms, name, design),))
    return Score(0, points, findings=(_wrong(meant, arms, expected, design, name),))


def value_of(trial: Trial, metric: str) -> float:
    """Return a measure of a trial, NaN where it has none."""
    value = trial.seconds if metric == "seconds" else trial.measured.get(metric, math.nan)
    return value if math.isfinite(value) else math.nan


def not_measured(trials: Sequence[Trial], design: Design) -> Finding | None:
    """Say that there are trials without the measure of the design; None when all have it."""
    metric = design.metric
    lacking = [t for t in trials if metric != "seconds" and metric not in t.measured]
    if not lacking:
        return None
    return Finding(
        f"{len(lacking)} of {len(trials)} trials have no {metric}; the first is "
        f"{of_arm(lacking[0])}.",
        "Arms can only be compared by what was measured in all of them.",
        "Leave the trials as `run` or `own_trial` returns them.",
    )


def _means(arms: Mapping[str, Sequence[Trial]], number: Callable[[Trial], float]) -> Means:
    return {arm: _mean([number(trial) for trial in trials]) for arm, trials in arms.items()}


def _mean(values: Sequence[float]) -> float:
    """Return the mean of what is finite; NaN where nothing is."""
    finite = [value for value in values if math.isfinite(value)]
    return statistics.fmean(finite) if finite else math.nan


def _agrees(column: Mapping[str, Sequence[float]], expected: Means) -> bool:
    return any(
        all(_near(_mean(column[arm]), value * factor, factor) for arm, value in expected.items())
        for factor in (1.0, 100.0)
    )


def _near(one: float, other: float, factor: float) -> bool:
    if math.isnan(other):
        return True  # a run that failed: whatever stands there says so
    if math.isnan(one):
        return False
    # Large numbers, such as counts, are rounded too.
    return abs(one - other) <= max(_ROUNDING * factor, 1e-3 * abs(other))


def _missing_arms(
    rows: Rows, arms: Mapping[str, Sequence[Trial]], name: str, design: Design
) -> Finding:
    have = named_in(rows, list(arms))
    lacking = [arm for arm in arms if arm not in have]
    return Finding(
        f"`{name}` has {len(rows)} rows; there is none for {listed(map(repr, lacking))}.",
        "A table that leaves an arm out hides a result.",
        _NEXT.format(metric=design.metric),
    )


def _wrong(
    meant: Sequence[Layout],
    arms: Mapping[str, list[Trial]],
    expected: Means,
    design: Design,
    name: str,
) -> Finding:
    """Say what the numbers are instead, where they are something known."""
    for numbers, saw, why in _mistaken_for(arms, design):
        known = all(math.isfinite(value) for value in numbers.values())
        if known and any(_agrees(c, numbers) for columns in meant for c in columns.values()):
            return Finding(f"`{name}` {saw}", why, _NEXT.format(metric=design.metric))
    column, arm = _nearest(meant, expected, design)
    told = _mean(column[arm])
    given = "no number" if math.isnan(told) else f"{told:.4g}"
    return Finding(
        f"`{name}` says {given} for {arm!r}; its {len(arms[arm])} trials have a mean "
        f"{design.metric} of {expected[arm]:.4f}.",
        "A table is only as good as its worst number: each must come from the trials.",
        _NEXT.format(metric=design.metric),
    )


def _mistaken_for(
    arms: Mapping[str, list[Trial]], design: Design
) -> Iterator[tuple[Means, str, str]]:
    metric = design.metric
    if not metric.startswith("val_"):
        return
    plain = metric.removeprefix("val_")
    best = min if any(word in plain for word in ("entropy", "mse", "loss")) else max
    yield (
        _means(arms, lambda t: _last(t, metric)),
        f"holds the {metric} of the last epoch, not of the final weights.",
        "Where early stopping restored the best weights, history[-1] belongs to weights that are "
        "gone.",
    )
    yield (
        {arm: best(value_of(t, metric) for t in runs) for arm, runs in arms.items()},
        f"holds the best run of each arm, not the mean of its runs ({metric}).",
        "The best of several runs is mostly luck: who tries more often finds a better one.",
    )
    yield (
        _means(arms, lambda t: _last(t, "val_loss")),
        "holds val_loss.",
        "Under L2 it is cross-entropy plus the penalty, and the penalty grows with its factor.",
    )
    yield (
        _means(arms, lambda t: value_of(t, f"train_{plain}")),
        f"holds train_{plain}, measured on images that were trained on.",
        "There the network that learns by heart looks best.",
    )
    yield (
        _means(arms, lambda t: value_of(t, f"test_{plain}")),
        f"holds test_{plain}.",
        "The best of several tries looks better than it is on the images by which it was chosen.",
    )
    yield (
        {arm: value_of(runs[0], metric) for arm, runs in arms.items()},
        f"holds one run of each arm (seed {next(iter(arms.values()))[0].seed}), not the mean.",
        "One run may be luck; the others were made in order to know.",
    )


def _last(trial: Trial, name: str) -> float:
    values = trial.fit.history.get(name, ())
    return values[-1] if values else math.nan


def _nearest(
    meant: Sequence[Layout], expected: Means, design: Design
) -> tuple[Mapping[str, Sequence[float]], str]:
    """Return the column that is meant most likely, with the arm that is farthest off."""
    named = [
        column
        for columns in meant
        for key, column in columns.items()
        if design.metric in key or key in ("mean", "value")
    ]
    every = named or [column for columns in meant for column in columns.values()]

    def off(column: Mapping[str, Sequence[float]], arm: str) -> float:
        gap = abs(_mean(column[arm]) - expected[arm])
        return math.inf if math.isnan(gap) else gap

    column = min(every, key=lambda c: sum(off(c, arm) for arm in expected))
    return column, max(expected, key=lambda arm: off(column, arm))
