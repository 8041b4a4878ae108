"""A file system of its own: only what is needed exists, the rest of the machine is not there.

In namespaces that the keeper made (of mounts, and with them of network and shared memory), the
process gets a new, empty root into which the allowed paths are shown, read-only. Needs root, or a
system where every user may make namespaces; containers often allow neither, and the file rules of
``landlock.py`` do the same there.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Sequence
from pathlib import Path

from mnist_course.grading.confine.kernel_calls import call

__all__ = ["DEVICES", "become_user_namespace", "enter"]

NEW_MOUNTS, NEW_IPC, NEW_USER, NEW_PIDS, NEW_NETWORK = (
    0x00020000, 0x08000000, 0x10000000, 0x20000000, 0x40000000,
)  # fmt: skip
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_READ_ONLY, _NO_SETUID, _NO_DEVICES, _NO_EXECUTION = 1, 2, 4, 8
_BIND, _RECURSIVE, _PRIVATE = 4096, 16384, 1 << 18
_DETACH = 2
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_SHARED_MEMORY_BYTES = 512 << 20
_LINKS = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1",
          "stderr": "/proc/self/fd/2"}  # fmt: skip


def become_user_namespace(flags: int) -> None:
    """Make new namespaces as an ordinary user, who keeps name and files."""
    user, group = os.getuid(), os.getgid()
    call("unshare", NEW_USER | flags)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def _mount(source: str, target: str, kind: str | None, flags: int, data: str = "") -> None:
    encoded = kind.encode() if kind is not None else None
    call("mount", source, target, encoded, flags, data)


def _show(door: int, target: str, *, writable: bool = False, devices: bool = False) -> None:
    """Show an opened path at ``target``, with what is mounted below it."""
    _mount(f"/proc/self/fd/{door}", target, None, _BIND | _RECURSIVE)
    flags = _NO_SETUID | (0 if writable else _READ_ONLY) | (0 if devices else _NO_DEVICES)
    _restrict(target, flags, _AT_RECURSIVE)


def _restrict(target: str, flags: int, reach: int) -> None:
    attributes = ctypes.create_string_buffer(struct.pack("=QQQQ", flags, 0, 0, 0), 32)
    call("mount_setattr", _AT_FDCWD, target, reach, attributes, 32)


def enter(
    root: str,
    *,
    read: Sequence[str],
    write: Sequence[str],
    temporary: str,
    own_processes: bool,
) -> None:
    """Move this process into a root of its own.

    Parameters
    ----------
    root : str
        An empty folder; covered in this process' namespace only.
    read, write : sequence of str
        Paths shown under their own names; what does not exist is left out.
    temporary : str
        Folder that is /tmp and /var/tmp inside.
    own_processes : bool
        This process has process numbers of its own, so /proc is made anew and shows no others.

    Raises
    ------
    OSError
        If any step is refused; the process must then not go on as if it had been closed in.
    """
    call("unshare", NEW_MOUNTS | NEW_IPC | NEW_NETWORK)
    _mount("none", "/", None, _RECURSIVE | _PRIVATE)
    doors = {}
    for path in dict.fromkeys((*read, *write, *DEVICES)):  # each once: all are closed below
        try:
            doors[path] = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
    scratch = os.open(temporary, os.O_PATH | os.O_CLOEXEC)
    links = {p: str(Path(p).readlink()) for p in read if Path(p).is_symlink()}
    _mount("none", root, "tmpfs", _NO_SETUID | _NO_DEVICES, "mode=0755,size=4m")
    new = Path(root)
    for folder in ("tmp", "var/tmp", "proc", "dev/shm"):
        (new / folder).mkdir(parents=True)
    for place in ("tmp", "var/tmp"):
        _show(scratch, f"{root}/{place}", writable=True)
    for path in sorted(doors, key=lambda p: p.count("/")):
        target = Path(root + path)
        if path in links:
            if not target.is_symlink():
                target.parent.mkdir(parents=True, exist_ok=True)
                target.symlink_to(links[path])
            continue
        if stat.S_ISDIR(os.fstat(doors[path]).st_mode):
            target.mkdir(parents=True, exist_ok=True)
        elif not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch()
        _show(doors[path], str(target), writable=path in write, devices=path in DEVICES)
    for name, goal in _LINKS.items():
        (new / "dev" / name).symlink_to(goal)
    size = f"mode=1777,size={_SHARED_MEMORY_BYTES}"
    _mount("none", str(new / "dev" / "shm"), "tmpfs", _NO_SETUID | _NO_DEVICES, size)
    _processes(f"{root}/proc", own=own_processes)
    _restrict(root, _READ_ONLY, 0)
    for door in (*doors.values(), scratch):
        os.close(door)
    os.chdir(root)
    call("pivot_root", ".", ".")
    call("umount2", ".", _DETACH)
    os.chdir("/")


def _processes(target: str, *, own: bool) -> None:
    flags = _NO_SETUID | _NO_DEVICES | _NO_EXECUTION
    if own:
        try:
            _mount("proc", target, "proc", flags)
            return
        except OSError:
            pass  # some containers cover parts of /proc and allow no whole one
    _mount("/proc", target, None, _BIND | _RECURSIVE)
