"""What a trial is told to do, in Keras' words: plain values from which anyone can repeat it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from mnist_course.exceptions import ConfigurationError
from mnist_course.experiments.recording.strict_dict import Fields, describe

__all__ = [
    "ACTIVATIONS",
    "AUGMENTATIONS",
    "DATASETS",
    "OPTIMIZERS",
    "TASKS",
    "Configuration",
]

DATASETS = ("mnist", "fashion_mnist")
TASKS = ("classify", "reconstruct")
ACTIVATIONS = ("relu", "tanh", "sigmoid", "elu", "softsign", "gelu", "linear")
OPTIMIZERS = ("sgd", "adam", "adamw", "rmsprop")
AUGMENTATIONS = ("flip", "shift", "rotate", "zoom")

MOST_ROWS = 60_000
MOST_UNITS = 4_096
MOST_LAYERS = 12
MOST_EPOCHS = 200
MOST_UPDATES = 1_000_000


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a trial is told to do.

    Parameters
    ----------
    dataset : str
        One of `DATASETS`.
    train_rows : int
        1..60,000. The first so many of a shuffled order of the training images, the same for all
        trials with the same ``split_seed``; ``validation_rows`` come from the end of that order.
    validation_rows : int
        Images that are watched and never trained on; together with ``train_rows`` at most 60,000.
    split_seed : int
        Of that order. Not the seed of a trial.
    task : str
        ``classify``: ten probabilities. ``reconstruct``: an autoencoder, ``hidden`` before the
        code and mirrored after it.
    latent : int or None
        Numbers of the code of an autoencoder; None when classifying.
    conv : tuple of int
        Filters of 3x3 convolutions (``padding="same"``), each followed by ``activation`` then 2x2
        max pooling; at most 3.
    hidden : tuple of int
        Units of the dense hidden layers.
    activation : str
        Of every hidden layer, one of `ACTIVATIONS`.
    dropout : float
        0 <= rate < 1, before every dense layer that does not read the pixels themselves: after a
        hidden layer, after the last pooling.
    l2 : float
        Penalty on the kernels of all layers (``keras.regularizers.L2``).
    optimizer : str
        One of `OPTIMIZERS`.
    learning_rate : float
        0 < rate < 100.
    momentum : float
        Of SGD alone, 0 <= momentum < 1.
    weight_decay : float
        Of AdamW alone.
    batch_size : int
    epochs : int
        Passes through the training images; with ``updates``, the most passes that may be needed.
    updates : int or None
        Stop after so many updates of the weights, in the middle of an epoch if need be.
    patience : int or None
        Of early stopping on ``val_loss`` with the best weights restored; None trains to the end.
    augmentation : tuple of str
        Of `AUGMENTATIONS`, as Keras layers that act in training alone.
    layer_rates : tuple of float
        Factors of the learning rate, one for each layer with weights from the input on; empty
        for one rate everywhere.

    Raises
    ------
    ConfigurationError
        If a value is of another kind or out of its range: what happened, expected, got, what to
        do.
    """

    dataset: str = "mnist"
    train_rows: int = 6_000
    validation_rows: int = 5_000
    split_seed: int = 0
    task: str = "classify"
    latent: int | None = None
    conv: tuple[int, ...] = ()
    hidden: tuple[int, ...] = (64,)
    activation: str = "relu"
    dropout: float = 0.0
    l2: float = 0.0
    optimizer: str = "adam"
    learning_rate: float = 0.001
    momentum: float = 0.0
    weight_decay: float = 0.0
    batch_size: int = 32
    epochs: int = 5
    updates: int | None = None
    patience: int | None = None
    augmentation: tuple[str, ...] = ()
    layer_rates: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        for name in ("conv", "hidden", "augmentation", "layer_rates"):
            value = getattr(self, name)
            if isinstance(value, list):
                object.__setattr__(self, name, tuple(value))
        for name in ("dropout", "l2", "learning_rate", "momentum", "weight_decay"):
            value = getattr(self, name)
            if type(value) is int:
                object.__setattr__(self, name, float(value))
        # `layer_rates=(1, 0.1)` means the same as `(1.0, 0.1)`, so both must have one digest.
        if type(self.layer_rates) is tuple:
            rates = tuple(float(r) if type(r) is int else r for r in self.layer_rates)
            object.__setattr__(self, "layer_rates", rates)
        _check(self)

    def but(self, **changes: Any) -> Configuration:
        """Return a copy with some fields changed: ``BASE.but(dropout=0.3)``.

        Raises
        ------
        ConfigurationError
            If there is no such field, or a value is out of its range.
        """
        known = {field.name for field in fields(self)}
        for name in changes:
            if name not in known:
                raise ConfigurationError(
                    f"A configuration has no field {name!r}. It has: {', '.join(sorted(known))}."
                )
        return replace(self, **changes)

    def differences(self, other: Configuration) -> tuple[str, ...]:
        """Name the fields in which two configurations differ, in the order of the fields."""
        return tuple(
            field.name
            for field in fields(self)
            if getattr(self, field.name) != getattr(other, field.name)
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values, tuples as lists."""
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        return {k: list(v) if isinstance(v, tuple) else v for k, v in plain.items()}

    def changed(self) -> dict[str, Any]:
        """Return the fields that are not at their defaults: short, stable when fields are added."""
        defaults = Configuration()
        return {n: v for n, v in self.to_dict().items() if n in self.differences(defaults)}

    @classmethod
    def from_dict(cls, value: object) -> Configuration:
        """Read what `to_dict` or `changed` wrote, believing nothing.

        Raises
        ------
        RecordError
            If it is no dictionary of known names.
        ConfigurationError
            If a value is of another kind or out of its range.
        """
        known = {field.name: field.default for field in fields(cls)}
        if isinstance(value, Mapping):
            value = {**known, **value}
        Fields(value, "a configuration", tuple(known))  # the names; the values are checked below
        plain: Any = value
        values: dict[str, Any] = {
            name: tuple(v) if type(v) is list else v for name, v in plain.items()
        }
        return cls(**values)


def _check(c: Configuration) -> None:
    _one_of("dataset", c.dataset, DATASETS)
    _one_of("task", c.task, TASKS)
    _one_of("activation", c.activation, ACTIVATIONS)
    _one_of("optimizer", c.optimizer, OPTIMIZERS)
    _whole("train_rows", c.train_rows, 1, MOST_ROWS)
    _whole("validation_rows", c.validation_rows, 1, MOST_ROWS - 1)
    if c.train_rows + c.validation_rows > MOST_ROWS:
        raise ConfigurationError(
            f"train_rows and validation_rows are {c.train_rows:,} + {c.validation_rows:,}, but "
            f"there are {MOST_ROWS:,} training images. Take fewer of one of them."
        )
    _whole("split_seed", c.split_seed, 0, 2**31 - 1)
    _whole("batch_size", c.batch_size, 1, MOST_ROWS)
    _whole("epochs", c.epochs, 1, MOST_EPOCHS)
    if c.updates is not None:
        _whole("updates", c.updates, 1, MOST_UPDATES)
    if c.patience is not None:
        _whole("patience", c.patience, 1, MOST_EPOCHS)
    for name, value in (("conv", c.conv), ("hidden", c.hidden)):
        _sequence(name, value, MOST_LAYERS)
        for units in value:
            _whole(name, units, 1, MOST_UNITS)
    _number("dropout", c.dropout, 0, 1)
    _number("l2", c.l2, 0, 10)
    _number("momentum", c.momentum, 0, 1)
    _number("weight_decay", c.weight_decay, 0, 10)
    if not _number("learning_rate", c.learning_rate, 0, 100):
        raise ConfigurationError("learning_rate is 0: nothing would be learnt. Try 0.001.")
    _sequence("augmentation", c.augmentation, len(AUGMENTATIONS))
    for name in c.augmentation:
        _one_of("augmentation", name, AUGMENTATIONS)
    if len(set(c.augmentation)) < len(c.augmentation):
        raise ConfigurationError(
            f"augmentation has a change twice: {', '.join(c.augmentation)}. Name each once."
        )
    _sequence("layer_rates", c.layer_rates, 2 * MOST_LAYERS)
    for rate in c.layer_rates:
        _number("layer_rates", rate, 0, 1_000, closed=True)
    _check_together(c)


def _check_together(c: Configuration) -> None:
    if (c.task == "reconstruct") != (c.latent is not None):
        raise ConfigurationError(
            f'task is {c.task!r} and latent is {c.latent!r}: an autoencoder (task="reconstruct") '
            "needs latent, the numbers of its code, and nothing else has one."
        )
    if c.latent is not None:
        _whole("latent", c.latent, 1, MOST_UNITS)
        if c.conv:
            raise ConfigurationError("An autoencoder has dense layers alone: leave out conv.")
    if c.momentum and c.optimizer != "sgd":
        raise ConfigurationError(
            f"momentum is {c.momentum:g}, but only SGD has momentum here and optimizer is "
            f"{c.optimizer!r}. Leave it out."
        )
    if c.weight_decay and c.optimizer != "adamw":
        raise ConfigurationError(
            f"weight_decay is {c.weight_decay:g}, but only AdamW has it here and optimizer is "
            f'{c.optimizer!r}. Write optimizer="adamw", or leave it out.'
        )
    if len(c.conv) > 3:
        raise ConfigurationError(
            f"conv has {len(c.conv)} layers: after three poolings 28 pixels are 3, so that is the "
            "most."
        )
    layers = len(c.conv) + len(c.hidden) + 1
    if c.task == "reconstruct":
        layers = 2 * len(c.hidden) + 2
    if c.layer_rates and len(c.layer_rates) != layers:
        raise ConfigurationError(
            f"layer_rates has {len(c.layer_rates)} values, but this network has {layers} layers "
            "with weights. Give one factor for each, from the input on."
        )


def _one_of(name: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ConfigurationError(
            f"{name} must be one of {', '.join(map(repr, known))}, got {describe(value)}."
        )


def _whole(name: str, value: object, low: int, high: int) -> None:
    if type(value) is not int or not low <= value <= high:
        raise ConfigurationError(
            f"{name} must be a whole number from {low:,} to {high:,}, got {describe(value)}."
        )


def _number(name: str, value: object, low: float, high: float, *, closed: bool = False) -> bool:
    """Check a number; return whether it is more than `low`."""
    inside = type(value) is float and low <= value and (value <= high if closed else value < high)
    if not inside:
        raise ConfigurationError(
            f"{name} must be a number from {low:g} to {'' if closed else 'below '}{high:g}, "
            f"got {describe(value)}."
        )
    return bool(value > low)  # type: ignore[operator]


def _sequence(name: str, value: object, longest: int) -> None:
    if type(value) is not tuple or len(value) > longest:
        raise ConfigurationError(
            f"{name} must be a tuple of at most {longest} values, such as (64,), "
            f"got {describe(value)}."
        )
