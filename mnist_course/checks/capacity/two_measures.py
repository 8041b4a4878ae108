"""Points for a figure that shows two measures of every trial side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mnist_course.checks.figure_lines import figure_parts
from mnist_course.checks.score import CheckFailed, Score
from mnist_course.checks.study.drawn import axes_of
from mnist_course.checks.study.plots import check_study_plot
from mnist_course.checks.study.reading import trials_in
from mnist_course.experiments.validity.design import Design
from mnist_course.grading.results import Finding

__all__ = ["check_two_measures"]


def check_two_measures(
    figure: Any,
    trials: Any,
    metrics: tuple[str, str],
    *,
    each: float,
    named: float,
    axis: str,
    name: str = "figure",
) -> Score:
    """Check that a figure shows both measures of all arms, and says which is which.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    trials : sequence of Trial
        What is drawn.
    metrics : (str, str)
        Names in ``Trial.measured``.
    each : float
        Points for each measure, as `check_study_plot` gives them: values, spread, names of axes.
    named : float
        Points for a legend with two names, or for panels with a title or a named axis each. Only
        where both measures are there.
    axis : str
        What the arms differ in.
    name : str
        The student's variable.
    """
    of = 2 * each + named
    try:
        given = trials_in(trials, name="trials")
    except CheckFailed as failed:
        return Score(0, of, findings=(failed.finding,))
    parts = [
        check_study_plot(figure, given, Design(axis, metric=metric), points=each, name=name)
        for metric in metrics
    ]
    earned, findings = sum(map(float, parts)), [f for part in parts for f in part.findings]
    if min(parts) >= each / 2:  # something to tell apart
        found = _mixed_up(_panels(figure, name), metrics)
        earned += named if found is None else 0
        findings += [] if found is None else [found]
    return Score(earned, of, findings=dict.fromkeys(findings))


def _panels(figure: Any, name: str) -> list[Mapping[str, Any]]:
    """Return title, name of the y axis and legend of the axes in which something is drawn."""
    parts, axes = figure_parts(figure), axes_of(figure, name)
    if parts is None or isinstance(axes, Finding):
        return []
    around = _texts(parts.get("legend"))
    return [
        {
            "title": str(one.get("title", "")),
            "ylabel": str(one.get("ylabel", "")),
            "legend": _texts(one.get("legend")) | around,
        }
        for one in axes
        if one.get("lines") or one.get("points") or one.get("bars")
    ]


def _texts(legend: Any) -> set[str]:
    # The parts of a figure come out of a student's process: of any form.
    return {str(text) for text in legend} if isinstance(legend, (list, tuple)) else set()


def _mixed_up(panels: Sequence[Mapping[str, Any]], metrics: Sequence[str]) -> Finding | None:
    """Say why nobody can tell the measures apart; None when it can be seen."""
    if all(len(one["legend"]) > 1 for one in panels):
        return None
    names = {one["title"] or one["ylabel"] for one in panels} - {""}
    if len(panels) > 1 and len(names) >= len(metrics):
        return None
    return Finding(
        f"Nothing says which points are {' and which are '.join(metrics)}.",
        "A reader would have to guess, and half of them would guess wrong.",
        "Give both a label and call panel.legend(), or draw them in two panels with titles.",
    )
