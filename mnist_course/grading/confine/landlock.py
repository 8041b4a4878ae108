"""File rules of the Linux kernel (Landlock): what may be read and written, from now on.

A process without any privilege may give up rights with it, for itself and all it starts. Source:
``include/uapi/linux/landlock.h`` and https://docs.kernel.org/userspace-api/landlock.html.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable
from pathlib import Path

from mnist_course.grading.confine.kernel_calls import call

__all__ = ["abi", "restrict", "ruleset"]

_EXECUTE, _WRITE, _READ, _READ_FOLDER = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_MAKE_CHARACTER, _MAKE_BLOCK = 1 << 6, 1 << 11
_BASIC = (1 << 13) - 1
_REFER, _TRUNCATE, _DEVICE_CONTROL = 1 << 13, 1 << 14, 1 << 15  # since ABI 2, 3 and 5
_OF_FILES = _EXECUTE | _WRITE | _READ | _TRUNCATE | _DEVICE_CONTROL
_VERSION_FLAG = 1
_PATH_BENEATH = 1


def abi() -> int:
    """Return the version of Landlock that the kernel offers, 0 for none."""
    try:
        return call("landlock_create_ruleset", None, 0, _VERSION_FLAG)
    except OSError:
        return 0


def _handled(version: int) -> int:
    rights = _BASIC
    for since, right in ((2, _REFER), (3, _TRUNCATE), (5, _DEVICE_CONTROL)):
        rights |= right if version >= since else 0
    return rights


def ruleset(
    read: Iterable[str],
    write: Iterable[str],
    devices: Iterable[str],
    listed: Iterable[str] = (),
) -> int:
    """Return a descriptor of rules that allow these paths with what is below, and nothing else.

    Also no TCP port (ABI 4), no abstract socket and no signal to processes outside (ABI 6).

    Parameters
    ----------
    read : iterable of str
        May be read and executed.
    write : iterable of str
        May be read, written and executed; no device files can be made there.
    devices : iterable of str
        May be read and written.
    listed : iterable of str
        The names in them, and below, may be listed.

    Raises
    ------
    OSError
        Where the kernel has no Landlock.
    """
    version = call("landlock_create_ruleset", None, 0, _VERSION_FLAG)
    every = _handled(version)
    attributes = struct.pack("=Q", every)
    if version >= 4:
        attributes += struct.pack("=Q", 0b11)  # bind and connect: no rule allows a port
    if version >= 6:
        attributes += struct.pack("=Q", 0b11)  # scopes: abstract sockets, signals
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    rules = call("landlock_create_ruleset", buffer, len(attributes), 0)
    for paths, rights in (
        (read, _EXECUTE | _READ | _READ_FOLDER),
        (write, every & ~(_MAKE_CHARACTER | _MAKE_BLOCK | _DEVICE_CONTROL)),
        (devices, _READ | _WRITE | _TRUNCATE),
        (listed, _READ_FOLDER),
    ):
        for path in paths:
            _allow(rules, path, rights & every)
    return rules


def _allow(rules: int, path: str, rights: int) -> None:
    try:
        door = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there needs no rule
    try:
        if not Path(path).is_dir():
            rights &= _OF_FILES
        rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, door), 12)
        call("landlock_add_rule", rules, _PATH_BENEATH, rule, 0)
    finally:
        os.close(door)


def restrict(rules: int) -> None:
    """Apply rules to this process for good, and close their descriptor.

    ``no_new_privs`` must be set before.
    """
    call("landlock_restrict_self", rules, 0)
    os.close(rules)
