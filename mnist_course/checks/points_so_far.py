"""What a student sees before submitting: every automatic item with its points so far."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from mnist_course.checks.score import Score
from mnist_course.grading.assignment import header_id

__all__ = ["Item", "Overview", "overview", "read_items"]

_BINDS = r"^\s*{name}\s*="
_UNANSWERED = "YOUR ANSWER HERE"


@dataclass(frozen=True, slots=True)
class Item:
    """One automatic item: its id, its maximum, its points so far (None: no score yet), a remark."""

    grade_id: str
    of: float
    points: float | None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Overview:
    """The table, with sentences on what is still missing. Renders in a notebook."""

    items: tuple[Item, ...]
    reminders: tuple[str, ...] = ()

    @property
    def points(self) -> float:
        """Points of all items that have a score."""
        return sum(item.points or 0.0 for item in self.items)

    @property
    def of(self) -> float:
        """Points that the items can give."""
        return sum(item.of for item in self.items)

    def __repr__(self) -> str:
        width = max(len(item.grade_id) for item in self.items)
        lines = [
            f"{i.grade_id:<{width}}  {_points(i):>5} / {i.of:g}  {i.remark}".rstrip()
            for i in self.items
        ]
        lines.append(f"{'total':<{width}}  {self.points:>5g} / {self.of:g}")
        return "\n".join([*lines, *(f"- {text}" for text in self.reminders)])

    def _repr_html_(self) -> str:
        cell = '<td style="text-align:{}">{}</td>'
        rows = "".join(
            f"<tr>{cell.format('left', escape(i.grade_id))}"
            f"{cell.format('right', _points(i))}{cell.format('right', f'{i.of:g}')}"
            f"{cell.format('left', escape(i.remark))}</tr>"
            for i in self.items
        )
        total = (
            f"<tr>{cell.format('left', '<b>total</b>')}"
            f"{cell.format('right', f'<b>{self.points:g}</b>')}"
            f"{cell.format('right', f'<b>{self.of:g}</b>')}<td></td></tr>"
        )
        told = "".join(f"<li>{escape(text)}</li>" for text in self.reminders)
        return (
            "<table><thead><tr><th>item</th><th>points so far</th><th>of</th><th></th></tr></thead>"
            f"<tbody>{rows}{total}</tbody></table>{f'<ul>{told}</ul>' if told else ''}"
        )


def _points(item: Item) -> str:
    return "–" if item.points is None else f"{item.points:g}"


def overview(
    items: Mapping[str, float],
    *,
    by_the_grader: Mapping[str, float] | None = None,
    names: Sequence[str] = (),
) -> Overview:
    """Collect what the self-checks of this notebook said when they were last run.

    Parameters
    ----------
    items : mapping of str to float
        Grade ids with their maximum points.
    by_the_grader : mapping of str to float, optional
        Points of an item that only the grader decides.
    names : sequence of str
        Variables that a submission needs. A check that is older than the newest of them is named.

    Returns
    -------
    Overview
    """
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    namespace: Mapping[str, Any] = shell.user_ns if shell is not None else {}
    sources, outputs = namespace.get("In", []), namespace.get("Out", {})
    rows = read_items(items, sources, outputs, names=names, by_the_grader=by_the_grader or {})
    missing = [name for name in names if name not in namespace]
    reminders = [f"There is no `{name}` in this notebook yet." for name in missing]
    return Overview(tuple(rows), (*reminders, *_saved(namespace)))


def read_items(
    items: Mapping[str, float],
    sources: Sequence[str],
    outputs: Mapping[int, object],
    *,
    names: Sequence[str] = (),
    by_the_grader: Mapping[str, float] | None = None,
) -> list[Item]:
    """Read the scores from IPython's history of inputs and outputs.

    Parameters
    ----------
    items : mapping of str to float
        Grade ids with their maximum points.
    sources : sequence of str
        ``In``: the cells that were run, numbered from 0.
    outputs : mapping of int to object
        ``Out``: values of the cells that had one.
    names : sequence of str
        Variables whose newest assignment must be older than a check.
    by_the_grader : mapping of str to float, optional
        Points of an item that only the grader decides.

    Returns
    -------
    list of Item
        In the order of ``items``.
    """
    last: dict[str, int] = {}
    bound: dict[str, int] = {}
    for number, source in enumerate(sources):
        header = header_id(source)
        if header is not None:
            last[header[0]] = number
            continue
        for name in names:
            if re.search(_BINDS.format(name=name), source, re.MULTILINE):
                bound[name] = number
    rows = []
    for grade_id, of in items.items():
        run = last.get(grade_id)
        value = outputs.get(run) if run is not None else None
        points = float(value) if isinstance(value, Score) else None
        if run is None:
            remark = "not run yet"
        elif points is None:
            remark = "stopped: read the message under its cell"
        elif older := _newer_than(run, sources[run], bound):
            remark = f"older than your `{older}`: run it again"
        else:
            later = (by_the_grader or {}).get(grade_id, 0)
            remark = f"up to {later:g} more are decided when you submit" if later else ""
        rows.append(Item(grade_id, of, points, remark))
    return rows


def _newer_than(run: int, source: str, bound: Mapping[str, int]) -> str:
    """Return a name that a check uses, and that was bound again after the check ran."""
    newer = (name for name, number in bound.items() if run < number)
    return next((name for name in newer if re.search(rf"\b{name}\b", source)), "")


def _saved(namespace: Mapping[str, Any]) -> list[str]:
    """Say when the file was saved, with the answers that it does not hold yet."""
    again = "Save the notebook (Ctrl+S or Cmd+S) before you upload it."
    known = namespace.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME", "")
    path = Path(str(known))
    if not known or path.suffix != ".ipynb":
        return [again]
    try:
        minutes = (time.time() - path.stat().st_mtime) / 60
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        open_answers = sum(_UNANSWERED in "".join(cell["source"]) for cell in cells)
    except (OSError, ValueError, KeyError, TypeError):
        return [again]
    told = [f"{path.name} was last saved {minutes:.0f} minutes ago. {again}"]
    if open_answers:
        told.append(f"In the saved file {open_answers} answers still read '{_UNANSWERED}'.")
    return told
