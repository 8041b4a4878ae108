"""Which settings belong to the name of an axis: fields of a configuration, knobs of a fit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

from mnist_course.exceptions import ConfigurationError
from mnist_course.experiments.recording.settings import KNOBS
from mnist_course.experiments.recording.strict_dict import describe
from mnist_course.experiments.trials.configuration import Configuration

__all__ = ["FIELDS", "Axis", "axis", "belonging"]

FIELDS = tuple(field.name for field in fields(Configuration))


@dataclass(frozen=True, slots=True)
class Axis:
    """What is meant by a word such as ``dropout``.

    Parameters
    ----------
    name : str
        As written, in small letters with spaces.
    fields : frozenset of str
        Of `Configuration`.
    knobs : frozenset of str
        Of `recording.settings.KNOBS`.
    """

    name: str
    fields: frozenset[str]
    knobs: frozenset[str]


# name: (fields, knobs). A name that is missing here is a knob or a field of its own.
_KNOWN: dict[str, tuple[str, str]] = {
    "activation": ("activation", "activation"),
    "architecture": ("conv hidden", "hidden layers, units, other layers"),
    "augmentation": ("augmentation", "other layers"),
    "batch size": ("batch_size", "batch size"),
    "callbacks": ("patience", "callbacks"),
    "conv": ("conv", "other layers"),
    "depth": ("hidden", "hidden layers, units"),
    "dropout": ("dropout", "dropout"),
    "epochs": ("epochs", "epochs"),
    "hidden": ("hidden", "hidden layers, units"),
    "hidden layers": ("hidden", "hidden layers, units"),
    "l2": ("l2", "regularisation"),
    "latent": ("latent", "hidden layers, units"),
    "layer rates": ("layer_rates", "optimizer, learning rate"),
    "learning rate": ("learning_rate", "learning rate"),
    "momentum": ("momentum", "optimizer"),
    "optimizer": ("optimizer momentum weight_decay", "optimizer"),
    "other layers": ("conv augmentation", "other layers"),
    "patience": ("patience", "callbacks"),
    "regularisation": ("l2", "regularisation"),
    "train rows": ("train_rows", "training images"),
    "training images": ("train_rows", "training images"),
    "units": ("hidden", "units"),
    "updates": ("updates epochs", "epochs"),
    "weight decay": ("weight_decay", "optimizer"),
    "width": ("hidden", "units"),
}


def axis(name: str) -> Axis:
    """Return what a word means.

    Parameters
    ----------
    name : str
        A word of `KNOBS`, or a field of `Configuration`; ``batch_size`` and ``batch size`` are
        the same.

    Raises
    ------
    ConfigurationError
        If there is no such setting.
    """
    word = name.strip().lower().replace("_", " ") if isinstance(name, str) else ""
    if word in _KNOWN:
        of_configuration, of_fit = _KNOWN[word]
        return Axis(word, frozenset(of_configuration.split()), frozenset(of_fit.split(", ")))
    field = word.replace(" ", "_")
    if word not in KNOBS and field not in FIELDS:
        known = sorted({*_KNOWN, *KNOBS, *(name.replace("_", " ") for name in FIELDS)})
        raise ConfigurationError(
            f"There is no setting {describe(name)} that arms could differ in. "
            f"Known are: {', '.join(known)}."
        )
    return Axis(
        word,
        frozenset([field] if field in FIELDS else []),
        frozenset([word] if word in KNOBS else []),
    )


def belonging(names: Iterable[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Return all fields and all knobs of some axes.

    Raises
    ------
    ConfigurationError
        If one of them is no setting.
    """
    axes = [axis(name) for name in names]
    return (
        frozenset().union(*(one.fields for one in axes)),
        frozenset().union(*(one.knobs for one in axes)),
    )
