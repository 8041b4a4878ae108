"""A second opinion on the intrinsic dimension, which needs no autoencoder."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["two_nearest_neighbours"]


def two_nearest_neighbours(x: Any, *, discard: float = 0.1) -> float:
    """Estimate the dimension of data from the two nearest neighbours of each point.

    Where points lie on a d-dimensional surface, the ratio r of the distances to the second and to
    the first neighbour has the distribution F(r) = 1 - r**(-d), whatever the density. So
    ``-log(1 - F)`` against ``log r`` is a line through the origin with the slope d.

    Parameters
    ----------
    x : array-like (n, ...)
        Different points; repeated ones are left out. Five or more.
    discard : float
        Share of the largest ratios that is left out, 0 <= discard < 1: they come from outliers.

    Returns
    -------
    float
        The slope, fitted by least squares. Estimates of 10 or more come out too low when points
        are few: neighbours are then too far away to see the surface.

    Raises
    ------
    ValueError
        If there are fewer than five different points, or `discard` is out of range.

    References
    ----------
    Facco, d'Errico, Rodriguez, Laio, "Estimating the intrinsic dimension of datasets by a minimal
    neighborhood information", Scientific Reports 7 (2017).
    """
    from sklearn.neighbors import NearestNeighbors

    if not 0 <= discard < 1:
        raise ValueError(f"discard must be a share, 0 <= discard < 1, got {discard!r}.")
    points = np.asarray(x, dtype=np.float64)
    points = np.unique(points.reshape(len(points), -1), axis=0)
    if len(points) < 5:
        raise ValueError(f"Five different points are needed, got {len(points)}.")
    distances, _ = NearestNeighbors(n_neighbors=3).fit(points).kneighbors(points)
    # Points that differ in their last digits only are at the distance 0 for scikit-learn.
    apart = distances[distances[:, 1] > 0]
    ratios = np.sort(apart[:, 2] / apart[:, 1])
    kept = ratios[: max(2, int(len(ratios) * (1 - discard)))]
    along = np.log(kept)
    below = np.arange(1, len(kept) + 1) / (len(ratios) + 1)  # F of each ratio, by its rank
    up = -np.log1p(-below)
    return float((along @ up) / (along @ along))
