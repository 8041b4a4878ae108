"""In what two trials differ, the axis apart from everything else."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mnist_course.experiments.recording.settings import changed_knobs, wording
from mnist_course.experiments.trials.configuration import ACTIVATIONS
from mnist_course.experiments.trials.trial import Trial
from mnist_course.experiments.validity.axes import axis, belonging

__all__ = ["Difference", "other_differences", "same_on_axes"]

_PER_LAYER = ("activation", "dropout", "normalisation", "regularisation")
_LAYERS = frozenset({"hidden", "conv", "latent", "hidden layers", "units", "other layers"})
_OWN_NAME = re.compile(r"'name': '[^']*', ")  # adam_1, adam_2 ...: a count, no choice
_ACTIVATION = re.compile(rf",? ?\b({'|'.join(ACTIVATIONS)})\b")
# What a fit shows, so that a field is not named a second time.
_SHOWN_AS = {
    field: axis(field).knobs
    for field in (
        "activation",
        "augmentation",
        "batch_size",
        "conv",
        "dropout",
        "epochs",
        "hidden",
        "l2",
        "latent",
        "learning_rate",
        "momentum",
        "optimizer",
        "train_rows",
        "updates",
        "weight_decay",
    )
}
# Which rows are used has a check of its own, by the fingerprints of the rows.
_OF_THE_DATA = frozenset({"dataset", "train_rows", "validation_rows", "split_seed"})


@dataclass(frozen=True, slots=True)
class Difference:
    """A setting in which two trials differ, with both values in words."""

    name: str
    one: str
    other: str

    def __str__(self) -> str:
        return f"{self.name} ({self.one} and {self.other})"


def other_differences(one: Trial, other: Trial, free: tuple[str, ...]) -> tuple[Difference, ...]:
    """Name what two trials differ in beside what may differ.

    What was done counts; of what was asked for, only what a fit cannot show.

    Parameters
    ----------
    one, other : Trial
    free : tuple of str
        Axes in which they may differ.
    """
    fields, knobs = belonging(free)
    done, done_other = _comparable(one, fields | knobs), _comparable(other, fields | knobs)
    changed = [
        name
        for name in changed_knobs(done, done_other)
        if name not in knobs and not _follows(name, one, other, fields)
    ]
    # An optional part that an own fit lacks, such as a validation split, is no change either.
    found = [Difference(name, wording(done[name]), wording(done_other[name])) for name in changed]
    a, b = one.configuration, other.configuration
    if a is None or b is None:
        return tuple(found)
    for field in a.differences(b):
        shown = _SHOWN_AS.get(field, frozenset()) & set(changed)
        if field in fields or field in _OF_THE_DATA or shown:
            continue
        values = wording(getattr(a, field)), wording(getattr(b, field))
        found.append(Difference(field.replace("_", " "), *values))
    return tuple(found)


def same_on_axes(one: Trial, other: Trial, axes: tuple[str, ...]) -> bool:
    """Tell whether two trials are certainly the same on all axes."""
    fields, knobs = belonging(axes)
    if set(changed_knobs(one.done(), other.done())) & knobs:
        return False
    a, b = one.configuration, other.configuration
    if a is None or b is None:
        # Patience or the factors of layers are not seen in a fit: no claim.
        return bool(knobs) and not knobs & {"callbacks"} and "layer_rates" not in fields
    if set(a.differences(b)) & fields:
        return False
    if "updates" in fields and one.fit.steps != other.fit.steps:
        return False
    return bool(fields) or bool(knobs)


def _comparable(trial: Trial, free: frozenset[str]) -> dict[str, object]:
    """Return the knobs in a form in which only what was chosen counts, not how often."""
    done = dict(trial.done())
    if free & _LAYERS:
        # Networks of other layers: a value counts once, and an empty one says nothing.
        for name in _PER_LAYER:
            values = done[name]
            done[name] = tuple(sorted(set(map(str, values)))) or None  # type: ignore[call-overload]
        done["initializer"] = done["initializer"] or None
    if "activation" in free:
        layers = done["other layers"]
        done["other layers"] = tuple(_ACTIVATION.sub("", str(layer)) for layer in layers)  # type: ignore[attr-defined]
    if isinstance(done["optimizer"], str):
        done["optimizer"] = _OWN_NAME.sub("", done["optimizer"])
    done["training images"] = None  # the fingerprints of the rows say more
    done["input scaling"] = None
    return done


def _follows(name: str, one: Trial, other: Trial, fields: frozenset[str]) -> bool:
    """Tell whether a knob differs only because something else was chosen."""
    if name != "epochs":
        return False
    a, b = one.configuration, other.configuration
    if a is None or b is None:
        return False
    # A number of updates, or early stopping, decides about the epochs.
    stopped = "patience" in fields and a.epochs == b.epochs
    return a.updates is not None or b.updates is not None or stopped
