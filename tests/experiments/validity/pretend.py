"""Trials as training would leave them, made in no time: for studies with planted errors."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mnist_course.experiments.recording.fit_record import DataPrint, FitRecord, LayerRecord
from mnist_course.experiments.trials.configuration import Configuration
from mnist_course.experiments.trials.trial import Trial

BASE = Configuration(train_rows=2_000, validation_rows=1_000, hidden=(32,), epochs=4, batch_size=50)
"""The base of the studies."""

SEEDS = (0, 1, 2)
_PIXELS = 784


def pretend(
    configuration: Configuration,
    seed: int,
    arm: str = "arm",
    *,
    level: float = 0.9,
    spread: float = 0.004,
    source: str = "run",
) -> Trial:
    """Return a trial of a configuration without training it.

    Its record is what `trials.training.train` would write (a test compares the two), but for the
    numbers of the learning curves, which are drawn.

    Parameters
    ----------
    level : float
        Where the validation accuracy of the last epoch lies, 0..1.
    spread : float
        Its standard deviation over seeds.
    """
    content = f"{configuration.changed()}/{seed}"
    rng = np.random.default_rng(int(_digest(content)[:12], 16))
    steps_an_epoch = math.ceil(configuration.train_rows / configuration.batch_size)
    epochs, steps = configuration.epochs, configuration.epochs * steps_an_epoch
    if configuration.updates is not None and configuration.updates < steps:
        steps = configuration.updates
        epochs = math.ceil(steps / steps_an_epoch)
    planned = epochs
    history = _history(epochs, level + rng.normal(0, spread), rng, configuration.l2)
    kept = epochs
    if configuration.patience is not None:
        # The best epoch comes early enough for early stopping to act.
        kept = max(1, min(epochs - 1, epochs // 2))
        history = _worse_after(history, kept)
        epochs = min(epochs, kept + configuration.patience)
        history = {name: values[:epochs] for name, values in history.items()}
        steps = epochs * steps_an_epoch
    layers = layers_of(configuration)
    shape = f"{[(layer.class_name, layer.units) for layer in layers]}"
    callbacks: tuple[str, ...] = () if configuration.patience is None else ("EarlyStopping",)
    if configuration.updates is not None and steps % steps_an_epoch:
        callbacks += ("StopAfterUpdates",)
    fit = FitRecord(
        number=1,
        model_name="trial",
        architecture=f'{{"pretended": "{_digest(shape)}"}}',
        compiled=compiled_of(configuration, seed),
        parameters=sum(layer.parameters for layer in layers),
        layers=layers,
        epochs=epochs,
        batch_size=configuration.batch_size,
        steps=steps,
        validation_split=0.0,
        shuffle=True,
        callbacks=callbacks,
        history=history,
        accuracy=history["val_accuracy"][kept - 1],
        seconds=0.5 + 0.001 * steps,
        data=data_of(configuration.train_rows, f"train {configuration.split_seed}"),
        validation=data_of(configuration.validation_rows, f"val {configuration.split_seed}"),
        shared_rows=0,
        continued_from=None,
        weights_before=_digest(f"start {shape} {seed}"),
        weights_after=_digest(f"end {content}"),
        epochs_planned=planned,
    )
    return Trial(
        arm=arm,
        seed=seed,
        configuration=configuration,
        fit=fit,
        measured=_measured(fit, kept, rng),
        seconds=fit.seconds + 0.2,
        source=source,
        versions={"keras": "3.15.1", "tensorflow": "2.21.0", "numpy": "2.4.6"},
    )


def study(
    arms: Mapping[str, Configuration],
    seeds: Sequence[int] = SEEDS,
    *,
    levels: Mapping[str, float] | None = None,
    spread: float = 0.004,
) -> list[Trial]:
    """Return the trials of several arms with the same seeds."""
    levels = dict(levels or {})
    return [
        pretend(configuration, seed, arm, level=levels.get(arm, 0.9), spread=spread)
        for arm, configuration in arms.items()
        for seed in seeds
    ]


def with_fit(trial: Trial, **changes: Any) -> Trial:
    """Return a trial whose record differs in some fields."""
    return replace(trial, fit=replace(trial.fit, **changes))


def with_measured(trial: Trial, **changes: float) -> Trial:
    """Return a trial that reports other numbers."""
    return replace(trial, measured={**trial.measured, **changes})


def own(trial: Trial, **changes: Any) -> Trial:
    """Return a trial as if code of the author's own had trained it: without a configuration."""
    return replace(with_fit(trial, **changes), configuration=None, source="own fit")


def data_of(rows: int, name: str, **changes: Any) -> DataPrint:
    """Return the description of so many MNIST training images, divided by 255."""
    fields: dict[str, Any] = {
        "rows": rows,
        "shape": (28, 28),
        "dtype": "float32",
        "minimum": 0.0,
        "maximum": 1.0,
        "mean": 0.1306,
        "factor": 1 / 255,
        "offset": 0.0,
        "train_rows": rows,
        "test_rows": 0,
        "digest": _digest(f"{rows} rows of {name}"),
        "labels": "integer",
        "dataset": "mnist",
    }
    return DataPrint(**(fields | changes))


