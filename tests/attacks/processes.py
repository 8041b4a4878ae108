"""Other processes: stopping them, outliving the grade, changing who one is."""

from __future__ import annotations

from tests.attacks.attack import ALL, Attack
from tests.attacks.reading_secrets import CLOSED

__all__ = ["ATTACKS"]

# One of these keeps signals away from processes of the grader.
APART = ("own user", "own process numbers", "file rules")
_KEPT = ("value", "array", "call", "text")


def _attack(
    name: str,
    after: str,
    code: str,
    *aims: str,
    needs: tuple[str, ...] = (),
    seconds: float = 20.0,
) -> Attack:
    return Attack(
        name,
        "processes and signals",
        after,
        frozenset(aims),
        last=code,
        base="honest",
        keeps=_KEPT,
        needs=needs,
        graders=ALL,
        cell_seconds=seconds,
    )


_FORK = "if os.fork() == 0:\n    "

ATTACKS = (
    _attack(
        "kill the grader",
        "SIGKILL to the parent, its parent, and every process that can be named",
        "import signal\n"
        "for sig in (signal.SIGTERM, signal.SIGKILL):\n"
        "    for name in sorted(os.listdir('/proc')):\n"
        "        if name.isdigit() and int(name) not in (1, os.getpid()):\n"
        "            try: os.kill(int(name), sig)\n"
        "            except OSError: pass\n"
        "try: os.kill(os.getppid(), signal.SIGKILL)\n"
        "except OSError: pass",
        "no verdict",
        "harm",
        needs=APART,
    ),
    _attack(
        "stop the grader",
        "SIGSTOP to the parent and every process that can be named",
        "import signal\n"
        "for pid in {os.getppid(), *(int(n) for n in os.listdir('/proc') if n.isdigit())}:\n"
        "    if pid in (1, os.getpid()): continue\n"
        "    try: os.kill(pid, signal.SIGSTOP)\n"
        "    except OSError: pass",
        "no verdict",
        needs=APART,
    ),
    _attack(
        "kill everybody",
        "one signal to every process that may be reached",
        "import signal\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "for pid, sig in ((-1, signal.SIGTERM), (0, signal.SIGTERM), (-1, signal.SIGKILL)):\n"
        "    try: os.kill(pid, sig)\n"
        "    except OSError: pass",
        "no verdict",
        "harm",
        needs=APART,
    ),
    _attack(
        "limits of the grader",
        "another process' resource limits, priority and processors",
        "import resource\n"
        "for pid in {os.getppid(), *(int(n) for n in os.listdir('/proc') if n.isdigit())}:\n"
        "    if pid in (1, os.getpid()): continue\n"
        "    for change in (lambda: resource.prlimit(pid, resource.RLIMIT_NOFILE, (0, 0)),\n"
        "                   lambda: resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, 0)),\n"
        "                   lambda: os.setpriority(os.PRIO_PROCESS, pid, 19),\n"
        "                   lambda: os.sched_setaffinity(pid, {0})):\n"
        "        try: change()\n"
        "        except OSError: pass",
        "no verdict",
        needs=("own user", "own process numbers", "system calls"),
    ),
    _attack(
        "trace the grader",
        "ptrace: attach to other processes and leave them stopped",
        "import ctypes\n"
        "libc = ctypes.CDLL(None)\n"
        "for pid in {os.getppid(), *(int(n) for n in os.listdir('/proc') if n.isdigit())}:\n"
        "    if pid not in (1, os.getpid()):\n"
        "        libc.ptrace(0x4206, pid, 0, 0); libc.ptrace(0x4207, pid, 0, 0)",
        "no verdict",
        needs=(*APART, "system calls"),
    ),
    _attack(
        "daemon",
        "a process that forked twice into a session of its own",
        _FORK + "os.setsid()\n    if os.fork() == 0: os.execv('/bin/sleep', ['sleep', '900'])\n"
        "    os._exit(0)",
        "left behind",
    ),
    _attack(
        "daemon without a past",
        "a daemon without environment, arguments, parent-death signal or open files",
        "import ctypes, signal\n" + _FORK + "os.setsid()\n"
        "    if os.fork() == 0:\n"
        "        ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)\n"
        "        for s in range(1, 32):\n"
        "            try: signal.signal(s, signal.SIG_IGN)\n"
        "            except (OSError, ValueError): pass\n"
        "        os.closerange(0, 1024); os.chdir('/')\n"
        "        os.execve('/bin/sleep', ['[kworker/0:1]', '900'], {})\n"
        "    os._exit(0)",
        "left behind",
    ),
    _attack(
        "running away",
        "a process that forks and ends all the time, so that its number changes",
        "import ctypes, time\n" + _FORK + "os.setsid()\n"
        "    ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)\n"
        "    end = time.time() + 200\n"
        "    while time.time() < end:\n"
        "        if os.fork(): os._exit(0)\n"
        "        os.setsid(); time.sleep(0.002)\n"
        "    os._exit(0)",
        "left behind",
    ),
    _attack(
        "own subreaper",
        "a tree of processes that takes in its own orphans and hides below ordinary names",
        "import ctypes\n" + _FORK + "ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)\n"
        "    for _ in range(5):\n"
        "        if os.fork() == 0:\n"
        "            os.setsid()\n"
        "            if os.fork() == 0: os.execve('/bin/sleep', ['python', '900'], {})\n"
        "            os._exit(0)\n"
        "    os.execve('/bin/sleep', ['python', '900'], {})",
        "left behind",
    ),
    _attack(
        "zombies",
        "children that nobody buries",
        "for _ in range(150):\n    try:\n        if os.fork() == 0: os._exit(0)\n"
        "    except OSError: break",
        "left behind",
        "no verdict",
    ),
    _attack("exit", "the kernel ends without a word", "os._exit(0)", "no verdict"),
    _attack(
        "crash",
        "the kernel dies of a memory fault",
        "import ctypes\nctypes.string_at(8)",
        "no verdict",
    ),
    _attack(
        "become another program",
        "the kernel's process becomes one that sleeps",
        "os.execv('/bin/sleep', ['sleep', '900'])",
        "no verdict",
        "left behind",
        seconds=4,
    ),
    _attack(
        "stop oneself",
        "the kernel's process stops and cannot be asked anything",
        "import signal\nos.kill(os.getpid(), signal.SIGSTOP)",
        "no verdict",
        seconds=4,
    ),
    _attack(
        "program with the owner's rights",
        "a shell with the set-user-id bit for later",
        "import shutil\n"
        "for folder in ('/tmp', '/var/tmp', '/dev/shm', '@ROOT@', '.'):\n"
        "    try:\n"
        "        shutil.copy('/bin/sh', folder + '/sh-@NONCE@')\n"
        "        os.chmod(folder + '/sh-@NONCE@', 0o6755)\n"
        "    except OSError: pass",
        "mark",
        "left behind",
        needs=CLOSED,
    ),
)
