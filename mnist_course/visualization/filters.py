"""The filters of a convolution, drawn as images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from mnist_course.visualization.hidden_units import HiddenUnitsDisplay

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["MAX_FILTERS", "FiltersDisplay", "plot_filters"]

MAX_FILTERS = 256
"""More than this cannot be told apart in one picture."""


class FiltersDisplay:
    """The weights of each filter as an image, on one scale of colours.

    Blue weights ask for ink, orange ones for paper, white ones for nothing.

    Make one with `from_weights`.

    Parameters
    ----------
    images : ndarray of float (filters, height, width)
        The weights with which each filter reads one input map.
    filters : ndarray of int (filters,)
        Their numbers in the layer.
    channel : int
        Which input map they read here.
    channels : int
        How many there are.
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
        images: NDArray[np.float64],
        *,
        filters: NDArray[np.int64],
        channel: int = 0,
        channels: int = 1,
        title: str = "",
    ) -> None:
        self.images = images
        self.filters = filters
        self.channel = channel
        self.channels = channels
        self.title = title

    @classmethod
    def from_weights(
        cls, weights: Any, *, channel: int = 0, filters: Any = None, title: str = ""
    ) -> Self:
        """Cut the kernel of a convolution into one image for each filter.

        Parameters
        ----------
        weights : array-like (height, width, channels, filters)
            The kernel of a ``Conv2D``: ``layer.kernel``, or ``layer.get_weights()[0]``.
        channel : int
            Which input map to look at. The first convolution of a grey image has map 0 alone; a
            later one has a small image for every map that the layer before it makes.
        filters : array-like of int, optional
            Which filters to show, in this order. Without it, all.
        title : str
            Above the grid.

        Raises
        ------
        ValueError
            If the weights do not have this form or are not finite, there are too many filters, or
            a channel or a filter does not exist.
        """
        kernel = np.asarray(weights)
        if kernel.ndim != 4 or 0 in kernel.shape or kernel.dtype.kind not in "iuf":
            raise ValueError(
                "weights must be the kernel of a convolution, numbers of the shape (height, width, "
                f"channels, filters) such as (3, 3, 1, 16); got {kernel.shape} of {kernel.dtype}. "
                "Pass layer.get_weights()[0] of a Conv2D layer."
            )
        if not np.isfinite(kernel).all():
            raise ValueError(
                "weights hold NaN or infinite values: the training broke down. Look at the loss, "
                "then at the learning rate."
            )
        _, _, channels, count = kernel.shape
        if isinstance(channel, bool) or not isinstance(channel, int | np.integer):
            raise ValueError(f"channel must be the number of an input map, got {channel!r}.")
        if not 0 <= channel < channels:
            raise ValueError(
                f"channel must be a number from 0 to {channels - 1}, got {channel}: this layer "
                f"reads {channels} input map{'s' if channels > 1 else ''}."
            )
        chosen = np.arange(count) if filters is None else np.atleast_1d(np.asarray(filters))
        if chosen.ndim != 1 or chosen.dtype.kind not in "iu" or not 1 <= len(chosen) <= MAX_FILTERS:
            raise ValueError(
                f"A grid shows 1 to {MAX_FILTERS} filters, got {chosen.size}. Choose some by their "
                "numbers, for example filters=range(32)."
            )
        if chosen.min() < 0 or chosen.max() >= count:
            raise ValueError(
                f"filters must be numbers from 0 to {count - 1}; got {chosen.min()} to "
                f"{chosen.max()}."
            )
        return cls(
            kernel[:, :, int(channel)].transpose(2, 0, 1)[chosen].astype(np.float64),
            filters=chosen.astype(np.int64),
            channel=int(channel),
            channels=channels,
            title=title,
        )

    @property
    def norms(self) -> NDArray[np.float64]:
        """Length of each filter's vector of weights (filters,), for this input map."""
        flat = self.images.reshape(len(self.images), -1)
        return np.asarray(np.linalg.norm(flat, axis=1), dtype=np.float64)

    def frame(self) -> pd.DataFrame:
        """Return one row per filter: its number, norm, smallest, largest, and summed weight.

        A filter whose weights sum to about 0 says nothing to an even area: it looks for edges.
        """
        import pandas as pd

        flat = self.images.reshape(len(self.images), -1)
        return pd.DataFrame(
            {
                "filter": self.filters,
                "norm": self.norms,
                "min": flat.min(axis=1),
                "max": flat.max(axis=1),
                "sum": flat.sum(axis=1),
            }
        )

    def plot(self, ax: Axes | None = None, *, columns: int | None = None) -> Self:
        """Draw the grid with its scale of colours.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Without it, a new figure.
        columns : int, optional
            Filters in a row; 10 at most without it, 8 where that fills the rows.

        Returns
        -------
        FiltersDisplay
            Itself.
        """
        title = self.title
        if self.channels > 1:
            of = f"input map {self.channel} of {self.channels}"
            title = f"{title} ({of})" if title else of
        count = len(self.images)
        if columns is None and count > 10:
            columns = next((wide for wide in (10, 8, 9, 7) if count % wide == 0), 10)
        grid = HiddenUnitsDisplay(
            self.images, units=self.filters, names=[str(n) for n in self.filters], title=title
        )
        self.ax_ = grid.plot(ax, columns=columns).ax_
        return self


def plot_filters(
    weights: Any,
    *,
    channel: int = 0,
    filters: Any = None,
    title: str = "",
    columns: int | None = None,
    ax: Axes | None = None,
) -> FiltersDisplay:
    """Draw the filters of a convolution; see `FiltersDisplay.from_weights`.

    Examples
    --------
    >>> plot_filters(model.get_layer("conv2d").get_weights()[0])
    >>> plot_filters(second.get_weights()[0], channel=3)
    """
    display = FiltersDisplay.from_weights(weights, channel=channel, filters=filters, title=title)
    return display.plot(ax, columns=columns)
