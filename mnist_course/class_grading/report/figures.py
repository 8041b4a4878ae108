"""Draw the three figures of the page; each with its words and its numbers as a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from mnist_course.class_grading.report.inline_svg import (
    ACCENT,
    CARD,
    GRID,
    INK,
    MUTED,
    inline_svg,
)
from mnist_course.class_grading.report.points_summary import PointsSummary
from mnist_course.grading.results import NotebookGrade
from mnist_course.grading.wording import points

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["PageFigure", "accuracy_figure", "confusion_figure", "points_figure"]

_WIDTH, _HEIGHT = 7.4, 3.1  # inches
_STRONGEST = 0.45  # of the colour behind a number: the number must stay readable in both schemes


@dataclass(frozen=True, slots=True)
class PageFigure:
    """A figure with everything that says the same without seeing.

    Parameters
    ----------
    name : str
        Begins its ids.
    title, text : str
        What it is called, and what is seen in it.
    svg : Markup
    columns : tuple of str
        Of the table with its numbers.
    rows : tuple of tuple of str
        The first field of each names the row.
    """

    name: str
    title: str
    text: str
    svg: Markup
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def points_figure(summary: PointsSummary) -> PageFigure | None:
    """Draw how the automatic points are distributed; None without students."""
    if not summary.bars or summary.median is None:
        return None
    from matplotlib.ticker import MaxNLocator

    figure, ax = _canvas()
    lows = [bar.low for bar in summary.bars]
    counts = [bar.count for bar in summary.bars]
    widths = [bar.high - bar.low for bar in summary.bars]
    ax.bar(lows, counts, width=widths, align="edge", color=ACCENT, edgecolor=CARD, linewidth=1.2)
    for low, width, count in zip(lows, widths, counts, strict=True):
        if count:
            ax.annotate(
                str(count),
                (low + width / 2, count),
                (0, 2),
                textcoords="offset points",
                ha="center",
                color=INK,
                fontsize=9,
                bbox={"facecolor": CARD, "edgecolor": "none", "pad": 0.8},
            )
    ax.axvline(summary.median, color=INK, linestyle="--", linewidth=1.2, zorder=0.5)
    ax.annotate(
        f"median {points(summary.median)}",
        (summary.median, 1),
        (0, 4),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha="center",
        color=INK,
        fontsize=10,
    )
    ax.set_xlim(0, summary.max_score)
    ax.set_ylim(0, max(counts) * 1.12)
    ax.yaxis.set_major_locator(MaxNLocator("auto", integer=True))
    _words(ax, "automatic points", "students")
    shown = [
        f"{points(bar.low)} {'to' if bar is summary.bars[-1] else 'to under'} {points(bar.high)}"
        for bar in summary.bars
    ]
    most = max(range(len(counts)), key=lambda index: counts[index])
    title = "Distribution of the automatic points"
    text = (
        f"Histogram of {_students(summary.students)} from 0 to {points(summary.max_score)} points. "
        f"The tallest bar is {shown[most]} points with {_students(counts[most])}; "
        f"the median is {points(summary.median)}."
    )
    return PageFigure(
        "fig-points",
        title,
        text,
        inline_svg(figure, name="fig-points", title=title),
        ("Points", "Students"),
        tuple((label, f"{count:,}") for label, count in zip(shown, counts, strict=True)),
    )


def accuracy_figure(grades: Sequence[NotebookGrade]) -> tuple[PageFigure | None, int]:
    """Draw test accuracy against the number of parameters.

    Returns
    -------
    (PageFigure or None, int)
        None where nobody has both; how many students have not.
    """
    pairs = [pair for grade in grades if (pair := _measured(grade)) is not None]
    missing = len(grades) - len(pairs)
    if not pairs:
        return None, missing
    size, accuracy = np.array(pairs).T  # (students,) each
    figure, ax = _canvas()
    ax.scatter(
        size, 100 * accuracy, s=26, color=ACCENT, alpha=0.6 if len(pairs) > 60 else 0.85,
        linewidths=0,
    )  # fmt: skip
    ax.set_xscale("log")
    if size.min() == size.max():  # a scale needs two ends
        ax.set_xlim(size[0] / 3, size[0] * 3)
    ax.xaxis.set_major_formatter(_power_of_ten)
    ax.xaxis.set_minor_formatter("")
    low, high = 100 * float(accuracy.min()), 100 * float(accuracy.max())
    ax.set_ylim(max(low - 0.06 * (high - low) - 1, -2), min(high + 0.06 * (high - low) + 1, 102))
    _words(ax, "parameters (logarithmic)", "test accuracy (%)")
    title = "Test accuracy against parameters"
    text = (
        f"Scatter of {_students(len(pairs))}. Parameters go from {size.min():,.0f} to "
        f"{size.max():,.0f} (median {np.median(size):,.0f}), accuracy from {low:.2f} % to "
        f"{high:.2f} % (median {100 * float(np.median(accuracy)):.2f} %)."
    )
    return (
        PageFigure(
            "fig-accuracy",
            title,
            text,
            inline_svg(figure, name="fig-accuracy", title=title),
            ("Parameters", "Students", "Lowest accuracy", "Median accuracy", "Highest accuracy"),
            tuple(_by_size(size, accuracy)),
        ),
        missing,
    )


def confusion_figure(counts: NDArray[Any]) -> PageFigure | None:
    """Draw which digits the class' networks take for which.

    Parameters
    ----------
    counts : ndarray of int (10, 10)
        Sum over the students; rows are true digits, columns what was read.

    Returns
    -------
    PageFigure or None
        None without any count.

    Raises
    ------
    ValueError
        If the shape is another one, or a count is negative.
    """
    from mnist_course.visualization import ConfusionMatrixDisplay

    counts = np.asarray(counts)
    if counts.shape != (10, 10) or counts.dtype.kind not in "iu" or (counts < 0).any():
        raise ValueError(
            "The confusion of a class is a (10, 10) array of counts, got shape "
            f"{counts.shape} of {counts.dtype}. Add up the students' matrices."
        )
    if not counts.any():
        return None
    digits = tuple("0123456789")
    display = ConfusionMatrixDisplay(counts, display_labels=digits, normalize="true")
    figure, ax = _canvas(width=6.2, height=5.6)
    _heatmap(ax, 100 * display.values, digits)
    worst = display.most_confused(3)
    said = ", ".join(
        f"{row.true} as {row.predicted} ({_share(row.share)} of all {row.true})"
        for row in worst.itertuples()
    )
    title = "Confusion of the class"
    text = (
        f"Heatmap of {int(counts.sum()):,} answers: rows are true digits, columns what was read, "
        f"numbers are % of the true digit. {_share(display.accuracy)} are right. "
        + (f"Most often wrong: {said}." if said else "None is wrong.")
    )
    rows = tuple(
        (digit, *(f"{int(count):,}" for count in row))
        for digit, row in zip(digits, counts, strict=True)
    )
    return PageFigure(
        "fig-confusion",
        title,
        text,
        inline_svg(figure, name="fig-confusion", title=title),
        ("True digit", *(f"read as {digit}" for digit in digits)),
        rows,
    )


def _canvas(width: float = _WIDTH, height: float = _HEIGHT) -> tuple[Figure, Axes]:
    """Return an empty figure that no global state knows of."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    ax = figure.add_subplot()
    for side, spine in ax.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(MUTED)
    ax.set_axisbelow(True)
    return figure, ax


