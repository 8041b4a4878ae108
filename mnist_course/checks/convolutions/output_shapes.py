"""Points for calculating what a convolution makes of a picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from mnist_course.checks.convolutions.wrong_formulas import Slip, explained
from mnist_course.checks.functions import check_function
from mnist_course.checks.no_points import or_no_points
from mnist_course.checks.score import Score
from mnist_course.grading.results import Finding

__all__ = ["check_conv_parameters", "check_output_side", "conv_parameters", "output_side"]

_SIDES = (
    (28, 3, 1, "valid"),
    (28, 3, 2, "valid"),
    (13, 2, 2, "valid"),
    (7, 3, 2, "same"),
    (10, 5, 3, "same"),
)
_KERNELS = ((3, 1, 16), (5, 8, 4))


def output_side(side: int, kernel: int, stride: int, padding: str) -> int:
    """Return the side of the picture that a convolution or a pooling gives.

    Parameters
    ----------
    side : int
        Of the picture that goes in, in pixels.
    kernel, stride : int
    padding : str
        ``valid`` or ``same``.
    """
    if padding == "same":
        return math.ceil(side / stride)
    return (side - kernel) // stride + 1


def conv_parameters(kernel: int, channels: int, filters: int) -> int:
    """Return the parameters of a convolution with square kernels and biases."""
    return (kernel * kernel * channels + 1) * filters


_SIDE_SLIPS = (
    Slip(
        lambda n, k, s, p: math.ceil(n / s) if p == "same" else (n - k) // s,
        Finding(
            "`output_side` is too small by one without padding: (28, 3, 1, 'valid') gives 25.",
            "A window of 3 fits into 28 pixels at the positions 0, 1, ..., 25: those are 26.",
            "Count the first position, too: (side - kernel) // stride + 1.",
        ),
    ),
    Slip(
        lambda n, k, s, p: n // s if p == "same" else (n - k) // s + 1,
        Finding(
            "With padding 'same', `output_side(7, 3, 2, 'same')` gives 3.",
            "The window starts at 0, 2, 4 and 6, and padding lets it reach beyond the edge: 4.",
            "Round up: math.ceil(side / stride), or -(-side // stride).",
        ),
    ),
    Slip(
        lambda n, k, s, p: n - k + 1 if p == "valid" else n,
        Finding(
            "`output_side` does not depend on the stride: (28, 3, 2, 'valid') gives 26.",
            "With stride 2 the window moves two pixels at a time and stops half as often.",
            "Divide by the stride, in both cases of padding.",
        ),
    ),
    Slip(
        lambda n, k, s, p: (n - k) // s + 1,
        Finding(
            "`output_side` does not depend on the padding: (7, 3, 2, 'same') gives 3.",
            "'same' adds zeros around the picture, so that with stride 1 its size stays the same.",
            "For 'same', the kernel does not matter: side divided by stride, rounded up.",
        ),
    ),
    Slip(
        lambda n, k, s, p: n if p == "same" else (n - k) // s + 1,
        Finding(
            "With padding 'same', `output_side(7, 3, 2, 'same')` gives 7.",
            "'same' keeps the size only with stride 1; with stride 2 every second position is "
            "left out.",
            "Divide by the stride and round up.",
        ),
    ),
    Slip(
        lambda n, k, s, p: n / s if p == "same" else (n - k) / s + 1,
        Finding(
            "`output_side` gives fractions: (28, 3, 2, 'valid') gives 13.5.",
            "A window stands at a pixel or it does not; half positions do not exist.",
            "'valid' rounds down (//), 'same' rounds up (math.ceil).",
        ),
    ),
)
_PARAMETER_SLIPS = (
    Slip(
        lambda k, c, f: k * k * c * f,
        Finding(
            "`conv_parameters(3, 1, 16)` gives 144: the biases are missing.",
            "Every filter adds one number of its own to each of its sums.",
            "Add one parameter for each filter.",
        ),
    ),
    Slip(
        lambda k, c, f: k * k * f + f,
        Finding(
            "`conv_parameters` does not depend on the channels: (5, 8, 4) gives 104.",
            "A filter looks at all channels of the layer before, with a kernel of its own for "
            "each of them.",
            "A kernel holds kernel x kernel x channels weights.",
        ),
    ),
    Slip(
        lambda k, c, f: k * k * c * f + 1,
        Finding(
            "`conv_parameters(3, 1, 16)` gives 145: one bias for the whole layer.",
            "Every filter has a bias of its own, as every unit of a dense layer has.",
            "Add one parameter for each filter.",
        ),
    ),
    Slip(
        lambda k, c, f: k * c * f + f,
        Finding(
            "`conv_parameters(3, 1, 16)` gives 64: the kernel has been taken for a line.",
            "A kernel of size 3 is a square of 3 x 3 weights.",
            "Multiply with the kernel size twice.",
        ),
    ),
    Slip(
        lambda k, c, f: k * k * c * f + c,
        Finding(
            "`conv_parameters(5, 8, 4)` gives 808: a bias for each channel that comes in.",
            "Biases belong to the filters, that is to the channels that go out.",
            "Add one parameter for each filter.",
        ),
    ),
)


@or_no_points("of")
def check_output_side(
    function: Callable[..., Any],
    cases: Iterable[tuple[Any, ...]] = (),
    *,
    points: float,
    of: float,
    hint: str = "",
) -> Score:
    """Check ``output_side(side, kernel, stride, padding)``.

    Parameters
    ----------
    function : callable
        The student's.
    cases : iterable of tuple
        Hidden ones, asked among the visible ones.
    points : float
        For a function that is right everywhere.
    of : float
        Points of the whole item.
    hint : str
        All that is told about a hidden case.
    """
    score = check_function(
        function, list(cases) or _SIDES, expected=output_side, points=points, of=of,
        known=_SIDES, hint=hint,
    )  # fmt: skip
    return explained(score, function, "output_side", _SIDES, _SIDE_SLIPS)


@or_no_points("of")
def check_conv_parameters(
    function: Callable[..., Any],
    cases: Iterable[tuple[Any, ...]] = (),
    *,
    points: float,
    of: float,
    hint: str = "",
) -> Score:
    """Check ``conv_parameters(kernel, channels, filters)``; see `check_output_side`."""
    score = check_function(
        function, list(cases) or _KERNELS, expected=conv_parameters, points=points, of=of,
        known=_KERNELS, hint=hint,
    )  # fmt: skip
    return explained(score, function, "conv_parameters", _KERNELS, _PARAMETER_SLIPS)
