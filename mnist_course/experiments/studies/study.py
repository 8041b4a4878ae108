"""A study: arms that differ in one thing, every arm with the same seeds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mnist_course.exceptions import ConfigurationError
from mnist_course.experiments.recording.strict_dict import describe
from mnist_course.experiments.studies.arm_names import arm_name
from mnist_course.experiments.studies.cost import guess
from mnist_course.experiments.studies.metrics import higher_is_better
from mnist_course.experiments.studies.verdict import MARGIN
from mnist_course.experiments.trials.configuration import Configuration
from mnist_course.experiments.trials.running import check_trial
from mnist_course.experiments.validity.axes import belonging

if TYPE_CHECKING:
    from mnist_course.experiments.validity.design import Design

__all__ = ["Planned", "Study"]

_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_-")


@dataclass(frozen=True, slots=True)
class Planned:
    """A trial that a study asks for."""

    arm: str
    configuration: Configuration
    seed: int

    @property
    def cost(self) -> float:
        """What it may cost, compared with others."""
        return guess(self.configuration)


@dataclass(frozen=True, slots=True)
class Study:
    """A question, the arms that answer it, the measure that decides.

    Parameters
    ----------
    name : str
        Small letters, digits, ``-``, ``_``: the name of a folder.
    question : str
        One sentence.
    base : Configuration or None
        What all arms share; with ``axis`` and ``values``.
    axis : str or tuple of str
        What the arms are compared in: a field of `Configuration`, or a word of
        `validity.axes`, such as ``depth``; several where they belong together.
    values : iterable
        One for each arm.
    arms : mapping of str to Configuration
        Instead of ``base`` and ``values``, where one field is not enough; ``axis`` then says what
        the arms are compared in.
    control : object
        The arm that the others are compared with: one of ``values``, or the name of an arm. None,
        where it is not a value itself, for no such arm.
    seeds : iterable of int
    metric : str
        The measure that decides, a name in ``Trial.measured``.
    margin : float
        A difference below it does not matter.
    may_differ : tuple of str
        Other fields in which arms may differ.
    equal : tuple of str
        What must be equal although it need not be: see `validity.design.Design`.
    also : tuple of str
        Other measures to show.

    Raises
    ------
    ConfigurationError
        If it compares nothing, changes more than it says, or has no control.

    Examples
    --------
    >>> study = Study("dropout", "Does dropout help?", Configuration(), "dropout", (0.0, 0.3),
    ...               control=0.0, seeds=range(3))
    >>> list(study.arms), study.control, len(study)
    (['dropout 0', 'dropout 0.3'], 'dropout 0', 6)
    """

    name: str
    question: str
    base: Configuration | None = None
    axis: str | tuple[str, ...] = ()
    values: Iterable[Any] = ()
    arms: Mapping[str, Configuration] = field(default_factory=dict)
    control: Any = None
    seeds: Iterable[int] = (0, 1, 2)
    metric: str = "val_accuracy"
    margin: float = MARGIN
    may_differ: tuple[str, ...] = ()
    equal: tuple[str, ...] = ()
    also: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        values = tuple(self.values)
        arms = dict(self.arms) or _from_values(self, values)
        control = self.control
        if not isinstance(control, str) or control not in arms:
            no_control = control is None and None not in values
            control = None if no_control else arm_name(_field(self), control)
        for name, plain in (
            ("values", values),
            ("arms", arms),
            ("control", control),
            ("seeds", tuple(self.seeds)),
            ("may_differ", tuple(self.may_differ)),
            ("equal", tuple(self.equal)),
            ("also", tuple(self.also)),
        ):
            object.__setattr__(self, name, plain)
        _check(self)

    def __len__(self) -> int:
        return len(self.arms) * len(tuple(self.seeds))

    def trials(self) -> Iterator[Planned]:
        """List what is to be run: all arms with the first seed, then with the next one.

        A study that was stopped thus has arms that can be compared.
        """
        for seed in self.seeds:
            for arm, configuration in self.arms.items():
                yield Planned(arm, configuration, seed)

    def design(self) -> Design:
        """Say how the study is meant, for `validity.examine`."""
        from mnist_course.experiments.validity.design import Design

        return Design(
            axis=self.axis,
            control=self.control,
            arms=tuple(self.arms),
            seeds=len(tuple(self.seeds)),
            may_differ=self.may_differ,
            equal=self.equal or None,
            metric=self.metric,
            margin=self.margin,
        )


def _from_values(study: Study, values: tuple[Any, ...]) -> dict[str, Configuration]:
    axis = _field(study)
    if study.base is None or not axis:
        raise ConfigurationError(
            f"The study {describe(study.name)} has no arms: give base, values and one axis, or "
            "give arms."
        )
    arms = {arm_name(axis, value): study.base.but(**{axis: value}) for value in values}
    if len(arms) != len(values):
        raise ConfigurationError(
            f"The study {study.name!r} has {len(values)} values of {axis!r}, but they name "
            f"only {len(arms)} arms: {', '.join(arms)}. Give every value once."
        )
    return arms


def _field(study: Study) -> str:
    return study.axis if isinstance(study.axis, str) else ""


def _axes(study: Study) -> tuple[str, ...]:
    return (study.axis,) if isinstance(study.axis, str) else study.axis


def _check(study: Study) -> None:
    if not study.name or not set(study.name) <= _NAME:
        raise ConfigurationError(
            f"A study's name has small letters, digits, '-' or '_', got {describe(study.name)}."
        )
    if len(study.arms) < 2:
        raise ConfigurationError(
            f"The study {study.name!r} has {len(study.arms)} arm: a comparison needs two. Add a "
            "control, in which nothing is changed."
        )
    if study.control is not None and study.control not in study.arms:
        raise ConfigurationError(
            f"The control of the study {study.name!r} is {describe(study.control)}, but its arms "
            f"are {', '.join(map(repr, study.arms))}."
        )
    seeds = tuple(study.seeds)
    if not seeds or len(set(seeds)) != len(seeds) or any(type(s) is not int for s in seeds):
        raise ConfigurationError(
            f"The study {study.name!r} needs whole numbers as seeds, each once, such as "
            f"range(5); got {describe(seeds) if len(seeds) > 5 else seeds}."
        )
    for arm, configuration in study.arms.items():
        for seed in seeds:
            check_trial(configuration, seed, arm)
    if not (math.isfinite(study.margin) and study.margin > 0):
        raise ConfigurationError(
            f"The margin of the study {study.name!r} must be above 0, got {study.margin!r}."
        )
    higher_is_better(study.metric)
    for metric in study.also:
        higher_is_better(metric)
    _one_change(study)


def _one_change(study: Study) -> None:
    """Refuse arms that differ in what the study does not name."""
    allowed, _ = belonging((*_axes(study), *study.may_differ))
    control, *others = study.arms if study.control is None else [study.control, *study.arms]
    for arm in others:
        differing = study.arms[control].differences(study.arms[arm])
        extra = [name for name in differing if name not in allowed]
        if extra:
            raise ConfigurationError(
                f"The arms {control!r} and {arm!r} of the study {study.name!r} differ in "
                f"{', '.join(extra)} too, so that nobody can tell what made the difference. "
                f"Change {' and '.join(_axes(study)) or 'one field'} alone, or list the others in "
                "may_differ."
            )
        if not differing and arm != control:
            raise ConfigurationError(
                f"The arms {control!r} and {arm!r} of the study {study.name!r} are the same."
            )
