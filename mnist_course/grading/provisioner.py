"""Start a Jupyter kernel inside a ``Sandbox``, through jupyter_client's provisioner interface."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from typing import Any

import zmq
import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase

from mnist_course.grading.sandbox import Process, Sandbox

__all__ = ["PROVISIONER", "SandboxProvisioner", "kernel_manager"]

MAX_MESSAGE = 8 << 20  # bytes; a kernel that sends more loses its connection for a moment
MAX_QUEUED = 32  # messages that wait on our side
SEND_MILLISECONDS = 3_000
PROVISIONER = "mnist-course-sandbox"  # the entry point's name in pyproject.toml


class SandboxProvisioner(KernelProvisionerBase):
    """Run the kernel's process in the sandbox that ``kernel_manager`` was given.

    The kernel speaks over Unix sockets in a private folder, so no port is open and no network is
    needed. Whatever arrives over them may have been written by the student's code: the grader
    reads outputs to show them, and never believes them.
    """

    _process: Process | None = None
    _sandbox: Sandbox

    @property
    def has_process(self) -> bool:
        """True while a kernel was launched and not cleaned up."""
        return self._process is not None

    @property
    def running(self) -> bool:
        """True while the kernel's process runs."""
        return self._process is not None and self._process.poll() is None

    def interrupt(self) -> None:
        """Send SIGINT to the kernel; nothing happens when it is gone."""
        if self._process is not None:
            self._sandbox.interrupt()

    async def poll(self) -> int | None:
        """Return None while the kernel runs, else its exit status."""
        return 0 if self._process is None else self._process.poll()

    async def wait(self) -> int | None:
        """Wait until the kernel has ended."""
        while (status := await self.poll()) is None:
            await asyncio.sleep(0.05)
        self._process = None
        return status

    async def send_signal(self, signum: int) -> None:
        """Interrupt the kernel, or end it, whatever other signal is asked for."""
        if self._process is not None:
            if signum == signal.SIGINT:
                self.interrupt()
            else:
                self._sandbox.kill()

    async def kill(self, restart: bool = False) -> None:
        """End every process of the sandbox."""
        self._sandbox.kill()

    async def terminate(self, restart: bool = False) -> None:
        """End every process of the sandbox: a student's kernel gets no last word."""
        await self.kill(restart)

    async def cleanup(self, restart: bool = False) -> None:
        """Do nothing: the sandbox is a context manager and cleans up itself."""

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Write the connection file where the sandboxed user can read it."""
        manager: Any = self.parent
        self._sandbox = manager.sandbox
        kwargs.pop("transport_encryption", None)
        manager.write_connection_file()
        self._sandbox.give(self._sandbox.ipc / "kernel.json")
        self.connection_info = manager.get_connection_info()
        command = manager.format_kernel_cmd(extra_arguments=kwargs.pop("extra_arguments", []))
        # The student's environment is made by the sandbox, never inherited from ours.
        kwargs["env"] = {}
        return dict(await super().pre_launch(cmd=command, **kwargs))

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel."""
        manager: Any = self.parent
        self._process = self._sandbox.start(cmd, pass_fds=manager.pass_fds)
        return self.connection_info


class _OneKernel(KernelSpecManager):
    """Knows this Python's kernel only, whatever the machine or the notebook names."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return the sandboxed kernel, for any name."""
        return KernelSpec(
            argv=[
                sys.executable,
                "-m",
                "ipykernel_launcher",
                "-f",
                "{connection_file}",
                "--HistoryManager.enabled=False",
                # `!command` without a pseudo-terminal: there is none in the sandbox
                "--IPKernelApp.exec_lines=get_ipython().system = get_ipython().system_raw",
            ],
            display_name="Python 3",
            language="python",
            interrupt_mode="signal",
            metadata={"kernel_provisioner": {"provisioner_name": PROVISIONER}},
        )


class _SandboxedKernelManager(AsyncKernelManager):
    sandbox: Sandbox
    pass_fds: Sequence[int] = ()


class _BoundedKernelClient(AsyncKernelClient):
    """Its sockets bound what a hostile kernel makes this process hold."""

    _watch: Any = None
    _watch_shell: Any = None

    def _context_default(self) -> Any:
        self._created_context = True
        context = zmq.asyncio.Context()
        context.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE)
        context.setsockopt(zmq.RCVHWM, MAX_QUEUED)
        # A kernel that took its sockets down must not keep us waiting to be heard.
        context.setsockopt(zmq.SNDTIMEO, SEND_MILLISECONDS)
        context.setsockopt(zmq.LINGER, 0)
        return context

    def connect_iopub(self, identity: bytes | None = None) -> Any:
        """Connect, and watch the connection: libzmq ends it for good on a too large message."""
        socket = super().connect_iopub(identity)
        self._watch = socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        return socket

    def connect_shell(self, identity: bytes | None = None) -> Any:
        """Connect, and watch the connection: after a too large reply nothing can be asked."""
        socket = super().connect_shell(identity)
        self._watch_shell = socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        return socket

    @property
    def is_deaf(self) -> bool:
        """True when the kernel's outputs cannot be heard any more."""
        return bool(self._watch.getsockopt(zmq.EVENTS) & zmq.POLLIN)

    @property
    def is_lost(self) -> bool:
        """True when the kernel cannot be asked anything any more."""
        watch = self._watch_shell
        return watch is not None and bool(watch.getsockopt(zmq.EVENTS) & zmq.POLLIN)

    def stop_channels(self) -> None:
        """Close the channels, with what watches them."""
        self._stop_watching()
        if self._watch_shell is not None:
            self.shell_channel.socket.disable_monitor()
            self._watch_shell.close(linger=0)
            self._watch_shell = None
        super().stop_channels()

    async def listen_again(self) -> None:
        """Make a new connection for outputs."""
        self._stop_watching()
        self.iopub_channel.close()
        self._iopub_channel = None  # made anew on the next use
        self.iopub_channel.start()
        await asyncio.sleep(0.2)  # until the kernel knows of the subscription

    def _stop_watching(self) -> None:
        if self._watch is not None:
            self.iopub_channel.socket.disable_monitor()
            self._watch.close(linger=0)  # an open socket would keep the context from ending
            self._watch = None


def kernel_manager(sandbox: Sandbox, *, pass_fds: Sequence[int] = ()) -> AsyncKernelManager:
    """Return a jupyter_client manager whose kernel runs in ``sandbox``.

    Parameters
    ----------
    sandbox : Sandbox
        Open; the caller closes it.
    pass_fds : sequence of int
        Descriptors that the kernel keeps.
    """
    manager = _SandboxedKernelManager(
        client_factory=_BoundedKernelClient,
        kernel_spec_manager=_OneKernel(),
        transport="ipc",
        ip=str(sandbox.ipc / "k"),
        connection_file=str(sandbox.ipc / "kernel.json"),
        shutdown_wait_time=0.1,
    )
    manager.sandbox, manager.pass_fds = sandbox, pass_fds
    return manager
