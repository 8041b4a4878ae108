"""Points for pictures of what hidden units look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_course.checks.figure_lines import figure_parts
from mnist_course.checks.plain_values import type_name
from mnist_course.checks.score import Score
from mnist_course.checks.two_layers import formulas
from mnist_course.checks.two_layers.calls import CHANGED, ask, numbers
from mnist_course.grading.results import Finding

__all__ = ["check_unit_images"]

_SIDE = 28

Array = NDArray[Any]


def check_unit_images(
    unit_images: Callable[..., Any],
    figure: Any,
    *,
    images: float,
    drawn: float,
    labelled: float,
    at_least: int = 10,
    seed: int = 0,
) -> Score:
    """Check a function that makes images of weights, and the figure that shows them.

    Parameters
    ----------
    unit_images : callable
        ``unit_images(params)`` gives an array (hidden, 28, 28): the weights of each hidden unit.
    figure : matplotlib.figure.Figure
        The student's; in the test runner what is known of it.
    images, drawn, labelled : float
        Points for: the function; images in the figure (one that holds them all counts, too); a
        title or a label that says what they are.
    at_least : int
        Hidden units that are to be seen.
    seed : int
    """
    of = images + drawn + labelled
    earned, findings = 0.0, []
    found = _wrong_images(unit_images, seed)
    if found is None:
        earned += images
        findings.append(Finding("`unit_images` gives each hidden unit its own 28 x 28 weights."))
    else:
        findings.append(found)
    known = _known(figure)
    if isinstance(known, Finding):
        return Score(earned, of, findings=[*findings, known])
    title, axes = known
    shown = sum(int(one["images"]) for one in axes)
    # One image alone can be a mosaic of all units; two to nine are just two to nine units.
    if shown == 1 or shown >= at_least:
        earned += drawn
        findings.append(Finding(f"The figure holds {shown} image{'s' * (shown > 1)}."))
        if title or any(_said(one) for one in axes):
            earned += labelled
        else:
            findings.append(
                Finding(
                    "No title and no label stands at the images.",
                    "Who sees them later must know which unit, and which colour means what.",
                    "axis.set_title(f'unit {number}')",
                )
            )
    else:
        findings.append(
            Finding(
                f"`unit_figure` holds {shown} images; expected at least {at_least} units.",
                "A few units may be exceptions; a pattern shows in many.",
                "One axes for each unit: axis.imshow(image, cmap='RdBu', vmin=-v, vmax=v).",
            )
        )
    return Score(earned, of, findings=findings)


def _wrong_images(unit_images: Callable[..., Any], seed: int) -> Finding | None:
    for hidden in (6, 11):
        parameters = formulas.start_parameters(_SIDE * _SIDE, hidden, 10, seed=seed + hidden)
        answer = ask(unit_images, "unit_images", parameters)
        if answer.finding is not None:
            return answer.finding
        if answer.changed:
            return Finding("`unit_images` changes the parameters.", *CHANGED)
        found = _compared(numbers(answer.value), parameters["W1"], hidden)
        if found is not None:
            return found
    return None


def _compared(got: Array | None, weights: Array, hidden: int) -> Finding | None:
    expected = weights.T.reshape(hidden, _SIDE, _SIDE)
    if got is None or got.shape != expected.shape:
        told = "no array of numbers" if got is None else f"an array of shape {got.shape}"
        return Finding(
            f"`unit_images` gives {told}; expected {expected.shape} for {hidden} hidden units.",
            "One image for each hidden unit, 28 rows of 28 weights.",
            "A column of W1 holds the weights of one unit.",
        )
    if np.allclose(got, expected, atol=1e-6):
        return None
    if np.allclose(got, weights.reshape(hidden, _SIDE, _SIDE), atol=1e-6):
        return Finding(
            "Each image of `unit_images` mixes the weights of all units.",
            "W1 has one row for each pixel. Reshaping it as it is cuts along rows: a few pixels of "
            "every unit side by side, which looks like noise.",
            "Turn it first: W1.T has one row for each unit.",
        )
    if np.allclose(got, expected.swapaxes(1, 2), atol=1e-6):
        return Finding(
            "The images of `unit_images` lie on their side.",
            "Pixels are stored row by row, and so are their weights.",
            "W1.T.reshape(-1, 28, 28), without another transpose.",
        )
    return Finding(
        "The images of `unit_images` are not the weights in W1.",
        "Rescaled weights look alike, but cannot be compared from unit to unit.",
        "W1.T.reshape(-1, 28, 28); choose colours with vmin and vmax when you draw.",
    )


def _said(axes: Mapping[str, Any]) -> bool:
    return any(axes[place] for place in ("title", "xlabel", "ylabel", "texts"))


def _known(figure: Any) -> tuple[str, Sequence[Mapping[str, Any]]] | Finding:
    """Return the title of a figure, with what is known of its axes; real or taken apart."""
    if figure is None:
        return Finding(
            "`unit_figure` is still None.",
            "There is nothing to see yet.",
            "unit_figure, axes = plt.subplots(...), then axis.imshow(...) for each unit.",
        )
    known = figure_parts(figure)
    if known is None:
        return Finding(
            f"`unit_figure` is a {type_name(figure)}; expected a figure of matplotlib.",
            "The check looks at what was drawn.",
            "unit_figure, axes = plt.subplots(...)",
        )
    return str(known["title"]), known["axes"]
