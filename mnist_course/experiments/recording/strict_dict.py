"""Read a dictionary that someone else wrote, field by field.

The grader reads records from a process that ran the student's code, so every value is checked for
its exact type, its range, its length; whatever does not fit is a `RecordError` that names the
field.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection
from typing import Any, TypeVar

from mnist_course.exceptions import RecordError

__all__ = ["Fields", "describe"]

LARGEST_WHOLE = 2**53  # the largest range in which JSON numbers are exact everywhere
_DEEPEST = 8
_MOST_NODES = 5_000
_LONGEST_WORD = 1_000

T = TypeVar("T")


def describe(value: object) -> str:
    """Say in a few characters what a value is, whatever it is.

    `repr` of a foreign value can be huge, recurse too deeply or raise (an integer of 5,000
    digits), so that only short values are shown.
    """
    if value is None or type(value) in (bool, float):
        return repr(value)
    if type(value) is int:
        return repr(value) if abs(value) < 10**18 else "a huge int"
    if type(value) is str:
        return (
            repr(value[:40] + ("..." if len(value) > 40 else ""))
            .encode("ascii", "backslashreplace")
            .decode("ascii")
        )
    return f"a {type(value).__name__}"


class Fields:
    """The fields of one dictionary, each read with its type, range and length.

    Parameters
    ----------
    value : object
        What should be a dictionary.
    what : str
        What it should describe, for the error messages: ``"a fit record"``.
    names : collection of str
        The keys that it must have, no more and no fewer.

    Raises
    ------
    RecordError
        If `value` is not exactly a `dict` with these keys. Every method raises it for a field
        that does not fit.
    """

    def __init__(self, value: object, what: str, names: Collection[str]) -> None:
        self._what = what
        if type(value) is not dict:
            raise RecordError(f"{what} must be a dictionary, got {describe(value)}")
        if len(value) > 10 * len(names):
            raise RecordError(f"{what} has {len(value)} fields, expected {len(names)}")
        unknown = [key for key in value if key not in names]
        missing = [name for name in names if name not in value]
        if unknown or missing:
            raise RecordError(
                f"{what} has the wrong fields: missing {missing or 'none'}, "
                f"unknown {[describe(key) for key in unknown[:5]] or 'none'}"
            )
        self._fields: dict[str, Any] = value

    def _wrong(self, name: str, expected: str, value: object) -> RecordError:
        return RecordError(f"{self._what}: {name!r} must be {expected}, got {describe(value)}")

    def text(self, name: str, *, longest: int = _LONGEST_WORD, pattern: str | None = None) -> str:
        """Read a string of at most `longest` characters that can be written as UTF-8."""
        return self._text(name, self._fields[name], longest=longest, pattern=pattern)

    def _text(self, name: str, value: object, *, longest: int, pattern: str | None = None) -> str:
        if type(value) is not str or len(value) > longest:
            raise self._wrong(name, f"a text of at most {longest} characters", value)
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise self._wrong(name, "a text without lone surrogates", value) from None
        if pattern is not None and not re.fullmatch(pattern, value):
            raise self._wrong(name, f"a text of the form {pattern}", value)
        return value

    def optional_text(self, name: str) -> str | None:
        """Read a short string or None."""
        return None if self._fields[name] is None else self.text(name)

    def whole(self, name: str, *, low: int = 0, high: int = LARGEST_WHOLE) -> int:
        """Read a whole number from `low` to `high`."""
        value = self._fields[name]
        if type(value) is not int or not low <= value <= high:
            raise self._wrong(name, f"a whole number from {low} to {high}", value)
        return value

    def optional_whole(self, name: str, *, low: int = 0, high: int = LARGEST_WHOLE) -> int | None:
        """Read a whole number from `low` to `high`, or None."""
        return None if self._fields[name] is None else self.whole(name, low=low, high=high)

    def number(self, name: str, *, low: float = -math.inf, high: float = math.inf) -> float:
        """Read a finite number from `low` to `high`."""
        return self._number(name, self._fields[name], low=low, high=high)

    def _number(self, name: str, value: object, *, low: float, high: float) -> float:
        if type(value) is int and abs(value) <= LARGEST_WHOLE:
            value = float(value)
        if type(value) is not float or not math.isfinite(value) or not low <= value <= high:
            limits = "" if math.isinf(low) and math.isinf(high) else f" from {low:g} to {high:g}"
            raise self._wrong(name, f"a finite number{limits}", value)
        return value

    def optional_number(
        self, name: str, *, low: float = -math.inf, high: float = math.inf
    ) -> float | None:
        """Read a finite number from `low` to `high`, or None."""
        return None if self._fields[name] is None else self.number(name, low=low, high=high)

    def flag(self, name: str) -> bool:
        """Read True or False."""
        value = self._fields[name]
        if type(value) is not bool:
            raise self._wrong(name, "True or False", value)
        return value

    def sequence(self, name: str, *, longest: int) -> list[Any] | tuple[Any, ...]:
        """Read a list or tuple of at most `longest` values, which are still unchecked."""
        return self._sequence(name, self._fields[name], longest=longest)

    def _sequence(self, name: str, value: object, *, longest: int) -> list[Any] | tuple[Any, ...]:
        if type(value) not in (list, tuple) or len(value) > longest:  # type: ignore[arg-type]
            raise self._wrong(name, f"a list of at most {longest} values", value)
        return value  # type: ignore[return-value]

    def items(self, name: str, read: Callable[[object], T], *, longest: int) -> tuple[T, ...]:
        """Read a list whose every value is read by `read`."""
        return tuple(read(value) for value in self.sequence(name, longest=longest))

    def optional(self, name: str, read: Callable[[object], T]) -> T | None:
        """Read a value by `read`, or None."""
        value = self._fields[name]
        return None if value is None else read(value)

    def item(self, name: str, read: Callable[[object], T]) -> T:
        """Read a value by `read`."""
        return read(self._fields[name])

    def one_of(self, name: str, known: Collection[str]) -> str:
        """Read one of the known words."""
        value = self._fields[name]
        if type(value) is not str or value not in known:
            raise self._wrong(name, f"one of {', '.join(known)}", value)
        return value

    def numbers(self, name: str, *, most: int) -> dict[str, float]:
        """Read named numbers; NaN and infinity may stand, as in `series`."""
        value = self._fields[name]
        if type(value) is not dict or len(value) > most:
            raise self._wrong(name, f"a dictionary of at most {most} numbers", value)
        numbers: dict[str, float] = {}
        for key, number in value.items():
            key = self._text(name, key, longest=_LONGEST_WORD)
            if type(number) is not float and not (
                type(number) is int and abs(number) <= LARGEST_WHOLE
            ):
                raise self._wrong(name, "a dictionary of numbers", number)
            numbers[key] = float(number)
        return numbers

    def words(self, name: str, *, longest: int) -> tuple[str, ...]:
        """Read a list of short strings."""
        return self.items(
            name, lambda value: self._text(name, value, longest=_LONGEST_WORD), longest=longest
        )

    def wholes(self, name: str, *, longest: int) -> tuple[int, ...]:
        """Read a list of whole numbers from 0."""
        values = self.sequence(name, longest=longest)
        for value in values:
            if type(value) is not int or not 0 <= value <= LARGEST_WHOLE:
                raise self._wrong(name, "a list of whole numbers", value)
        return tuple(values)

    def series(self, name: str, *, most: int, longest: int) -> dict[str, tuple[float, ...]]:
        """Read named series of numbers; here, only here, NaN and infinity may stand."""
        value = self._fields[name]
        if type(value) is not dict or len(value) > most:
            raise self._wrong(name, f"a dictionary of at most {most} series", value)
        series: dict[str, tuple[float, ...]] = {}
        for key, numbers in value.items():
            key = self._text(name, key, longest=_LONGEST_WORD)
            for number in self._sequence(name, numbers, longest=longest):
                if type(number) is not float and not (
                    type(number) is int and abs(number) <= LARGEST_WHOLE
                ):
                    raise self._wrong(name, "series of numbers", number)
            series[key] = tuple(float(number) for number in numbers)
        return series

    def tree(self, name: str) -> dict[str, Any]:
        """Read a dictionary of plain values, nested at most 8 deep with at most 5,000 values.

        Plain is None, bool, a finite number, a string, a list, or a dictionary with string keys.
        """
        value = self._fields[name]
        if type(value) is not dict:
            raise self._wrong(name, "a dictionary", value)
        nodes = 0

        def plain(value: object, depth: int) -> Any:
            nonlocal nodes
            nodes += 1
            if depth > _DEEPEST or nodes > _MOST_NODES:
                raise self._wrong(
                    name, f"at most {_DEEPEST} deep with at most {_MOST_NODES} values", value
                )
            if value is None or type(value) is bool:
                return value
            if type(value) is str:
                return self._text(name, value, longest=_LONGEST_WORD)
            if type(value) is int and abs(value) <= LARGEST_WHOLE:
                return value
            if type(value) is dict:
                return {
                    self._text(name, key, longest=_LONGEST_WORD): plain(part, depth + 1)
                    for key, part in value.items()
                }
            if type(value) in (list, tuple):
                return [plain(part, depth + 1) for part in value]  # type: ignore[attr-defined]
            return self._number(name, value, low=-math.inf, high=math.inf)

        result: dict[str, Any] = plain(value, 0)
        return result
