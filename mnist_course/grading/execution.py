"""Run a student's cells in the sandboxed kernel; errors, time-outs and death are data."""

from __future__ import annotations

import asyncio
import logging
import os
import stat
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mnist_course.exceptions import KernelStartError
from mnist_course.grading.kernel_session import DEATHS, KernelSession
from mnist_course.grading.results import CellError, SandboxLayer
from mnist_course.grading.sandbox import Limits, SandboxOptions
from mnist_course.grading.submission import AlignedCell

__all__ = ["TOO_LATE", "Execution", "Run", "Script", "TimeLimits", "take_file"]

_WORTH_KEEPING = 5.0  # seconds that a cell must have taken for its values to be exported at once
_SETUP_SECONDS = 120.0
TOO_LATE = 3.0  # seconds in which no kernel starts
# After these a kernel may have no memory left to export anything.
_EXHAUSTING = ("MemoryError", "OutputLimitError", "RecursionError", "TimeoutError")
_log = logging.getLogger(__name__)

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Seconds for student code.

    ``cell`` is for one cell, ``total`` for all of them, from the first kernel's start and with all
    replays; ``capture`` for exporting the values, on top; ``grace`` for an interrupted cell.
    """

    cell: float = 300.0
    total: float = 420.0
    capture: float = 60.0
    grace: float = 10.0


@dataclass(frozen=True, slots=True)
class Execution:
    """What came of running the cells.

    ``captured`` is the file with the exported values, in ``folder``, or None when there is none;
    its bytes were written by untrusted code. ``outputs`` holds what each submitted cell printed
    and drew, by the cell's number. ``refused`` counts the system calls that the sandbox refused,
    without those of a kernel that is left for calls.
    """

    cells: int
    errors: tuple[CellError, ...]
    outputs: dict[int, list[Any]]
    captured: Path | None
    layers: tuple[SandboxLayer, ...]
    seconds: float
    refused: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Script:
    """What is run around the student's cells; ``serve`` is empty where calls are not wanted."""

    cells: Sequence[AlignedCell]
    setup: str
    capture: str
    serve: str
    destination: Path
    limits: Limits
    options: SandboxOptions
    progress: Progress | None


