"""A grid of images with their labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from mnist_course.visualization.arrays import Classes, as_classes, as_images, class_name
from mnist_course.visualization.style import GRID, INK, MUTED, VERMILION, heading, own_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["MAX_IMAGES", "ImageGridDisplay", "plot_images"]

MAX_IMAGES = 400
"""More than this cannot be told apart in one picture."""

_CELL = 0.92  # inches
_GAP = 0.16  # of an image's side
_LINE = 0.19  # height of a caption's line, of an image's side


class ImageGridDisplay:
    """Images side by side, each with a caption.

    Make one with `from_images`.

    Parameters
    ----------
    images : ndarray (n, height, width)
        Dark = large value, as ink on paper.
    captions : sequence of str
        One per image; may have several lines, or be empty.
    marked : ndarray of bool (n,), optional
        Images to frame, such as wrong predictions.
    title : str
        Above the grid.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        After `plot`: where it was drawn.
    """

    ax_: Axes

    def __init__(
        self,
        images: NDArray[Any],
        *,
        captions: Sequence[str],
        marked: NDArray[np.bool_] | None = None,
        title: str = "",
    ) -> None:
        self.images = images
        self.captions = tuple(captions)
        self.marked = np.zeros(len(images), dtype=bool) if marked is None else marked
        self.title = title

    @classmethod
    def from_images(
        cls,
        images: Any,
        labels: Any = None,
        predictions: Any = None,
        *,
        class_names: Sequence[str] | None = None,
        title: str = "",
    ) -> Self:
        """Make captions from labels, and from predictions where there are any.

        Parameters
        ----------
        images : array-like (n, 28, 28), (n, 28, 28, 1), (n, 784) or one image (28, 28)
            Any range of values; at most 400 images.
        labels : array-like (n,) or one-hot (n, k), optional
            The true classes.
        predictions : array-like (n,) or probabilities (n, k), optional
            What a model says. An image that it gets wrong is framed and says both.
        class_names : sequence of str, optional
            Names to show instead of numbers.
        title : str
            Above the grid.

        Raises
        ------
        ValueError
            If shapes do not fit each other, or there are no images or too many.
        """
        shown = as_images(images)
        if not 1 <= len(shown) <= MAX_IMAGES:
            raise ValueError(
                f"A grid shows 1 to {MAX_IMAGES} images, got {len(shown)}. "
                "Choose some, for example images[:20]."
            )
        true = None if labels is None else as_classes(np.atleast_1d(labels), name="labels")
        said = None
        if predictions is not None:
            said = as_classes(np.atleast_1d(predictions), name="predictions")
        for name, classes in (("labels", true), ("predictions", said)):
            if classes is not None and len(classes) != len(shown):
                raise ValueError(
                    f"{name} must have one entry per image: expected {len(shown)}, got "
                    f"{len(classes)}. Choose the same rows, for example images[:20] and "
                    f"{name}[:20]."
                )
        wrong = None if true is None or said is None else true != said
        captions = [_caption(i, true=true, said=said, names=class_names) for i in range(len(shown))]
        return cls(shown, captions=captions, marked=wrong, title=title)

    def plot(self, ax: Axes | None = None, *, columns: int | None = None) -> Self:
        """Draw the grid.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Without it, a new figure with room for every caption.
        columns : int, optional
            Images in a row; 10 at most without it.

        Returns
        -------
        ImageGridDisplay
            Itself.
        """
        count, height, width = self.images.shape
        columns = min(count, columns or _columns(count))
        rows = -(-count // columns)
        lines = max((caption.count("\n") + 1 for caption in self.captions if caption), default=0)
        gap = max(1, round(_GAP * width))
        below = round(_LINE * lines * height) + gap
        # In axes of a figure that is not laid out yet, its width is only about right.
        cell = _CELL if ax is None else _width(ax) / columns
        ax = own_axes(
            ax,
            width=max(columns * _CELL, 3),
            height=rows * _CELL * (height + below) / (width + gap) + (0.45 if self.title else 0.1),
        )
        # One canvas instead of one axes per image: quick, and it fits into any axes.
        canvas = np.full((rows * (height + below), columns * (width + gap)), np.nan)
        corners = [
            (i // columns * (height + below), i % columns * (width + gap)) for i in range(count)
        ]
        for image, (top, left) in zip(self.images, corners, strict=True):
            canvas[top : top + height, left : left + width] = image
        low, high = self._range()
        ax.imshow(canvas, cmap="gray_r", vmin=low, vmax=high, interpolation="nearest")
        self._frames(ax, corners)
        self._captions(ax, corners, cell)
        ax.set(xlim=(-1.5, canvas.shape[1] - gap + 0.5), ylim=(canvas.shape[0] - gap, -1.5))
        ax.set_axis_off()
        if self.title:
            heading(ax, self.title)
        self.ax_ = ax
        return self

    def _range(self) -> tuple[float, float]:
        """Return the values of paper and ink: the usual scales, else what there is."""
        low, high = float(self.images.min()), float(self.images.max())
        if low >= 0 and self.images.dtype.kind != "f":
            return 0, 255 if high > 1 else 1
        if low >= 0 and high <= 1:
            return 0, 1
        return low, high if high > low else low + 1

    def _frames(self, ax: Axes, corners: Sequence[tuple[int, int]]) -> None:
        from matplotlib.patches import Rectangle

        _, height, width = self.images.shape
        for (top, left), marked in zip(corners, self.marked, strict=True):
            ax.add_patch(
                Rectangle(
                    (left - 0.5, top - 0.5),
                    width,
                    height,
                    fill=False,
                    edgecolor=VERMILION if marked else GRID,
                    linewidth=2 if marked else 0.8,
                )
            )

    def _captions(self, ax: Axes, corners: Sequence[tuple[int, int]], cell: float) -> None:
        _, height, width = self.images.shape
        longest = max((len(line) for c in self.captions for line in c.split("\n")), default=1)
        # A letter is about 0.62 of its size wide; a point is 1/72 inch.
        size = float(np.clip(72 * cell / (0.62 * max(longest, 1)), 4, 10))
        for (top, left), caption, marked in zip(corners, self.captions, self.marked, strict=True):
            ax.text(
                left + (width - 1) / 2,
                top + height + 0.02 * height,
                caption,
                ha="center",
                va="top",
                fontsize=size,
                color=INK if marked else MUTED,
                fontweight="bold" if marked else "normal",
                linespacing=1.15,
            )


def plot_images(
    images: Any,
    labels: Any = None,
    predictions: Any = None,
    *,
    class_names: Sequence[str] | None = None,
    title: str = "",
    columns: int | None = None,
    ax: Axes | None = None,
) -> ImageGridDisplay:
    """Draw images with their labels; see `ImageGridDisplay.from_images`.

    Examples
    --------
    >>> plot_images(x_train[:20], y_train[:20])
    >>> plot_images(x_test[:20], y_test[:20], model.predict(x_test[:20]))
    """
    display = ImageGridDisplay.from_images(
        images, labels, predictions, class_names=class_names, title=title
    )
    return display.plot(ax, columns=columns)


def _width(ax: Axes) -> float:
    """Return the width of axes in inches."""
    figure = ax.get_figure(root=True)
    assert figure is not None  # axes that are drawn on are part of a figure
    return float(ax.get_position().width * figure.get_size_inches()[0])


def _columns(count: int) -> int:
    """Return how many images stand in a row: full rows if 10 or fewer can be had."""
    if count <= 10:
        return count
    return next((wide for wide in (10, 9, 8, 7, 6) if count % wide == 0), 10)


def _caption(
    index: int, *, true: Classes | None, said: Classes | None, names: Sequence[str] | None
) -> str:
    if true is None and said is None:
        return ""
    if true is None or said is None:
        only = said if true is None else true
        assert only is not None
        return class_name(int(only[index]), names)
    right, answer = class_name(int(true[index]), names), class_name(int(said[index]), names)
    return right if right == answer else f"{right} read\nas {answer}"
