"""Points for learning curves: training beside validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_course.checks.figure_lines import Line, lines_of
from mnist_course.checks.no_points import or_no_points
from mnist_course.checks.score import CheckFailed, Score
from mnist_course.checks.trained_model import lineage, record_of
from mnist_course.grading.results import Finding

if TYPE_CHECKING:
    from mnist_course.experiments.recording.log import ExperimentLog

__all__ = ["check_curves"]

_TOLERANCE = 6e-3  # curves may be drawn from values that were rounded to two decimals
_DRAW = "Draw both over the epochs: axes.plot(epochs, history.history['val_loss'], label=...)."


@or_no_points("series", "legend", "labels")
def check_curves(
    curves: Any,
    model: Any,
    log: ExperimentLog,
    *,
    series: float = 3,
    legend: float = 1,
    labels: float = 1,
    name: str = "curves",
) -> Score:
    """Check that a figure shows a fit of the model, training beside validation.

    Parameters
    ----------
    curves : matplotlib.figure.Figure, list of them, or Keras' History
        A history is what a figure is drawn from: it earns ``series`` alone.
    model : keras.Model
    log : ExperimentLog
        Says what the fit of ``model`` really gave.
    series : float
        Points for a metric (or the loss) of both training and validation data, with a value for
        each epoch.
    legend : float
        Points for a legend that does not mix the two up.
    labels : float
        Points for axes with names.
    name : str
        The student's variable.

    Returns
    -------
    Score
        With no points, and the reason, if there is no figure, or no recorded fit with validation
        data to compare it with.
    """
    histories = _histories(model, log)
    of = series + legend + labels
    given = getattr(curves, "history", curves)
    if isinstance(given, Mapping):
        return _of_history(given, histories, series, of, name)
    drawn = lines_of(curves, name=name)
    pair = _pair(drawn, histories)
    if pair is None:
        return Score(0, of, findings=(_unlike(drawn, histories, name),))
    training, validation, metric = pair
    shown = Finding(f"Training and validation {metric} of your fit are drawn.")
    parts = (
        Score(series, of, findings=(shown,)),
        _legend(training, validation, legend, of),
        _axis_names(training, validation, labels, of),
        Score(0, of, findings=_hint(model, log)),
    )
    return Score(sum(parts), of, findings=[told for part in parts for told in part.findings])


def _histories(model: Any, log: ExperimentLog) -> list[dict[str, list[float]]]:
    """Return what the fits of a model gave: all of them in a row, and the last one alone."""
    record, _ = record_of(model, log)
    if record is None:
        raise CheckFailed(
            "No fit of `model` was recorded.",
            "Learning curves are drawn from what fit measured after each epoch.",
            "Train it with history = model.fit(...) after the set-up cell.",
        )
    fits = lineage(record, log)
    names = set.intersection(*(set(fit.history) for fit in fits))
    whole = {name: [value for fit in fits for value in fit.history[name]] for name in names}
    if not any(name.startswith("val_") for name in record.history):
        raise CheckFailed(
            "The fit of `model` measured nothing on validation data.",
            "Only images that are not used for training show when a network begins to learn by "
            "heart.",
            "Train it with model.fit(..., validation_data=(x_val, y_val)).",
        )
    if len(record.history.get("loss", ())) < 2 and len(fits) == 1:
        raise CheckFailed(
            "`model` was trained for one epoch.",
            "One point is no curve: it cannot say where things are going.",
            "Train a freshly built network for several epochs.",
        )
    return [whole, {name: list(values) for name, values in record.history.items()}]


def _hint(model: Any, log: ExperimentLog) -> tuple[Finding, ...]:
    """Say when the test set served as validation data, which costs nothing."""
    record, _ = record_of(model, log)
    if record is None or record.validation is None or not record.validation.test_rows:
        return ()
    return (
        Finding(
            f"The validation data of this fit hold {record.validation.test_rows:,} test images "
            "(a hint, nothing is deducted).",
            "Whoever chooses by a number, such as when to stop, fits the choice to it; then it no "
            "longer says what happens on new images.",
            "Use validation_data=(x_val, y_val), and keep the test set for the end.",
        ),
    )


def _of_history(
    given: Mapping[str, Any],
    histories: Sequence[Mapping[str, Sequence[float]]],
    series: float,
    of: float,
    name: str,
) -> Score:
    both = any(
        _same(given.get(metric), history[metric])
        and _same(given.get(f"val_{metric}"), history[f"val_{metric}"])
        for history in histories
        for metric in history
        if f"val_{metric}" in history
    )
    if not both:
        return Score(
            0,
            of,
            f"`{name}` is a history, but not that of a fit of `model` with validation data.",
            "Learning curves belong to one training run.",
            "Keep what model.fit(...) returns, and draw it.",
        )
    return Score(
        series,
        of,
        f"`{name}` holds the numbers of your fit, training and validation.",
        "A table of numbers hides what a curve shows at a glance.",
        _DRAW,
    )


def _same(values: Any, series: Sequence[float] | None) -> bool:
    """Tell whether values are a series, as shares or in percent."""
    if series is None or len(series) < 1:
        return False
    try:
        have = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        return False
    want = np.asarray(series, dtype=np.float64)
    if have.shape != want.shape:
        return False
    return any(bool(np.abs(have / f - want).max() <= _TOLERANCE) for f in (1.0, 100.0))


def _closest(lines: Sequence[Line], series: Sequence[float] | None) -> list[Line]:
    return [line for line in lines if _same(line.values, series)]


def _pair(
    lines: Sequence[Line], histories: Sequence[Mapping[str, Sequence[float]]]
) -> tuple[Line, Line, str] | None:
    """Return the lines of training and validation of one metric, with its name."""
    for history in histories:
        for metric in sorted(name for name in history if f"val_{name}" in history):
            training = _closest(lines, history[metric])
            validation = _closest(lines, history[f"val_{metric}"])
            for one in training:
                for other in validation:
                    if one is not other:
                        return one, other, metric
    return None


def _unlike(
    lines: Sequence[Line], histories: Sequence[Mapping[str, Sequence[float]]], name: str
) -> Finding:
    history = histories[0]
    shown = [key for key, values in sorted(history.items()) if _closest(lines, values)]
    if not lines:
        return Finding(
            f"There is no line in `{name}`.", "A curve is a line over the epochs.", _DRAW
        )
    if shown:
        training = [key for key in shown if not key.startswith("val_")]
        missing = "validation" if training else "training"
        return Finding(
            f"`{name}` shows {', '.join(shown)}; its {missing} counterpart is missing.",
            "Only the two together tell whether the network learns digits or learns its training "
            "images by heart.",
            _DRAW,
        )
    epochs = len(next(iter(history.values())))
    lengths = sorted({len(line.values) for line in lines})
    return Finding(
        f"None of the {len(lines)} lines in `{name}` is a series of your fit, which has {epochs} "
        f"epochs (the lines have {', '.join(map(str, lengths[:4]))} points).",
        "Learning curves show the training of the network that you hand in.",
        "Draw the history of the last fit of `model`, then run this cell again.",
    )


def _legend(training: Line, validation: Line, points: float, of: float) -> Score:
    names = [text for legend in (training.legend, validation.legend) for text in legend]
    if training.axes is validation.axes:
        names = list(training.legend)
    if len(names) < 2:
        return Score(
            0,
            of,
            "There is no legend that names both curves.",
            "Without it nobody knows which line is which.",
            "Give each plot(...) a label, then call axes.legend().",
        )
    first, second = training.label.lower(), validation.label.lower()
    if "val" in first or "test" in first or "train" in second:
        return Score(
            0,
            of,
            f"The curve called {training.label!r} holds the training values, and "
            f"{validation.label!r} the validation values.",
            "A reader would draw the opposite conclusion.",
            "history.history['loss'] is training, history.history['val_loss'] is validation.",
        )
    return Score(points, of)


def _axis_names(training: Line, validation: Line, points: float, of: float) -> Score:
    for line in (training, validation):
        title = str(line.axes.get("title", "")).strip()
        across, up = (str(line.axes.get(k, "")).strip() for k in ("xlabel", "ylabel"))
        if not across or not (up or title):
            what = "horizontal" if not across else "vertical"
            return Score(
                0,
                of,
                f"The {what} axis has no name.",
                "A number needs its unit: epochs to the right, a loss or a share of right answers "
                "upwards.",
                "axes.set(xlabel='epoch', ylabel='loss').",
            )
    return Score(points, of)
