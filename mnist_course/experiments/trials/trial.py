"""A trial once it is over: what was asked, what was done, what came out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from mnist_course.exceptions import ConfigurationError
from mnist_course.experiments.recording.fit_record import FitRecord
from mnist_course.experiments.recording.settings import settings
from mnist_course.experiments.recording.strict_dict import Fields, describe
from mnist_course.experiments.trials.configuration import Configuration

__all__ = ["LONGEST_ARM", "SOURCES", "Trial", "check_seed_and_arm"]

SOURCES = ("run", "stored", "shipped", "own fit")
"""Where a trial comes from: trained now, found in the student's own store, given with the course,
or trained by code of the student's own."""

LONGEST_ARM = 80
"""Characters of the name of an arm."""

_LARGEST_SEED = 2**31 - 1
_MOST_MEASURES = 100


@dataclass(frozen=True, slots=True)
class Trial:
    """One network that was trained.

    Parameters
    ----------
    arm : str
        The name that its author gave to this condition.
    seed : int
        Of the weights, the order of the batches and dropout.
    configuration : Configuration or None
        What was asked; None for a fit of the author's own code.
    fit : FitRecord
        What was really done: layers, compiled settings, epochs, steps, fingerprints of the data
        and of the weights before and after, history. Without initial weights.
    measured : dict of str to float
        Numbers of the final network by name, such as ``val_accuracy`` (0..1),
        ``val_cross_entropy`` (nats, without any penalty), ``train_cross_entropy``,
        ``weight_norm`` (Euclidean norm of all kernels), ``parameters``, ``updates``. NaN or
        infinity where training went wrong.
    seconds : float
        Wall time of training and measuring.
    source : str
        One of `SOURCES`.
    versions : dict of str to str
        Packages that decide the numbers: ``keras``, ``tensorflow``, ``numpy``.
    """

    arm: str
    seed: int
    configuration: Configuration | None
    fit: FitRecord
    measured: dict[str, float]
    seconds: float = 0.0
    source: str = "run"
    versions: dict[str, str] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash((self.arm, self.seed, self.configuration, self.fit))

    def named(self, arm: str) -> Trial:
        """Return the same trial as part of another arm."""
        return replace(self, arm=arm)

    def done(self) -> dict[str, object]:
        """Name what was really chosen, in the words of `recording.settings.KNOBS`."""
        return settings(self.fit)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values that JSON can hold (NaN and infinity included)."""
        return {
            "arm": self.arm,
            "seed": self.seed,
            "configuration": None if self.configuration is None else self.configuration.to_dict(),
            "fit": self.fit.to_dict(initial_weights=False),
            "measured": dict(self.measured),
            "seconds": self.seconds,
            "source": self.source,
            "versions": dict(self.versions),
        }

    @classmethod
    def from_dict(cls, value: object) -> Trial:
        """Read what `to_dict` wrote, in this process or in another, believing nothing.

        Raises
        ------
        RecordError
            If anything in it has another form.
        """
        fields = Fields(value, "a trial", cls.__slots__)
        versions = fields.tree("versions")
        return cls(
            arm=fields.text("arm", longest=LONGEST_ARM),
            seed=fields.whole("seed", high=_LARGEST_SEED),
            configuration=fields.optional("configuration", Configuration.from_dict),
            fit=fields.item("fit", FitRecord.from_dict),
            measured=fields.numbers("measured", most=_MOST_MEASURES),
            seconds=fields.number("seconds", low=0),
            source=fields.one_of("source", SOURCES),
            versions={name: str(text) for name, text in versions.items()},
        )


def check_seed_and_arm(seed: object, arm: object) -> None:
    """Refuse what `Trial.from_dict` would not read again.

    Raises
    ------
    ConfigurationError
        If one of them is of another kind or too large.
    """
    if type(seed) is not int or not 0 <= seed <= _LARGEST_SEED:
        raise ConfigurationError(
            f"A seed is a whole number from 0 to {_LARGEST_SEED:,}, got {describe(seed)}."
        )
    if type(arm) is not str or not 0 < len(arm) <= LONGEST_ARM:
        raise ConfigurationError(
            f"The name of an arm is a text of 1 to {LONGEST_ARM} characters, got {describe(arm)}."
        )
