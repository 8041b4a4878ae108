"""Make a world of its own for this process: processes, network, IPC, disk, limits.

Standard library only: it runs before anything else may be trusted.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import socket
import stat
import struct
import time
from pathlib import Path
from typing import Any

__all__ = [
    "Change",
    "Layers",
    "enter_groups",
    "enter_overlay",
    "leave_groups",
    "libc",
    "loopback_up",
    "unshare",
]

Change = tuple[int, int, int, int]  # kind (0: a folder, 1: a file), size, state, owner
_COMPARED = 16 << 20  # bytes of the largest file whose copy is compared

_NAMESPACES = 0x00020000 | 0x08000000 | 0x20000000 | 0x40000000  # mount, ipc, pid, network
_NOSUID, _NODEV, _BIND, _REC, _PRIVATE = 2, 4, 4096, 16384, 1 << 18
_GROUPS = Path("/sys/fs/cgroup")


def libc() -> Any:
    """Return the C library."""
    return ctypes.CDLL(None, use_errno=True)


def unshare() -> None:
    """Leave the namespaces of the machine; the next child is process 1 of the new ones."""
    _check(libc().unshare(_NAMESPACES), "unshare")


def _check(result: int, what: str) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _mount(source: str, target: Path, kind: str, flags: int, data: str = "") -> None:
    words = [w.encode() if w else None for w in (source, str(target), kind, data)]
    _check(
        libc().mount(words[0], words[1], words[2], ctypes.c_ulong(flags), words[3]),
        f"mount {target}",
    )


def loopback_up() -> None:
    """Bring up the one interface of a new network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        request = struct.pack("16sh", b"lo", 0x1 | 0x40)  # IFF_UP, IFF_RUNNING
        fcntl.ioctl(probe, 0x8914, request)  # SIOCSIFFLAGS


class Layers:
    """The overlay's two layers, reachable for this program only: by descriptors, not by paths."""

    def __init__(self, upper: Path) -> None:
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        self.upper = Path(f"/proc/self/fd/{os.open(upper, flags)}")
        self.lower = Path(f"/proc/self/fd/{os.open('/', flags)}")

    def changes(self) -> dict[str, Change]:
        """Return every entry that is not as on the real disk."""
        found = tree(self.upper)
        for name, change in list(found.items()):
            # A folder is copied when something in it changes, a file when it is opened for
            # writing: that by itself is no change.
            if _change(f"{self.lower}{name}") == change and self._same_bytes(name, change):
                del found[name]
        return found

    def _same_bytes(self, name: str, change: Change) -> bool:
        """Compare the two layers' files; folders have none."""
        pair = [Path(f"{layer}{name}") for layer in (self.upper, self.lower)]
        return change[0] != 1 or (
            change[1] < _COMPARED and pair[0].read_bytes() == pair[1].read_bytes()
        )


def enter_overlay(stage: Path, megabytes: int) -> Layers:
    """Make the whole disk an overlay and enter it."""
    _mount("none", Path("/"), "", _REC | _PRIVATE)
    _mount("tmpfs", stage, "tmpfs", 0, f"size={megabytes}m,mode=0755")
    upper, work, merged = stage / "upper", stage / "work", stage / "merged"
    for folder in (upper, work, merged):
        folder.mkdir()
    _mount("overlay", merged, "overlay", 0, f"lowerdir=/,upperdir={upper},workdir={work}")
    _mount("proc", merged / "proc", "proc", _NOSUID | _NODEV)
    for name in ("dev", "sys"):
        _mount(f"/{name}", merged / name, "", _BIND | _REC)
    _mount("tmpfs", merged / "dev" / "shm", "tmpfs", _NOSUID | _NODEV, "size=512m,mode=1777")
    layers = Layers(upper)
    os.chdir(merged)
    # Not chroot: a process in one may not make user namespaces, which is a layer of ours.
    pivot_root = {"x86_64": 155, "aarch64": 41}[os.uname().machine]
    _check(libc().syscall(pivot_root, b".", b"."), "pivot_root")
    _check(libc().umount2(b".", 2), "umount2")  # MNT_DETACH
    os.chdir("/")
    return layers


def _change(path: str) -> Change | None:
    """Return what tells one state of an entry from another; 0 comes first for a folder."""
    try:
        status = os.lstat(path)
    except OSError:
        return None
    if stat.S_ISDIR(status.st_mode):
        return (0, 0, status.st_mode, status.st_uid)
    if not stat.S_ISREG(status.st_mode):
        return (2, status.st_size, status.st_mode, status.st_uid)
    return (1, status.st_size, status.st_mode ^ status.st_mtime_ns, status.st_uid)


def tree(top: Path) -> dict[str, Change]:
    """Return every entry below a folder; links are not followed, nothing recurses."""
    found = {}
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        with contextlib.suppress(OSError):  # also for paths that are too long for the system
            for name in os.listdir(f"{top}{folder}"):  # noqa: PTH208 - thousands of levels
                change = _change(f"{top}{folder}/{name}")
                if change is not None:
                    found[f"{folder}/{name}"] = change
                    if change[0] == 0:
                        waiting.append(f"{folder}/{name}")
    return found


def enter_groups(nonce: str, *, memory: int, processes: int) -> list[Path]:
    """Put this process into control groups of its own, where the system lets us."""
    made = []
    limits = {
        "memory": ("memory.limit_in_bytes", memory),
        "pids": ("pids.max", processes),
    }
    where = {
        words[1]: words[2].lstrip("/")
        for words in (line.split(":") for line in Path("/proc/self/cgroup").read_text().split("\n"))
        if len(words) == 3
    }
    for kind, (name, value) in limits.items():
        folder = _GROUPS / kind / where.get(kind, "") / f"scene-{nonce}"
        try:
            folder.mkdir()
            (folder / name).write_text(str(value))
            (folder / "cgroup.procs").write_text(str(os.getpid()))
            made.append(folder)
        except OSError:
            continue
    return made


def leave_groups(made: list[Path]) -> list[str]:
    """Go back and remove the control groups; return those that somebody made below them."""
    left = []
    for folder in made:
        (folder.parent / "cgroup.procs").write_text(str(os.getpid()))
        with contextlib.suppress(OSError):
            inner = [p for p in folder.rglob("*") if p.is_dir()]
            left += [str(p.relative_to(folder)) for p in inner]
            for path in sorted(inner, reverse=True):
                path.rmdir()
        for _ in range(50):
            try:
                folder.rmdir()
                break
            except OSError:
                time.sleep(0.02)
    return left
