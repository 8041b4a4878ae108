"""Votes of the nearest rows, computed by the grader itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["votes"]

_BLOCK = 500

Array = npt.NDArray[Any]


def votes(x_fit: Array, y_fit: Array, x: Array, ks: Sequence[int]) -> npt.NDArray[np.int64]:
    """Let the nearest rows vote, for several numbers of neighbours at once.

    Parameters
    ----------
    x_fit, y_fit : array of shape (n, width) and (n,)
        Who votes; labels are whole numbers from 0 on.
    x : array of shape (m, width)
        What is voted about.
    ks : sequence of int
        Numbers of neighbours, within 1..n.

    Returns
    -------
    array of shape (len(ks), m), int
        The label with most votes, the smallest of those where several have as many (as
        scikit-learn does it).
    """
    rows, labels = _floats(x_fit), np.asarray(y_fit).astype(np.int64)
    half_lengths = np.einsum("ij,ij->i", rows, rows) / 2
    most, classes = max(ks), int(labels.max()) + 1
    found = np.empty((len(ks), len(x)), dtype=np.int64)
    for start in range(0, len(x), _BLOCK):
        block = _floats(x[start : start + _BLOCK])
        # Half of |x - f|² without |x|², which is the same for all f.
        far = half_lengths - block @ rows.T
        near = np.argpartition(far, most - 1, axis=1)[:, :most]
        order = np.take_along_axis(far, near, axis=1).argsort(axis=1, kind="stable")
        voters = labels[np.take_along_axis(near, order, axis=1)]
        for i, k in enumerate(ks):
            ballots = np.zeros((len(block), classes), dtype=np.int64)
            np.add.at(ballots, (np.arange(len(block))[:, np.newaxis], voters[:, :k]), 1)
            found[i, start : start + len(block)] = ballots.argmax(axis=1)
    return found


def _floats(x: Array) -> npt.NDArray[np.float32]:
    return np.asarray(x).reshape(len(x), -1).astype(np.float32, copy=False)
