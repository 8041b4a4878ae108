"""The figures that most studies have: arms, learning curves."""

from __future__ import annotations

from typing import Any

from mnist_course.experiments.studies.named_study import Figure, Results
from mnist_course.experiments.studies.plots import plot_arms, plot_curves, plot_sweep

__all__ = ["arms", "curves", "sweep"]


def arms(study: str, metric: str | None = None) -> Figure:
    """Return what draws the arms of a study by a measure, by default the one that decides."""

    def draw(results: Results) -> Any:
        asked = results.studies[study]
        return plot_arms(results.trials[study], metric or asked.metric, title=asked.question)

    return draw


def curves(study: str, series: str | None = None) -> Figure:
    """Return what draws the learning curves of a study."""

    def draw(results: Results) -> Any:
        asked = results.studies[study]
        return plot_curves(results.trials[study], series, title=asked.question)

    return draw


def sweep(study: str, field: str, metric: str | None = None, *, log: bool = False) -> Figure:
    """Return what draws a measure of a study against a number."""

    def draw(results: Results) -> Any:
        asked = results.studies[study]
        return plot_sweep(
            results.trials[study], field, metric or asked.metric, log=log, title=asked.question
        )

    return draw
