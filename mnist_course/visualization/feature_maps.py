"""What each filter of a convolution finds in an image, drawn as images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from mnist_course.visualization.arrays import as_images, as_one_image
from mnist_course.visualization.model_inputs import as_inputs
from mnist_course.visualization.style import GRID, INK, MUTED, heading, own_axes, signed_colours

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["MAX_MAPS", "FeatureMapsDisplay", "compute_feature_maps", "plot_feature_maps"]

MAX_MAPS = 100
"""More than this cannot be told apart in one picture."""

_CELL = 0.92  # inches
_GAP, _LINE = 0.14, 0.2  # of a map's side


def compute_feature_maps(
    model: Any, images: Any, *, layer: str | int | None = None
) -> NDArray[np.float64]:
    """Return what a layer of convolutions makes of images.

    Parameters
    ----------
    model : keras.Model
        Built: it knows the shape of its input.
    images : array-like (n, 28, 28), (n, 28, 28, 1), (n, 784) or one image (28, 28)
        In the scaling that the model was trained with.
    layer : str or int, optional
        Name of the layer, or its place in ``model.layers``. Without it, the first ``Conv2D``.

    Returns
    -------
    ndarray of float (n, height, width, filters)
        Outputs of the layer, after its activation, as in ``predict``: dropout and augmentation
        do nothing.

    Raises
    ------
    ValueError
        If there is no such layer, its output has no maps, or the images do not fit the model.
    """
    import keras

    chosen = _layer_of(model, layer)
    inputs = as_inputs(model, as_images(images))
    part = keras.Model(model.inputs, chosen.output)
    maps = np.asarray(part.predict(inputs, verbose=0), dtype=np.float64)
    if maps.ndim != 4:
        raise ValueError(
            f"The output of {chosen.name!r} has the shape {maps.shape}, which is no stack of "
            "maps; expected (n, height, width, filters). Choose a Conv2D or pooling layer: "
            f"{', '.join(repr(found.name) for found in model.layers)}."
        )
    return maps


class FeatureMapsDisplay:
    """One image beside the map of every filter, all maps on one scale of colours.

    Make one with `from_model` or `from_maps`.

    Parameters
    ----------
    image : ndarray (height, width)
    maps : ndarray of float (filters, height, width)
        Outputs of a layer for this image.
    title : str
        Above the picture.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        After `plot`: where it was drawn.
    """

    ax_: Axes

    def __init__(self, image: NDArray[Any], *, maps: NDArray[np.float64], title: str = "") -> None:
        self.image = image
        self.maps = maps
        self.title = title

    @classmethod
    def from_maps(cls, image: Any, maps: Any, *, title: str = "") -> Self:
        """Show maps that are there already.

        Parameters
        ----------
        image : array-like (28, 28), (28, 28, 1) or (1, 784)
            What the layer saw.
        maps : array-like (height, width, filters) or a batch of one of them
            As Keras gives them, filters last.
        title : str
            Above the picture.

        Raises
        ------
        ValueError
            If shapes do not have this form, values are not finite, or there are too many maps.
        """
        shown = as_one_image(image)
        values = np.asarray(maps)
        if values.ndim == 4 and len(values) == 1:
            values = values[0]
        if values.ndim != 3 or 0 in values.shape or values.dtype.kind not in "iuf":
            raise ValueError(
                "maps must be numbers of the shape (height, width, filters), such as "
                f"(28, 28, 16); got {values.shape} of {values.dtype}."
            )
        if values.shape[2] > MAX_MAPS:
            raise ValueError(
                f"The picture shows at most {MAX_MAPS} maps, got {values.shape[2]}. Choose some, "
                "for example maps[..., :32]."
            )
        if not np.isfinite(values).all():
            raise ValueError(
                "maps hold NaN or infinite values: the training broke down. Look at the loss, then "
                "at the learning rate."
            )
        return cls(shown, maps=values.transpose(2, 0, 1).astype(np.float64), title=title)

    @classmethod
    def from_model(
        cls, model: Any, image: Any, *, layer: str | int | None = None, title: str = ""
    ) -> Self:
        """Compute the maps of one image: arguments and errors of `compute_feature_maps`."""
        shown = as_one_image(image)
        maps = compute_feature_maps(model, shown[np.newaxis], layer=layer)[0]
        return cls.from_maps(shown, maps, title=title)

    def frame(self) -> pd.DataFrame:
        """Return one row per filter: its number, mean, largest value, and share above 0."""
        import pandas as pd

        flat = self.maps.reshape(len(self.maps), -1)
        return pd.DataFrame(
            {
                "filter": np.arange(len(flat)),
                "mean": flat.mean(axis=1),
                "max": flat.max(axis=1),
                "active": (flat > 0).mean(axis=1),
            }
        )

    def plot(self, ax: Axes | None = None, *, columns: int | None = None) -> Self:
        """Draw the image at the left, the maps as a grid at the right.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Divided among the two panels. Without it, a new figure.
        columns : int, optional
            Maps in a row; 8 at most without it.

        Returns
        -------
        FeatureMapsDisplay
            Itself.
        """
        count, height, width = self.maps.shape
        columns = min(count, columns or 8)
        rows = -(-count // columns)
        gap, below = max(1, round(_GAP * width)), max(1, round(_LINE * height))
        tall = (height + below + gap) / (width + gap)  # of a cell, in its widths
        across, down = columns * _CELL, rows * _CELL * tall
        picture = min(2 * _CELL, down)
        ax = own_axes(ax, width=picture + across + 0.9, height=down + (0.45 if self.title else 0.1))
        ax.set_axis_off()
        if self.title:
            heading(ax, self.title)
        whole = picture + across + 0.6
        left = ax.inset_axes((0, 0, picture / whole, 1))
        left.imshow(self.image, cmap="gray_r", vmin=min(0.0, float(self.image.min())))
        left.set(xticks=[], yticks=[])
        left.spines[:].set_color(GRID)
        left.set_xlabel("image", color=MUTED, fontsize=8)
        self._grid(
            ax.inset_axes(((picture + 0.2) / whole, 0, (across + 0.4) / whole, 1)),
            columns=columns, gap=gap, below=below,
        )  # fmt: skip
        self.ax_ = ax
        return self

    def _grid(self, panel: Axes, *, columns: int, gap: int, below: int) -> None:
        import matplotlib as mpl
        from matplotlib.patches import Rectangle

        count, height, width = self.maps.shape
        rows = -(-count // columns)
        canvas = np.full(
            (rows * (height + below + gap) - gap, columns * (width + gap) - gap), np.nan
        )
        for i, values in enumerate(self.maps):
            top, left = i // columns * (height + below + gap), i % columns * (width + gap)
            canvas[top : top + height, left : left + width] = values
            frame = Rectangle((left - 0.5, top - 0.5), width, height, fill=False, ec=GRID, lw=0.8)
            panel.add_patch(frame)
            panel.text(
                left + (width - 1) / 2, top + height, str(i),
                ha="center", va="top", fontsize=8, color=MUTED,
            )  # fmt: skip
        largest = float(np.abs(self.maps).max()) or 1.0
        signed = bool(self.maps.min() < 0)
        drawn = panel.imshow(
            canvas,
            cmap=signed_colours() if signed else mpl.colormaps["Blues"],
            vmin=-largest if signed else 0,
            vmax=largest,
            interpolation="nearest",
        )
        panel.set(xlim=(-1.5, canvas.shape[1] + 0.5), ylim=(canvas.shape[0] + 0.5, -1.5))
        panel.set_axis_off()
        bar = panel.inset_axes((1.01, 0.1, 0.015, 0.8))
        panel.get_figure(root=True).colorbar(drawn, cax=bar)  # type: ignore[union-attr]
        bar.tick_params(labelsize=8, color=MUTED, labelcolor=MUTED)
        bar.set_ylabel("output", color=INK, fontsize=9)
        bar.spines[:].set_visible(False)


def plot_feature_maps(
    model: Any,
    image: Any,
    *,
    layer: str | int | None = None,
    title: str = "",
    columns: int | None = None,
    ax: Axes | None = None,
) -> FeatureMapsDisplay:
    """Draw what a layer of convolutions finds in one image; see `FeatureMapsDisplay`.

    Examples
    --------
    >>> plot_feature_maps(model, x_test[0])
    >>> plot_feature_maps(model, x_test[0], layer="conv2d_1", title="second convolution")
    """
    display = FeatureMapsDisplay.from_model(model, image, layer=layer, title=title)
    return display.plot(ax, columns=columns)


def _layer_of(model: Any, layer: str | int | None) -> Any:
    """Return the layer that was named, the first convolution without a name."""
    names = ", ".join(repr(found.name) for found in model.layers)
    if layer is None:
        found = [each for each in model.layers if type(each).__name__ == "Conv2D"]
        if not found:
            raise ValueError(f"The model has no Conv2D layer. Its layers: {names}.")
        return found[0]
    if isinstance(layer, str):
        named = [each for each in model.layers if each.name == layer]
        if not named:
            raise ValueError(f"The model has no layer {layer!r}. Its layers: {names}.")
        return named[0]
    if not -len(model.layers) <= layer < len(model.layers):
        raise ValueError(f"The model has {len(model.layers)} layers, got layer={layer}: {names}.")
    return model.layers[layer]
