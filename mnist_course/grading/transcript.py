"""What a student's functions answered to the calls of an item, to judge the item again.

A changed test mostly makes the same calls and weighs the answers in another way. Then it gets the
answers of last time, and the notebook is not run again for it. One call that is another one, and
the whole item is judged with a kernel: a function may remember what it was asked before.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from mnist_course.grading.kept_answers import KeptAnswers, question_name
from mnist_course.grading.serialization import TakeApart, encode

__all__ = ["NoAnswerError", "Transcript"]

Outcome = dict[str, Any]
_PLAIN = (type(None), bool, int, float, str)


class NoAnswerError(LookupError):
    """The item asks something else than last time."""


class Transcript:
    """The calls of one item after another, with their outcomes.

    Parameters
    ----------
    answers : KeptAnswers
        Where they are kept, beside what the evaluator answered about the same values.
    take_apart : callable
        For arguments; see ``serialization.encode``.
    """

    def __init__(self, answers: KeptAnswers, *, take_apart: TakeApart) -> None:
        self._answers = answers
        self._take_apart = take_apart
        self._name = ""
        self._earlier: list[Any] | None = None
        self._calls: list[list[Any]] = []
        self._whole = True
        self.missed = False
        """Whether this item asked what it did not ask last time."""

    def knows(self, item: str) -> bool:
        """Tell whether an item's calls are there."""
        return self._read(item) is not None

    def begin(self, item: str, *, again: bool) -> None:
        """Begin an item.

        Parameters
        ----------
        item : str
            Its grade id.
        again : bool
            Answer its calls as last time; else write down what the kernel answers.
        """
        self._name = _name(item)
        self._earlier = self._read(item) if again else None
        self._calls, self._whole, self.missed = [], True, False

    @property
    def answers_again(self) -> bool:
        """Whether calls are answered as last time."""
        return self._earlier is not None

    def answer(self, question: dict[str, Any]) -> Outcome:
        """Return the outcome of last time.

        Raises
        ------
        NoAnswerError
            If this is not the call that was made then.
        """
        assert self._earlier is not None
        place = len(self._calls)
        call = self._named(question)
        self._calls.append([call])
        known = self._earlier[place] if place < len(self._earlier) else None
        if type(known) is not list or len(known) != 2 or known[0] != call or self.missed:
            self.missed = True
            raise NoAnswerError(f"call {place + 1} is another one")
        outcome: Outcome = known[1]
        return outcome

    def note(self, question: dict[str, Any], outcome: Outcome | None) -> None:
        """Write down what came of a call; None when nothing that can be kept."""
        if not self._answers.kept or not self._whole:
            return
        if outcome is None or not _is_plain(outcome):
            self._whole = False
        else:
            self._calls.append([self._named(question), outcome])

    def keep(self) -> None:
        """Keep the item's calls, if all of them had an outcome; at its end."""
        if self._answers.kept and self._earlier is None and self._whole:
            self._answers.keep(self._name, self._calls)

    def _read(self, item: str) -> list[Any] | None:
        try:
            kept = self._answers.find(_name(item))
        except KeyError:
            return None
        return kept if type(kept) is list else None

    def _named(self, question: dict[str, Any]) -> str:
        return hashlib.sha256(encode(question, take_apart=self._take_apart)).hexdigest()


def _name(item: str) -> str:
    return question_name("calls", item)


def _is_plain(value: Any) -> bool:
    """Tell whether a value comes back from a frame as it was."""
    todo = [value]
    while todo:
        part = todo.pop()
        if type(part) in (list, tuple):
            todo += part
        elif type(part) is dict:
            todo += [*part.keys(), *part.values()]
        elif type(part) not in _PLAIN and not isinstance(part, (np.ndarray, np.generic)):
            return False
    return True
