"""Draw what a model learned, for the feedback page.

Call :func:`draw` in the trusted test runner's process, never in the one that grades, which stays
small and never loads matplotlib. Only matplotlib is used, for the memory of a small container: the
students' ``mnist_course.visualization`` brings seaborn and pandas with it. The curves were recorded
beside student code, so they may hold any number.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mnist_course.grading.results import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["describe_confusion", "describe_curves", "draw"]

Matrix = Sequence[Sequence[int]]
Curves = Mapping[str, Sequence[float]]

# What is drawn, in Keras' names; an accuracy has other names when a metric object was compiled.
_PANELS = (
    ("Loss", ("loss",)),
    ("Accuracy", ("accuracy", "acc", "sparse_categorical_accuracy", "categorical_accuracy")),
)
_SIDES = (("", "training data", "#1f5fbf", "-"), ("val_", "validation data", "#c2571a", "--"))
_MOST_EPOCHS = 10_000
_MOST_CLASSES = 100
_HIGHEST = 1e12  # a loss beyond it is a gap
_PAIRS_TOLD = 3
_DPI = 150
_INK, _GRID, _RIGHT = "#1b2330", "#dbe0e8", "#eef1f5"


def draw(confusion: Matrix | None, curves: Curves | None) -> tuple[Picture, ...]:
    """Draw the confusion matrix, then the learning curves, as far as there are any.

    Parameters
    ----------
    confusion : sequence of sequence of int, shape (classes, classes), or None
        Rows are true classes, columns predicted ones.
    curves : mapping of str to sequence of float, or None
        Keras' ``History.history``, one value per epoch. Unknown names are left out; NaN and
        infinity are gaps.

    Returns
    -------
    tuple of Picture
        PNG with a text alternative that says the numbers.

    Raises
    ------
    ValueError
        If the confusion matrix is not square, is larger than 100 classes or holds negatives.
    """
    made = []
    if confusion is not None:
        matrix = _checked(confusion)
        made.append(
            Picture("Confusion matrix", describe_confusion(matrix), _png(_confusion_figure(matrix)))
        )
    if curves is not None and (panels := _panels(curves)):
        made.append(
            Picture("Learning curves", describe_curves(curves), _png(_curves_figure(panels)))
        )
    return tuple(made)


def describe_confusion(confusion: Matrix) -> str:
    """Say in words what the confusion matrix shows; draws nothing.

    Examples
    --------
    >>> describe_confusion([[8, 2], [0, 10]])
    '18 of 20 digits were read correctly (90.00 %). Most confused: 0 read as 1 (2 times).'
    """
    matrix = _checked(confusion)
    total = sum(map(sum, matrix))
    right = sum(row[true] for true, row in enumerate(matrix))
    if not total:
        return "No digit was read."
    told = f"{right:,} of {total:,} digits were read correctly ({_percent(right / total)})."
    pairs = [
        (count, true, predicted)
        for true, row in enumerate(matrix)
        for predicted, count in enumerate(row)
        if count and true != predicted
    ]
    pairs.sort(key=lambda pair: (-pair[0], pair[1:]))
    if pairs:
        most = [
            f"{true} read as {predicted} ({count:,} {'time' if count == 1 else 'times'})"
            for count, true, predicted in pairs[:_PAIRS_TOLD]
        ]
        told += f" Most confused: {', '.join(most)}."
    return told


def describe_curves(curves: Curves) -> str:
    """Say in words where the learning curves ended; draws nothing."""
    panels = _panels(curves)
    if not panels:
        return "No learning curve was recorded."
    epochs = max(len(values) for _, lines in panels for values in lines.values())
    ends = [
        f"{title.lower()} on {side} {_number(title, values[-1])}"
        for title, lines in panels
        for side, values in lines.items()
    ]
    told = f"After {epochs:,} {'epoch' if epochs == 1 else 'epochs'}: {', '.join(ends)}."
    for title, lines in panels:
        held_out = lines.get("validation data", ())
        finite = [
            (value, -epoch) for epoch, value in enumerate(held_out, 1) if math.isfinite(value)
        ]
        if title == "Accuracy" and len(finite) > 1:
            best, epoch = max(finite)
            told += f" Validation accuracy was best after epoch {-epoch}: {_percent(best)}."
    return told


def _checked(confusion: Matrix) -> list[list[int]]:
    matrix = [[int(count) for count in row] for row in confusion]
    if len(matrix) > _MOST_CLASSES or any(len(row) != len(matrix) for row in matrix):
        sizes = sorted({len(row) for row in matrix})
        raise ValueError(
            f"a confusion matrix is square with at most {_MOST_CLASSES} classes, got {len(matrix)} "
            f"rows of {sizes} columns"
        )
    if any(count < 0 for row in matrix for count in row):
        raise ValueError("a confusion matrix counts, so it holds no negative number")
    return matrix


def _panels(curves: Curves) -> list[tuple[str, dict[str, list[float]]]]:
    """Return (title, side to values) for what can be drawn."""
    panels = []
    for title, names in _PANELS:
        lines = {
            side: [float(value) for value in curves[prefix + name]][:_MOST_EPOCHS]
            for prefix, side, _, _ in _SIDES
            for name in names
            if curves.get(prefix + name)
        }
        if lines:
            panels.append((title, lines))
    return panels


def _percent(share: float) -> str:
    return f"{share:.2%}".replace("%", " %")


def _number(title: str, value: float) -> str:
    if not math.isfinite(value):
        return "not a finite number"
    return _percent(value) if title == "Accuracy" else f"{value:.4f}"


def _figure(width: float, height: float) -> Figure:
    """Make a figure without pyplot, so that no window, backend or global state is involved."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=_DPI, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _png(figure: Figure) -> bytes:
    written = io.BytesIO()
    # No date and no version in the file: the same numbers give the same bytes.
    figure.savefig(written, format="png", metadata={"Software": None})
    return written.getvalue()


