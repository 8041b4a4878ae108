"""The images on which autoencoders are judged: the grader's own copy."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from mnist_course.experiments.trials.data import TrialData

__all__ = ["LENGTHS", "TRAIN_ROWS", "grader_images", "pca_curve", "variance"]

TRAIN_ROWS = 10_000
LENGTHS = (2, 4, 8, 16, 32, 64)

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Curve:
    errors: dict[int, float]
    variance: float


@lru_cache(maxsize=1)
def grader_images() -> TrialData:
    """Return the images of the notebook: 10,000 for training, 5,000 for validation, the test set.

    The same division as that of the trials, so that the curves of both can be compared.
    """
    from mnist_course.experiments.trials.configuration import Configuration
    from mnist_course.experiments.trials.data import load

    return load(Configuration(train_rows=TRAIN_ROWS, validation_rows=5_000, split_seed=0))


@lru_cache(maxsize=4)
def _pca(lengths: tuple[int, ...], part: str) -> _Curve:
    from mnist_course.autoencoders import mean_image_error, pca_errors

    images = grader_images()
    x = getattr(images, part)
    return _Curve(pca_errors(images.x_train, x, lengths), mean_image_error(images.x_train, x))


def pca_curve(lengths: tuple[int, ...] = LENGTHS, *, part: str = "x_val") -> dict[int, float]:
    """Return PCA's error by the length of the code, on the validation images or on another part."""
    return dict(_pca(lengths, part).errors)


def variance() -> float:
    """Return the error of the mean training image on the validation images."""
    return _pca(LENGTHS, "x_val").variance
