"""One sandboxed kernel: run cells in it one by one, each with a time limit, or let it be called."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import select
import socket
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import zmq.error
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from mnist_course.exceptions import KernelStartError
from mnist_course.grading.bounded_client import MAX_OUTPUT, BoundedClient, node
from mnist_course.grading.provisioner import kernel_manager
from mnist_course.grading.sandbox import Limits, Sandbox, SandboxOptions

if TYPE_CHECKING:
    from mnist_course.grading.provisioner import SandboxProvisioner

__all__ = ["DEATHS", "KernelSession"]

DEATHS = ("DeadKernelError", "KernelStuckError", "KernelProtocolError")
"""Kinds of error after which the kernel cannot be used any more."""
_START_SECONDS = 120.0
_READY_SECONDS = 10.0
_log = logging.getLogger(__name__)

Failure = tuple[str, str]


class KernelSession:
    """A kernel in a sandbox of its own, from its start to ``close``.

    Parameters
    ----------
    limits : Limits
    options : SandboxOptions
    grace : float
        Seconds that an interrupted cell has to stop.

    Attributes
    ----------
    calls : socket
        Our end of the socket on which the kernel answers calls after ``serve``.
    sandbox : Sandbox
    """

    def __init__(self, limits: Limits, options: SandboxOptions, *, grace: float = 10.0) -> None:
        self.sandbox = Sandbox(limits, options=options)
        self.calls, self._theirs = socket.socketpair()
        self._grace = grace
        self._client: BoundedClient | None = None
        self._process: SandboxProvisioner | None = None
        self._keep = False
        self.calls_fd = self._theirs.fileno()  # the kernel's number for its end

    @contextlib.asynccontextmanager
    async def running(self, seconds: float) -> AsyncIterator[None]:
        """Start the kernel within ``seconds``; end it on leaving, unless it serves calls.

        Raises
        ------
        KernelStartError
            If it does not start.
        """
        started = False
        self.sandbox.__enter__()
        client = BoundedClient(
            node(cells=[code_cell("")], metadata=node(), nbformat=4, nbformat_minor=5),
            km=kernel_manager(self.sandbox, pass_fds=[self.calls_fd]),
            allow_errors=True,
            interrupt_on_timeout=False,
            startup_timeout=max(1, int(min(_START_SECONDS, seconds))),
            timeout=None,
        )
        try:
            async with client.async_setup_kernel(cleanup_kc=True):
                started, self._client = True, client
                manager: Any = client.km
                self._process = manager.provisioner
                self._theirs.close()
                yield
        except RuntimeError as error:
            # nbclient: "Kernel didn't respond" or "died before replying to kernel_info"
            if started:
                raise
            said = self.sandbox.last_words()
            raise KernelStartError(f"the kernel did not start: {error}. {said}") from error
        finally:
            self._client = None
            if not self._keep:
                self.close()

    @property
    def client(self) -> BoundedClient:
        """The client, while the kernel takes cells."""
        if self._client is None:
            raise RuntimeError("the kernel is not running: use `async with running()`")
        return self._client

    async def run(
        self, source: str, seconds: float, outputs: list[Any] | None = None
    ) -> Failure | None:
        """Run one cell; return None when it ended well, else (kind, message).

        Parameters
        ----------
        source : str
        seconds : float
        outputs : list, optional
            Gets what the cell printed and drew.
        """
        client, cell = self.client, code_cell(source)
        client.begin(cell, seconds)
        running = asyncio.all_tasks()
        kind: Failure | None = None
        try:
            await client.async_execute_cell(cell, 0)
        except CellTimeoutError:
            _cancel(running)  # nbclient goes on listening for this cell, also to later cells' words
            kind = await self._stop(f"ran longer than {seconds:.0f} seconds")
        except (DeadKernelError, zmq.error.ZMQError):
            lost: Any = client.kc
            large = lost.is_lost or lost.is_deaf
            what = "its answer was too large" if large else "the kernel died"
            kind = ("DeadKernelError", self._death(f"{what} while this cell ran"))
        except Exception:
            # The kernel's messages may come from the student's code and hold anything.
            _log.exception("a message of the kernel could not be read")
            kind = ("KernelProtocolError", "the kernel sent messages that cannot be read")
            _cancel(running)
        if outputs is not None:
            outputs += cell.outputs
        connection: Any = client.kc
        if connection.is_deaf and kind is None:
            client.written = MAX_OUTPUT + 1
            await connection.listen_again()
        if kind is None and client.written > MAX_OUTPUT:
            kind = ("OutputLimitError", "wrote more output than anybody can read")
        return kind or client.failure

    def _death(self, words: str) -> str:
        """Add why the sandbox ended the process, where it did."""
        self.sandbox.kill()  # then it knows
        return f"{words}: it {self.sandbox.ended_by}" if self.sandbox.ended_by else words

    async def _stop(self, why: str) -> Failure:
        """Stop the running cell; a kernel that does not listen is given up."""
        self.interrupt()
        self.client.timeout = max(1, int(self._grace))
        try:
            await self.client.async_execute_cell(code_cell("pass"), 0)
        except CellTimeoutError:
            return "KernelStuckError", why
        except (DeadKernelError, zmq.error.ZMQError):
            return "DeadKernelError", why
        return "TimeoutError", why

    def interrupt(self) -> None:
        """Send SIGINT to the kernel."""
        if self._process is not None:
            self._process.interrupt()

    async def serve(self, source: str, seconds: float) -> bool:
        """Have the kernel run ``source``, which answers calls; False if it does not begin.

        The kernel outlives ``running`` then, and nobody listens to its Jupyter messages any more.
        """
        connection: Any = self.client.kc
        try:
            connection.execute(source, silent=True, store_history=False, allow_stdin=False)
        except zmq.error.ZMQError:
            return False
        deadline = time.monotonic() + min(_READY_SECONDS, seconds)
        while time.monotonic() < deadline and self.alive:
            if select.select([self.calls], [], [], 0)[0]:
                begun = bool(self.calls.recv(1, socket.MSG_PEEK))
                self._keep = self.client.leave_alive = begun
                return begun
            await asyncio.sleep(0.02)
        return False

    @property
    def alive(self) -> bool:
        """True while the kernel's process runs."""
        return self._process is not None and self._process.running

    def close(self) -> None:
        """End every process of the sandbox; once is enough."""
        self.calls.close()
        self._theirs.close()
        self.sandbox.__exit__(None, None, None)


def _cancel(but: set[asyncio.Task[Any]]) -> None:
    for task in asyncio.all_tasks() - but:
        task.cancel()


def code_cell(source: str) -> NotebookNode:
    """Return a code cell as nbclient wants it."""
    return node(cell_type="code", source=source, metadata=node(), outputs=[], execution_count=None)
