"""The verdict of a grade cell.

A grade cell ends in a :class:`Score` (points, with what was seen), or raises :class:`CheckFailed`
(no points, with the reason) or :class:`CannotGrade` (a person has to look). What a check measured
on the way, for the leaderboard or the pictures of the feedback, goes into :func:`note`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from mnist_course.grading.inline_code import html_with_code
from mnist_course.grading.results import Finding

__all__ = [
    "CannotGrade",
    "CheckFailed",
    "Measurements",
    "Score",
    "clear",
    "collected",
    "note",
    "note_confusion",
    "note_curves",
    "note_for_staff",
    "ramp",
]


class CheckFailed(AssertionError):  # noqa: N818 - a verdict on an answer, not an error
    """The item earns no points, for a reason that the student can act on.

    Parameters
    ----------
    saw : str
        What was found, with a number where there is one.
    why : str
        Why it matters.
    next_step : str
        What to try.
    """

    def __init__(self, saw: str, why: str = "", next_step: str = "") -> None:
        super().__init__(saw, why, next_step)

    @property
    def finding(self) -> Finding:
        """The three sentences as data."""
        saw, why, next_step = self.args
        return Finding(saw, why, next_step)

    def __str__(self) -> str:
        return " ".join(text for text in self.args if text)

    def _render_traceback_(self) -> list[str]:
        """Show the sentences in a notebook, not the path that led to them (called by IPython)."""
        labels = ("Not yet: ", "Why it matters: ", "Next: ")
        return [label + text for label, text in zip(labels, self.args, strict=True) if text]


class CannotGrade(Exception):  # noqa: N818 - a verdict on the grader's means, not an error
    """The grader has no basis for a decision; the message is for staff, never a pass."""


class Score(float):
    """Points of one item with the reasons for them.

    The value is the number of points and ``repr`` shows that number alone, the form in which
    nbgrader reads partial credit. In a notebook it renders as a card.

    Parameters
    ----------
    points : float
        ``0 <= points <= of``; kept to two decimals.
    of : float
        Points that the item can give.
    saw, why, next_step : str
        The first finding: what we saw, why it matters, what to try next. Left out when ``saw``
        is empty.
    findings : iterable of Finding
        Further findings.

    Raises
    ------
    ValueError
        If the points are not finite or out of range.
    """

    of: float
    findings: tuple[Finding, ...]

    def __new__(
        cls,
        points: float,
        of: float = 20,
        saw: str = "",
        why: str = "",
        next_step: str = "",
        findings: Iterable[Finding] = (),
    ) -> Score:
        """Check the range before the number is made."""
        rounded = round(float(points), 2)
        if not (math.isfinite(of) and math.isfinite(rounded) and 0 <= rounded <= of):
            raise ValueError(
                f"points must be within 0..{of:g}, got {points!r}: check this cell's rule"
            )
        self = super().__new__(cls, rounded)
        self.of = float(of)
        first = (Finding(saw, why, next_step),) if saw else ()
        self.findings = first + tuple(findings)
        return self

    def plus(self, other: Score) -> Score:
        """Add another part of the same item: its points (up to ``of``) and its findings.

        Examples
        --------
        >>> Score(7, of=10).plus(Score(3, of=3))
        10.0
        """
        return Score(
            min(float(self) + float(other), self.of),
            self.of,
            findings=self.findings + other.findings,
        )

    def times(self, fraction: float, reason: Finding | None = None) -> Score:
        """Return the score times a fraction in 0..1; the reason is told when it costs points."""
        if not 0 <= fraction <= 1:
            raise ValueError(f"fraction must be within 0..1, got {fraction!r}")
        told = (reason,) if reason is not None and fraction < 1 else ()
        return Score(float(self) * fraction, self.of, findings=self.findings + told)

    def __repr__(self) -> str:
        return repr(float(self))

    def __str__(self) -> str:
        return "\n".join([f"{float(self):g} of {self.of:g} points", *map(_sentence, self.findings)])

    # A copy or a deep copy must keep the reasons; float's own protocol would drop them.
    def __reduce__(self) -> tuple[object, ...]:
        return (Score, (float(self), self.of, "", "", "", self.findings))

    def _repr_markdown_(self) -> str:
        lines = [f"**{float(self):g} / {self.of:g} points**", ""]
        lines += [f"- {_sentence(finding)}" for finding in self.findings]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        share = float(self) / self.of if self.of else 1.0
        colour = "#2e7d32" if share == 1 else "#b26a00" if share > 0 else "#b3261e"
        rows = "".join(f"<li>{_html(finding)}</li>" for finding in self.findings)
        body = f'<ul style="margin:.5em 0 0 1.2em;padding:0">{rows}</ul>' if rows else ""
        return (
            f'<div style="border-left:6px solid {colour};padding:.5em 1em;margin:.3em 0;'
            f'background:rgba(128,128,128,.08)"><b style="font-size:1.15em">'
            f"{float(self):g} / {self.of:g} points</b>{body}</div>"
        )


def _sentence(finding: Finding) -> str:
    return " ".join(text for text in (finding.saw, finding.why, finding.next_step) if text)


def _html(finding: Finding) -> str:
    parts = [f"<b>{html_with_code(finding.saw)}</b>"]
    if finding.why:
        parts.append(html_with_code(finding.why))
    if finding.next_step:
        parts.append(f"<i>Next: {html_with_code(finding.next_step)}</i>")
    return " ".join(parts)


def ramp(value: float, steps: Mapping[float, float]) -> float:
    """Return the points of the highest step that ``value`` reaches, 0 below the first.

    Parameters
    ----------
    value : float
        What was measured; NaN reaches no step.
    steps : mapping of float to float
        Threshold to points, such as ``{0.90: 8, 0.95: 20}``.

    Examples
    --------
    >>> ramp(0.94, {0.90: 8, 0.93: 12, 0.94: 16, 0.95: 20})
    16
    """
    return max((points for limit, points in steps.items() if value >= limit), default=0)


@dataclass(frozen=True, slots=True)
class Measurements:
    """What the checks of one notebook measured.

    Parameters
    ----------
    values : mapping of str to float
        ``accuracy`` (0..1), ``parameters``, ``training_seconds`` ...
    confusion : array of shape (classes, classes), int, or None
        Rows are true classes, columns predicted ones.
    curves : mapping of str to sequence of float, or None
        Keras' ``History.history`` of the graded model.
    staff : tuple of str
        Sentences that only staff sees.
    """

    values: Mapping[str, float] = field(default_factory=dict)
    confusion: npt.NDArray[np.int64] | None = None
    curves: Mapping[str, tuple[float, ...]] | None = None
    staff: tuple[str, ...] = ()


# Grade cells are plain statements in a notebook, with no object to hand a collector to them: the
# process that runs them collects here and calls `clear` before the first.
_COLLECTED = [Measurements()]


def note(**measurements: float) -> None:
    """Record measured numbers by name; a later value of the same name replaces the earlier."""
    numbers = {name: float(value) for name, value in measurements.items()}
    _COLLECTED[0] = replace(_COLLECTED[0], values={**_COLLECTED[0].values, **numbers})


def note_confusion(matrix: npt.ArrayLike) -> None:
    """Record the confusion matrix: rows true, columns predicted, shape (classes, classes)."""
    counts = np.asarray(matrix, dtype=np.int64)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ValueError(f"a confusion matrix is square, got an array of shape {counts.shape}")
    _COLLECTED[0] = replace(_COLLECTED[0], confusion=counts)


def note_curves(history: Mapping[str, Sequence[float]]) -> None:
    """Record the learning curves: Keras' ``History.history``, one value per epoch."""
    curves = {name: tuple(float(value) for value in values) for name, values in history.items()}
    _COLLECTED[0] = replace(_COLLECTED[0], curves=curves)


def note_for_staff(words: str) -> None:
    """Record a sentence that the student must not see, such as what a hidden test met."""
    known = _COLLECTED[0].staff
    if words not in known and len(known) < 20:
        _COLLECTED[0] = replace(_COLLECTED[0], staff=(*known, words[:500]))


def collected() -> Measurements:
    """Return what has been noted since the last :func:`clear`."""
    return _COLLECTED[0]


def clear() -> None:
    """Forget all notes."""
    _COLLECTED[0] = Measurements()
