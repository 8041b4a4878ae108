"""Where a trial stands on an axis, by what was asked and by what was done."""

from __future__ import annotations

import math
import re

from mnist_course.experiments.recording.settings import wording
from mnist_course.experiments.trials.trial import Trial
from mnist_course.experiments.validity.axes import axis

__all__ = ["in_words", "is_at", "values_on"]

_NOTHING = (None, 0, 0.0, "", "none", ())
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[-+]?\d+)?|(?<==)\d+(?:\.\d+)?(?:e[-+]?\d+)?")
_COUNTS = ("depth", "hidden layers")


def values_on(trial: Trial, name: str) -> list[object]:
    """Return the values of a trial on an axis: of its configuration, then of its fit.

    Parameters
    ----------
    trial : Trial
    name : str
        See `axes.axis`.
    """
    known = axis(name)
    found: list[object] = []
    configuration = trial.configuration
    if known.name == "optimizer":
        return [trial.done()["optimizer"]]  # momentum and weight decay are part of its name
    if name in _COUNTS:
        if configuration is not None:
            found.append(len(configuration.hidden))
        return [*found, trial.done()["hidden layers"]]
    if configuration is not None:
        first = known.name.replace(" ", "_")
        order = sorted(known.fields, key=lambda field: (field != first, field))
        found += [getattr(configuration, field) for field in order]
    if known.name == "updates":
        return [*found, trial.fit.steps]
    done = trial.done()
    return [*found, *(done[knob] for knob in sorted(known.knobs))]


def is_at(trial: Trial, name: str, value: object) -> bool:
    """Tell whether a trial has a value on an axis, in any form that means the same.

    ``0.0`` is no dropout layer, ``0.3`` is ``(0.3,)`` or ``(0.3, 0.3)``, ``"sgd"`` is
    ``"SGD(momentum=0.9)"``, ``0.001`` is ``"L2(l2=0.001)"``.
    """
    candidates = values_on(trial, name)
    if value in _NOTHING:
        # An unknown value proves nothing.
        known = [one for one in candidates if one is not None]
        return any(one in _NOTHING for one in known) or (not known and value is None)
    return any(_same(one, value) for one in candidates)


def in_words(trial: Trial, name: str) -> str:
    """Write where a trial stands on an axis for a person."""
    known = axis(name)
    done = trial.done()
    knobs = [wording(done[knob]) for knob in sorted(known.knobs)]
    if knobs and known.name not in ("patience", "callbacks"):
        return ", ".join(knobs)
    values = values_on(trial, name)
    return wording(values[0]) if values else "unknown"


def _same(one: object, other: object) -> bool:
    if isinstance(one, (tuple, list)) and isinstance(other, (tuple, list)):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, (tuple, list)):
        return len(one) > 0 and all(_same(part, other) for part in one)
    if isinstance(other, (tuple, list)):
        return False
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=1e-4)
    if isinstance(one, str) and isinstance(other, (int, float)):
        return any(math.isclose(float(n), other, rel_tol=1e-4) for n in _NUMBER.findall(one))
    if isinstance(one, str) and isinstance(other, str):
        return one.lower() == other.lower() or _is_called(one.lower(), other.lower())
    return False


def _is_called(optimizer: str, name: str) -> bool:
    """Tell whether ``sgd(momentum=0.9)`` is what is meant by ``momentum``; ``sgd`` is without."""
    has_momentum = optimizer.startswith("sgd(") and "momentum=" in optimizer
    if "momentum" in name:
        return has_momentum
    return optimizer.startswith(f"{name}(") and not has_momentum
