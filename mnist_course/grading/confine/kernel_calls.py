"""The system calls that Python does not wrap, through the C library."""

from __future__ import annotations

import ctypes
import os
import platform
import struct

__all__ = ["MACHINE", "call", "drop_capabilities", "number", "prctl"]

# (x86_64, aarch64), from the kernel's tables arch/x86/entry/syscalls/syscall_64.tbl and
# include/uapi/asm-generic/unistd.h
_NUMBERS = {
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "unshare": (272, 97),
    "mount_setattr": (442, 442),
    "seccomp": (317, 277),
    "landlock_create_ruleset": (444, 444),
    "landlock_add_rule": (445, 445),
    "landlock_restrict_self": (446, 446),
    "ptrace": (101, 117),
    "capset": (126, 91),
}
MACHINE = platform.machine()
_COLUMN = {"x86_64": 0, "aarch64": 1}.get(MACHINE)

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def number(name: str) -> int:
    """Return the number of a system call on this machine; OSError where it is not known."""
    if _COLUMN is None:
        raise OSError(f"system calls of {MACHINE} are not known here")
    return _NUMBERS[name][_COLUMN]


def call(name: str, *arguments: int | str | bytes | ctypes.Array[ctypes.c_char] | None) -> int:
    """Make a system call.

    Integers are passed as 64-bit words, str as paths, buffers as pointers.

    Raises
    ------
    OSError
        With the call's name, when the kernel refuses.
    """
    plain = [
        ctypes.c_long(a) if isinstance(a, int) else a.encode() if isinstance(a, str) else a
        for a in arguments
    ]
    result: int = _libc.syscall(ctypes.c_long(number(name)), *plain)
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")
    return result


def prctl(option: int, value: int) -> None:
    """Change a property of this process."""
    if _libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0):
        error = ctypes.get_errno()
        raise OSError(error, f"prctl {option}: {os.strerror(error)}")


def drop_capabilities() -> None:
    """Give up the rights of root, as ``execve`` does for who is not root; see capset(2)."""
    version = 0x20080522
    header = ctypes.create_string_buffer(struct.pack("=Ii", version, 0), 8)
    call("capset", header, ctypes.create_string_buffer(24))
