"""Close the layers around this process, one after the other, and say which are really there."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["LINUX", "Report", "enter"]

LINUX = sys.platform == "linux"
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38

# What programs of a Linux system read: programs, libraries, names, fonts, time zones. No /etc as a
# whole: it can hold secrets that everybody may read.
SYSTEM = (
    "/usr", "/lib", "/lib64", "/lib32", "/libx32", "/bin", "/sbin",
    "/sys/devices/system", "/sys/fs/cgroup", "/etc/ld.so.cache", "/etc/ld.so.conf",
    "/etc/ld.so.conf.d", "/etc/localtime", "/etc/timezone", "/etc/passwd", "/etc/group",
    "/etc/nsswitch.conf", "/etc/hosts", "/etc/mime.types", "/etc/fonts", "/etc/ssl/openssl.cnf",
    "/etc/ssl/certs", "/etc/alternatives", "/etc/os-release", "/etc/inputrc", "/etc/terminfo",
)  # fmt: skip
# Of /proc, where other processes can be seen there: what describes the machine, and ourselves.
OWN_PROC = (
    "/proc/meminfo", "/proc/cpuinfo", "/proc/stat", "/proc/version", "/proc/filesystems",
    "/proc/loadavg", "/proc/uptime", "/proc/sys", "/proc/devices", "/proc/vmstat",
)  # fmt: skip

Report = dict[str, str]


def enter(policy: Mapping[str, Any], *, own_processes: bool) -> tuple[Report, int | None]:
    """Apply the layers of a policy to this process, for good.

    Parameters
    ----------
    policy : mapping
        As ``Sandbox`` makes it.
    own_processes : bool
        This process is the first of process numbers of its own.

    Returns
    -------
    (report, listener)
        Layer → "" or why it is missing; a descriptor that tells of refused system calls.
    """
    report: Report = {}
    without = set(policy["without"])

    def layer(name: str, apply: Callable[[], None]) -> bool:
        if name in without:
            report[name] = "switched off"
            return False
        try:
            apply()
            report[name] = ""
        except (OSError, ValueError, AttributeError) as error:
            report[name] = str(error) or type(error).__name__
        return not report[name]

    _first_victim()
    uid = policy["uid"]
    limits = dict(policy["limits"])
    if uid is not None or own_processes:
        # Counts every process of a user (in its namespace), so never set on a person's own.
        limits["NPROC"] = policy["processes"]
    layer("resource limits", lambda: _limit(limits))
    if policy["groups"]:
        layer("control group", lambda: _join(policy["groups"]))
    listener: int | None = None
    if not LINUX:
        os.umask(0o077)
        os.chdir(policy["cwd"])
        return report, None

    from mnist_course.grading.confine import landlock, own_files, seccomp
    from mnist_course.grading.confine.kernel_calls import prctl

    os.umask(0o022)  # for the folders that show what is needed
    read = [*SYSTEM, *policy["read"]]
    write = list(policy["write"])
    own_root = bool(policy["namespaces"]) and layer(
        "own files",
        lambda: own_files.enter(
            policy["root"], read=read, write=write, temporary=policy["temporary"],
            own_processes=own_processes,
        ),
    )  # fmt: skip
    if not policy["namespaces"]:
        report["own files"] = "switched off" if "own files" in without else policy["no_namespaces"]
    if own_root:
        write += ["/tmp", "/var/tmp", "/dev/shm"]  # noqa: S108 - this sandbox' own
    elif uid is not None:
        write += ["/dev/shm"]  # noqa: S108 - swept by user afterwards
    own_proc = own_root and own_processes
    rules: list[int] = []
    proc = ["/proc"] if own_proc else [*OWN_PROC, str(Path("/proc/self").resolve())]
    filed = layer(
        "file rules",
        lambda: rules.append(
            landlock.ruleset(
                [*read, *proc], write, own_files.DEVICES, listed=["/"] if own_root else []
            )
        ),
    )
    if uid is not None:
        layer("own user", lambda: _become(uid))
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    layer("no new privileges", lambda: prctl(PR_SET_NO_NEW_PRIVS, 1))
    if filed:
        layer("file rules", lambda: landlock.restrict(rules[0]))
    signals_stay = uid is not None or own_processes or (filed and landlock.abi() >= 6)

    def filter_calls() -> None:
        nonlocal listener
        own = 0 if signals_stay else os.getpid()
        try:
            listener = seccomp.load(seccomp.program(own_signals_only=own), listen=True)
        except OSError:  # an older kernel, or a listener above us
            code = seccomp.program(own_signals_only=own, report=False)
            listener = seccomp.load(code, listen=False)

    layer("system calls", filter_calls)
    os.umask(0o077)
    os.chdir(policy["cwd"])
    return report, listener


def _first_victim() -> None:
    """Let the kernel end this process before any other when memory runs out."""
    try:
        Path("/proc/self/oom_score_adj").write_text("1000")
    except OSError:
        return


# So many files can still be opened by the grader's part of the process (``spare_files``) when the
# student's has opened as many as it may.
SPARE_FILES = 64


def _limit(limits: Mapping[str, int]) -> None:
    import resource

    for name, wanted in limits.items():
        which = getattr(resource, f"RLIMIT_{name}", None)
        if which is None:
            continue
        hard = resource.getrlimit(which)[1]
        spare = SPARE_FILES if name == "NOFILE" else 0
        value = wanted + spare if hard == resource.RLIM_INFINITY else min(wanted + spare, hard)
        resource.setrlimit(which, (value - spare, value))


def _join(doors: list[str]) -> None:
    for door in doors:
        Path(door).write_text("0")


def _become(uid: int) -> None:
    """Become an unprivileged user for good: no groups, no capabilities, no way back."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    if os.getresuid() != (uid, uid, uid) or os.getgroups():
        raise OSError(f"the user is still {os.getresuid()}")