def _words(ax: Axes, x: str, y: str) -> None:
    ax.grid(axis="y", color=GRID, linewidth=0.8)
    ax.tick_params(which="both", colors=MUTED, labelcolor=INK, labelsize=9.5)
    ax.set_xlabel(x, color=INK, fontsize=10.5)
    ax.set_ylabel(y, color=INK, fontsize=10.5)


def _heatmap(ax: Axes, percent: NDArray[Any], digits: Sequence[str]) -> None:
    """Draw shares (10, 10) in %: mistakes in colour, what is right without, both as numbers."""
    import seaborn as sns
    from matplotlib.colors import LinearSegmentedColormap, to_rgba

    right = np.eye(len(digits), dtype=bool)
    wrong = np.where(right | ~np.isfinite(percent), 0.0, percent)
    colours = LinearSegmentedColormap.from_list(
        "mistakes", [to_rgba(ACCENT, 0.0), to_rgba(ACCENT, _STRONGEST)]
    )
    texts = np.array([[_percent(value) for value in row] for row in percent], dtype=object)
    sns.heatmap(
        wrong, ax=ax, square=True, cmap=colours, vmin=0, vmax=max(float(wrong.max()), 0.1),
        cbar=False, annot=texts, fmt="", annot_kws={"color": INK, "fontsize": 9.5},
        linewidths=1, linecolor=GRID, xticklabels=digits, yticklabels=digits,
    )  # fmt: skip
    ax.set_xlabel("read as", color=INK, fontsize=10.5, labelpad=8)
    ax.set_ylabel("true digit", color=INK, fontsize=10.5, labelpad=10)
    ax.tick_params(length=0, labelcolor=INK, labelsize=10)
    ax.tick_params(axis="y", rotation=0)


def _percent(value: float) -> str:
    """Return a share in % as short as its cell; nothing where nothing happened."""
    if not math.isfinite(value) or value == 0:
        return ""
    return f"{value:.0f}" if value >= 9.95 else f"{value:.1f}" if value >= 0.05 else "<0.1"


def _measured(grade: NotebookGrade) -> tuple[float, float] | None:
    """Return (parameters, accuracy) where both are numbers that a network can have."""
    size = grade.measurements.get("parameters", math.nan)
    accuracy = grade.measurements.get("accuracy", math.nan)
    fits = 0 < size < 1e15 and 0 <= accuracy <= 1
    return (float(size), float(accuracy)) if fits and not grade.grader_failed else None


def _by_size(size: NDArray[Any], accuracy: NDArray[Any]) -> list[tuple[str, ...]]:
    """Return one row for each power of ten of parameters."""
    power = np.floor(np.log10(size) + 1e-9).astype(int)
    rows = []
    for p in np.unique(power):
        chosen = accuracy[power == p]
        rows.append(
            (
                f"{10.0**p:,.0f} to under {10.0 ** (p + 1):,.0f}",
                f"{len(chosen):,}",
                *(_share(float(v)) for v in (chosen.min(), np.median(chosen), chosen.max())),
            )
        )
    return rows


def _power_of_ten(value: float, _position: float) -> str:
    """Write 10,000 in full, and what is longer as a power."""
    if value < 1e7:
        return f"{value:,.0f}" if value >= 1 else f"{value:g}"
    return f"{value:.0e}".replace("e+0", "e").replace("e+", "e")


def _share(value: float) -> str:
    return f"{100 * value:.2f} %"


def _students(count: int) -> str:
    return f"{count:,} student{'' if count == 1 else 's'}"
