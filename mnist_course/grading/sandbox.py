"""A private place where untrusted code runs: own user, own files, limits, whole-tree kill.

Each command is started by a keeper (``confine/keeper.py``) behind all the layers that the system
offers; what it does not offer is reported by name and never silently assumed. The layers are
verified from inside before the command starts (``confine/probe.py``).
"""

from __future__ import annotations

import contextlib
import functools
import json
import logging
import os
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Self

from mnist_course.exceptions import KernelStartError, SandboxError
from mnist_course.grading import given_data
from mnist_course.grading.confine.removal import remove
from mnist_course.grading.forkserver import ForkedProcess, Forkserver
from mnist_course.grading.left_behind import hold
from mnist_course.grading.results import SandboxLayer
from mnist_course.grading.sandbox_layers import LAYERS, missing_layers
from mnist_course.grading.scratch import fresh_user, make_scratch, sweep

__all__ = [
    "Limits",
    "Process",
    "Sandbox",
    "SandboxOptions",
    "loading_environment",
]

Process = subprocess.Popen[bytes] | ForkedProcess

# Isolated and without site-packages: nothing but the standard library can be loaded.
_KEEPER = (sys.executable, "-I", "-S", str(Path(__file__).parent / "confine" / "keeper.py"))
_THREADS = (
    "TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
)  # fmt: skip
_START_SECONDS = 60.0
_END_SECONDS = 90.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one sandbox.

    ``memory`` bounds private data of a process (RLIMIT_DATA), not address space: TensorFlow
    reserves 2.7 GB of addresses and uses a quarter of it.
    """

    memory: int = 3 << 30  # bytes of one process
    all_memory: int = 4 << 30  # bytes of all processes together
    cpu: int = 1200  # seconds over all threads of one process
    seconds: float = 3600.0  # of wall time, for everything
    file: int = 256 << 20  # bytes of any one file
    disk: int = 2 << 30  # bytes of all files
    open_files: int = 1024
    processes: int = 256 + 8 * (os.cpu_count() or 1)  # threads count

    def as_rlimits(self) -> dict[str, int]:
        """Return RLIMIT names with values."""
        return {
            "DATA": self.memory,
            "CPU": self.cpu,
            "FSIZE": self.file,
            "NOFILE": self.open_files,
            "CORE": 0,
            "MSGQUEUE": 0,
            "MEMLOCK": 8 << 20,
        }


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """How a sandbox is to be.

    Parameters
    ----------
    require : bool
        Refuse to start anything when a required layer is missing.
    protected : tuple of Path
        Files and folders that must be out of reach inside; this is tried, and reported.
    readable : tuple of Path
        Given data: readable inside.
    without : frozenset of str
        Layers that are switched off on purpose, to test the others.
    threads : int, optional
        With how many threads TensorFlow and NumPy compute; default: with as many as there are
        cores.
    forkserver : Forkserver, optional
        Starts what is Python with its packages loaded.
    """

    require: bool = False
    protected: tuple[Path, ...] = ()
    readable: tuple[Path, ...] = ()
    without: frozenset[str] = frozenset()
    threads: int | None = None
    forkserver: Forkserver | None = None


def _fixed_environment() -> dict[str, str]:
    """Return the part of a sandboxed process' environment that is the same in each."""
    path = os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin:/usr/bin:/bin"])
    return {
        "PATH": path,
        "LANG": "C.UTF-8",
        "PYTHONNOUSERSITE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
        **given_data.environment(),
    }


def loading_environment(threads: int) -> dict[str, str]:
    """Return the environment in which packages are loaded for sandboxes of so many threads."""
    # A kernel sets it before anything can load matplotlib, which looks for it only then.
    kernel = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    return _fixed_environment() | _thread_settings(threads) | kernel


def _thread_settings(threads: int) -> dict[str, str]:
    # One more for TensorFlow's operations: some wait for what another one does.
    return dict.fromkeys(_THREADS, str(threads)) | {"TF_NUM_INTEROP_THREADS": str(threads + 1)}


