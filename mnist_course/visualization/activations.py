"""What every layer of a network makes of some images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from mnist_course.visualization.arrays import Classes, as_classes, as_images, class_name
from mnist_course.visualization.layer_panels import are_words, draw_bars, draw_field
from mnist_course.visualization.style import GRID, INK, MUTED, VERMILION, heading, own_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["MAX_EXAMPLES", "ActivationsDisplay", "plot_activations"]

MAX_EXAMPLES = 20
"""More rows than this are no picture any more."""

_ROW = 1.25  # inches
_IMAGE, _LAYER, _OUTPUT = 1.0, 1.6, 2.6  # widths of the columns, in rows' heights
_SPACE = 0.28  # between columns
_NAMES = 0.35  # more of it before bars with names of words


class ActivationsDisplay:
    """Images, each in a row with the output of every layer.

    The units of a hidden layer are the squares of a field, numbered along its rows, on one scale of
    colours for all examples. The last layer is drawn as bars, one for each class: the bar of
    the model's answer is filled, and the true class is the one in bold.

    Make one with `from_layers`.

    Parameters
    ----------
    images : ndarray (n, height, width)
    layers : mapping of str to ndarray (n, units)
        Outputs by the name of the layer, in the order of the network; the last has one unit for
        each class.
    y_true : ndarray of int (n,)
        The true classes.
    class_names : sequence of str
        What the classes are.
    title : str
        Above the picture.

    Attributes
    ----------
    y_pred : ndarray of int (n,)
        The class with the largest output.
    ax_ : matplotlib.axes.Axes
        After `plot`: where it was drawn.
    """

    ax_: Axes

    def __init__(
        self,
        images: NDArray[Any],
        *,
        layers: Mapping[str, NDArray[np.float64]],
        y_true: Classes,
        class_names: Sequence[str] | None = None,
        title: str = "",
    ) -> None:
        self.images = images
        self.layers = dict(layers)
        self.y_true = y_true
        self.class_names = class_names
        self.title = title
        self.y_pred = self.output.argmax(axis=1).astype(np.int64)

    @property
    def output(self) -> NDArray[np.float64]:
        """What the last layer says (n, classes)."""
        return list(self.layers.values())[-1]

    @classmethod
    def from_layers(
        cls,
        images: Any,
        layers: Mapping[str, Any] | Sequence[Any],
        labels: Any,
        *,
        class_names: Sequence[str] | None = None,
        title: str = "",
    ) -> Self:
        """Take the outputs of all layers for some images.

        Parameters
        ----------
        images : array-like (n, 28, 28), (n, 28, 28, 1) or (n, 784)
            At most 20.
        layers : mapping of str to array-like (n, units), or a sequence of them
            As ``model.activations(x)`` of `mnist_course.numpy_nn` returns them, or the outputs of
            ``keras.Model(model.inputs, [layer.output for layer in model.layers])``. Layers with
            more axes are drawn flat. Without names they are counted.
        labels : array-like (n,) or one-hot (n, classes)
            The true classes.
        class_names : sequence of str, optional
            Names to show instead of numbers.
        title : str
            Above the picture.

        Raises
        ------
        ValueError
            If there is no image or too many, or shapes do not fit each other.
        """
        shown = as_images(images)
        if not 1 <= len(shown) <= MAX_EXAMPLES:
            raise ValueError(
                f"The picture shows 1 to {MAX_EXAMPLES} images, got {len(shown)}. Choose some, for "
                "example images[:5]."
            )
        named = layers if isinstance(layers, Mapping) else _counted(list(layers))
        if not named:
            raise ValueError("There is no layer to show: pass model.activations(images).")
        outputs: dict[str, NDArray[np.float64]] = {}
        for name, values in named.items():
            array = np.asarray(values)
            if array.ndim < 2 or len(array) != len(shown) or array.dtype.kind not in "iufb":
                raise ValueError(
                    f"The outputs of {name!r} must have one row of numbers per image: expected "
                    f"({len(shown)}, units), got {array.shape} of {array.dtype}. Pass the outputs "
                    "for the same images."
                )
            if not np.isfinite(array).all():
                raise ValueError(
                    f"The outputs of {name!r} hold NaN or infinite values: the training broke "
                    "down. Look at the loss, then at the learning rate."
                )
            outputs[str(name)] = array.reshape(len(array), -1).astype(np.float64)
        true = as_classes(np.atleast_1d(labels), name="labels", rows=len(shown))
        classes = list(outputs.values())[-1].shape[1]
        if true.max() >= classes:
            raise ValueError(
                f"labels hold class {true.max()}, but the last layer has outputs for 0 to "
                f"{classes - 1} only."
            )
        return cls(shown, layers=outputs, y_true=true, class_names=class_names, title=title)

    def frame(self) -> pd.DataFrame:
        """Return the numbers: one row per example, layer and unit."""
        import pandas as pd

        parts = [
            pd.DataFrame(
                {
                    "example": np.repeat(np.arange(len(values)), values.shape[1]),
                    "layer": name,
                    "unit": np.tile(np.arange(values.shape[1]), len(values)),
                    "output": values.ravel(),
                }
            )
            for name, values in self.layers.items()
        ]
        return pd.concat(parts, ignore_index=True)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw one row per image.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Divided among the panels. Without it, a new figure.

        Returns
        -------
        ActivationsDisplay
            Itself.
        """
        names = [class_name(i, self.class_names) for i in range(self.output.shape[1])]
        # Long names stand at the left of the bars, and need room there.
        room = _NAMES if are_words(names) else 0.0
        widths = [_IMAGE, *[_LAYER] * (len(self.layers) - 1), _OUTPUT]
        spaces = [_SPACE] * (len(widths) - 2) + [_SPACE + room]
        whole = sum(widths) + sum(spaces)
        count = len(self.images)
        above = 0.2 / count  # for the names of the columns, in rows
        ax = own_axes(ax, width=_ROW * whole + 0.4, height=_ROW * count * (1 + above) + 0.6)
        ax.set_axis_off()
        if self.title:
            heading(ax, self.title)
        lefts = np.concatenate([[0.0], np.cumsum(np.array(widths[:-1]) + spaces)]) / whole
        row_height = 1 / (count + above * count)
        for i in range(count):
            bottom = 1 - above * count * row_height - (i + 1) * row_height
            panels = [
                ax.inset_axes((left, bottom + 0.12 * row_height, width / whole, 0.78 * row_height))
                for left, width in zip(lefts, widths, strict=True)
            ]
            self._image(panels[0], i)
            for panel, values in zip(panels[1:-1], self.layers.values(), strict=False):
                draw_field(panel, values, i)
            draw_bars(panels[-1], self.output, i, names=names, true=int(self.y_true[i]))
            for panel, name in zip(panels[1:], self.layers, strict=True):
                if i == 0:
                    panel.set_title(name, fontsize=9, color=INK, pad=6)
        self.ax_ = ax
        return self

    def caption(self, example: int) -> str:
        """Return what the model makes of an example, in words."""
        true = class_name(int(self.y_true[example]), self.class_names)
        said = class_name(int(self.y_pred[example]), self.class_names)
        return true if true == said else f"{true} read as {said}"

    def _image(self, panel: Axes, example: int) -> None:
        image = self.images[example]
        panel.imshow(image, cmap="gray_r", vmin=min(0.0, float(image.min())))
        panel.set(xticks=[], yticks=[])
        wrong = self.y_true[example] != self.y_pred[example]
        for side in panel.spines.values():
            side.set(color=VERMILION if wrong else GRID, linewidth=2 if wrong else 0.8)
        panel.set_xlabel(
            self.caption(example), fontsize=8, labelpad=2, color=INK if wrong else MUTED,
            fontweight="bold" if wrong else "normal",
        )  # fmt: skip


def _counted(layers: Sequence[Any]) -> dict[str, Any]:
    names = [f"layer {i + 1}" for i in range(len(layers))]
    return dict(zip([*names[:-1], "output"], layers, strict=True)) if layers else {}


def plot_activations(
    images: Any,
    layers: Mapping[str, Any] | Sequence[Any],
    labels: Any,
    *,
    class_names: Sequence[str] | None = None,
    title: str = "",
    ax: Axes | None = None,
) -> ActivationsDisplay:
    """Draw the outputs of all layers; see `ActivationsDisplay.from_layers`.

    Examples
    --------
    >>> plot_activations(x_test[:5], model.activations(x_test[:5]), y_test[:5])
    """
    display = ActivationsDisplay.from_layers(
        images, layers, labels, class_names=class_names, title=title
    )
    return display.plot(ax)
