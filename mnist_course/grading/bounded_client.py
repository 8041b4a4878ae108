"""Keep a bounded amount of what a kernel sends, and stop a cell that floods."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode

__all__ = ["MAX_OUTPUT", "MAX_OUTPUT_KEPT", "MAX_OUTPUT_PER_CELL", "BoundedClient", "node"]

MAX_OUTPUT_PER_CELL = 1 << 20  # characters that are kept
MAX_OUTPUT_KEPT = 16 << 20  # characters that are kept of a whole notebook
MAX_OUTPUT = 16 << 20  # characters after which a cell is stopped
_MAX_MESSAGE = 500
_PATIENCE = 30.0  # seconds for a cell to end once its output was too large to be heard


def node(**values: Any) -> NotebookNode:
    """Return a node of a notebook."""
    return NotebookNode(**values)  # type: ignore[no-untyped-call]


class BoundedClient(NotebookClient):
    """A client that keeps a bounded amount of what a cell writes, then stops the cell.

    ``written`` counts the characters of the cell, ``kept`` those kept of the whole notebook;
    ``failure`` is the error that the cell ended in, kept or not.
    """

    written = 0
    kept = 0
    cut = False
    failure: tuple[str, str] | None = None
    deaf_since: float | None = None
    leave_alive = False  # when the client is done, only stop talking to the kernel

    async def _async_cleanup_kernel(self) -> None:
        if not self.leave_alive:
            await super()._async_cleanup_kernel()
            return
        client: Any = self.kc
        manager: Any = self.km
        self.km = self.kc = None
        client.stop_channels()
        await manager.cleanup_resources()

    def begin(self, cell: NotebookNode, seconds: float) -> None:
        """Forget the cell before; nbclient finds the new one's outputs by index, for updates."""
        self.written, self.cut, self.failure, self.deaf_since = 0, False, None, None
        self.timeout = max(1, int(seconds))
        self.nb.cells = [cell]
        self._display_id_map.clear()
        self.on_cell_error = self.note_failure

    def note_failure(self, execute_reply: dict[str, Any], **_: Any) -> None:
        """Keep the error of the kernel's reply; the one among the outputs may be lost."""
        content = execute_reply["content"]
        name, value = content.get("ename", "Error"), content.get("evalue", "")
        self.failure = (_words(name, 80), _words(value, _MAX_MESSAGE))

    async def _async_check_alive(self) -> None:
        """Also stop a cell whose output was too large to be heard; nbclient asks every second."""
        await super()._async_check_alive()
        client: Any = self.kc
        if client.is_lost:
            raise DeadKernelError("the kernel's reply was too large, or its sockets are gone")
        if not client.is_deaf:
            return
        now = time.monotonic()
        if self.deaf_since is None:
            self.deaf_since = now
        elif now - self.deaf_since > _PATIENCE:
            # The interrupt may have come while the kernel made its reply: then there is none.
            raise DeadKernelError("no reply came after an output too large to be heard")
        if self.written <= MAX_OUTPUT:
            self.written = MAX_OUTPUT + 1
            manager: Any = self.km
            await manager.interrupt_kernel()

    def handle_comm_msg(self, outs: list[Any], msg: dict[str, Any], cell_index: int) -> None:
        """Ignore widgets: nobody moves them here, and their state would grow without bound."""

    def output(
        self, outs: list[Any], msg: dict[str, Any], display_id: str | None, cell_index: int
    ) -> Any:
        """Keep an output unless the cell, or the whole notebook, has written too much."""
        size = sum(len(str(v)) for v in _texts(msg.get("content")))
        before, self.written = self.written, self.written + size
        if before <= MAX_OUTPUT < self.written:
            manager: Any = self.km
            self.stopping = asyncio.ensure_future(manager.interrupt_kernel())
        if self.written > MAX_OUTPUT_PER_CELL or self.kept + size > MAX_OUTPUT_KEPT:
            if not self.cut:
                note = "\n[the rest of this cell's output was left out]\n"
                outs.append(node(output_type="stream", name="stdout", text=note))
            self.cut = True
            return None
        self.kept += size
        return super().output(outs, msg, display_id, cell_index)


def _words(value: Any, limit: int) -> str:
    """Return untrusted text, cut and without what no UTF-8 file can hold."""
    return str(value)[:limit].encode("utf-8", "replace").decode()


def _texts(content: Any) -> list[Any]:
    if not isinstance(content, dict):
        return []
    data = content.get("data")
    parts = list(data.values()) if isinstance(data, dict) else []
    return [content.get("text", ""), *parts, *(content.get("traceback") or [])]
