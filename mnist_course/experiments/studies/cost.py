"""Guess what a trial costs, so that the time left can be told before trials like it are done."""

from __future__ import annotations

import math
from itertools import pairwise

from mnist_course.experiments.trials.configuration import Configuration

__all__ = ["guess"]

_PIXELS = 784
_CLASSES = 10
_SIDE = 28
_PER_UPDATE = 1.5e6  # what one update costs besides its products, in products
_PER_TRIAL = 2e10  # building, compiling, measuring
_AUGMENTED = 3e5  # products that it takes to move one image


def guess(configuration: Configuration) -> float:
    """Return the multiplications of a whole trial, roughly; good for comparing trials alone."""
    steps = math.ceil(configuration.train_rows / configuration.batch_size)
    updates = steps * configuration.epochs
    if configuration.updates is not None:
        updates = min(updates, configuration.updates)
    per_image = 3 * _products(configuration) + _AUGMENTED * len(configuration.augmentation)
    return _PER_TRIAL + updates * (_PER_UPDATE + configuration.batch_size * per_image)


def _products(configuration: Configuration) -> float:
    """Return the multiplications of one image on its way through the network."""
    side, channels, total = _SIDE, 1, 0.0
    for filters in configuration.conv:
        total += 9 * channels * filters * side**2
        side, channels = side // 2, filters
    sizes = [side**2 * channels, *configuration.hidden]
    if configuration.latent is None:
        sizes.append(_CLASSES)
    else:
        sizes += [configuration.latent, *reversed(configuration.hidden), _PIXELS]
    return total + sum(one * two for one, two in pairwise(sizes))
