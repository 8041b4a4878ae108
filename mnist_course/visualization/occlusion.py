"""Where a model looks: the part of an image that its answer depends on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from mnist_course.visualization.arrays import as_classes, as_one_image, class_name
from mnist_course.visualization.model_inputs import as_inputs
from mnist_course.visualization.style import GRID, INK, MUTED, heading, own_axes, signed_colours

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["OcclusionDisplay", "plot_occlusion"]

_PANEL = 2.4  # inches
_BATCH = 1_024

Predict = Callable[[NDArray[np.float32]], Any]


class OcclusionDisplay:
    """How far the probability of a class falls when a square of the image is covered.

    Blue: covering this part takes probability away, so the model reads the class there. Orange:
    covering it adds probability, so this part speaks against the class. White: it does not matter.

    Make one with `from_model`.

    Parameters
    ----------
    image : ndarray (height, width)
    label : int
        The class whose probability is watched.
    probability : float
        Of that class, for the whole image.
    drops : ndarray of float (rows, columns)
        ``probability`` minus that of the image with one square covered; row, column in steps of
        ``stride`` from the upper left corner.
    size, stride : int
        Side of the square, and how far it moves, in pixels.
    class_names : sequence of str, optional
        Names to show instead of numbers.
    title : str
        Above the picture.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        After `plot`: where it was drawn.
    """

    ax_: Axes

    def __init__(
        self,
        image: NDArray[Any],
        *,
        label: int,
        probability: float,
        drops: NDArray[np.float64],
        size: int,
        stride: int,
        class_names: Sequence[str] | None = None,
        title: str = "",
    ) -> None:
        self.image = image
        self.label = label
        self.probability = probability
        self.drops = drops
        self.size = size
        self.stride = stride
        self.class_names = class_names
        self.title = title

    @classmethod
    def from_model(
        cls,
        model: Any,
        image: Any,
        label: int | None = None,
        *,
        size: int = 6,
        stride: int = 2,
        fill: float = 0.0,
        class_names: Sequence[str] | None = None,
        title: str = "",
    ) -> Self:
        """Cover every part of an image in turn and watch the probability of a class.

        Parameters
        ----------
        model : keras.Model or callable
            A model with one output for each class; or a function of images (n, height, width) that
            returns such rows. Rows of scores are sent through softmax.
        image : array-like (28, 28), (28, 28, 1) or (1, 784)
            One image, in the scaling that the model was trained with.
        label : int, optional
            Which class to watch; without it, the model's answer for the whole image.
        size : int
            Side of the square that covers, in pixels.
        stride : int
            How far it moves, in pixels.
        fill : float
            What it is painted with; 0 is paper.
        class_names : sequence of str, optional
            Names to show instead of numbers.
        title : str
            Above the picture.

        Raises
        ------
        ValueError
            If it is not one image, the square does not fit into it, the model gives no row of
            finite numbers for each image, or there is no such class.
        """
        picture = as_one_image(image).astype(np.float32)
        corners = _corners(picture.shape, size=size, stride=stride)
        covered = np.repeat(picture[np.newaxis], len(corners) + 1, axis=0)
        for one, (top, left) in zip(covered[1:], corners, strict=True):
            one[top : top + size, left : left + size] = fill
        rows = _probabilities(model, covered)
        watched = (
            int(rows[0].argmax()) if label is None else int(as_classes([label], name="label")[0])
        )
        if watched >= rows.shape[1]:
            raise ValueError(
                f"label is {watched}, but the model has outputs for the classes 0 to "
                f"{rows.shape[1] - 1}."
            )
        probability = float(rows[0, watched])
        height, width = (len(range(0, side - size + 1, stride)) for side in picture.shape)
        return cls(
            picture,
            label=watched,
            probability=probability,
            drops=(probability - rows[1:, watched]).reshape(height, width),
            size=size,
            stride=stride,
            class_names=class_names,
            title=title,
        )

    @property
    def map(self) -> NDArray[np.float64]:
        """The mean drop of all squares that cover a pixel (height, width); NaN where none does."""
        total, times = np.zeros(self.image.shape), np.zeros(self.image.shape)
        for (row, column), drop in np.ndenumerate(self.drops):
            top, left = row * self.stride, column * self.stride
            part = np.s_[top : top + self.size, left : left + self.size]
            total[part] += drop
            times[part] += 1
        return np.divide(total, times, out=np.full_like(total, np.nan), where=times > 0)

    @property
    def strongest(self) -> tuple[int, int]:
        """Row and column of the pixel at the middle of the square with the largest drop."""
        row, column = np.unravel_index(int(self.drops.argmax()), self.drops.shape)
        return (
            int(row) * self.stride + self.size // 2,
            int(column) * self.stride + self.size // 2,
        )

    def frame(self) -> pd.DataFrame:
        """Return one row per square: top, left, side in pixels, drop of the probability."""
        import pandas as pd

        rows, columns = np.indices(self.drops.shape)
        return pd.DataFrame(
            {
                "top": rows.ravel() * self.stride,
                "left": columns.ravel() * self.stride,
                "size": self.size,
                "drop": self.drops.ravel(),
            }
        )

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw the image, and beside it the drops with the image in outline.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Divided among the two panels. Without it, a new figure.

        Returns
        -------
        OcclusionDisplay
            Itself.
        """
        ax = own_axes(ax, width=2 * _PANEL + 1.2, height=_PANEL + (0.7 if self.title else 0.45))
        ax.set_axis_off()
        if self.title:
            heading(ax, self.title)
        name = class_name(self.label, self.class_names)
        left, right = ax.inset_axes((0, 0.04, 0.43, 0.94)), ax.inset_axes((0.45, 0.04, 0.43, 0.94))
        left.imshow(self.image, cmap="gray_r", vmin=min(0.0, float(self.image.min())))
        left.set_xlabel(f"{name}: {self.probability:.1%}", color=INK, fontsize=9)
        largest = float(np.abs(self.drops).max()) or 1.0
        drawn = right.imshow(
            self.map, cmap=signed_colours(), vmin=-largest, vmax=largest, interpolation="nearest"
        )
        middle = (float(self.image.min()) + float(self.image.max())) / 2
        if self.image.min() < middle:  # an even image has no outline
            right.contour(self.image, levels=[middle], colors=[MUTED], linewidths=0.8)
        right.set_xlabel(f"covered {self.size} × {self.size} at a time", color=MUTED, fontsize=9)
        for panel in (left, right):
            panel.set(xticks=[], yticks=[])
            panel.spines[:].set_color(GRID)
        bar = ax.inset_axes((0.9, 0.12, 0.02, 0.78))
        ax.get_figure(root=True).colorbar(drawn, cax=bar)  # type: ignore[union-attr]
        bar.tick_params(labelsize=8, color=MUTED, labelcolor=MUTED)
        bar.set_ylabel(f"drop of the probability of {name}", color=INK, fontsize=8)
        bar.spines[:].set_visible(False)
        self.ax_ = ax
        return self