@dataclass(slots=True)
class Sandbox:
    """A scratch folder with the processes started in it.

    Use it as a context manager: leaving it kills every process and removes the folder.

    Parameters
    ----------
    limits : Limits
    name : str
        Shown in the folder's name, for whoever looks at a running grader.
    options : SandboxOptions

    Attributes
    ----------
    layers : tuple of SandboxLayer
        Of the process that was started last.
    refused : dict of str to int
        System calls that honest code never makes, refused, by name; complete after ``kill``.
    ended_by : str
        Why a limit ended a process; empty when none did.
    """

    limits: Limits = field(default_factory=Limits)
    name: str = "kernel"
    options: SandboxOptions = field(default_factory=SandboxOptions)
    uid: int | None = None
    layers: tuple[SandboxLayer, ...] = ()
    refused: dict[str, int] = field(default_factory=dict)
    ended_by: str = ""
    _base: Path | None = None
    _held: int | None = None
    _kept: list[_Kept] = field(default_factory=list)

    def __enter__(self) -> Self:
        root = hasattr(os, "geteuid") and os.geteuid() == 0
        self.uid = fresh_user() if root and "own user" not in self.options.without else None
        self._base = make_scratch(self.name, own_user=self.uid is not None)
        self._held = hold(self._base)
        for folder in (self.work, self.home, self.ipc, self.home / "tmp", self.base / "tmp"):
            folder.mkdir(mode=0o700)
            if self.uid is not None:
                os.chown(folder, self.uid, self.uid)
        (self.base / "root").mkdir(mode=0o755)
        return self

    def __exit__(self, *exc: object) -> None:
        self.kill()
        if self._base is not None:
            remove(str(self._base))
            self._base = None
        if self._held is not None:
            os.close(self._held)
            self._held = None
        if self.uid is not None:
            sweep(self.uid)

    @property
    def base(self) -> Path:
        """The folder that holds the others; the sandboxed user may only pass through."""
        if self._base is None:
            raise RuntimeError("the sandbox is not open: use it in a with statement")
        return self._base

    @property
    def work(self) -> Path:
        """Where the sandboxed process starts; empty, its own."""
        return self.base / "work"

    @property
    def home(self) -> Path:
        """A private, empty HOME."""
        return self.base / "home"

    @property
    def ipc(self) -> Path:
        """Where sockets and connection files lie."""
        return self.base / "ipc"

    def give(self, path: Path) -> None:
        """Hand a file to the sandboxed user, before anything runs there."""
        if self.uid is not None:
            os.chown(path, self.uid, self.uid)

    def environment(self) -> dict[str, str]:
        """Return the whole environment of a sandboxed process.

        Nothing of ours is in it but the PATH, and where given data lies.
        """
        home = str(self.home)
        threads = self.options.threads
        return {
            **_fixed_environment(),
            **(_thread_settings(threads) if threads is not None else {}),
            "HOME": home,
            "TMPDIR": f"{home}/tmp",  # noqa: S108 - inside the private home
            "IPYTHONDIR": f"{home}/.ipython",
            "JUPYTER_CONFIG_DIR": f"{home}/.jupyter",
            "MPLCONFIGDIR": f"{home}/.matplotlib",
            "KERAS_HOME": f"{home}/.keras",
        }

    def start(
        self,
        command: Sequence[str],
        *,
        pass_fds: Sequence[int] = (),
        environment: Mapping[str, str] | None = None,
    ) -> Process:
        """Start a command in the sandbox, in a session of its own.

        Parameters
        ----------
        command : sequence of str
            Absolute path of the program, then its arguments. No secrets: everybody can read them.
        pass_fds : sequence of int
            Descriptors that stay open.
        environment : mapping, optional
            Added to ``environment()``.

        Returns
        -------
        subprocess.Popen or ForkedProcess
            Of its keeper, which ends as the command ends. What both print goes to a log in
            ``base``.

        Raises
        ------
        KernelStartError
            If the command was not reached, with the keeper's own words.
        SandboxError
            If a required layer is missing, and ``options.require``.
        """
        if not hasattr(os, "fork"):
            raise KernelStartError(
                "student code cannot be kept apart on this system. Expected Linux (all layers) or "
                "macOS (limits only); on Windows grade in WSL, in a container or on Gradescope"
            )
        policy = self._policy(command, pass_fds, self.environment() | dict(environment or {}))
        server = self.options.forkserver
        kept = _Kept.start(
            policy,
            self.base / f"{len(self._kept)}.log",
            pass_fds,
            server if server is not None and server.runs(command) else None,
        )
        self._kept.append(kept)
        report = kept.hear(_START_SECONDS)
        started = report.get("started")
        if started is None:
            words = report.get("problem") or kept.last_words()[-500:]
            self.kill()
            raise KernelStartError(f"the sandbox did not start: {words}")
        self.layers = _layers(started, own_user=self.uid is not None)
        missing = missing_layers(self.layers)
        if missing and self.options.require:
            self.kill()
            raise SandboxError(
                "the sandbox is not complete here, and --require-sandbox was given. Missing: "
                + "; ".join(missing)
                + ". `mnist-course doctor` says what to do."
            )
        _say_once(tuple(missing))
        return kept.process

    def interrupt(self) -> None:
        """Send SIGINT to every command that runs here."""
        for kept in self._kept:
            kept.order("interrupt")

    def forget_refused(self) -> None:
        """Count refused system calls from now on: what came before was our own code."""
        for kept in self._kept:
            kept.order("forget")

    def log(self, process: Process) -> str:
        """Return the last lines that a process wrote to its own output (untrusted text)."""
        return next(k for k in self._kept if k.process is process).last_words()

    def last_words(self) -> str:
        """Return the last lines of what was started last (untrusted text)."""
        return self._kept[-1].last_words() if self._kept else ""

    def kill(self) -> None:
        """End every process of the sandbox, whatever group or session it moved to."""
        for kept in self._kept:
            if not kept.over:
                ended = kept.end()
                self.ended_by = self.ended_by or ended["by"]
                for name, count in ended["refused"].items():
                    self.refused[name] = self.refused.get(name, 0) + count

    def _policy(
        self, command: Sequence[str], pass_fds: Sequence[int], environment: Mapping[str, str]
    ) -> dict[str, Any]:
        limits = self.limits
        readable = (*given_data.files(), *self.options.readable)
        return {
            "command": list(command),
            "environment": dict(environment),
            "descriptors": list(pass_fds),
            "limits": limits.as_rlimits(),
            "memory": limits.all_memory,
            "disk": limits.disk,
            "processes": limits.processes,
            "seconds": limits.seconds,
            "uid": self.uid,
            "grader": os.getpid(),
            "scratch": str(self.base),
            "root": str(self.base / "root"),
            "temporary": str(self.base / "tmp"),
            "counted": [str(self.base)],
            "read": _programs() + [str(p.resolve()) for p in readable],
            "write": [str(p) for p in (self.work, self.home, self.ipc)],
            "protected": [str(p.resolve()) for p in self.options.protected],
            "without": sorted(self.options.without),
            "cwd": str(self.work),
        }


