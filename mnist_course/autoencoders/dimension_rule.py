"""The course's rule for the intrinsic dimension: the elbow of a reconstruction curve.

A code of length 0 can give the mean image only; its error is what there is to be explained. A
code of length k leaves an error, and explains the share ``1 - error / error of the mean image``.
From one length to the next, the share grows by so much *per doubling of the length*. The estimate
is the shortest length from which on no step gains as much as ``GAIN`` per doubling: more numbers
would no longer help. As only some lengths were tried, the truth lies between it and the length
before.

Source of the idea: the elbow of a reconstruction error, as in Hinton and Salakhutdinov, "Reducing
the Dimensionality of Data with Neural Networks", Science 313 (2006), made exact by a stated gain.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise

__all__ = ["GAIN", "elbow", "gains", "share_explained"]

GAIN = 0.05
"""Of the variance, per doubling of the code: less than this is no longer worth it."""


def share_explained(errors: Mapping[int, float], variance: float) -> dict[int, float]:
    """Return the share of the variance that codes explain, by their length.

    Parameters
    ----------
    errors : mapping of int to float
        Mean squared error by length of the code, on images that were not trained on.
    variance : float
        The error of the mean image on the same images (`pca_curve.mean_image_error`).

    Returns
    -------
    dict of int to float
        Shortest code first; at most 1, below 0 where the mean image would be better.

    Raises
    ------
    ValueError
        If there is no error, a length is below 1, or a number is negative, NaN or infinite.
    """
    numbers = [variance, *errors.values()]
    if not errors or not all(math.isfinite(n) and n >= 0 for n in numbers) or variance == 0:
        raise ValueError(
            "errors must hold a finite mean squared error for each length, and variance must be "
            f"above 0; got errors={dict(errors)}, variance={variance!r}."
        )
    if min(errors) < 1:
        raise ValueError(f"a code has one number at least, got the lengths {sorted(errors)}.")
    return {k: 1 - errors[k] / variance for k in sorted(errors)}


def gains(errors: Mapping[int, float], variance: float) -> dict[int, float]:
    """Return how much the explained share grew per doubling of the code, by the longer length.

    Parameters
    ----------
    errors, variance
        As of `share_explained`.

    Returns
    -------
    dict of int to float
        For every length but the shortest: what the last step up to it gained. For lengths 16 and
        32 it is simply the difference of their shares.

    Raises
    ------
    ValueError
        As `share_explained`.
    """
    shares = share_explained(errors, variance)
    lengths = list(shares)
    return {
        k: (shares[k] - shares[before]) / math.log2(k / before) for before, k in pairwise(lengths)
    }


def elbow(errors: Mapping[int, float], variance: float, *, gain: float = GAIN) -> int | None:
    """Return the shortest length from which on no step gains ``gain`` per doubling.

    Parameters
    ----------
    errors, variance
        As of `share_explained`; two lengths at least.
    gain : float
        Of the variance, per doubling.

    Returns
    -------
    int or None
        A length of ``errors``. None when even the last step gains as much: the elbow lies beyond
        the longest code that was tried. The shortest length when no step does: it lies there or
        before.

    Raises
    ------
    ValueError
        If there are fewer than two lengths, or as `share_explained`.

    Examples
    --------
    Five numbers that matter equally, and none beyond:

    >>> elbow({1: 0.8, 2: 0.6, 4: 0.2, 5: 0.0, 8: 0.0}, variance=1.0)
    5
    >>> elbow({1: 0.8, 2: 0.6}, variance=1.0) is None
    True
    """
    shares = share_explained(errors, variance)
    if len(shares) < 2:
        raise ValueError(f"a curve has two lengths at least, got {sorted(errors)}.")
    lengths = list(shares)
    found: int | None = lengths[0]
    for k, gained in gains(errors, variance).items():
        if gained >= gain:
            found = None if k == lengths[-1] else k
    return found
