"""The integrity signals of a class, by their kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mnist_course.grading.results import NotebookGrade

__all__ = ["SignalKind", "signals_by_kind"]

_MOST_DETAILS = 20  # of one student
_LONGEST_KIND = 80


@dataclass(frozen=True, slots=True)
class SignalKind:
    """One kind of signal: ``details`` has (position in the class, sentence), in order."""

    kind: str
    students: int
    details: tuple[tuple[int, str], ...]


def signals_by_kind(grades: Sequence[NotebookGrade]) -> tuple[SignalKind, ...]:
    """Group the signals, the kind of most students first."""
    found: dict[str, list[tuple[int, str]]] = {}
    for student, grade in enumerate(grades):
        for signal in grade.signals[:_MOST_DETAILS]:
            found.setdefault(signal.kind[:_LONGEST_KIND], []).append((student, signal.detail))
    kinds = [
        SignalKind(kind, len({student for student, _ in details}), tuple(details))
        for kind, details in found.items()
    ]
    return tuple(sorted(kinds, key=lambda kind: (-kind.students, kind.kind)))
