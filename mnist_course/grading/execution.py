"""Run a student's cells in the sandboxed kernel; errors, time-outs and death are data."""

from __future__ import annotations

import asyncio
import logging
import os
import stat
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zmq.error
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from mnist_course.exceptions import KernelStartError
from mnist_course.grading.bounded_client import MAX_OUTPUT, BoundedClient, node
from mnist_course.grading.provisioner import kernel_manager
from mnist_course.grading.results import CellError, SandboxLayer
from mnist_course.grading.sandbox import Limits, Sandbox
from mnist_course.grading.submission import AlignedCell

__all__ = ["Execution", "TimeLimits", "execute"]

_CAPTURE_SECONDS = 60
_WORTH_KEEPING = 5.0  # seconds that a cell must have taken for its values to be exported at once
_DEATHS = ("DeadKernelError", "KernelStuckError", "KernelProtocolError")
# After these a kernel may have no memory left to export anything.
_EXHAUSTING = ("MemoryError", "OutputLimitError", "RecursionError", "TimeoutError")
_log = logging.getLogger(__name__)

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Seconds that student code may take: one cell, and all of them (replays included)."""

    cell: float = 300.0
    total: float = 420.0


@dataclass(frozen=True, slots=True)
class Execution:
    """What came of running the cells.

    ``captured`` is the file with the exported values, in ``folder``, or None when there is none;
    its bytes were written by untrusted code. ``outputs`` holds what each submitted cell printed
    and drew, by the cell's number.
    """

    cells: int
    errors: tuple[CellError, ...]
    outputs: dict[int, list[Any]]
    captured: Path | None
    layers: tuple[SandboxLayer, ...]
    seconds: float


@dataclass(slots=True)
class _Run:
    """One pass over the cells, with restarts after a kernel's death."""

    cells: Sequence[AlignedCell]
    setup: str
    capture: str
    destination: Path
    limits: Limits
    time_limits: TimeLimits
    progress: Progress | None
    errors: dict[int, CellError] = field(default_factory=dict)
    outputs: dict[int, list[Any]] = field(default_factory=dict)
    fatal: set[int] = field(default_factory=set)  # cells that are never run again
    layers: tuple[SandboxLayer, ...] = ()
    captured: Path | None = None
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
        while True:
            finished = await self.one_pass()
            if finished:
                return
            if self.left() <= 0:
                self._give_up([c for c in self.cells if c.runs and c.number not in self.outputs])
                return

    def _give_up(self, cells: Sequence[AlignedCell]) -> None:
        for cell in cells:
            self.errors[cell.number] = CellError(
                cell.number, "TimeoutError", "not run: the time for the notebook was up"
            )

    async def one_pass(self) -> bool:
        """Run every cell that may run in a fresh kernel; False when the kernel died on the way."""
        with Sandbox(self.limits) as sandbox:
            client = BoundedClient(
                node(cells=[_code_cell("")], metadata=node(), nbformat=4, nbformat_minor=5),
                km=kernel_manager(sandbox),
                allow_errors=True,
                interrupt_on_timeout=False,
                startup_timeout=120,
                timeout=None,
            )
            try:
                async with client.async_setup_kernel(cleanup_kc=True):
                    self.layers = sandbox.layers
                    return await self._cells_in(client, sandbox)
            except RuntimeError as error:
                # nbclient: "Kernel didn't respond" or "died before replying to kernel_info"
                if not self.layers or isinstance(error, KernelStartError):
                    raise KernelStartError(f"the kernel did not start: {error}") from error
                raise

    async def _cells_in(self, client: BoundedClient, sandbox: Sandbox) -> bool:
        if await self._one(client, self.setup, 120.0) is not None:
            raise KernelStartError("the kernel could not be prepared for the student's cells")
        todo = [c for c in self.cells if c.runs and c.number not in self.fatal]
        well = 0
        for position, cell in enumerate(todo):
            if self.progress is not None:
                self.progress(position, len(todo), f"cell {cell.number}")
            budget = min(self.time_limits.cell, self.left())
            if budget <= 0:
                self._give_up(todo[position:])
                break
            began = time.monotonic()
            error = await self._one(client, cell.source, budget, cell.number)
            well += error is None or error[0] not in (*_DEATHS, *_EXHAUSTING)
            if time.monotonic() - began > _WORTH_KEEPING and (not error or error[0] not in _DEATHS):
                await self._capture(client, sandbox, well)  # a later death must not cost this work
            if error is None:
                self.errors.pop(cell.number, None)
                continue
            kind, message = error
            self.errors[cell.number] = CellError(cell.number, kind, message)
            if kind == "DeadKernelError" and self._blame():
                return False  # an earlier cell may have exhausted the kernel: once more without it
            if kind in _DEATHS:
                self.fatal.add(cell.number)
                if kind == "KernelStuckError":
                    took = (
                        f"ran longer than {budget:.0f} seconds and did not react to being stopped"
                    )
                    self.errors[cell.number] = CellError(cell.number, "TimeoutError", took)
                return False
        return await self._capture(client, sandbox, well)

    async def _capture(self, client: BoundedClient, sandbox: Sandbox, well: int) -> bool:
        """Take the values out, unless an earlier pass got further; False to try once more."""
        if well < self.furthest:
            return True
        inside = sandbox.work / "captured.frame"
        error = await self._one(client, self.capture.format(path=str(inside)), _CAPTURE_SECONDS)
        if error is not None:
            _log.warning("capture: %s: %s", *error)
        if taken := take_file(inside, self.destination):
            self.captured, self.furthest = taken, well
        return self.captured is not None or not self._blame()

    def _blame(self) -> bool:
        """Leave out, from now on, the cells that may have used up the kernel; False if none."""
        suspects = {n for n, e in self.errors.items() if e.kind in _EXHAUSTING} - self.fatal
        self.fatal |= suspects
        return bool(suspects)

    async def _one(
        self, client: BoundedClient, source: str, seconds: float, number: int | None = None
    ) -> tuple[str, str] | None:
        """Run one cell; return None when it ended well, else (kind, message)."""
        cell = _code_cell(source)
        client.begin(cell, seconds)
        running = asyncio.all_tasks()
        kind: tuple[str, str] | None = None
        try:
            await client.async_execute_cell(cell, 0)
        except CellTimeoutError:
            kind = await self._interrupt(client, f"ran longer than {seconds:.0f} seconds")
        except (DeadKernelError, zmq.error.ZMQError):
            kind = ("DeadKernelError", "the kernel died while this cell ran")
        except Exception:
            # The kernel's messages may come from the student's code and hold anything.
            _log.exception("a message of the kernel could not be read")
            kind = ("KernelProtocolError", "the kernel sent messages that cannot be read")
            for task in asyncio.all_tasks() - running:
                task.cancel()
        if number is not None:
            self.outputs[number] = list(cell.outputs)
        connection: Any = client.kc
        if connection.is_deaf and kind is None:
            client.written = MAX_OUTPUT + 1
            await connection.listen_again()
        if kind is None and client.written > MAX_OUTPUT:
            kind = ("OutputLimitError", "wrote more output than anybody can read")
        return kind or client.failure

    async def _interrupt(self, client: BoundedClient, why: str) -> tuple[str, str]:
        """Stop the running cell; a kernel that does not listen is given up."""
        manager: Any = client.km
        await manager.interrupt_kernel()
        client.timeout = 10
        try:
            await client.async_execute_cell(_code_cell("pass"), 0)
        except CellTimeoutError:
            return "KernelStuckError", why
        except (DeadKernelError, zmq.error.ZMQError):
            return "DeadKernelError", why
        return "TimeoutError", why


