"""What the units of a first layer look for, drawn as images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from mnist_course.visualization.style import GRID, INK, MUTED, heading, own_axes, signed_colours

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["MAX_UNITS", "HiddenUnitsDisplay", "plot_hidden_units"]

MAX_UNITS = 400
"""More than this cannot be told apart in one picture."""

_CELL = 0.92  # inches
_GAP = 0.14  # of an image's side
_LINE = 0.2  # height of a caption, of an image's side
_MOST = (
    99.5  # percentile of the weights' sizes that gets the full colour: one large weight is no scale
)


class HiddenUnitsDisplay:
    """The incoming weights of each unit as an image, on one scale of colours.

    Blue pixels speak for the unit, orange ones against it, white ones say nothing to it.

    Make one with `from_weights`.

    Parameters
    ----------
    images : ndarray of float (units, height, width)
        The weights of each unit.
    units : ndarray of int (units,)
        Their numbers in the layer.
    names : sequence of str
        Captions, one for each.
    title : str
        Above the grid.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        After `plot`: where it was drawn.
    """

    ax_: Axes

    def __init__(
        self, images: NDArray[Any], *, units: NDArray[np.int64], names: list[str], title: str = ""
    ) -> None:
        self.images = images
        self.units = units
        self.names = tuple(names)
        self.title = title

    @classmethod
    def from_weights(
        cls,
        weights: Any,
        *,
        image_shape: tuple[int, int] | None = None,
        units: Any = None,
        title: str = "",
    ) -> Self:
        """Cut the kernel of a dense layer into one image for each unit.

        Parameters
        ----------
        weights : array-like (pixels, units)
            The kernel of the first dense layer: ``model.layers[i].kernel``, or
            ``model.get_weights()[0]``.
        image_shape : (height, width), optional
            Of the images that the layer sees; square without it.
        units : array-like of int, optional
            Which units to show, in this order. Without it, all.
        title : str
            Above the grid.

        Raises
        ------
        ValueError
            If the weights do not have this form, are not finite, do not fit the shape, there are
            too many units, or a unit does not exist.
        """
        kernel = np.asarray(weights)
        if kernel.ndim != 2 or 0 in kernel.shape or kernel.dtype.kind not in "iuf":
            raise ValueError(
                "weights must be the kernel of a dense layer, numbers of the shape (pixels, "
                f"units) such as (784, 10); got {kernel.shape} of {kernel.dtype}. Pass "
                "model.get_weights()[0]."
            )
        if not np.isfinite(kernel).all():
            raise ValueError(
                "weights hold NaN or infinite values: the training broke down. Look at the loss, "
                "then at the learning rate."
            )
        pixels, count = kernel.shape
        side = round(pixels**0.5)
        height, width = image_shape if image_shape is not None else (side, side)
        if height * width != pixels:
            raise ValueError(
                f"{pixels} weights for each unit are no image of {height} × {width} pixels. "
                "Expected the first layer after the image; for others, name image_shape."
            )
        chosen = np.arange(count) if units is None else np.atleast_1d(np.asarray(units))
        if chosen.ndim != 1 or chosen.dtype.kind not in "iu" or not 1 <= len(chosen) <= MAX_UNITS:
            raise ValueError(
                f"A grid shows 1 to {MAX_UNITS} units, got {chosen.size}. Choose some by their "
                "numbers, for example units=range(100)."
            )
        if chosen.min() < 0 or chosen.max() >= count:
            raise ValueError(
                f"units must be numbers from 0 to {count - 1}; got {chosen.min()} to "
                f"{chosen.max()}."
            )
        images = kernel.T[chosen].reshape(-1, height, width).astype(np.float64)
        numbers = chosen.astype(np.int64)
        return cls(images, units=numbers, names=[str(unit) for unit in numbers], title=title)

    @property
    def norms(self) -> NDArray[np.float64]:
        """Length of each unit's vector of weights (units,): how much it reacts to anything."""
        flat = self.images.reshape(len(self.images), -1)
        return np.asarray(np.linalg.norm(flat, axis=1), dtype=np.float64)

    def frame(self) -> pd.DataFrame:
        """Return one row per unit: unit, norm, smallest, largest, and mean weight."""
        import pandas as pd

        flat = self.images.reshape(len(self.images), -1)
        return pd.DataFrame(
            {
                "unit": self.units,
                "norm": self.norms,
                "min": flat.min(axis=1),
                "max": flat.max(axis=1),
                "mean": flat.mean(axis=1),
            }
        )

    def plot(self, ax: Axes | None = None, *, columns: int | None = None) -> Self:
        """Draw the grid with its scale of colours.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Without it, a new figure.
        columns : int, optional
            Images in a row; 10 at most without it.

        Returns
        -------
        HiddenUnitsDisplay
            Itself.
        """
        count, height, width = self.images.shape
        columns = min(count, columns or (count if count <= 10 else 10))
        rows = -(-count // columns)
        gap, below = max(1, round(_GAP * width)), max(1, round(_LINE * height))
        tall, wide = height + below + gap, width + gap
        ax = own_axes(
            ax,
            width=max(columns * _CELL, 3) + 0.9,
            height=rows * _CELL * tall / wide + (0.45 if self.title else 0.1),
        )
        canvas = np.full((rows * tall - gap, columns * wide - gap), np.nan)
        largest = float(np.percentile(np.abs(self.images), _MOST)) or 1.0
        for i, (image, name) in enumerate(zip(self.images, self.names, strict=True)):
            top, left = i // columns * tall, i % columns * wide
            canvas[top : top + height, left : left + width] = image
            self._frame(ax, top, left)
            ax.text(
                left + (width - 1) / 2, top + height, name,
                ha="center", va="top", fontsize=8, color=MUTED,
            )  # fmt: skip
        drawn = ax.imshow(
            canvas, cmap=signed_colours(), vmin=-largest, vmax=largest, interpolation="nearest"
        )
        ax.set(xlim=(-1.5, canvas.shape[1] + 0.5), ylim=(canvas.shape[0] + 0.5, -1.5))
        ax.set_axis_off()
        figure = ax.get_figure(root=True)
        assert figure is not None  # axes that are drawn on are part of a figure
        bar = figure.colorbar(
            drawn,
            ax=ax,
            fraction=0.03,
            pad=0.02,
            aspect=12 * min(rows, 3),
            shrink=0.8 if rows < 4 else 0.5,
        )
        bar.ax.tick_params(labelsize=8, color=MUTED, labelcolor=MUTED)
        bar.set_label("weight", color=INK, fontsize=9)
        bar.outline.set_visible(False)
        if self.title:
            heading(ax, self.title)
        self.ax_ = ax
        return self

    def _frame(self, ax: Axes, top: int, left: int) -> None:
        from matplotlib.patches import Rectangle

        _, height, width = self.images.shape
        ax.add_patch(
            Rectangle((left - 0.5, top - 0.5), width, height, fill=False, edgecolor=GRID, lw=0.8)
        )


def plot_hidden_units(
    weights: Any,
    *,
    image_shape: tuple[int, int] | None = None,
    units: Any = None,
    title: str = "",
    columns: int | None = None,
    ax: Axes | None = None,
) -> HiddenUnitsDisplay:
    """Draw the weights of a first layer; see `HiddenUnitsDisplay.from_weights`.

    Examples
    --------
    >>> plot_hidden_units(model.get_weights()[0])
    >>> plot_hidden_units(model.layers[1].kernel, units=range(20))
    """
    display = HiddenUnitsDisplay.from_weights(
        weights, image_shape=image_shape, units=units, title=title
    )
    return display.plot(ax, columns=columns)
