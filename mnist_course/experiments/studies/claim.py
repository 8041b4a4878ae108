"""What someone says that a study shows, in a form that can be compared with its trials."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from mnist_course.exceptions import ConfigurationError
from mnist_course.experiments.recording.strict_dict import Fields, describe

__all__ = ["VERDICTS", "Claim"]

VERDICTS = ("winner", "tie", "inconclusive")

_MOST_ARMS = 50


@dataclass(frozen=True, slots=True)
class Claim:
    """A conclusion.

    Parameters
    ----------
    verdict : str
        ``winner``: one arm is better than every other. ``tie``: the named arms are equally good
        for all that matters. ``inconclusive``: these trials cannot decide.
    arms : tuple of str
        The winner alone; the arms that tie; empty when inconclusive.
    metric : str
        What was compared, a name in ``Trial.measured``.

    Raises
    ------
    ConfigurationError
        If the verdict is another word, or the number of arms does not go with it.

    Examples
    --------
    >>> Claim("winner", "adam")
    Claim(verdict='winner', arms=('adam',), metric='val_accuracy')
    >>> Claim("tie", ("adam", "adamw")).arms
    ('adam', 'adamw')
    """

    verdict: str
    arms: tuple[str, ...] = ()
    metric: str = "val_accuracy"

    def __post_init__(self) -> None:
        arms: object = self.arms
        if isinstance(arms, str):
            arms = (arms,)
        elif isinstance(arms, list):
            arms = tuple(arms)
        if self.verdict not in VERDICTS:
            raise ConfigurationError(
                f"A claim is one of {', '.join(map(repr, VERDICTS))}, got {describe(self.verdict)}."
            )
        if (
            type(arms) is not tuple
            or len(arms) > _MOST_ARMS
            or not all(type(arm) is str for arm in arms)
        ):
            raise ConfigurationError(
                f'The arms of a claim are their names, such as ("adam", "sgd"), '
                f"got {describe(arms)}."
            )
        wanted = {"winner": "exactly one arm", "tie": "at least two arms", "inconclusive": "no arm"}
        right = {"winner": len(arms) == 1, "tie": len(set(arms)) > 1, "inconclusive": not arms}
        if not right[self.verdict]:
            raise ConfigurationError(
                f'The claim "{self.verdict}" names {wanted[self.verdict]}, got {len(set(arms))}.'
            )
        object.__setattr__(self, "arms", arms)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return {"verdict": self.verdict, "arms": list(self.arms), "metric": self.metric}

    @classmethod
    def from_dict(cls, value: object) -> Claim:
        """Read what `to_dict` wrote, believing nothing.

        Raises
        ------
        RecordError, ConfigurationError
            If anything in it has another form.
        """
        read = Fields(value, "a claim", tuple(field.name for field in fields(cls)))
        return cls(
            verdict=read.one_of("verdict", VERDICTS),
            arms=read.words("arms", longest=_MOST_ARMS),
            metric=read.text("metric", longest=80),
        )