def layers_of(configuration: Configuration) -> tuple[LayerRecord, ...]:
    """Return the layers of a classifier as the recorder describes them."""
    c = configuration
    found: list[LayerRecord] = []
    size, side, channels = _PIXELS, 28, 1
    if c.conv:
        found.append(_layer("Reshape", "channel"))
    for number, filters in enumerate(c.conv, 1):
        found.append(_weights("Conv2D", f"conv_{number}", filters, c, (9 * channels + 1) * filters))
        found.append(_layer("MaxPooling2D", f"pool_{number}"))
        side, channels = side // 2, filters
        size = side * side * channels
    found.append(_layer("Flatten", "flatten"))
    reads_pixels = not c.conv
    for number, units in enumerate((*c.hidden, 10), 1):
        last = number > len(c.hidden)
        name = "output" if last else f"hidden_{number}"
        if c.dropout and not reads_pixels:
            found.append(_layer("Dropout", f"dropout_before_{name}", rate=c.dropout))
        dense = _weights("Dense", name, units, c, (size + 1) * units)
        found.append(replace(dense, activation="softmax") if last else dense)
        size, reads_pixels = units, False
    return tuple(found)


def compiled_of(configuration: Configuration, seed: int = 0) -> dict[str, Any]:
    """Return optimizer, loss and metrics as the recorder writes them."""
    c = configuration
    config: dict[str, Any] = {"name": f"{c.optimizer}_{seed}", "learning_rate": c.learning_rate}
    if c.optimizer == "sgd":
        config["momentum"] = c.momentum
    if c.optimizer == "adamw":
        config["weight_decay"] = c.weight_decay
    names = {"sgd": "SGD", "adam": "Adam", "adamw": "AdamW", "rmsprop": "RMSprop"}
    return {
        "optimizer": {"class_name": names[c.optimizer], "config": config},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy", "cross_entropy"],
    }


def _layer(class_name: str, name: str, **others: Any) -> LayerRecord:
    fields: dict[str, Any] = {
        "units": None,
        "activation": None,
        "parameters": 0,
        "rate": None,
        "regularized": False,
    }
    return LayerRecord(class_name=class_name, name=name, **(fields | others))


def _weights(
    class_name: str, name: str, units: int, c: Configuration, parameters: int
) -> LayerRecord:
    return _layer(
        class_name,
        name,
        units=units,
        activation=c.activation,
        parameters=parameters,
        regularized=bool(c.l2),
        regularizer=f"L2(l2={c.l2})" if c.l2 else "",
        initializer="GlorotUniform",
    )


def _history(
    epochs: int, level: float, rng: np.random.Generator, l2: float
) -> dict[str, tuple[float, ...]]:
    """Draw curves that rise to a level, as those of a small network do."""
    passed = np.arange(epochs, 0, -1) - 1
    accuracy: Any = level - 0.08 * passed / max(epochs, 1) + rng.normal(0, 0.002, epochs)
    accuracy = np.round(np.clip(accuracy, 0.05, 0.999), 3)
    entropy = 3.2 * (1 - accuracy) + 0.05 + rng.normal(0, 0.003, epochs)
    entropy = np.clip(entropy, 0.01, 4)
    penalty = l2 * (60 + 10 * np.arange(epochs))
    series: dict[str, Any] = {
        "accuracy": np.round(np.clip(accuracy - 0.01, 0.05, 0.999), 3),
        "cross_entropy": entropy + 0.03,
        "loss": entropy + 0.03 + penalty,
        "val_accuracy": accuracy,
        "val_cross_entropy": entropy,
        "val_loss": entropy + penalty,
    }
    return {name: tuple(float(value) for value in values) for name, values in series.items()}


def _worse_after(history: dict[str, tuple[float, ...]], best: int) -> dict[str, tuple[float, ...]]:
    """Return curves whose validation is best at an epoch and gets worse from there."""
    top = max(history["val_accuracy"])
    low = min(history["val_loss"])
    changed = {name: list(values) for name, values in history.items()}
    for epoch in range(len(changed["val_loss"])):
        away = abs(epoch - (best - 1))
        changed["val_accuracy"][epoch] = round(top - 0.004 * away, 3)
        for name in ("val_loss", "val_cross_entropy"):
            changed[name][epoch] = low + 0.02 * away
    return {name: tuple(values) for name, values in changed.items()}


def _measured(fit: FitRecord, kept: int, rng: np.random.Generator) -> dict[str, float]:
    val_accuracy = fit.history["val_accuracy"][kept - 1]
    val_entropy = fit.history["val_cross_entropy"][kept - 1]
    train_entropy = 0.8 * val_entropy
    losses = fit.history["val_loss"]
    return {
        "parameters": float(fit.parameters),
        "updates": float(fit.steps),
        "epochs": float(fit.epochs),
        "best_epoch": float(losses.index(min(losses)) + 1),
        "val_accuracy": val_accuracy,
        "val_cross_entropy": val_entropy,
        "train_accuracy": min(1.0, val_accuracy + 0.02),
        "train_cross_entropy": train_entropy,
        "test_accuracy": round(val_accuracy + float(rng.normal(0, 0.003)), 4),
        "test_cross_entropy": val_entropy + float(rng.normal(0, 0.01)),
        "gap": val_entropy - train_entropy,
        "weight_norm": 8.0 + float(rng.normal(0, 0.1)),
    }


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
