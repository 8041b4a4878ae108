"""Checks of arguments from an untrusted configuration: each returns the plain value or raises.

A check is a function of one value that came out of JSON. It returns the value in the form that a
constructor takes, or raises ValueError with what was expected.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mnist_course.exceptions import NotPortableError

__all__ = [
    "IGNORED",
    "Check",
    "Nested",
    "Node",
    "any_of",
    "check_dtype",
    "integer",
    "maybe",
    "node",
    "number",
    "one_of",
    "several",
    "text",
    "truth",
]

Check = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Node:
    """A small Keras object inside a layer (initializer, regularizer ...): class with numbers."""

    family: str
    class_name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Nested:
    """Marks an argument that is itself a layer, or a list of layers.

    Parameters
    ----------
    among : frozenset of str
        Class names that may stand there; empty for any layer of the table.
    optional : bool
        None may stand there too.
    most : int
        More than 0: a list of 1 to ``most`` layers.
    """

    among: frozenset[str] = frozenset()
    optional: bool = False
    most: int = 0


def IGNORED(value: Any) -> Any:  # noqa: N802 - a constant that happens to be callable
    """Mark an argument that is read past: it changes nothing that is graded."""
    return value


def integer(low: int, high: int) -> Check:
    """Return a check for an int in ``low..high``."""

    def check(value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            raise ValueError(f"expected a whole number in {low}..{high}, got {_short(value)}")
        return value

    return check


def number(low: float = -1e9, high: float = 1e9) -> Check:
    """Return a check for a finite number in ``low..high``."""

    def check(value: Any) -> float:
        # An int beyond what a float can hold is compared, never converted.
        if type(value) not in (int, float) or not low <= value <= high:
            raise ValueError(f"expected a number in {low:g}..{high:g}, got {_short(value)}")
        return float(value)

    return check


def truth(value: Any) -> bool:
    """Check a bool."""
    if type(value) is not bool:
        raise ValueError(f"expected True or False, got {_short(value)}")
    return value


def text(pattern: str, most: int) -> Check:
    """Return a check for a text of at most ``most`` characters that matches a pattern."""
    compiled = re.compile(pattern)

    def check(value: Any) -> str:
        if type(value) is not str or len(value) > most or not compiled.fullmatch(value):
            raise ValueError(f"{_short(value)} cannot be rebuilt")
        return value

    return check


def one_of(*allowed: Any) -> Check:
    """Return a check for one of a few constants (exact type as well as value)."""

    def check(value: Any) -> Any:
        if not any(type(value) is type(a) and value == a for a in allowed):
            raise ValueError(f"{_short(value)} cannot be rebuilt")
        return value

    return check


def maybe(check: Check) -> Check:
    """Return a check that also lets None pass."""
    return lambda value: None if value is None else check(value)


def any_of(*checks: Check) -> Check:
    """Return a check that takes what the first of several checks takes."""

    def check(value: Any) -> Any:
        for one in checks[:-1]:
            try:
                return one(value)
            except ValueError:
                continue
        return checks[-1](value)

    return check


def several(check: Check, low: int = 1, high: int = 6) -> Check:
    """Return a check for one value or a list of ``low..high`` values, once nested."""

    def inner(value: Any) -> Any:
        if type(value) is list and len(value) <= 3:
            return tuple(check(v) for v in value)
        return check(value)

    def outer(value: Any) -> Any:
        if type(value) is not list:
            return check(value)
        if not low <= len(value) <= high:
            raise ValueError(f"expected {low} to {high} values, got {len(value)}")
        return tuple(inner(v) for v in value)

    return outer


def node(family: str, table: Mapping[str, Mapping[str, Check]]) -> Check:
    """Return a check for a small object of Keras' own: its name, or its class with numbers."""
    by_lower = {name.lower(): name for name in table}

    def check(value: Any) -> Node | None:
        name: Any
        config: Any
        if value is None:
            return None
        if type(value) is str:
            name, config = by_lower.get(value.replace("_", "").lower()), {}
        elif type(value) is dict and type(value.get("class_name")) is str:
            name, config = value["class_name"], value.get("config") or {}
            module = value.get("module")
            if module is not None and str(module).split(".")[0] != "keras":
                raise ValueError(f"{name[:40]!r} is not one that Keras provides")
            if value.get("registered_name") not in (None, name):
                raise ValueError(f"{name[:40]!r} is not one that Keras provides")
        else:
            raise ValueError(f"{_short(value)} is no {family}")
        if name not in table or type(config) is not dict:
            raise ValueError(f"the {family} {_short(value)} cannot be rebuilt")
        arguments = {}
        for key, item in config.items():
            if key in ("seed", "name", "input_axes", "output_axes", "trainable"):
                continue
            if key == "dtype":
                check_dtype(item)
                continue
            if key not in table[name]:
                raise ValueError(f"the {family} {name} with the unusual option {key[:40]!r}")
            arguments[key] = table[name][key](item)
        return Node(family, name, arguments)

    return check


def check_dtype(value: Any) -> None:
    """Accept float32 only, as Keras writes it."""
    if type(value) is dict and value.get("class_name") == "DTypePolicy":
        config = value.get("config")
        value = config.get("name") if type(config) is dict else value
    if value not in (None, "float32"):
        raise NotPortableError(f"layers of type {_short(value)}; only float32 can be rebuilt")


def _short(value: Any) -> str:
    """Show an untrusted value in a few characters; an int of a million digits is not written."""
    if type(value) is int and abs(value) >= 10**30:
        return "a number of more than 30 digits"
    if type(value) in (list, dict):
        return f"a {type(value).__name__} of {len(value)}"
    return repr(value)[:60] if type(value) is not str else repr(value[:60])
