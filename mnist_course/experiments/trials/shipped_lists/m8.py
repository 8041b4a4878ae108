"""The trials that come with m8: three networks of one size, and augmentation of both data sets."""

from mnist_course.experiments.trials.configuration import Configuration

__all__ = ["DENSE", "DIGITS", "TRIALS"]

_SEEDS = (0, 1, 2, 3)

DENSE = Configuration(train_rows=6_000, hidden=(31,), epochs=8)
_CONVOLUTIONS = (
    DENSE,
    DENSE.but(conv=(8,), hidden=(16,)),
    DENSE.but(conv=(8, 16), hidden=(30,)),
)

_CLOTHES = Configuration(
    dataset="fashion_mnist", train_rows=2_000, conv=(8, 16), hidden=(30,), epochs=20
)
DIGITS = _CLOTHES.but(dataset="mnist")
_AUGMENTED = tuple(
    base.but(augmentation=changes)
    for base in (_CLOTHES, DIGITS)
    for changes in ((), ("flip",), ("shift",), ("flip", "shift"))
)

TRIALS: tuple[tuple[Configuration, tuple[int, ...]], ...] = tuple(
    (configuration, _SEEDS) for configuration in (*_CONVOLUTIONS, *_AUGMENTED)
)
