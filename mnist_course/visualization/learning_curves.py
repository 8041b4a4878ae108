"""Learning curves of a fit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from mnist_course.visualization.style import BLUE, GRID, MUTED, VERMILION, heading

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["LearningCurvesDisplay", "plot_learning_curves"]

_SIDES = (("", "training", BLUE, "-", "o"), ("val_", "validation", VERMILION, "--", "s"))


class LearningCurvesDisplay:
    """Loss and metrics after every epoch, training beside validation.

    Make one with `from_history`.

    Parameters
    ----------
    curves : mapping of str to sequence of float
        One value per epoch, with Keras' names: ``"val_"`` in front for the validation data.

    Attributes
    ----------
    epochs : int
        How many epochs there are.
    metrics : tuple of str
        One per panel, without ``"val_"``; the loss first.
    axes_ : tuple of matplotlib.axes.Axes
        After `plot`: one per panel.
    """

    axes_: tuple[Axes, ...]

    def __init__(self, curves: Mapping[str, Sequence[float]]) -> None:
        self.curves = {name: tuple(float(v) for v in values) for name, values in curves.items()}
        self.epochs = max((len(values) for values in self.curves.values()), default=0)
        names = dict.fromkeys(name.removeprefix("val_") for name in self.curves)
        self.metrics = tuple(sorted(names, key=lambda name: name != "loss"))

    @classmethod
    def from_history(cls, history: Any, *, metrics: Sequence[str] | None = None) -> Self:
        """Take the curves from what ``fit`` returned.

        Parameters
        ----------
        history : keras.callbacks.History, AccuracyHistory, FitRecord or mapping
            Anything with a ``history`` of names to one value per epoch, or that mapping itself.
        metrics : sequence of str, optional
            Only these, in this order, such as ``["accuracy"]``. All without it, except the
            learning rate.

        Raises
        ------
        ValueError
            If there is no epoch in it, a value is no number, the curves differ in length, or a
            metric is not there.
        """
        found = getattr(history, "history", history)
        if not isinstance(found, Mapping):
            raise ValueError(
                "Learning curves need what model.fit(...) returns, or its .history; got "
                f"{type(history).__name__}. Write history = model.fit(...)."
            )
        curves = {
            str(name): _numbers(name, values)
            for name, values in found.items()
            if metrics is not None or name not in {"learning_rate", "lr"}
        }
        if metrics is not None:
            missing = [name for name in metrics if name not in curves]
            if missing:
                raise ValueError(
                    f"The history has no {missing[0]!r}. It has {', '.join(curves) or 'nothing'}."
                )
            curves = {
                side + name: curves[side + name]
                for name in metrics
                for side in ("", "val_")
                if side + name in curves
            }
        # What was never measured, as by AccuracyHistory without test data, has no curve.
        curves = {
            name: values
            for name, values in curves.items()
            if not (name.startswith("val_") and all(math.isnan(value) for value in values))
            or name == "val_loss"
        }
        lengths = {len(values) for values in curves.values()}
        if not lengths or lengths == {0}:
            raise ValueError("The history holds no epoch yet. Call model.fit(...) first.")
        if len(lengths) > 1:
            detail = ", ".join(f"{name}: {len(values)}" for name, values in curves.items())
            raise ValueError(
                f"The curves have different lengths ({detail}). Expected one value per epoch."
            )
        display = cls(curves)
        if metrics is not None:
            display.metrics = tuple(metrics)
        return display

    def frame(self) -> pd.DataFrame:
        """Return the numbers: one row per epoch, counted from 1, one column per curve."""
        import pandas as pd

        return pd.DataFrame(self.curves, index=pd.RangeIndex(1, self.epochs + 1, name="epoch"))

    def plot(self, ax: Axes | Sequence[Axes] | None = None) -> Self:
        """Draw one panel per metric.

        Parameters
        ----------
        ax : matplotlib.axes.Axes or sequence of them, optional
            As many as there are metrics. Without it, a new figure.

        Returns
        -------
        LearningCurvesDisplay
            Itself.

        Raises
        ------
        ValueError
            If the number of axes is not the number of metrics.
        """
        panels = len(self.metrics)
        if ax is None:
            import matplotlib.pyplot as plt

            _, grid = plt.subplots(
                1, panels, figsize=(4.8 * panels, 3.4), squeeze=False, layout="constrained"
            )
            axes = list(grid[0])
        else:
            axes = list(np.ravel(np.asarray(ax, dtype=object)))
        if len(axes) != panels:
            raise ValueError(
                f"Expected {panels} axes, one per metric ({', '.join(self.metrics)}), got "
                f"{len(axes)}. Pass that many, or from_history(history, metrics=['accuracy'])."
            )
        for panel, name in zip(axes, self.metrics, strict=True):
            self._panel(panel, name)
        self.axes_ = tuple(axes)
        return self

    def _panel(self, ax: Axes, name: str) -> None:
        from matplotlib.ticker import MaxNLocator

        epochs = range(1, self.epochs + 1)
        for prefix, side, colour, line, marker in _SIDES:
            values = self.curves.get(prefix + name)
            if values is None:
                continue
            drawn = [value if math.isfinite(value) else math.nan for value in values]
            ax.plot(
                epochs,
                drawn,
                color=colour,
                linestyle=line,
                linewidth=2,
                marker=marker if self.epochs <= 30 else "",
                markersize=5,
                label=f"{side}, last "
                + (f"{values[-1]:.3f}" if math.isfinite(values[-1]) else "none"),
            )
        self._say_where_it_broke(ax, name)
        ax.set(xlabel="epoch", xlim=(0.6, self.epochs + 0.4))
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        heading(ax, name.replace("_", " "))
        ax.grid(axis="y", color=GRID, linewidth=0.8)
        ax.set_axisbelow(True)
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(frameon=False)

    def _say_where_it_broke(self, ax: Axes, name: str) -> None:
        both = (self.curves.get(name, ()), self.curves.get(f"val_{name}", ()))
        broken = [i for values in both for i, v in enumerate(values, 1) if not math.isfinite(v)]
        if broken:
            ax.text(
                0.5,
                0.5,
                f"no number (NaN or infinite)\nfrom epoch {min(broken)}",
                transform=ax.transAxes,
                ha="center",
                va="center",
                color=MUTED,
            )


def plot_learning_curves(
    history: Any,
    *,
    metrics: Sequence[str] | None = None,
    ax: Axes | Sequence[Axes] | None = None,
) -> LearningCurvesDisplay:
    """Draw learning curves; see `LearningCurvesDisplay.from_history`.

    Examples
    --------
    >>> history = model.fit(x_train, y_train, validation_data=(x_test, y_test))
    >>> plot_learning_curves(history)
    """
    return LearningCurvesDisplay.from_history(history, metrics=metrics).plot(ax)


def _numbers(name: object, values: Any) -> tuple[float, ...]:
    try:
        return tuple(float(value) for value in values)
    except (TypeError, ValueError):
        raise ValueError(
            f"The curve {name!r} must hold one number per epoch, got {type(values).__name__}."
        ) from None
