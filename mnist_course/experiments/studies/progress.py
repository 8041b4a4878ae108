"""Show in a terminal how studies go on, with the time left."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

__all__ = ["StudyProgress"]

_NEVER_FORGET = 24 * 3600.0  # the time left is guessed from everything so far


class StudyProgress:
    """A bar on standard error for the part that is carried out; use it as a context manager.

    The bar moves by what trials are guessed to cost, so that a study of small and large networks
    tells a sensible time. Where standard error is no terminal, a line is written for each part.

    Parameters
    ----------
    console : rich.console.Console, optional
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.fields[part]}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[done]}/{task.fields[all]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.description}", markup=False),
            console=self._console,
            transient=True,
            speed_estimate_period=_NEVER_FORGET,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("", total=1.0, part="", done=0, all=0)
        self._done = 0

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def plan(self, name: str, costs: Sequence[float], done: int) -> None:
        """Begin a part: this many are known already, the others cost so much."""
        self._done = done
        words = f"{name}: {len(costs)} to do, {done} known"
        self._bar.reset(
            self._task,
            total=sum(costs) or 1.0,
            completed=0,
            description="",
            part=name,
            done=done,
            all=done + len(costs),
        )
        if not self._console.is_terminal:
            self._console.print(words, markup=False, highlight=False)

    def finished(self, cost: float, words: str) -> None:
        """Move on."""
        self._done += 1
        self._bar.update(self._task, advance=cost, description=words[:50], done=self._done)
