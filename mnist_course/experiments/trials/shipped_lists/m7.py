"""The trials that are given with m7: depth at equal size, width, dropout, L2."""

from __future__ import annotations

from mnist_course.experiments.trials.configuration import Configuration

__all__ = ["BASE", "SEEDS", "TRIALS"]

SEEDS = (0, 1, 2, 3)

BASE = Configuration(train_rows=6_000, hidden=(128,), epochs=15)
"""Control of the width, dropout and L2 studies, which thus share its trials."""

_IMAGES = ({"train_rows": 1_500, "epochs": 60}, {"train_rows": 3_000, "epochs": 30})
# About 50,000 parameters each; the tests of m7 derive these widths from the formula.
_WIDTHS = {1: 63, 2: 59, 3: 55, 4: 52, 5: 50}
_WIDE = (8, 32, 512)
_RATES = (0.1, 0.3)
_STRENGTHS = (0.0001, 0.001, 0.01)

TRIALS: tuple[tuple[Configuration, tuple[int, ...]], ...] = tuple(
    (configuration, SEEDS)
    for configuration in (
        BASE,
        *(BASE.but(**images) for images in _IMAGES),
        *(BASE.but(hidden=(width,) * depth) for depth, width in _WIDTHS.items()),
        *(BASE.but(hidden=(width,)) for width in _WIDE),
        *(BASE.but(dropout=rate) for rate in _RATES),
        *(BASE.but(l2=strength) for strength in _STRENGTHS),
    )
)
"""What ``data/m7.json.gz`` holds: configurations with their seeds."""
