"""The colours that all pictures share.

Blue and vermilion are from the palette of Okabe and Ito, which people with any form of colour
blindness tell apart; no picture says anything by colour alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

__all__ = [
    "BLUE",
    "GRID",
    "INK",
    "MUTED",
    "PALE",
    "VERMILION",
    "heading",
    "own_axes",
    "signed_colours",
]

BLUE = "#0072B2"
VERMILION = "#D55E00"
INK = "#1b2330"
MUTED = "#5b6472"
GRID = "#dbe0e8"
PALE = "#eef1f5"


def own_axes(ax: Axes | None, *, width: float, height: float) -> Axes:
    """Return the given axes, or those of a new figure of this size in inches."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    _, new = plt.subplots(figsize=(width, height), layout="constrained")
    return new


def heading(ax: Axes, text: str) -> None:
    """Write a title at the left, where reading starts."""
    ax.set_title(text, loc="left", color=INK, fontsize=12, fontweight="bold")


def signed_colours() -> Colormap:
    """Return colours for numbers around 0: vermilion below, white, blue above."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("signed", [VERMILION, "#ffffff", BLUE])
