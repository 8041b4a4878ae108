"""One reason why a study does not show what it seems to show."""

from __future__ import annotations

from dataclasses import dataclass

from mnist_course.grading.results import Finding

__all__ = ["Problem"]


@dataclass(frozen=True, slots=True)
class Problem:
    """What a check of validity found.

    Parameters
    ----------
    kind : str
        Stable slug, ``two-changes``; grade cells and tests rely on it, students never need it.
    finding : Finding
        What was seen (a number), why it matters, what to try next.
    arms : tuple of str
        The arms concerned; empty for the study as a whole.
    seeds : tuple of int
        The seeds concerned; empty for all.
    """

    kind: str
    finding: Finding
    arms: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()

    def __str__(self) -> str:
        parts = (self.finding.saw, self.finding.why, self.finding.next_step)
        return " ".join(part for part in parts if part)
