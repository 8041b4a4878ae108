"""Start a Jupyter kernel inside a ``Sandbox``, through jupyter_client's provisioner interface."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase

from mnist_course.grading.sandbox import Sandbox

__all__ = ["PROVISIONER", "SandboxProvisioner", "kernel_manager"]

PROVISIONER = "mnist-course-sandbox"  # the entry point's name in pyproject.toml


class SandboxProvisioner(KernelProvisionerBase):
    """Run the kernel's process in the sandbox that ``kernel_manager`` was given.

    The kernel speaks over Unix sockets in a private folder, so no port is open and no network is
    needed. Whatever arrives over them may have been written by the student's code: the grader
    reads outputs to show them, and never believes them.
    """

    _process: subprocess.Popen[bytes] | None = None
    _sandbox: Sandbox

    @property
    def has_process(self) -> bool:
        """True while a kernel was launched and not cleaned up."""
        return self._process is not None

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
        """Send a signal to the kernel process."""
        if self._process is not None:
            self._process.send_signal(signum)

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
        self._process = self._sandbox.start(cmd)
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


def kernel_manager(sandbox: Sandbox) -> AsyncKernelManager:
    """Return a jupyter_client manager whose kernel runs in ``sandbox``.

    Parameters
    ----------
    sandbox : Sandbox
        Open; the caller closes it.
    """
    manager = _SandboxedKernelManager(
        kernel_spec_manager=_OneKernel(),
        transport="ipc",
        ip=str(sandbox.ipc / "k"),
        connection_file=str(sandbox.ipc / "kernel.json"),
        shutdown_wait_time=0.1,
    )
    manager.sandbox = sandbox
    return manager
