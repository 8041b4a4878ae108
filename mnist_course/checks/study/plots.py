"""Points for a picture of the trials that shows their spread."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mnist_course.checks.score import Score
from mnist_course.checks.study.drawn import (
    Axes,
    Drawn,
    axes_of,
    drawn_in,
    is_among,
    same_curve,
    series,
)
from mnist_course.checks.study.tables import not_measured, value_of
from mnist_course.experiments.trials.trial import Trial
from mnist_course.experiments.validity.design import Design
from mnist_course.experiments.validity.grouped import by_arm, listed
from mnist_course.grading.results import Finding

__all__ = ["check_study_plot"]

_SHOWN, _SPREAD, _NAMES = 0.5, 0.25, 0.25
_WIDEST = 30.0  # of a standard deviation: the 95 % interval of two runs has 18
_NEXT = "Draw every trial as a point, or the mean with an error bar, for each arm."
# How a value may be drawn: as it is, in percent, as the error, as the error in percent.
_FORMS = ((0.0, 1.0), (0.0, 100.0), (1.0, -1.0), (100.0, -100.0))

Form = tuple[float, float]


def check_study_plot(
    figure: Any, trials: Sequence[Trial], design: Design, *, points: float, name: str = "figure"
) -> Score:
    """Give points for a picture in which every arm is where its trials are.

    Half of the points for the arms, a quarter for their spread (every trial, an error bar, a box,
    several curves), a quarter for axes with names. Points, bars, boxes and learning curves count;
    the measure may be drawn upwards or to the right, as a share or in percent.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    trials : sequence of Trial
    design : Design
        Its metric is what is looked for.
    points : float
    name : str
        The student's variable.
    """
    axes = not_measured(trials, design) or axes_of(figure, name)
    if isinstance(axes, Finding):
        return Score(0, points, findings=(axes,))
    arms = by_arm(trials)
    shown, spread = _arms_in(axes, arms, design)
    if len(shown) < len(arms):
        missing = [arm for arm in arms if arm not in shown]
        share = len(shown) / len(arms) if len(shown) > 1 else 0.0
        return Score(
            points * _SHOWN * share,
            points,
            f"`{name}` shows {len(shown)} of {len(arms)} arms where their {design.metric} is; not "
            f"found: {listed(map(repr, missing))}.",
            "A picture that shows other numbers than the trials misleads whoever trusts it.",
            _NEXT,
        )
    earned, findings = _SHOWN, []
    if len(spread) == len(arms):
        earned += _SPREAD
    else:
        findings.append(_no_spread([arm for arm in arms if arm not in spread], name))
    unnamed = _unnamed(axes)
    if unnamed is None:
        earned += _NAMES
    else:
        findings.append(unnamed)
    if not findings:
        return Score(points, points, f"`{name}` shows all {len(arms)} arms with their spread.")
    return Score(points * earned, points, findings=findings)


def _arms_in(
    axes: Sequence[Axes], arms: Mapping[str, list[Trial]], design: Design
) -> tuple[list[str], list[str]]:
    """Return the arms that a picture shows, and those whose spread it shows."""
    values = {
        arm: [v for t in runs if math.isfinite(v := value_of(t, design.metric))]
        for arm, runs in arms.items()
    }
    best: tuple[list[str], list[str]] = ([], [])
    for drawn in drawn_in(axes):
        for form in _FORMS:
            shown = [a for a, v in values.items() if not v or _numbers_in(v, drawn, form)]
            spread = [a for a in shown if _has_spread(values[a], drawn, form)]
            best = max(best, (shown, spread), key=lambda pair: (len(pair[0]), len(pair[1])))
    if len(best[0]) == len(arms) and any(values.values()):
        return best
    curves = [y for one in axes for _, y in series(one, ("lines",))]
    counts = {arm: _curves(runs, curves) for arm, runs in arms.items()}
    of_curves = [arm for arm, count in counts.items() if count]
    if len(of_curves) <= len(best[0]):
        return best
    band = any(series(one, ("bands",)) for one in axes)
    return of_curves, [arm for arm in of_curves if counts[arm] > 1 or band]


def _numbers_in(values: Sequence[float], drawn: Drawn, form: Form) -> int:
    """Count the different numbers of an arm that are drawn: its values, mean, median."""
    wanted = {*values, statistics.fmean(values), statistics.median(values)}
    return sum(is_among(form[0] + form[1] * value, drawn.values) for value in wanted)


def _has_spread(values: Sequence[float], drawn: Drawn, form: Form) -> bool:
    if len(set(values)) < 2 or _numbers_in(values, drawn, form) > 1:
        return True
    mean = form[0] + form[1] * statistics.fmean(values)
    widest = _WIDEST * abs(form[1]) * statistics.stdev(values)
    return any(low < mean < high and high - low <= widest for low, high in drawn.intervals)


def _curves(runs: Sequence[Trial], curves: Sequence[Any]) -> int:
    """Count the learning curves of an arm that are drawn, its mean curve among them."""
    return sum(
        1 for wanted in _series_of(runs) if any(same_curve(curve, wanted) for curve in curves)
    )


def _series_of(runs: Sequence[Trial]) -> Iterator[tuple[float, ...]]:
    for name in dict.fromkeys(key for run in runs for key in run.fit.history):
        found = [run.fit.history[name] for run in runs if len(run.fit.history.get(name, ())) > 1]
        yield from found
        if len(found) > 1 and len({len(values) for values in found}) == 1:
            yield tuple(statistics.fmean(column) for column in zip(*found, strict=True))


def _no_spread(arms: Sequence[str], name: str) -> Finding:
    return Finding(
        f"`{name}` shows one value for {listed(map(repr, arms))}, not how far the runs lie apart.",
        "Two means always differ. Only the spread tells whether the difference is more than "
        "chance.",
        _NEXT,
    )


def _unnamed(axes: Sequence[Axes]) -> Finding | None:
    for one in axes:
        if not any(series(one, ("lines", "points"))) and not one.get("bars"):
            continue  # a legend of its own, an empty corner
        if not any(str(one.get(key, "")).strip() for key in ("xlabel", "ylabel")):
            # Along the other axis the names of the arms may stand.
            return Finding(
                "Neither axis has a name.",
                "Numbers without a name may mean anything: a loss, a share, percent.",
                'axes.set(xlabel="...", ylabel="...").',
            )
    return None
