"""The trials that are given with m9: autoencoders by the length of their code, layer rates."""

from __future__ import annotations

from mnist_course.experiments.trials.configuration import Configuration

__all__ = ["AUTOENCODER", "BASE", "LENGTHS", "RATES", "SEEDS", "TRIALS"]

SEEDS = (0, 1, 2, 3)

LENGTHS = (2, 4, 8, 16, 32, 64)
"""Numbers of the code."""

AUTOENCODER = Configuration(
    task="reconstruct",
    latent=16,
    train_rows=10_000,
    hidden=(128,),
    learning_rate=0.002,
    batch_size=64,
    epochs=10,
)
"""784-128-k-128-784."""

BASE = Configuration(train_rows=6_000, hidden=(64, 64), epochs=5)
"""Control of the study of learning rates by layer."""

RATES = ((0.1, 1.0, 1.0), (1.0, 1.0, 0.1), (0.0, 1.0, 1.0))
"""Slower first layer, slower output layer, first layer left as it began."""

TRIALS: tuple[tuple[Configuration, tuple[int, ...]], ...] = tuple(
    (configuration, SEEDS)
    for configuration in (
        *(AUTOENCODER.but(latent=k) for k in LENGTHS),
        BASE,
        *(BASE.but(layer_rates=rates) for rates in RATES),
    )
)
"""What ``data/m9.json.gz`` holds: configurations with their seeds."""