def _code_cell(source: str) -> NotebookNode:
    return node(cell_type="code", source=source, metadata=node(), outputs=[], execution_count=None)


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


def execute(
    cells: Sequence[AlignedCell],
    *,
    setup: str,
    capture: str,
    destination: Path,
    limits: Limits | None = None,
    time_limits: TimeLimits | None = None,
    progress: Progress | None = None,
) -> Execution:
    """Run the cells that run, in order, each time-limited, in a sandboxed kernel.

    A cell that kills the kernel, or cannot be stopped, is left out from then on: a fresh kernel
    replays the others, so that it costs itself and what depends on it.

    Parameters
    ----------
    cells : sequence of AlignedCell
        Grade cells among them are not run.
    setup, capture : str
        Code before the first cell, and code after the last one, which writes the exported values
        to the path in its ``{path}``.
    destination : Path
        Where the exported values are copied to, outside the sandbox.
    limits : Limits, optional
        Of memory, processor time and files.
    time_limits : TimeLimits, optional
    progress : callable, optional
        Called with (cells done, cells, what runs now).

    Returns
    -------
    Execution

    Raises
    ------
    KernelStartError
        If no kernel can be started at all: the grader's problem, not the student's.
    """
    run = _Run(
        cells,
        setup,
        capture,
        destination,
        limits or Limits(),
        time_limits or TimeLimits(),
        progress,
    )
    asyncio.run(run.whole())
    return Execution(
        cells=sum(c.runs for c in cells),
        errors=tuple(run.errors[n] for n in sorted(run.errors)),
        outputs=run.outputs,
        captured=run.captured,
        layers=run.layers,
        seconds=time.monotonic() - run.start,
    )
