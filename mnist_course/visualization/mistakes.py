"""The images that a model gets wrong, the surest mistakes first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from mnist_course.visualization.arrays import Classes, as_classes, as_images, class_name
from mnist_course.visualization.images import MAX_IMAGES, ImageGridDisplay
from mnist_course.visualization.style import MUTED, heading, own_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["MistakesDisplay", "plot_mistakes"]


class MistakesDisplay:
    """A gallery of mistakes.

    Make one with `from_predictions`.

    Attributes
    ----------
    indices : ndarray of int (m,)
        Which examples are wrong: the surest first, or in their order where nothing says how sure
        the model was. ``images[display.indices[0]]`` is the worst.
    images : ndarray (m, height, width)
        These examples.
    y_true, y_pred : ndarray of int (m,)
        Their class, with what the model said instead.
    confidence : ndarray of float (m,)
        The model's number for what it said: a probability 0..1 if `is_probability`; NaN if only
        classes were given.
    true_confidence : ndarray of float (m,)
        The model's number for the true class.
    is_probability : bool
        Whether the rows were probabilities: 0..1, with the sum 1.
    total : int
        How many examples there were, right ones included.
    ax_ : matplotlib.axes.Axes
        After `plot`: where it was drawn.
    """

    ax_: Axes

    def __init__(
        self,
        images: NDArray[Any],
        *,
        indices: Classes,
        y_true: Classes,
        y_pred: Classes,
        confidence: NDArray[np.float64],
        true_confidence: NDArray[np.float64],
        is_probability: bool,
        total: int,
        class_names: Sequence[str] | None = None,
    ) -> None:
        self.images = images
        self.indices = indices
        self.y_true = y_true
        self.y_pred = y_pred
        self.confidence = confidence
        self.true_confidence = true_confidence
        self.is_probability = is_probability
        self.total = total
        self.class_names = class_names

    @classmethod
    def from_predictions(
        cls,
        images: Any,
        y_true: Any,
        y_pred: Any,
        *,
        class_names: Sequence[str] | None = None,
    ) -> Self:
        """Find the mistakes and sort them.

        Parameters
        ----------
        images : array-like (n, 28, 28), (n, 28, 28, 1) or (n, 784)
            What the model saw.
        y_true : array-like (n,) or one-hot (n, k)
            The true classes.
        y_pred : array-like (n, k) or (n,)
            ``model.predict(images)``, or classes. Only the first says how sure the model was.
        class_names : sequence of str, optional
            Names to show instead of numbers.

        Raises
        ------
        ValueError
            If lengths do not fit each other, a value is NaN, or a true class has no column.
        """
        shown = as_images(images)
        true = as_classes(y_true, name="y_true", rows=len(shown))
        said = as_classes(y_pred, name="y_pred", rows=len(shown))
        rows = np.asarray(y_pred)
        wrong = np.flatnonzero(true != said)
        if rows.ndim == 2 and rows.shape[1] > 1:
            if len(true) and true.max() >= rows.shape[1]:
                raise ValueError(
                    f"y_true holds class {true.max()}, but y_pred has columns for 0 to "
                    f"{rows.shape[1] - 1} only."
                )
            is_probability = bool(
                len(rows) and rows.min() >= -1e-6 and np.allclose(rows.sum(axis=1), 1, atol=1e-3)
            )
            confidence = rows[wrong, said[wrong]].astype(np.float64)
            of_true = rows[wrong, true[wrong]].astype(np.float64)
            order = np.argsort(-confidence, kind="stable")
        else:
            is_probability = False
            confidence = of_true = np.full(len(wrong), np.nan)
            order = np.arange(len(wrong))
        indices = wrong[order]
        return cls(
            shown[indices],
            indices=indices,
            y_true=true[indices],
            y_pred=said[indices],
            confidence=confidence[order],
            true_confidence=of_true[order],
            is_probability=is_probability,
            total=len(shown),
            class_names=class_names,
        )

    @property
    def rate(self) -> float:
        """Share of the examples that are wrong, 0..1; NaN without examples."""
        return len(self.indices) / self.total if self.total else float("nan")

    def frame(self) -> pd.DataFrame:
        """Return one row per mistake: index, true, predicted, confidence, true_confidence."""
        import pandas as pd

        return pd.DataFrame(
            {
                "index": self.indices,
                "true": [class_name(int(label), self.class_names) for label in self.y_true],
                "predicted": [class_name(int(label), self.class_names) for label in self.y_pred],
                "confidence": self.confidence,
                "true_confidence": self.true_confidence,
            }
        )

    def plot(self, ax: Axes | None = None, *, n: int = 20, columns: int | None = None) -> Self:
        """Draw the first mistakes.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Without it, a new figure.
        n : int
            At most this many, 1 to 400.
        columns : int, optional
            Images in a row.

        Returns
        -------
        MistakesDisplay
            Itself.

        Raises
        ------
        ValueError
            If `n` is out of range.
        """
        if not 1 <= n <= MAX_IMAGES:
            raise ValueError(f"n must be 1 to {MAX_IMAGES}, got {n}.")
        title = f"{len(self.indices):,} of {self.total:,} wrong"
        if self.total:
            title += f" ({self.rate:.1%})"
        if not len(self.indices):
            ax = own_axes(ax, width=4, height=1)
            ax.set_axis_off()
            heading(ax, title)
            ax.text(0, 0.5, "No mistakes to show.", color=MUTED, transform=ax.transAxes)
            self.ax_ = ax
            return self
        if not np.isnan(self.confidence).any() and len(self.indices) > 1:
            title += ", the surest first"
        shown = slice(0, n)
        grid = ImageGridDisplay(
            self.images[shown],
            captions=[self._caption(i) for i in range(min(n, len(self.indices)))],
            title=title,
        )
        self.ax_ = grid.plot(ax, columns=columns).ax_
        return self

    def _caption(self, i: int) -> str:
        true = class_name(int(self.y_true[i]), self.class_names)
        said = class_name(int(self.y_pred[i]), self.class_names)
        caption = f"{true} read as {said}"
        if np.isnan(self.confidence[i]):
            return caption
        sure = self.confidence[i]
        return f"{caption}\n" + (f"{_percent(sure)} sure" if self.is_probability else f"{sure:.3g}")


def plot_mistakes(
    images: Any,
    y_true: Any,
    y_pred: Any,
    *,
    n: int = 20,
    columns: int | None = None,
    class_names: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> MistakesDisplay:
    """Draw the surest mistakes; see `MistakesDisplay.from_predictions`.

    Examples
    --------
    >>> display = plot_mistakes(x_test, y_test, model.predict(x_test))
    >>> display.frame().head()
    """
    display = MistakesDisplay.from_predictions(images, y_true, y_pred, class_names=class_names)
    return display.plot(ax, n=n, columns=columns)


def _percent(share: float) -> str:
    """Return a percentage that never says 100: the model was sure, and wrong."""
    return f"{share:.0%}" if share < 0.99 else f"{min(share, 0.999):.1%}"
