"""A private place where untrusted code runs: own user, own folder, limits, whole-tree kill.

What the system does not offer is reported by name and never silently assumed. The next layers
(Landlock, seccomp, network) belong into ``launcher.py``.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from mnist_course.exceptions import KernelStartError
from mnist_course.grading.results import SandboxLayer

__all__ = ["Limits", "Sandbox"]

# Isolated and without site-packages: nothing but the standard library can be loaded.
_LAUNCH = (sys.executable, "-I", "-S", str(Path(__file__).with_name("launcher.py")))
_FIRST_UID, _UIDS = 200_000, 60_000
_MARK = "MNIST_COURSE_SANDBOX"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """Resource limits of one sandboxed process, as ``setrlimit`` takes them.

    ``memory`` bounds private data (RLIMIT_DATA), not address space: TensorFlow reserves 2.7 GB of
    addresses and uses a quarter of it.
    """

    memory: int = 3 << 30  # bytes
    cpu: int = 1200  # seconds over all threads
    file: int = 256 << 20  # bytes of any one file
    open_files: int = 1024

    def as_rlimits(self, *, own_user: bool) -> dict[str, int]:
        """Return RLIMIT names with values."""
        limits = {
            "DATA": self.memory,
            "CPU": self.cpu,
            "FSIZE": self.file,
            "NOFILE": self.open_files,
            "CORE": 0,
        }
        if own_user:  # the limit counts every process of the user, so never on a person's own
            limits["NPROC"] = 256 + 8 * (os.cpu_count() or 1)
        return limits


@dataclass(slots=True)
class Sandbox:
    """A scratch folder with the processes started in it.

    Use it as a context manager: leaving it kills every process and removes the folder.

    Parameters
    ----------
    limits : Limits
    name : str
        Shown in the folder's name, for whoever looks at a running grader.
    """

    limits: Limits = field(default_factory=Limits)
    name: str = "kernel"
    uid: int | None = None
    layers: tuple[SandboxLayer, ...] = ()
    _base: Path | None = None
    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _token: str = ""

    def __enter__(self) -> Self:
        self._token = secrets.token_hex(8)
        self.uid = _fresh_uid() if hasattr(os, "geteuid") and os.geteuid() == 0 else None
        self._base = _scratch(self.name, own_user=self.uid is not None)
        for folder in (self.work, self.home, self.ipc, self.home / "tmp"):
            folder.mkdir(mode=0o700)
            if self.uid is not None:
                os.chown(folder, self.uid, self.uid)
        return self

    def __exit__(self, *exc: object) -> None:
        self.kill()
        if self._base is not None:
            _remove_tree(self._base)
            self._base = None
        if self.uid is not None:
            _sweep(self.uid)

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
        """Return the whole environment of a sandboxed process: nothing of ours but the PATH."""
        home = str(self.home)
        path = os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin:/usr/bin:/bin"])
        return {
            "PATH": path,
            "HOME": home,
            "TMPDIR": f"{home}/tmp",  # noqa: S108 - inside the private home
            "IPYTHONDIR": f"{home}/.ipython",
            "JUPYTER_CONFIG_DIR": f"{home}/.jupyter",
            "MPLCONFIGDIR": f"{home}/.matplotlib",
            "KERAS_HOME": f"{home}/.keras",
            "LANG": "C.UTF-8",
            "PYTHONNOUSERSITE": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "CUDA_VISIBLE_DEVICES": "-1",
            _MARK: self._token,
        }

    def start(
        self,
        command: Sequence[str],
        *,
        pass_fds: Sequence[int] = (),
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
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
        subprocess.Popen
            Its output goes to ``log`` files in ``base``.

        Raises
        ------
        KernelStartError
            If the launcher did not reach the command, with its own words.
        """
        report_read, report_write = os.pipe()
        log_path = self.base / f"{len(self._processes)}.log"
        try:
            policy = self._policy(report_write)
            with log_path.open("wb") as log:
                process = subprocess.Popen(
                    [
                        *_LAUNCH,
                        json.dumps(policy),
                        "--",
                        *command,
                    ],
                    env=self.environment() | dict(environment or {}),
                    cwd=self.base,
                    pass_fds=[*pass_fds, report_write],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            self._processes.append(process)
            os.close(report_write)
            report_write = -1
            with os.fdopen(report_read, "rb") as reader:
                report_read = -1
                line = reader.readline(65536)
        finally:
            for fd in (report_read, report_write):
                if fd >= 0:
                    os.close(fd)
        report: dict[str, str] = json.loads(line) if line else {}
        self.layers = self._layers(report)
        if not report or report.get("own user"):
            process.wait(timeout=30)
            words = report.get("own user") or self.log(process)[-500:]
            raise KernelStartError(f"the sandbox did not start: {words}")
        return process

    def log(self, process: subprocess.Popen[bytes]) -> str:
        """Return the last lines that a process wrote to its own output (untrusted text)."""
        path = self.base / f"{self._processes.index(process)}.log"
        if not path.exists():
            return ""
        with path.open("rb") as file:  # it may be as large as the limit on files
            file.seek(max(0, path.stat().st_size - 4000))
            data = file.read(4000)
        return data.decode("utf-8", "replace")

    def kill(self) -> None:
        """End every process of the sandbox, whatever group or session it moved to."""
        if self.uid is not None and self._processes:
            _end_user(self.uid)
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        if self.uid is None and self._processes:
            _kill_marked(f"{_MARK}={self._token}".encode())
        for process in self._processes:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                _log.error("process %d of the sandbox does not die", process.pid)

    def _policy(self, report_fd: int) -> dict[str, Any]:
        paths, hidden = _needed_paths() if self.uid is not None else ([], [])
        return {
            "limits": self.limits.as_rlimits(own_user=self.uid is not None),
            "uid": self.uid,
            "paths": paths,
            "hidden": hidden,
            "cwd": str(self.work),
            "report_fd": report_fd,
        }

    def _layers(self, report: Mapping[str, str]) -> tuple[SandboxLayer, ...]:
        layers = [SandboxLayer("own process", True, "session of its own, cleaned environment")]
        layers += [SandboxLayer(name, not why, why) for name, why in report.items()]
        if self.uid is None:
            layers.append(SandboxLayer("own user", False, "the grader does not run as root"))
        return tuple(layers)


def _users() -> set[int]:
    """Return the users that have a process which is not dead yet."""
    used = set()
    for entry in Path("/proc").iterdir() if Path("/proc").is_dir() else ():
        if entry.name.isdigit():
            try:
                if (entry / "stat").read_bytes().rpartition(b")")[2].split()[0] not in b"ZX":
                    used.add(entry.stat().st_uid)
            except OSError:
                continue
    return used


def _end_user(uid: int) -> None:
    """Kill every process of a user, then wait until none is left."""
    command = [*_LAUNCH, "--kill-user", str(uid)]
    subprocess.run(command, check=False, timeout=60, stdin=subprocess.DEVNULL)
    deadline = time.monotonic() + 10
    while uid in _users():
        if time.monotonic() > deadline:
            _log.error("processes of the sandbox's user %d do not die", uid)
            return
        time.sleep(0.02)


def _fresh_uid() -> int:
    used = _users()
    while True:
        uid = _FIRST_UID + secrets.randbelow(_UIDS)
        if uid not in used:
            return uid


def _open_to_others(path: Path) -> bool:
    return bool(path.stat().st_mode & stat.S_IXOTH)


def _scratch(name: str, *, own_user: bool) -> Path:
    """Make the sandbox's folder where its user can reach it."""
    candidates = [tempfile.gettempdir(), "/tmp", "/var/tmp"]  # noqa: S108 - mkdtemp makes it private
    for parent in candidates:
        place = Path(parent)
        if not own_user or all(_open_to_others(p) for p in (place, *place.resolve().parents)):
            base = Path(tempfile.mkdtemp(prefix=f"mnist-course-{name}-", dir=place))
            if own_user:
                base.chmod(0o711)
            return base
    raise KernelStartError("no temporary folder that an unprivileged user can reach; set TMPDIR")


def _needed_paths() -> tuple[list[str], list[str]]:
    """Return what Python needs from folders that others may not enter, with those folders."""
    package = Path(__file__).resolve().parent.parent
    wanted = {Path(p).resolve() for p in (sys.prefix, sys.base_prefix, str(package))}
    paths, hidden = [], set()
    for path in sorted(wanted):
        closed = [p for p in reversed(path.parents) if not _open_to_others(p)]
        if closed:
            paths.append(str(path))
            hidden.add(str(closed[0]))
    return paths, sorted(hidden)


def _kill_marked(mark: bytes) -> None:
    """Kill the processes whose environment carries our mark: daemons that left their group."""
    proc = Path("/proc")
    if not proc.is_dir():
        return
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        alive = []
        for entry in proc.iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                words = (entry / "environ").read_bytes().split(b"\0")
                state = (entry / "stat").read_bytes().rpartition(b")")[2].split()[0]
            except OSError:
                continue
            if mark in words and state != b"Z":
                alive.append(int(entry.name))
        for sig in (signal.SIGSTOP, signal.SIGKILL):  # frozen first, so that none forks meanwhile
            for pid in alive:
                try:
                    os.kill(pid, sig)
                except OSError:
                    continue
        if not alive:
            return


def _remove_tree(path: Path) -> None:
    """Remove a folder that a student filled.

    ``shutil.rmtree`` recurses too deeply on a folder of 3,000 levels; ``rm`` does not, and follows
    no links.
    """
    if shutil.which("rm") and shutil.which("chmod"):
        commands = [["rm", "-rf", "--", str(path)]]
        # Root needs no permission, and must change none where a student could have put a link.
        if os.geteuid() != 0:
            commands.insert(0, ["chmod", "-R", "u+rwX", "--", str(path)])
        for command in commands:
            subprocess.run(command, check=False, timeout=120, capture_output=True)
    else:
        shutil.rmtree(path, ignore_errors=True)


def _sweep(uid: int) -> None:
    """Remove what a finished sandbox user left in the folders that everybody may write."""
    for root in ("/dev/shm", "/tmp", "/var/tmp"):  # noqa: S108 - only entries of that uid
        place = Path(root)
        for entry in place.iterdir() if place.is_dir() else ():
            try:
                if entry.lstat().st_uid == uid:
                    _remove_tree(entry)
            except OSError:
                continue
