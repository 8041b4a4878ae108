"""How a study is meant: what its arms may differ in, what they must have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mnist_course.exceptions import ConfigurationError
from mnist_course.experiments.recording.strict_dict import describe
from mnist_course.experiments.validity.axes import belonging

__all__ = ["EQUALS", "Design"]

EQUALS = ("epochs", "updates", "parameters")


@dataclass(frozen=True, slots=True)
class Design:
    """What a fair comparison needs.

    Parameters
    ----------
    axis : str or tuple of str
        What the arms are compared in: a word of `recording.settings.KNOBS` (``"batch size"``) or a
        field of `Configuration` (``"batch_size"``). Several: the arms may differ in each of them.
    control : object
        The arm that the others are compared with: its name, or its value on the axis (``0.0`` for
        no dropout), whatever its name. None where no arm is special.
    arms : int or tuple of str
        How many at least, or their names.
    values : tuple
        Values on the axis that must be there, whatever the arms are called.
    seeds : int
        Really different runs for each arm, at least.
    own_seeds : int
        So many of them not shipped with the course.
    may_differ : tuple of str
        What else may differ: ``("learning rate",)`` where each optimizer has its own best one.
    equal : str or tuple of str
        Of `EQUALS`: what all arms must have in common although another setting would be possible.
        Two of them: the arms come in two groups, one equal in each.
    metric : str
        The number that decides, a name in ``Trial.measured``.
    margin : float or None
        Differences of `metric` below it do not matter; None for the usual one.

    Raises
    ------
    ConfigurationError
        If a word is no setting, or a number cannot be meant.

    Examples
    --------
    >>> Design("dropout", control=0.0, arms=3).axes
    ('dropout',)
    """

    axis: str | tuple[str, ...]
    control: Any = None
    arms: int | tuple[str, ...] = 2
    seeds: int = 3
    may_differ: tuple[str, ...] = ()
    equal: str | tuple[str, ...] | None = None
    metric: str = "val_accuracy"
    own_seeds: int = 0
    values: tuple[Any, ...] = ()
    margin: float | None = None

    def __post_init__(self) -> None:
        for name in ("axis", "arms", "may_differ", "equal", "values"):
            if isinstance(getattr(self, name), list):
                object.__setattr__(self, name, tuple(getattr(self, name)))
        may_differ: object = self.may_differ
        if isinstance(may_differ, str):
            object.__setattr__(self, "may_differ", (may_differ,))
        belonging((*self.axes, *self.may_differ))
        if not self.axes:
            raise ConfigurationError('A design needs an axis, such as "dropout", got none.')
        wrong = [word for word in self.equals if word not in EQUALS]
        if wrong:
            raise ConfigurationError(
                f"Arms can be equal in {', '.join(map(repr, EQUALS))}, got {describe(wrong[0])}."
            )
        for name, least in (("arms", self.least_arms), ("seeds", self.seeds)):
            if type(least) is not int or least < 1:
                raise ConfigurationError(f"{name} must be at least 1, got {describe(least)}.")
        if type(self.own_seeds) is not int or self.own_seeds < 0:
            raise ConfigurationError(
                f"own_seeds must be a whole number from 0, got {describe(self.own_seeds)}."
            )

    @property
    def axes(self) -> tuple[str, ...]:
        """The axis, or all of them."""
        return (self.axis,) if isinstance(self.axis, str) else self.axis

    @property
    def equals(self) -> tuple[str, ...]:
        """What must be equal; empty for nothing."""
        if self.equal is None:
            return ()
        return (self.equal,) if isinstance(self.equal, str) else self.equal

    @property
    def least_arms(self) -> int:
        """How many arms there must be at least."""
        return self.arms if isinstance(self.arms, int) else len(self.arms)

    @property
    def free(self) -> tuple[str, ...]:
        """Everything that may differ between arms, the axis included."""
        budget = ("epochs", "updates") if "updates" in self.equals else ()
        return (*self.axes, *self.may_differ, *budget)
