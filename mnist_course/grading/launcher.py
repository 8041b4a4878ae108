"""Start one command inside the sandbox: ``python -I -S launcher.py POLICY -- COMMAND``.

Runs in the child, after the fork, with the standard library only, because it must not load
anything that a student could have written. It applies each layer to itself, writes one JSON line
about what it really did to the descriptor ``report_fd``, then becomes the command. The supervisor
decides what a missing layer means.

``launcher.py --kill-user UID`` ends every process of one user at once (``kill(-1)`` cannot be
outrun by forking).
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
CLONE_NEWNS = 0x00020000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = (
    1, 2, 4, 32, 4096, 16384, 1 << 18,
)  # fmt: skip


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    encoded = [None if s is None else s.encode() for s in (source, target, kind, data)]
    _check(
        _libc().mount(encoded[0], encoded[1], encoded[2], ctypes.c_ulong(flags), encoded[3]),
        f"mount {target}",
    )


def reveal(paths: list[str], hidden: list[str]) -> None:
    """Show ``paths`` in a private mount namespace where the folders ``hidden`` are empty otherwise.

    A Python under a home folder that only its owner may enter cannot be run by another user. Each
    such folder is covered by an empty one that holds nothing but the paths needed, read-only, so
    the rest of that home stays out of reach, too. Needs CAP_SYS_ADMIN.
    """
    _check(_libc().unshare(CLONE_NEWNS), "unshare")
    _mount("none", "/", None, MS_REC | MS_PRIVATE)
    doors = {p: os.open(p, os.O_PATH | os.O_CLOEXEC) for p in paths}
    for folder in hidden:
        _mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=64k")
    for path, door in doors.items():
        Path(path).mkdir(mode=0o755, parents=True, exist_ok=True)
        _mount(f"/proc/self/fd/{door}", path, None, MS_BIND | MS_REC)
        _mount("none", path, None, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV)
        os.close(door)


def drop_user(uid: int) -> None:
    """Become an unprivileged user for good: no groups, no capabilities, no way back."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    if os.getresuid() != (uid, uid, uid) or os.getgroups():
        raise OSError(f"the user is still {os.getresuid()}")


def _limit(name: str, value: int) -> None:
    which = getattr(resource, f"RLIMIT_{name}")
    hard = resource.getrlimit(which)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(which, (value, value))


def enter(policy: dict[str, Any]) -> dict[str, str]:
    """Apply the layers of a policy to this process; return layer → "" or why it is missing."""
    report: dict[str, str] = {}

    def layer(name: str, apply: Any, *arguments: Any) -> None:
        try:
            apply(*arguments)
            report[name] = ""
        except (OSError, ValueError, AttributeError) as error:
            report[name] = str(error) or type(error).__name__

    def limits() -> None:
        for name, value in policy["limits"].items():
            if hasattr(resource, f"RLIMIT_{name}"):
                _limit(name, value)

    layer("resource limits", limits)
    os.umask(0o022)  # for the folders that reveal() makes
    uid = policy.get("uid")
    if uid is not None:
        if policy["hidden"]:
            layer("private mounts", reveal, policy["paths"], policy["hidden"])
        layer("own user", drop_user, uid)
    if sys.platform == "linux":
        prctl = _libc().prctl
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        layer(
            "no new privileges",
            lambda: _check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS"),
        )
    os.umask(0o077)
    os.chdir(policy["cwd"])
    return report


def kill_user(uid: int) -> NoReturn:
    """Kill every process of ``uid``, this one included."""
    drop_user(uid)
    os.kill(-1, signal.SIGKILL)
    os._exit(0)  # kill(-1) spares its caller


def main(arguments: list[str]) -> NoReturn:
    """Enter the sandbox and become the command."""
    if arguments[1] == "--kill-user":
        kill_user(int(arguments[2]))
    policy = json.loads(arguments[1])
    command = arguments[arguments.index("--") + 1 :]
    report = enter(policy)
    fd = policy["report_fd"]
    os.write(fd, json.dumps(report).encode() + b"\n")
    os.close(fd)
    if policy.get("uid") is not None and report["own user"]:
        os._exit(126)  # never run a student's code as root
    try:
        os.execv(command[0], command)  # noqa: S606 - becoming the command is the purpose
    except OSError as error:
        print(f"cannot run {command[0]}: {error.strerror}", file=sys.stderr)  # noqa: T201
        os._exit(127)


if __name__ == "__main__":
    main(sys.argv)
