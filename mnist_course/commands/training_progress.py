"""Show in a terminal how a network learns."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from mnist_course.commands.network_training import Settings

__all__ = ["TrainingProgress"]


class TrainingProgress:
    """A bar on standard error with loss and accuracy; use it as a context manager.

    Attributes
    ----------
    done : int
        Epochs that are over.
    unit : str
        What they are called: an epoch with one update is an iteration.
    """

    def __init__(self, settings: Settings) -> None:
        self.done = 0
        self.unit = "epochs" if settings.batch_size else "iterations"
        self._held_out = ""
        console = Console(stderr=True)
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.fields[sizes]}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(
            "read the data", total=settings.epochs, sizes=settings.sizes
        )

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Remove the bar; harmless when called twice."""
        self._bar.stop()

    def epoch(self, epoch: int, logs: dict[str, float]) -> None:
        """Take note of an epoch that is over."""
        self.done = epoch + 1
        if "val_accuracy" in logs:
            self._held_out = f", held out {logs['val_accuracy']:.3f}"
        words = f"loss {logs['loss']:.3f}, accuracy {logs['accuracy']:.3f}{self._held_out}"
        self._bar.update(self._task, completed=self.done, description=words)
