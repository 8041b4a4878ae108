"""The trials that are given with assignment M6, training dynamics.

They are those of its notebook, part by part. A trial that two parts share is listed once.
"""

from __future__ import annotations

from collections.abc import Iterable

from mnist_course.experiments.trials.configuration import ACTIVATIONS, Configuration

__all__ = ["TRIALS"]

_SEEDS = (0, 1, 2, 3)
_SWEEP_SEEDS = (100, 101)  # they choose learning rates, nothing else
_BASE = Configuration(train_rows=6_000, hidden=(64,), epochs=5)
_UPDATES = 940  # what batches of 32 make in five epochs

_EXAMPLE = (_BASE, _BASE.but(hidden=(16,)))
_EPOCHS = (_BASE, _BASE.but(epochs=10), _BASE.but(epochs=20))
_STOPPING = tuple(
    to_the_end.but(patience=patience)
    for to_the_end in (
        _BASE.but(epochs=30),
        _BASE.but(epochs=30, optimizer="sgd", learning_rate=0.1),
    )
    for patience in (None, 3, 5)
)
_RATES = (
    (_BASE.but(optimizer="sgd"), (0.1, 0.3, 1.0)),
    (_BASE.but(optimizer="sgd", momentum=0.9), (0.01, 0.03, 0.1)),
    (_BASE, (0.001, 0.003, 0.01)),
    (_BASE.but(optimizer="adamw", weight_decay=0.004), (0.001, 0.003, 0.01)),
)
_SWEEP = tuple(kind.but(learning_rate=rate) for kind, rates in _RATES for rate in rates)
_BATCHES = tuple(
    common.but(batch_size=size)
    for common in (_BASE, _BASE.but(epochs=20, updates=_UPDATES))
    for size in (8, 32, 128)
)
_ACTIVATIONS = tuple(
    _BASE.but(hidden=hidden, activation=name)
    for hidden in ((64,), (32,) * 6)
    for name in ACTIVATIONS
    if name != "linear"
)


def _with_seeds(
    configurations: Iterable[Configuration], seeds: tuple[int, ...]
) -> tuple[tuple[Configuration, tuple[int, ...]], ...]:
    return tuple((configuration, seeds) for configuration in dict.fromkeys(configurations))


TRIALS: tuple[tuple[Configuration, tuple[int, ...]], ...] = (
    *_with_seeds(_SWEEP, _SWEEP_SEEDS),
    *_with_seeds((*_EXAMPLE, *_EPOCHS, *_STOPPING, *_SWEEP, *_BATCHES, *_ACTIVATIONS), _SEEDS),
)
"""Each configuration with its seeds, in the order in which they are run."""
