"""Which classes a model takes for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from mnist_course.visualization.arrays import as_classes, class_name
from mnist_course.visualization.style import INK, MUTED, PALE, heading, own_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["ConfusionMatrixDisplay", "plot_confusion_matrix"]

Normalize = Literal["true", "pred", "all"]

_MOST_CLASSES = 100


class ConfusionMatrixDisplay:
    """How often each true class was predicted as each class.

    Make one with `from_predictions`.

    Parameters
    ----------
    confusion_matrix : ndarray of int (k, k)
        Counts; rows are true classes, columns predicted ones, as in scikit-learn.
    display_labels : sequence of str
        What the classes are called.
    normalize : {"true", "pred", "all"} or None
        Show shares of each row, of each column or of everything instead of counts.

    Attributes
    ----------
    values : ndarray (k, k)
        What is shown: the counts, or shares 0..1; NaN for a class that has no examples.
    accuracy : float
        Share of the examples on the diagonal, 0..1; NaN without examples.
    ax_ : matplotlib.axes.Axes
        After `plot`: where it was drawn.
    """

    ax_: Axes

    def __init__(
        self,
        confusion_matrix: NDArray[np.int64],
        *,
        display_labels: Sequence[str],
        normalize: Normalize | None = None,
    ) -> None:
        counts = np.asarray(confusion_matrix)
        if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
            raise ValueError(f"A confusion matrix must be square, got shape {counts.shape}.")
        if len(display_labels) != len(counts):
            raise ValueError(
                f"Expected {len(counts)} names of classes, one per row, got {len(display_labels)}."
            )
        if normalize not in (None, "true", "pred", "all"):
            raise ValueError(f"normalize must be None, 'true', 'pred' or 'all', got {normalize!r}.")
        self.confusion_matrix = counts
        self.display_labels = tuple(str(label) for label in display_labels)
        self.normalize = normalize
        self.values = _shares(counts, normalize)
        total = int(counts.sum())
        self.accuracy = float(np.trace(counts)) / total if total else float("nan")

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_pred: Any,
        *,
        normalize: Normalize | None = None,
        class_names: Sequence[str] | None = None,
    ) -> Self:
        """Count, with scikit-learn's `confusion_matrix`.

        Parameters
        ----------
        y_true : array-like (n,) or one-hot (n, k)
            The true classes.
        y_pred : array-like (n,) or probabilities (n, k)
            What the model says; of a row of probabilities, the largest counts.
        normalize : {"true", "pred", "all"}, optional
            Show shares instead of counts.
        class_names : sequence of str, optional
            Names of the classes 0, 1, 2 ...; the ten digits without it.

        Raises
        ------
        ValueError
            If the two have different lengths, are empty, hold NaN or a class without a name.
        """
        from sklearn.metrics import confusion_matrix

        true = as_classes(y_true, name="y_true")
        said = as_classes(y_pred, name="y_pred", rows=len(true))
        if not len(true):
            raise ValueError("y_true holds no examples, so there is nothing to count.")
        largest = int(max(true.max(), said.max()))
        count = len(class_names) if class_names is not None else max(10, largest + 1)
        if largest >= count or count > _MOST_CLASSES:
            raise ValueError(
                f"Found class {largest}, expected 0 to {min(count, _MOST_CLASSES) - 1}. "
                "Pass class labels, one per example."
            )
        return cls(
            confusion_matrix(true, said, labels=range(count)),
            display_labels=[class_name(label, class_names) for label in range(count)],
            normalize=normalize,
        )

    def frame(self) -> pd.DataFrame:
        """Return what is shown: one row per true class, one column per predicted class."""
        import pandas as pd

        names = list(self.display_labels)
        return pd.DataFrame(
            self.values,
            index=pd.Index(names, name="true"),
            columns=pd.Index(names, name="predicted"),
        )

    def most_confused(self, k: int = 5) -> pd.DataFrame:
        """Return the pairs of classes that are mixed up most often.

        Parameters
        ----------
        k : int
            At most this many pairs.

        Returns
        -------
        pandas.DataFrame
            Columns ``true``, ``predicted``, ``count`` and ``share`` (of the true class, 0..1), the
            most frequent first, in the order of the classes where counts are equal. Pairs that
            never occur are left out.
        """
        import pandas as pd

        off = self.confusion_matrix.copy()
        np.fill_diagonal(off, 0)
        order = np.argsort(-off, axis=None, kind="stable")[: max(k, 0)]
        rows, columns = np.unravel_index(order, off.shape)
        of_true = self.confusion_matrix.sum(axis=1)
        return pd.DataFrame(
            [
                {
                    "true": self.display_labels[i],
                    "predicted": self.display_labels[j],
                    "count": int(off[i, j]),
                    "share": float(off[i, j] / of_true[i]),
                }
                for i, j in zip(rows, columns, strict=True)
                if off[i, j]
            ],
            columns=["true", "predicted", "count", "share"],
        )

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw a heatmap of the mistakes.

        The diagonal, what is right, is grey and outside the colour scale: it is so much larger
        that in one scale with it no mistake would be seen.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Without it, a new figure.

        Returns
        -------
        ConfusionMatrixDisplay
            Itself.
        """
        import seaborn as sns

        classes = len(self.values)
        side = max(4.0, 0.56 * classes)
        ax = own_axes(ax, width=side + 1.2, height=side + 0.5)
        shown = np.nan_to_num(self.values * (1 if self.normalize is None else 100))
        right = np.eye(classes, dtype=bool)
        wrong = shown[~right]
        top = float(wrong.max()) if wrong.size and wrong.max() > 0 else 1.0
        shared = {"ax": ax, "square": True, "linewidths": 1, "linecolor": "white"}
        labels = {"xticklabels": self.display_labels, "yticklabels": self.display_labels}
        size = 10 if classes <= 12 else 7
        sns.heatmap(
            shown,
            mask=right,
            cmap="Blues",
            vmin=0,
            vmax=top,
            annot=self._texts(shown),
            fmt="",
            annot_kws={"fontsize": size},
            cbar_kws={"label": self._unit("mistakes"), "shrink": 0.75},
            **labels,
            **shared,
        )
        sns.heatmap(
            shown,
            mask=~right,
            cmap=[PALE],
            cbar=False,
            annot=self._texts(shown),
            fmt="",
            annot_kws={"fontsize": size, "color": MUTED, "fontweight": "bold"},
            **labels,
            **shared,
        )
        ax.set_xlabel("predicted", color=INK)
        ax.set_ylabel("true", color=INK)
        ax.tick_params(length=0)
        ax.tick_params(axis="y", rotation=0)
        heading(ax, f"{self.accuracy:.2%} right of {self.confusion_matrix.sum():,}")
        self.ax_ = ax
        return self

    def _texts(self, shown: NDArray[Any]) -> NDArray[Any]:
        """Return what stands in each cell: nothing where nothing happened."""

        def text(value: float) -> str:
            if not value:
                return ""
            if self.normalize is None:
                return f"{int(value)}"
            return f"{value:.0f}" if value >= 9.95 else f"{value:.1f}"

        return np.array([[text(value) for value in row] for row in shown], dtype=object)

    def _unit(self, what: str) -> str:
        share = {"true": "true class", "pred": "predicted class", "all": "all examples"}
        return what if self.normalize is None else f"{what}, % of {share[self.normalize]}"


def plot_confusion_matrix(
    y_true: Any,
    y_pred: Any,
    *,
    normalize: Normalize | None = None,
    class_names: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> ConfusionMatrixDisplay:
    """Draw a confusion matrix; see `ConfusionMatrixDisplay.from_predictions`.

    Examples
    --------
    >>> display = plot_confusion_matrix(y_test, model.predict(x_test))
    >>> display.most_confused(3)
    """
    display = ConfusionMatrixDisplay.from_predictions(
        y_true, y_pred, normalize=normalize, class_names=class_names
    )
    return display.plot(ax)


def _shares(counts: NDArray[np.int64], normalize: Normalize | None) -> NDArray[Any]:
    if normalize is None:
        return counts
    axis = {"true": 1, "pred": 0, "all": None}[normalize]
    total = counts.sum(axis=axis, keepdims=True).astype(float)
    # A class without examples has no shares.
    total[total == 0] = np.nan
    return np.asarray(counts / total)
