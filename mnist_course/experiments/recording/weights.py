"""Tell a model's weights apart by their content."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from mnist_course.exceptions import RecordError
from mnist_course.experiments.recording.strict_dict import describe

__all__ = ["INITIAL_WEIGHTS_BYTES", "initial_weights_from", "weights_digest"]

INITIAL_WEIGHTS_BYTES = 32 * 2**20
"""How much of initial weights one log keeps, in bytes, over all its fits."""

_MOST_ARRAYS = 2_000


def weights_digest(weights: Sequence[np.ndarray]) -> str:
    """Name a model's weights by their content.

    Parameters
    ----------
    weights : sequence of numpy.ndarray
        As ``model.get_weights()`` gives them; the order counts.

    Returns
    -------
    str
        32 hexadecimal digits: BLAKE2b with 128 bits over dtype, shape and bytes of every array.
    """
    digest = hashlib.blake2b(digest_size=16)
    for array in weights:
        array = np.asarray(array)
        digest.update(f"{array.dtype.str}{array.shape};".encode("ascii"))
        digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def initial_weights_from(value: object) -> tuple[np.ndarray, ...]:
    """Check arrays that someone else calls a model's initial weights.

    Parameters
    ----------
    value : object
        A list or tuple of finite float or integer arrays, `INITIAL_WEIGHTS_BYTES` in all at most.

    Raises
    ------
    RecordError
        If it is anything else.
    """
    expected = "'initial_weights' must be a list of finite float or integer arrays"
    if type(value) not in (list, tuple) or len(value) > _MOST_ARRAYS:  # type: ignore[arg-type]
        raise RecordError(f"a fit record: {expected}, got {describe(value)}")
    total = 0
    for array in value:  # type: ignore[attr-defined]
        if type(array) is not np.ndarray or array.dtype.kind not in "biuf":
            raise RecordError(f"a fit record: {expected}, got {describe(array)}")
        total += array.nbytes
        if total > INITIAL_WEIGHTS_BYTES:
            raise RecordError(
                f"a fit record: 'initial_weights' must be at most {INITIAL_WEIGHTS_BYTES} bytes"
            )
        if not np.isfinite(array).all():
            raise RecordError(f"a fit record: {expected}, got NaN or infinity")
    return tuple(value)  # type: ignore[arg-type]
