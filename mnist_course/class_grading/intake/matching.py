"""Find the same person in two lists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from mnist_course.class_grading.records import Student

__all__ = ["Match", "People", "matched"]

# Where to look for what a student is called, in the order of how much can be believed. "id" and
# "email" are fields, all else are columns. A platform sets its own numbers and has an address
# confirmed; Gradescope lets students type their SID.
_LOOKED_UP: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ID", ("ID", "lms_user_id")),
    ("lms_user_id", ("lms_user_id", "ID")),
    ("SIS User ID", ("SIS User ID", "ID number")),
    ("SIS Login ID", ("SIS Login ID", "Username")),
    ("Username", ("Username", "SIS Login ID")),
    ("ID number", ("ID number", "SIS User ID")),
    ("email", ("email", "SIS Login ID", "Username")),
    ("SID", ("SID", "id", "SIS User ID", "ID number", "SIS Login ID", "Username")),
)
# What the name of a folder or of a file may be.
_ID = ("id", "SIS Login ID", "Username", "SIS User ID", "ID number", "SID", "email", "lms_user_id")


@dataclass(frozen=True, slots=True)
class Match:
    """Who somebody is in the other list.

    Parameters
    ----------
    student : Student, optional
        None where nobody or more than one fits.
    doubt : str
        What speaks against it or why there is nobody, in words; empty where all agree.
    """

    student: Student | None
    doubt: str = ""


class People:
    """The students of a list, to be found by whatever they are called.

    Parameters
    ----------
    students : iterable of Student
    """

    def __init__(self, students: Iterable[Student]) -> None:
        self._by: dict[str, dict[str, list[Student]]] = defaultdict(lambda: defaultdict(list))
        for student in students:
            for name, value in _called(student).items():
                self._by[name][value].append(student)

    def find(self, student: Student) -> Match:
        """Find a student of another list, by what can be believed most."""
        called = _called(student)
        chosen: Student | None = None
        by = ""
        for name, columns in self._questions(called):
            found = self._look_up(called[name], columns)
            if not found:
                continue
            if chosen is None and len(found) > 1:
                ids = ", ".join(sorted(other.id for other in found))
                return Match(None, f"its {name} {called[name]!r} fits several students ({ids})")
            if chosen is None:
                chosen, by = found[0], name
            elif chosen not in found:
                return Match(
                    chosen,
                    f"its {by} is that of {chosen.id}, its {name} that of {found[0].id}; "
                    f"{chosen.id} was believed",
                )
        return Match(chosen, "" if chosen else "nobody there has its id or e-mail address")

    def _questions(self, called: dict[str, str]) -> list[tuple[str, tuple[str, ...]]]:
        questions = [(name, columns) for name, columns in _LOOKED_UP if name in called]
        # Where an id is Canvas' own number, it may be somebody else's student number: it is looked
        # up as an id only where there is no better column. An SID has been looked up already.
        if called["id"] == called.get("ID"):
            ask = not self._by["ID"] and not self._by["lms_user_id"]
        else:
            ask = called["id"] != called.get("SID")
        return [*questions, ("id", _ID)] if ask else questions

    def _look_up(self, value: str, columns: tuple[str, ...]) -> list[Student]:
        for column in columns:
            if found := self._by[column].get(value):
                return found
        return []


def matched(student: Student, other: Student) -> Student:
    """Return the student of the other list, with what this one adds."""
    return replace(
        other,
        first_name=other.first_name or student.first_name,
        last_name=other.last_name or student.last_name,
        email=other.email or student.email,
        identifiers={**student.identifiers, **other.identifiers},
    )


def _called(student: Student) -> dict[str, str]:
    called = {**student.identifiers, "id": student.id, "email": student.email}
    called["email"] = (
        student.email
        or student.identifiers.get("Email address", "")
        or student.identifiers.get("Email", "")
    )
    return {name: value.strip().casefold() for name, value in called.items() if value.strip()}
