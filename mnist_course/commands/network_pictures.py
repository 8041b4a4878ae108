"""Draw a network of `mnist_course.numpy_nn`, into files and on the screen."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

from mnist_course.atomic_write import write_bytes
from mnist_course.commands.network_evaluation import Evaluation, Opened, open_model
from mnist_course.numpy_nn import Dense, Sequential
from mnist_course.visualization import (
    plot_activations,
    plot_confusion_matrix,
    plot_hidden_units,
    plot_learning_curves,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw", "save", "save_confusion", "show", "there_is_a_screen"]

_DPI = 130
_EXAMPLES = 6
_UNITS = 100  # of a first layer, at most


def draw(path: Path, dataset: str | None) -> dict[str, Figure]:
    """Draw the model in a file.

    Parameters
    ----------
    path : Path
    dataset : str or None
        See `mnist_course.commands.network_evaluation.open_model`.

    Returns
    -------
    dict of str to Figure
        By the name of the file that belongs to each.

    Raises
    ------
    ModelFileError, DatasetError, CorruptDataError
        As `open_model`.
    """
    opened = open_model(path, dataset)
    x, y = opened.examples.test()
    outputs = opened.model.predict(x)
    said = outputs.argmax(axis=1)
    wrong = np.flatnonzero(said != y)
    wrong = wrong[np.argsort(-outputs[wrong, said[wrong]], kind="stable")]  # the surest first
    right = _one_of_each(said, y)
    figures = {"hidden-units.png": _figure(_hidden_units(opened))}
    for name, rows, title in (
        ("right", right, "Right answers"),
        ("wrong", wrong[:_EXAMPLES], "Wrong answers, the surest first"),
    ):
        if len(rows):
            axes = _activations(opened, x[rows], y[rows], title=title)
            figures[f"activations-{name}.png"] = _figure(axes)
    curves = _complete(opened.record.history)
    if curves:
        shown = plot_learning_curves(curves)
        figures["learning-curves.png"] = _figure(shown.axes_[0])
    return figures


def save(pictures: Mapping[str, Figure], folder: Path) -> list[Path]:
    """Write every picture into a folder, made if missing; return the files.

    Raises
    ------
    OSError
        If the folder cannot be written. No picture is ever half there.
    """
    ready = {name: _png(figure) for name, figure in pictures.items()}
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in ready.items():
        write_bytes(folder / name, content)
    return [folder / name for name in ready]


def save_confusion(evaluation: Evaluation, path: Path) -> None:
    """Draw the confusion matrix of the test images into a file."""
    test = evaluation.test
    display = plot_confusion_matrix(
        test.labels, test.predictions, class_names=evaluation.opened.examples.dataset.class_names
    )
    write_bytes(path, _png(_figure(display.ax_)))


def there_is_a_screen() -> bool:
    """Tell whether somebody is there to look, and matplotlib can open a window."""
    windowless = {"agg", "cairo", "pdf", "pgf", "ps", "svg", "template"}
    return sys.stdout.isatty() and plt.get_backend().lower() not in windowless


def show() -> None:
    """Open all figures; return when the windows are closed."""
    plt.show()


def _hidden_units(opened: Opened) -> Axes:
    first = _dense(opened.model)[0]
    units = first.kernel.shape[1]
    what = "hidden unit" if len(_dense(opened.model)) > 1 else "class"
    title = f"What each {what} looks for"
    if units > _UNITS:
        title += f" ({_UNITS} of {units})"
    shown = range(min(units, _UNITS))
    return plot_hidden_units(first.kernel, units=shown, title=title).ax_


def _activations(
    opened: Opened, x: NDArray[np.float32], y: NDArray[np.uint8], *, title: str
) -> Axes:
    outputs = opened.model.activations(x)
    hidden = {
        f"hidden layer {i + 1} ({values.shape[1]} units)": values
        for i, values in enumerate(outputs[:-1])
    }
    names = opened.examples.dataset.class_names
    layers = {**hidden, "answer": outputs[-1]}
    return plot_activations(x, layers, y, class_names=names, title=title).ax_


def _one_of_each(said: NDArray[np.int64], y: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return the first test image of each of the first classes that the model reads rightly."""
    rows = [np.flatnonzero((y == label) & (said == label)) for label in range(10)]
    return np.array([found[0] for found in rows if len(found)][:_EXAMPLES], dtype=np.int64)


def _complete(history: Mapping[str, Sequence[float]]) -> dict[str, Sequence[float]]:
    """Return the curves that have a value for every epoch."""
    epochs = len(history.get("loss", ()))
    return {name: values for name, values in history.items() if len(values) == epochs > 1}


def _dense(model: Sequential) -> list[Dense]:
    return [layer for layer in model.layers if isinstance(layer, Dense)]


def _figure(ax: Axes) -> Figure:
    figure = ax.get_figure(root=True)
    assert figure is not None  # axes that are drawn on are part of a figure
    return figure


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=_DPI, bbox_inches="tight", metadata={"Software": None})
    return file.getvalue()