@dataclass(slots=True)
class _Kept:
    """A running keeper with our end of its socket."""

    process: Process
    control: socket.socket
    log: Path
    over: bool = False
    _buffer: bytes = b""

    @classmethod
    def start(
        cls,
        policy: Mapping[str, Any],
        log_path: Path,
        pass_fds: Sequence[int],
        forkserver: Forkserver | None,
    ) -> _Kept:
        if forkserver is not None:
            try:
                return cls._started(policy, log_path, pass_fds, forkserver.fork)
            except OSError as error:
                _log.warning("a sandbox starts without packages loaded: %s", error)
        return cls._started(policy, log_path, pass_fds, _new_keeper)

    @classmethod
    def _started(
        cls,
        policy: Mapping[str, Any],
        log_path: Path,
        pass_fds: Sequence[int],
        start: Callable[[socket.socket, IO[bytes], Sequence[int]], Process],
    ) -> _Kept:
        ours, theirs = socket.socketpair()
        try:
            with log_path.open("wb") as log:
                process = start(theirs, log, pass_fds)
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        with contextlib.suppress(OSError):  # it says itself what is wrong
            ours.sendall(json.dumps(policy).encode() + b"\n")
        return cls(process, ours, log_path)

    def hear(self, seconds: float) -> dict[str, Any]:
        """Return the keeper's next message; empty when there is none."""
        self.control.settimeout(seconds)
        try:
            while b"\n" not in self._buffer:
                chunk = self.control.recv(1 << 16)
                if not chunk:
                    return {}
                self._buffer += chunk
        except OSError:
            return {}
        line, _, self._buffer = self._buffer.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        return message

    def order(self, words: str) -> None:
        with contextlib.suppress(OSError):
            self.control.sendall(json.dumps(words).encode() + b"\n")

    def end(self) -> dict[str, Any]:
        """Have everything ended; return what the keeper says of it."""
        self.over = True
        self.order("kill")
        message = self.hear(_END_SECONDS)
        while message and "ended" not in message:
            message = self.hear(_END_SECONDS)
        self.control.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(timeout=10)
        ended: dict[str, Any] = message.get("ended") or {"by": "", "refused": {}, "all_dead": False}
        if not ended["all_dead"]:
            _log.error("processes of a sandbox did not end: %s", self.last_words()[-500:])
        return ended

    def last_words(self) -> str:
        if not self.log.exists():
            return ""
        with self.log.open("rb") as file:  # it may be as large as the limit on files
            file.seek(max(0, self.log.stat().st_size - 4000))
            return file.read(4000).decode("utf-8", "replace")


