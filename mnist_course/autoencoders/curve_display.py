"""Reconstruction curves: the error or the explained share against the length of the code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from mnist_course.autoencoders.dimension_rule import GAIN, elbow, gains, share_explained
from mnist_course.visualization.style import (
    BLUE,
    GRID,
    INK,
    MUTED,
    VERMILION,
    heading,
    own_axes,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["ReconstructionCurveDisplay", "plot_reconstruction_curve"]

_COLOURS = (BLUE, VERMILION, "#009E73", "#CC79A7", INK)
_MARKERS = ("o", "s", "^", "D", "v")

Curve = Mapping[int, "float | Sequence[float]"]


class ReconstructionCurveDisplay:
    """Curves of several methods, with the elbow of each marked by a ring.

    Make one with `from_errors`.

    Parameters
    ----------
    errors : mapping of str to mapping of int to sequence of float
        By method and length of the code: mean squared errors, one for each seed.
    variance : float
        The error of the mean image.
    gain : float
        Of the rule, see `elbow`.
    title : str
        Above the picture.

    Attributes
    ----------
    elbows : dict of str to (int or None)
        The estimate for each method's mean curve.
    ax_ : matplotlib.axes.Axes
        After `plot`: where it was drawn.
    """

    ax_: Axes

    def __init__(
        self,
        errors: Mapping[str, Mapping[int, tuple[float, ...]]],
        *,
        variance: float,
        gain: float = GAIN,
        title: str = "",
    ) -> None:
        self.errors = {name: dict(sorted(curve.items())) for name, curve in errors.items()}
        self.variance = variance
        self.gain = gain
        self.title = title
        self.elbows = {
            name: elbow(self.mean(name), variance, gain=gain) if len(curve) > 1 else None
            for name, curve in self.errors.items()
        }

    @classmethod
    def from_errors(
        cls,
        errors: Mapping[str, Curve],
        variance: float,
        *,
        gain: float = GAIN,
        title: str = "",
    ) -> Self:
        """Take curves with one error for each length, or one for each length and seed.

        Parameters
        ----------
        errors : mapping of str to mapping of int to (float or sequence of float)
            ``{"autoencoder": {2: 0.046, 4: 0.035}, "PCA": {...}}``.
        variance : float
            The error of the mean image, on the same images.
        gain : float
            Of the rule, see `elbow`.
        title : str
            Above the picture.

        Raises
        ------
        ValueError
            If there is no curve, or an error is negative, NaN or infinite.
        """
        if not errors or not all(errors.values()):
            raise ValueError("There is no curve to show: pass {'PCA': {2: 0.056, 4: 0.048}}.")
        curves = {
            str(name): {
                int(k): tuple(np.atleast_1d(np.asarray(e, dtype=float)).tolist())
                for k, e in curve.items()
            }
            for name, curve in errors.items()
        }
        for curve in curves.values():
            for k, seeds in curve.items():
                for error in seeds or (float("nan"),):
                    share_explained({k: error}, variance)
        return cls(curves, variance=variance, gain=gain, title=title)

    def mean(self, name: str) -> dict[int, float]:
        """Return the mean error of a method by length."""
        return {k: float(np.mean(seeds)) for k, seeds in self.errors[name].items()}

    def frame(self) -> pd.DataFrame:
        """Return one row per method and length: k, n, error, sd, share, gain, elbow."""
        import pandas as pd

        rows = []
        for name, curve in self.errors.items():
            mean = self.mean(name)
            shares, gained = share_explained(mean, self.variance), gains(mean, self.variance)
            for k, seeds in curve.items():
                rows.append(
                    {
                        "method": name,
                        "k": k,
                        "n": len(seeds),
                        "error": mean[k],
                        "sd": float(np.std(seeds, ddof=1)) if len(seeds) > 1 else float("nan"),
                        "share": shares[k],
                        "gain": gained.get(k, float("nan")),
                        "elbow": self.elbows[name] == k,
                    }
                )
        return pd.DataFrame(rows)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw the share that each method explains against the length of the code.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Without it, a new figure.

        Returns
        -------
        ReconstructionCurveDisplay
            Itself.
        """
        ax = own_axes(ax, width=6.4, height=3.6)
        frame = self.frame()
        every = sorted({int(k) for k in frame["k"]})
        for i, (name, part) in enumerate(frame.groupby("method", sort=False)):
            colour, marker = _COLOURS[i % len(_COLOURS)], _MARKERS[i % len(_MARKERS)]
            found = self.elbows[str(name)]
            words = (
                f"elbow at {found}" if found is not None else f"no elbow up to {part['k'].max()}"
            )
            spread = (part["sd"] / self.variance).fillna(0.0)
            ax.errorbar(
                part["k"], part["share"], yerr=spread, color=colour, marker=marker, capsize=3,
                label=f"{name} ({words})",
            )  # fmt: skip
            if found is not None:
                at = part.loc[part["k"] == found, "share"]
                ax.plot(
                    [found], at, "o", markersize=15, fillstyle="none", color=colour,
                    label="_nolegend_",
                )  # fmt: skip
        ax.set_xscale("log", base=2)
        ax.set_xticks(every, [str(k) for k in every])
        ax.set_xlabel("numbers of the code, k", color=INK)
        ax.set_ylabel("share of the variance explained", color=INK)
        ax.set_ylim(min(0.0, float(frame["share"].min())), 1)
        ax.grid(color=GRID)
        ax.spines[["top", "right"]].set_visible(False)
        ax.tick_params(colors=MUTED)
        ax.legend(loc="lower right", fontsize=9, frameon=False)
        if self.title:
            heading(ax, self.title)
        self.ax_ = ax
        return self


def plot_reconstruction_curve(
    errors: Mapping[str, Any],
    variance: float,
    *,
    gain: float = GAIN,
    title: str = "",
    ax: Axes | None = None,
) -> ReconstructionCurveDisplay:
    """Draw reconstruction curves; see `ReconstructionCurveDisplay.from_errors`.

    Examples
    --------
    >>> plot_reconstruction_curve({"PCA": pca_errors(x_train, x_val, (2, 4, 8))}, variance)
    """
    display = ReconstructionCurveDisplay.from_errors(errors, variance, gain=gain, title=title)
    return display.plot(ax)