@dataclass(slots=True)
class Run:
    """Passes over the cells, with restarts after a kernel's death, until one reaches the end."""

    script: Script
    time_limits: TimeLimits
    errors: dict[int, CellError] = field(default_factory=dict)
    outputs: dict[int, list[Any]] = field(default_factory=dict)
    skipped: set[int] = field(default_factory=set)  # cells that are never run again
    blamed: set[int] = field(default_factory=set)
    layers: tuple[SandboxLayer, ...] = ()
    refused: dict[str, int] = field(default_factory=dict)
    captured: Path | None = None
    calls: bool = False  # some of the values can only be called in the kernel: let it serve
    session: KernelSession | None = None  # which answers calls
    furthest: int = -1  # cells that had ended well when ``captured`` was written
    start: float = field(default_factory=time.monotonic)

    def left(self) -> float:
        """Seconds that student code may still take."""
        return self.time_limits.total - (time.monotonic() - self.start)

    async def whole(self) -> None:
        """Run until one pass reached the end, or time is up."""
        # nbclient leaves tasks behind when a kernel dies; how they end is of no interest.
        asyncio.get_running_loop().set_exception_handler(
            lambda loop, context: _log.debug("left behind: %s", context.get("exception"))
        )
        while not await self._pass():
            if self.left() <= TOO_LATE:
                self._give_up_the_rest()
                return

    def _give_up_the_rest(self) -> None:
        self._give_up([c for c in self.script.cells if c.runs and c.number not in self.outputs])

    def _give_up(self, cells: Sequence[AlignedCell]) -> None:
        for cell in cells:
            self.skipped.add(cell.number)
            self.errors[cell.number] = CellError(
                cell.number, "TimeoutError", "not run: the time for the notebook was up"
            )

    async def _pass(self) -> bool:
        """Run every cell that may run in a fresh kernel; False when the kernel died on the way."""
        session = KernelSession(
            self.script.limits, self.script.options, grace=self.time_limits.grace
        )
        first = not self.layers
        try:
            async with session.running(self.left()):
                self.layers = session.sandbox.layers
                if not await self._cells_in(session):
                    return False
                if self.calls and self.script.serve:
                    serve = self.script.serve.format(fd=session.calls_fd)
                    if await session.serve(serve, self.time_limits.capture):
                        self.session = session
                return True
        except KernelStartError:
            if first:
                raise
            # It has started before: now there is no time, or no memory, for it.
            _log.exception("the kernel did not start again")
            self._give_up_the_rest()
            return True
        finally:
            if self.session is None:
                self.count_refused(session)

    async def replay(self) -> None:
        """Run the cells once more for a kernel that serves calls."""
        self.calls = True
        await self._pass()

    def count_refused(self, session: KernelSession) -> None:
        """Add the system calls that the sandbox of a closed session refused."""
        for name, count in session.sandbox.refused.items():
            self.refused[name] = self.refused.get(name, 0) + count

    async def _cells_in(self, session: KernelSession) -> bool:
        if await session.run(self.script.setup, min(_SETUP_SECONDS, max(1.0, self.left()))):
            raise KernelStartError("the kernel could not be prepared for the student's cells")
        session.sandbox.forget_refused()
        todo = [c for c in self.script.cells if c.runs and c.number not in self.skipped]
        well = 0
        for position, cell in enumerate(todo):
            if self.script.progress is not None:
                self.script.progress(position, len(todo), f"cell {cell.number}")
            budget = min(self.time_limits.cell, self.left())
            if budget <= 0:
                self._give_up(todo[position:])
                break
            began = time.monotonic()
            outputs: list[Any] = []
            error = await session.run(cell.source, budget, outputs)
            self.outputs[cell.number] = outputs
            well += error is None or error[0] not in (*DEATHS, *_EXHAUSTING)
            if time.monotonic() - began > _WORTH_KEEPING and (not error or error[0] not in DEATHS):
                await self._capture(session, well)  # a later death must not cost this work
            if error is None:
                self.errors.pop(cell.number, None)
            elif not self._goes_on(cell, budget, *error):
                return False
        return await self._capture(session, well)

    def _goes_on(self, cell: AlignedCell, budget: float, kind: str, message: str) -> bool:
        """Note a cell's error; False when its kernel is lost."""
        self.errors[cell.number] = CellError(cell.number, kind, message)
        if kind == "DeadKernelError" and self._blame():
            return False  # an earlier cell may have exhausted the kernel: once more without it
        if kind == "KernelStuckError":
            took = f"ran longer than {budget:.0f} seconds and did not react to being stopped"
            self.errors[cell.number] = CellError(cell.number, "TimeoutError", took)
        if kind in DEATHS or kind == "TimeoutError":
            self.skipped.add(cell.number)  # it would take as long once more
        return kind not in DEATHS

    async def _capture(self, session: KernelSession, well: int) -> bool:
        """Take the values out, unless an earlier pass got further; False to try once more."""
        if well < self.furthest:
            return True
        inside = session.sandbox.work / "captured.frame"
        capture = self.script.capture.format(path=str(inside))
        error = await session.run(capture, self.time_limits.capture)
        if error is not None:
            _log.warning("capture: %s: %s", *error)
        if taken := take_file(inside, self.script.destination):
            self.captured, self.furthest = taken, well
            self.calls |= _is_plain_file(inside.with_suffix(".calls"))
        return self.captured is not None or not self._blame()

    def _blame(self) -> bool:
        """Leave out, from now on, the cells that may have used up the kernel; False if none."""
        suspects = {n for n, e in self.errors.items() if e.kind in _EXHAUSTING} - self.blamed
        self.blamed |= suspects
        self.skipped |= suspects
        return bool(suspects)


def _is_plain_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def take_file(source: Path, destination: Path, *, limit: int = 600 << 20) -> Path | None:
    """Copy a file out of a folder that a student controls; None when it is not a fair one."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        fd = os.open(source, flags)
    except OSError:
        return None
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode) or status.st_size > limit:
        os.close(fd)  # a folder could not even be wrapped in a file object
        return None
    with os.fdopen(fd, "rb") as file, destination.open("wb") as target:
        left = limit
        while left > 0 and (chunk := file.read(min(1 << 20, left))):
            target.write(chunk)
            left -= len(chunk)
    return destination
