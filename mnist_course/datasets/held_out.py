"""Choose which training images a network does not learn from: it is measured on them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["hold_out"]


def hold_out(labels: NDArray[Any], *, share: float, seed: int) -> NDArray[np.int64]:
    """Choose rows to hold out, of every class the same share.

    Parameters
    ----------
    labels : ndarray (n,)
        Classes.
    share : float
        0 < share < 1, of all rows and of each class, to one row; at least one of each class.
    seed : int
        The same seed, labels and share give the same rows.

    Returns
    -------
    ndarray of int64 (m,)
        Row numbers, ascending.

    Raises
    ------
    ValueError
        If the share is out of range, or a class has fewer than two rows.
    """
    if not 0 < share < 1:
        raise ValueError(f"The share must lie between 0 and 1, got {share}.")
    classes, sizes = np.unique(labels, return_counts=True)
    if (sizes < 2).any():
        raise ValueError(f"Class {classes[sizes.argmin()]} has one row only, to be in two parts.")
    counts = np.clip(_apportion((share * sizes).astype(np.float64)), 1, sizes - 1)
    random = np.random.default_rng(seed)
    chosen = [
        random.permutation(np.flatnonzero(labels == label))[:count]
        for label, count in zip(classes, counts, strict=True)
    ]
    return np.sort(np.concatenate(chosen)).astype(np.int64)


def _apportion(wanted: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return whole numbers near these, with the same sum: the largest remainders are raised."""
    counts = np.floor(wanted).astype(np.int64)
    missing = round(wanted.sum()) - counts.sum()
    counts[np.argsort(counts - wanted, kind="stable")[:missing]] += 1
    return counts