def _new_keeper(control: socket.socket, log: IO[bytes], pass_fds: Sequence[int]) -> Process:
    return subprocess.Popen(
        [*_KEEPER, str(control.fileno())],
        env={"LANG": "C.UTF-8", "PATH": os.defpath},
        cwd=Path(log.name).parent,
        pass_fds=[control.fileno(), *pass_fds],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )


@functools.cache
def _say_once(missing: tuple[str, ...]) -> None:
    if missing:
        _log.warning(
            "THE SANDBOX IS NOT COMPLETE on this system; student code is kept apart less well. "
            "Missing: %s. `mnist-course doctor` says what to do; --require-sandbox refuses.",
            "; ".join(missing),
        )


def _programs() -> list[str]:
    """Return where Python and its packages lie, with our own package: no other folder of ours."""
    paths = {sys.prefix, sys.base_prefix, str(Path(__file__).resolve().parent.parent)}
    paths |= {sysconfig.get_path(kind) for kind in ("purelib", "platlib")}
    # An environment can build on another one, whose packages it finds on its path.
    paths |= {p for p in sys.path if Path(p).name in ("site-packages", "dist-packages")}
    link = Path(sys.executable)
    for _ in range(10):  # each link on the way to the interpreter
        paths.add(str(link))
        if not link.is_symlink():
            break
        link = link.parent / link.readlink()
    found = sorted({str(p) for path in paths for p in (Path(path), Path(path).resolve())})
    return [p for p in found if not any(p.startswith(f"{other}/") for other in found)]


def _layers(report: Mapping[str, Any], *, own_user: bool) -> tuple[SandboxLayer, ...]:
    said: dict[str, str] = {"own process": "", **report["layers"]}
    if not own_user:
        said.setdefault("own user", "the grader does not run as root")
    said.setdefault("control group", "the system lets us make none; memory is watched instead")
    possible = report["possible"]
    said["verified"] = "" if not possible else "it could " + ", ".join(possible)
    return tuple(
        SandboxLayer(name, not said[name], said[name] or LAYERS[name])
        if name in said
        else SandboxLayer(name, False, "not on this system")
        for name in LAYERS
    )
