"""A submitted notebook that was run, with the kernel that answers calls of its functions."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from mnist_course.exceptions import KernelStartError
from mnist_course.grading.execution import (
    TOO_LATE,
    Execution,
    Progress,
    Run,
    Script,
    TimeLimits,
)
from mnist_course.grading.kernel_session import KernelSession
from mnist_course.grading.sandbox import Limits, SandboxOptions
from mnist_course.grading.snapshot import Snapshot
from mnist_course.grading.submission import AlignedCell

__all__ = ["MAX_RESTARTS", "StudentNotebook", "execute"]

MAX_RESTARTS = 2
"""How often a notebook is run again because a call of its functions ended the kernel."""
_log = logging.getLogger(__name__)


class StudentNotebook:
    """The student's cells with the kernel that answers calls of their functions.

    Use it as a context manager, ``run`` it once, then ask for ``connection``: leaving it ends
    every process. A cell that kills the kernel, or cannot be stopped, is left out from then on: a
    fresh kernel replays the others, so that it costs itself and what depends on it. A cell that
    ran out of time is not run again either.

    Parameters
    ----------
    cells : sequence of AlignedCell
        Grade cells among them are not run.
    setup, capture : str
        Code before the first cell, and code after the last one, which writes the exported values
        to the path in its ``{path}``, and a file with the suffix ``.calls`` beside it when values
        must be called.
    destination : Path
        Where the exported values are copied to, outside the sandbox.
    serve : str
        Code that answers calls on the descriptor ``{fd}``; empty for none.
    limits : Limits, optional
        Of memory, processor time and files.
    time_limits : TimeLimits, optional
    options : SandboxOptions, optional
    progress : callable, optional
        Called with (cells done, cells, what runs now).
    """

    def __init__(
        self,
        cells: Sequence[AlignedCell],
        *,
        setup: str,
        capture: str,
        destination: Path,
        serve: str = "",
        limits: Limits | None = None,
        time_limits: TimeLimits | None = None,
        options: SandboxOptions | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._script = Script(
            cells,
            setup,
            capture,
            serve,
            destination,
            limits or Limits(),
            options or SandboxOptions(),
            progress,
        )
        self._run = Run(self._script, time_limits or TimeLimits())
        self._session: KernelSession | None = None
        self._restarts = 0
        self.gone = "no cell was run"
        """Why there is no kernel to call, for staff."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the kernel, if one was left."""
        if self._session is not None:
            self._session.close()
            self._run.count_refused(self._session)
            self._session = None

    @property
    def refused(self) -> dict[str, int]:
        """The system calls that the sandbox refused so far, by name."""
        return dict(self._run.refused)

    def run(self) -> Execution:
        """Run the cells.

        Raises
        ------
        KernelStartError
            If no kernel can be started at all: the grader's problem, not the student's.
        """
        run = self._run
        run.start = time.monotonic()
        asyncio.run(run.whole())
        self._session = run.session
        return Execution(
            cells=sum(c.runs for c in self._script.cells),
            errors=tuple(run.errors[n] for n in sorted(run.errors)),
            outputs=run.outputs,
            captured=run.captured,
            layers=run.layers,
            seconds=time.monotonic() - run.start,
            refused=self.refused,
        )

    def resume(self, snapshot: Snapshot) -> Execution:
        """Go on from an earlier run: nothing is run until a function is called.

        Parameters
        ----------
        snapshot : Snapshot
            Of a run of the same cells.
        """
        self._run.skipped |= snapshot.skipped
        self._run.blamed |= snapshot.blamed
        self._run.refused |= snapshot.execution.refused
        return snapshot.execution

    def snapshot(self, execution: Execution, names: frozenset[str]) -> Snapshot:
        """Return what ``run`` left behind, for another grade to ``resume`` from."""
        run = self._run
        return Snapshot(execution, names, frozenset(run.skipped), frozenset(run.blamed))

    def connection(self, seconds: float, *, broken: bool = False) -> socket.socket | None:
        """Return the socket on which the kernel answers calls; None when there is no kernel.

        A kernel that is gone is started again, and the notebook replayed, at most
        ``MAX_RESTARTS`` times. Nothing of a replay is kept but the kernel.

        Parameters
        ----------
        seconds : float
            That a replay may take.
        broken : bool
            True when the kernel does not answer as it should: it is ended first.
        """
        if self._session is not None and (broken or not self._session.alive):
            self.close()
        if self._session is None and self._may_restart(seconds):
            self._session = self._replay(seconds)
        return self._session.calls if self._session is not None else None

    def _may_restart(self, seconds: float) -> bool:
        if self._restarts >= MAX_RESTARTS:
            self.gone = f"the kernel was started again {MAX_RESTARTS} times already"
        elif seconds <= TOO_LATE:
            self.gone = "no time was left to start the kernel again"
        else:
            return bool(self._script.serve)
        return False

    def _replay(self, seconds: float) -> KernelSession | None:
        self._restarts += 1
        _log.info("the notebook is run again for its functions")
        limits = self._run.time_limits
        scrap = self._script.destination.with_suffix(".replayed")
        again = Run(
            replace(self._script, destination=scrap, progress=None),
            replace(limits, total=seconds, capture=min(limits.capture, seconds)),
            skipped=set(self._run.skipped),
            blamed=set(self._run.blamed),
        )
        try:
            asyncio.run(asyncio.wait_for(again.replay(), seconds))
        except (KernelStartError, TimeoutError) as error:
            self.gone = f"the notebook could not be run again: {error}"
        finally:
            scrap.unlink(missing_ok=True)
        if again.session is None:
            self.gone = "the notebook could not be run again"
        return again.session

    def interrupt(self) -> None:
        """Interrupt the call that the kernel is busy with."""
        if self._session is not None:
            self._session.interrupt()


def execute(cells: Sequence[AlignedCell], **options: Any) -> Execution:
    """Run the cells that run, in order, each time-limited, in a sandboxed kernel; then end it.

    Parameters
    ----------
    cells : sequence of AlignedCell
    **options
        Those of ``StudentNotebook``.

    Raises
    ------
    KernelStartError
        If no kernel can be started at all: the grader's problem, not the student's.
    """
    with StudentNotebook(cells, **options) as notebook:
        return notebook.run()
