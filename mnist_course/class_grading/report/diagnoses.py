"""Count what was said to students, whatever numbers and names it was said with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mnist_course.grading.results import CellGrade, Finding, NotebookGrade, Verdict

__all__ = ["Diagnosis", "Words", "diagnoses", "grouped", "masked"]

_LONGEST = 400  # characters of a sentence that are looked at
_MOST = 50  # findings of one item
_NAME = re.compile(r"`[^`\n]+`")
_QUOTED = re.compile(r"“[^”\n]*”|(?<!\w)'[^'\n]{0,80}'(?!\w)")
_NUMBER = re.compile(r"(?<![\w.])[-+−]?(?:\d+(?:,\d{3})*(?:\.\d+)?(?:[eE][-+]?\d+)?|nan|inf)(?!\w)")
_LIST = re.compile(r"(#%?|`…`|“…”)(?:(?:, | and )\1)+")


@dataclass(frozen=True, slots=True)
class Words:
    """A sentence about one item of one student: ``student`` is a position in the class."""

    student: int
    grade_id: str
    saw: str
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A kind of sentence, with who got one of it.

    Parameters
    ----------
    grade_id : str
        The item; empty for the whole notebook.
    words : str
        The sentence without its numbers and names.
    example, next_step : str
        Of the first student, as it was written. Untrusted text, like ``words``.
    students : tuple of int
        Positions in the class, in order, each once.
    """

    grade_id: str
    words: str
    example: str
    next_step: str
    students: tuple[int, ...]


def masked(sentence: str) -> str:
    """Return a sentence without what differs from student to student.

    Examples
    --------
    >>> masked("`net` reads 9.80% of 10,000 images, not 'all'.")
    '`…` reads #% of # images, not “…”.'
    """
    text = _NAME.sub("`…`", sentence[:_LONGEST])
    text = _NUMBER.sub("#", _QUOTED.sub("“…”", text))
    return " ".join(_LIST.sub(r"\1", text).split())[:_LONGEST]


def grouped(sentences: Iterable[Words]) -> tuple[Diagnosis, ...]:
    """Group sentences by item and masked words, the most frequent first."""
    first: dict[tuple[str, str], Words] = {}
    students: dict[tuple[str, str], dict[int, None]] = {}
    for said in sentences:
        key = (said.grade_id, masked(said.saw))
        first.setdefault(key, said)
        students.setdefault(key, {})[said.student] = None
    found = [
        Diagnosis(
            grade_id,
            words,
            first[grade_id, words].saw[:_LONGEST],
            first[grade_id, words].next_step[:_LONGEST],
            tuple(sorted(who)),
        )
        for (grade_id, words), who in students.items()
    ]
    return tuple(sorted(found, key=lambda kind: (-len(kind.students), kind.grade_id, kind.words)))


def diagnoses(grades: Sequence[NotebookGrade]) -> tuple[Diagnosis, ...]:
    """Group the findings of items without all points.

    Of an item's findings those count that say why or what to try; where none does, all count. A
    sentence about the whole submission, which every item repeats, counts once.

    Parameters
    ----------
    grades : sequence of NotebookGrade
        The class.
    """
    return grouped(_sentences(grades))


def _sentences(grades: Sequence[NotebookGrade]) -> Iterable[Words]:
    for student, grade in enumerate(grades):
        if grade.grader_failed:
            continue
        if grade.headline:
            yield Words(student, "", grade.headline)
        for cell in grade.automatic:
            if cell.verdict is Verdict.PASSED:
                continue
            for finding in _telling(cell):
                if finding.saw != grade.headline:
                    yield Words(student, cell.grade_id, finding.saw, finding.next_step)


def _telling(cell: CellGrade) -> Sequence[Finding]:
    findings = cell.findings[:_MOST]
    return [f for f in findings if f.why or f.next_step] or findings
