"""Points for comparing networks without, with one and with two convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mnist_course.checks.score import CheckFailed, Score
from mnist_course.checks.study.reading import trials_in

__all__ = ["check_conv_arms"]

_WORDS = {0: "no convolution", 1: "one convolution", 2: "two convolutions"}


def check_conv_arms(
    trials: Any,
    *,
    depths: Sequence[int] = (0, 1, 2),
    points: float,
    of: float,
    name: str = "trials",
) -> Score:
    """Check that networks with these numbers of convolutions were really trained.

    Parameters
    ----------
    trials : sequence of Trial
        What counts is the record of each fit, not the name of the arm.
    depths : sequence of int
        Convolutions, one arm for each.
    points : float
        Each depth has the same share.
    of : float
        Points of the whole item.
    name : str
        The student's variable.

    Returns
    -------
    Score
        Without a reason where there are no trials: `check_study`, in the same cell, says why.
    """
    try:
        given = trials_in(trials, name=name)
    except CheckFailed:
        return Score(0, of)
    found = {sum(layer.class_name == "Conv2D" for layer in trial.fit.layers) for trial in given}
    missing = [depth for depth in depths if depth not in found]
    if not missing:
        words = ", ".join(_WORDS.get(depth, str(depth)) for depth in depths)
        return Score(points, of, f"Networks with {words} were trained.")
    return Score(
        points * (1 - len(missing) / len(depths)),
        of,
        f"No network with {' or '.join(_WORDS.get(d, str(d)) for d in missing)} was trained.",
        "The question is what the first and the second convolution are good for, so all three are "
        "needed.",
        "conv=(8,) makes one, conv=(8, 16) makes two, conv=() makes none.",
    )
