"""Accuracy: the share of examples whose largest output is the right class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_course.exceptions import NetworkError

__all__ = ["count_correct", "known"]


def count_correct(y: NDArray[Any], output: NDArray[Any]) -> int:
    """Return how many examples are right.

    Parameters
    ----------
    y : ndarray (n,) or (n, classes)
        Numbers of classes, or rows whose largest value is at the class.
    output : ndarray (n, classes)
        Probabilities or logits: the largest stays the largest.
    """
    classes = y if y.ndim == 1 else y.argmax(axis=1)
    return int(np.count_nonzero(output.argmax(axis=1) == classes))


def known(metrics: Sequence[str] | str | None) -> tuple[str, ...]:
    """Return the names of the metrics; ``acc`` is ``accuracy``.

    Raises
    ------
    NetworkError
        If there is another one than accuracy.
    """
    given = [metrics] if isinstance(metrics, str) else list(metrics or [])
    for metric in given:
        if metric not in ("accuracy", "acc"):
            raise NetworkError(
                f"There is no such metric. Expected 'accuracy' or nothing, got {metric!r}. The "
                "loss is always measured."
            )
    return ("accuracy",) if given else ()
