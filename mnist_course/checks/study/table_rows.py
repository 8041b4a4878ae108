"""The rows of a student's table, by the arms of a study."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mnist_course.checks.plain_values import type_name
from mnist_course.grading.results import Finding

__all__ = ["Layout", "Rows", "has_words", "in_order", "layouts", "named_in", "rows_of"]

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?", re.IGNORECASE)
_MOST_CELLS = 20_000
_INDEX = "the index"  # names rows, holds no results

Rows = list[dict[str, Any]]
Layout = dict[str, dict[str, list[float]]]
"""Column to arm to its numbers: one way in which a table may be meant."""


def rows_of(table: Any, name: str) -> Rows | Finding:
    """Return the rows of a table by column name, the index among them."""
    if table is None:
        return Finding(
            f"`{name}` is still None.",
            "Numbers in one place can be compared; numbers in a text cannot.",
            'Write summary(trials, "...") or frame(trials) into it.',
        )
    if isinstance(table, type) or not {"columns", "iloc", "index"} <= set(dir(table)):
        return Finding(
            f"`{name}` is a {type_name(table)}; expected a pandas DataFrame.",
            "It has a name for each column, and is shown as a table.",
            'Write summary(trials, "...") or frame(trials) into it.',
        )
    try:
        names = list(table.columns)
        count = len(table)
        if count * max(1, len(names)) > _MOST_CELLS:
            return Finding(
                f"`{name}` has {count:,} rows and {len(names)} columns.",
                "A table that nobody can read at a glance is no summary.",
                "One row for each arm is enough.",
            )
        columns = {str(key): list(table.iloc[:, i]) for i, key in enumerate(names)}
        columns[_INDEX] = list(table.index)
    except (AttributeError, TypeError, ValueError, KeyError, IndexError) as error:
        return Finding(
            f"`{name}` cannot be read: {type(error).__name__}.",
            "Its rows and columns are compared with the trials.",
            "Make it with pd.DataFrame(...), summary(...) or frame(...).",
        )
    if not count:
        return Finding(
            f"`{name}` has 0 rows.",
            "There is nothing in it that could be compared with the trials.",
            'Write summary(trials, "...") or frame(trials) into it.',
        )
    return [{key: values[row] for key, values in columns.items()} for row in range(count)]


def layouts(rows: Rows, arms: list[str]) -> Iterator[Layout]:
    """Yield the ways in which a table may be meant: column to arm to its numbers."""
    wanted = {_plain(arm): arm for arm in arms}
    for key in rows[0]:
        groups: dict[str, Rows] = {}
        for row in rows:
            arm = _arm_in(row[key], wanted)
            if arm is not None:
                groups.setdefault(arm, []).append(row)
        if len(groups) == len(arms):
            yield _columns(groups)
    if all(_plain(arm) in {_plain(key) for key in rows[0]} for arm in arms):
        # Turned: an arm for each column.
        by_key = {_plain(key): key for key in rows[0]}
        yield {
            str(number): {arm: _numbers([row[by_key[_plain(arm)]]]) for arm in arms}
            for number, row in enumerate(rows)
        }
        yield {"all": {arm: _numbers([row[by_key[_plain(arm)]] for row in rows]) for arm in arms}}


def in_order(rows: Rows, arms: list[str]) -> Iterator[Layout]:
    """Yield a row for each arm, for a table without names or with names of its own."""
    wanted = {_plain(arm): arm for arm in arms}
    some_named = any(_arm_in(cell, wanted) for row in rows for cell in row.values())
    if len(rows) == len(arms) and not some_named:
        for order in (arms, sorted(arms)):
            yield _columns({arm: [row] for arm, row in zip(order, rows, strict=True)})


def has_words(rows: Rows) -> bool:
    """Tell whether a cell holds words, which should then name the arms."""
    return any(isinstance(cell, str) for row in rows for cell in row.values())


def _arm_in(cell: Any, wanted: Mapping[str, str]) -> str | None:
    if isinstance(cell, (tuple, list)):
        return next((arm for part in cell if (arm := _arm_in(part, wanted))), None)
    return wanted.get(_plain(cell))


def _plain(name: object) -> str:
    return " ".join(str(name)[:200].lower().replace("_", " ").split())


def _columns(groups: Mapping[str, Rows]) -> Layout:
    keys = next(iter(groups.values()))[0]
    return {
        key: {arm: _numbers([row[key] for row in rows]) for arm, rows in groups.items()}
        for key in keys
        if key != _INDEX
    }


def _numbers(cells: Sequence[Any]) -> list[float]:
    """Return the number in each cell: of ``0.913 ± 0.004`` the first; NaN for none."""
    found = []
    for cell in cells:
        if isinstance(cell, str):
            match = _NUMBER.search(cell)
            found.append(float(match[0]) if match else math.nan)
        elif isinstance(cell, bool):
            found.append(math.nan)
        else:
            try:
                found.append(float(cell))
            except (TypeError, ValueError, OverflowError):
                found.append(math.nan)
    return found


def named_in(rows: Rows, arms: Sequence[str]) -> set[str]:
    """Return the arms that are named somewhere in a table."""
    wanted = {_plain(arm): arm for arm in arms}
    return {arm for row in rows for cell in row.values() if (arm := _arm_in(cell, wanted))}