def plot_occlusion(
    model: Any,
    image: Any,
    label: int | None = None,
    *,
    size: int = 6,
    stride: int = 2,
    fill: float = 0.0,
    class_names: Sequence[str] | None = None,
    title: str = "",
    ax: Axes | None = None,
) -> OcclusionDisplay:
    """Draw what a model's answer depends on; see `OcclusionDisplay.from_model`.

    Examples
    --------
    >>> plot_occlusion(model, x_test[0])
    >>> plot_occlusion(model, x_test[0], label=3, size=4, stride=1)
    """
    display = OcclusionDisplay.from_model(
        model, image, label, size=size, stride=stride, fill=fill, class_names=class_names,
        title=title,
    )  # fmt: skip
    return display.plot(ax)


def _corners(shape: tuple[int, ...], *, size: int, stride: int) -> list[tuple[int, int]]:
    height, width = shape
    if not (isinstance(size, int) and 1 <= size <= min(height, width)):
        raise ValueError(
            f"size must be a whole number of pixels from 1 to {min(height, width)}, got {size!r}."
        )
    if not (isinstance(stride, int) and stride >= 1):
        raise ValueError(f"stride must be a whole number of pixels from 1 on, got {stride!r}.")
    return [
        (top, left)
        for top in range(0, height - size + 1, stride)
        for left in range(0, width - size + 1, stride)
    ]


def _probabilities(model: Any, images: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return rows that sum to 1, one for each image (n, classes)."""
    if hasattr(model, "layers"):
        rows = model.predict(as_inputs(model, images), batch_size=_BATCH, verbose=0)
    elif callable(model):
        rows = model(images)
    else:
        raise ValueError(
            f"model must be a Keras model or a function of images, got a {type(model).__name__}."
        )
    values = np.asarray(rows, dtype=np.float64)
    if values.ndim != 2 or len(values) != len(images) or values.shape[1] < 2:
        raise ValueError(
            "The model must give one row of numbers, one for each class, for each image: expected "
            f"({len(images)}, classes), got {values.shape}."
        )
    if not np.isfinite(values).all():
        raise ValueError("The model gives NaN or infinite values: look at its loss in training.")
    if values.min() < 0 or not np.allclose(values.sum(axis=1), 1, atol=1e-3):
        values = np.exp(values - values.max(axis=1, keepdims=True))
        values /= values.sum(axis=1, keepdims=True)
    return values
