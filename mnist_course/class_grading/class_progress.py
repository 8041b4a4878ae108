"""Show in a terminal how the grading of a class goes on, with the time left."""

from __future__ import annotations

from collections import deque
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from mnist_course.class_grading.audit_log import AuditLine
from mnist_course.grading.escaping import plain_text

__all__ = ["ClassProgress"]

_ROWS = 10  # of the running table
_STYLES = {"graded": "green", "judged": "green", "known": "dim", "failed": "red", "lost": "red"}


class ClassProgress:
    """A bar and a running table on standard error; use it as a context manager.

    Where standard error is no terminal, a line is written for every submission.

    Parameters
    ----------
    title : str
    console : rich.console.Console, optional
    """

    def __init__(self, title: str, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}", markup=False),
            console=self._console,
        )
        self._task = self._bar.add_task(title, total=None, left="")
        self._last: deque[AuditLine] = deque(maxlen=_ROWS)
        self._live = Live(console=self._console, transient=True, get_renderable=self._shown)
        self._known = self._to_do = self._done = 0

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def plan(self, known: int, to_do: int) -> None:
        """Begin: this many grades are known, this many are to be made."""
        self._known, self._to_do = known, to_do
        self._bar.update(self._task, total=known + to_do)
        if not self._console.is_terminal:
            self._console.print(f"{to_do} to grade, {known} known", highlight=False)

    def finished(self, line: AuditLine, seconds: float) -> None:
        """Count one submission."""
        self._done += 1
        made = self._done - self._known
        left = ""
        if made > 0 and self._to_do > made:
            left = f"{_words(seconds / made * (self._to_do - made))} left"
        self._last.append(line)
        self._bar.update(self._task, completed=self._done, left=left)
        if not self._console.is_terminal and line.state != "known":
            place = f"{self._done}/{self._known + self._to_do}"
            self._console.print(
                Text(f"{place} {plain_text(line.student, limit=60)}: {_result(line)}"),
                soft_wrap=True,
            )

    def _shown(self) -> Group:
        table = Table(box=None, padding=(0, 2, 0, 0))
        table.add_column("student")
        table.add_column("points", justify="right")
        table.add_column("")
        for line in self._last:
            table.add_row(
                Text(plain_text(line.student, limit=40)),
                f"{line.score:g} / {line.of:g}" if line.grade else "",
                Text(plain_text(_state(line), limit=80), style=_STYLES.get(line.state, "")),
            )
        return Group(table, self._bar)


def _result(line: AuditLine) -> str:
    points = f"{line.score:g} of {line.of:g} points, " if line.grade else ""
    return f"{points}{plain_text(_state(line), limit=300)}"


def _state(line: AuditLine) -> str:
    if line.words:
        return f"{line.state}: {line.words}"
    if line.state == "judged":
        return "tests run on the stored run"
    return line.state


def _words(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{max(1, round(seconds))} s"
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