def _confusion_figure(matrix: list[list[int]]) -> Figure:
    """Colour the mistakes only: beside the diagonal's hundreds they would all look like zero."""
    from matplotlib.colors import Normalize
    from matplotlib.patches import Rectangle

    classes = len(matrix)
    figure = _figure(6.4, 5.6)
    axes = figure.subplots()
    mistakes = [
        [math.nan if true == predicted else count for predicted, count in enumerate(row)]
        for true, row in enumerate(matrix)
    ]
    most = max((n for row in mistakes for n in row if not math.isnan(n)), default=0)
    colours = axes.imshow(mistakes, cmap="YlOrRd", norm=Normalize(0, max(most, 1)))
    for digit in range(classes):
        axes.add_patch(Rectangle((digit - 0.5, digit - 0.5), 1, 1, facecolor=_RIGHT))
    if classes <= 20:  # more would not be legible
        for true, row in enumerate(matrix):
            for predicted, count in enumerate(row):
                dark = true != predicted and count > 0.6 * most
                weight = "bold" if true == predicted else "normal"
                if count:
                    axes.text(
                        predicted, true, str(count), ha="center", va="center", fontsize=8.5,
                        fontweight=weight, color="white" if dark else _INK,
                    )  # fmt: skip
    axes.set_xticks(range(classes))
    axes.set_yticks(range(classes))
    axes.set_xlabel("read as")
    axes.set_ylabel("true digit")
    axes.set_title("Right on the grey diagonal, mistakes in colour", fontsize=11, color=_INK)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(colours, ax=axes, shrink=0.8, label="mistakes")
    bar.outline.set_visible(False)
    return figure


def _curves_figure(panels: list[tuple[str, dict[str, list[float]]]]) -> Figure:
    figure = _figure(6.4, 2.9 * len(panels))
    for axes, (title, lines) in zip(
        figure.subplots(len(panels), squeeze=False)[:, 0], panels, strict=True
    ):
        _draw_panel(axes, title, lines)
    return figure


def _draw_panel(axes: Axes, title: str, lines: dict[str, list[float]]) -> None:
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    for _, side, colour, dashes in _SIDES:
        if side in lines:
            # matplotlib cannot place infinity or span 1e308; as NaN they are gaps like every other.
            values = [v if abs(v) < _HIGHEST else math.nan for v in lines[side]]
            epochs = range(1, len(values) + 1)
            marker = "o" if len(values) <= 50 else ""
            axes.plot(
                epochs, values, color=colour, linestyle=dashes, marker=marker, markersize=4.5,
                label=side,
            )  # fmt: skip
    axes.set_title(title, fontsize=11, color=_INK, loc="left")
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if title == "Accuracy":
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.grid(color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=9)
