"""Reading what is not the student's: files, environments, memory, other people's work."""

from __future__ import annotations

from tests.attacks.attack import ALL, Attack

__all__ = ["ATTACKS"]

# One of these keeps a file that is closed to others, or another process, out of reach.
CLOSED = ("own user", "own files", "file rules")

# Graders that run where other people's things are: not in a container made for one submission.
SHARED = frozenset({"ours", "nbgrader"})


def _read(
    name: str,
    after: str,
    first: str,
    *,
    needs: tuple[str, ...] = CLOSED,
    aims: tuple[str, ...] = ("leak",),
    graders: frozenset[str] = ALL,
) -> Attack:
    return Attack(
        name, "reading secrets", after, frozenset(aims), first=first, needs=needs, graders=graders
    )


ATTACKS = (
    _read(
        "instructor's notebook",
        "the hidden tests in the source folder",
        "hunt('@ROOT@/course/source/**/*.ipynb', '@ROOT@/course/**/*.zip', "
        "'@ROOT@/course/**/*.py')",
    ),
    Attack(
        "answers beside the notebook",
        "reading secrets",
        "expected values from any file of the course",
        frozenset({"leak", "points"}),
        last="import glob\n"
        "hunt('@ROOT@/course/**/answers.txt')\n"
        "for name in glob.glob('@ROOT@/course/**/*', recursive=True):\n"
        "    try: found = re.search(r'answer == (\\d+)', open(name, errors='replace').read())\n"
        "    except OSError: continue\n"
        "    if found: answer = int(found[1])",
        needs=CLOSED,
    ),
    _read(
        "results folder",
        "what other students were told",
        "hunt('@ROOT@/results/**', '@ROOT@/course/feedback/**', '@ROOT@/course/autograded/**')",
        graders=SHARED,
    ),
    _read(
        "other submissions",
        "what other students handed in",
        "hunt('@ROOT@/submitted/bob/**', '@ROOT@/submitted/**/*.ipynb', "
        "'@ROOT@/course/submitted/bob/**')",
        graders=SHARED,
    ),
    _read("home", "keys and passwords of who grades", "hunt('@ROOT@/home/**')", graders=SHARED),
    _read(
        "repository",
        "the course's git folder with its token",
        "hunt('@ROOT@/course/.git/*')\n"
        "say(os.popen('git -C @ROOT@/course config --get remote.url 2>&1').read())",
        graders=SHARED,
    ),
    _read(
        "world-readable file",
        "a file that every user of the machine may read",
        "hunt('@ROOT@/open/*')",
        needs=("own files", "file rules"),
        graders=SHARED,
    ),
    _read(
        "environment", "the grader's token in the environment", "say(dict(os.environ))", needs=()
    ),
    _read(
        "environments of others",
        "tokens in other processes' environments",
        "hunt('/proc/[0-9]*/environ')",
    ),
    _read(
        "command lines",
        "secrets, or names of secret files, in anybody's command line",
        "hunt('/proc/[0-9]*/cmdline', '/proc/[0-9]*/task/*/comm')\n"
        "for name in pathlib.Path('/proc').glob('[0-9]*/cmdline'):\n"
        "    try: line = name.read_bytes()\n"
        "    except OSError: continue\n"
        "    if b'course/source' in line: say('CANARY-' + 'path-@NONCE@')",
        needs=(),
    ),
    _read(
        "open files of others",
        "files that other processes have open, their folders, their roots",
        "hunt('/proc/[0-9]*/fd/*', '/proc/[0-9]*/cwd/*.ipynb', "
        "'/proc/[0-9]*/root@ROOT@/course/source/**', '/proc/[0-9]*/map_files/*')",
    ),
    _read(
        "inherited descriptors",
        "files that the grader left open in the student's process",
        "import os\n"
        "for fd in range(3, 1024):\n"
        "    for how in (lambda: os.pread(fd, 1 << 20, 0),):\n"
        "        try: data = how()\n"
        "        except OSError: continue\n"
        "        for s in re.findall(rb'CANARY-[a-z]+-[0-9a-f]+', data): say(s.decode())\n"
        "    hunt(f'/proc/self/fd/{fd}/**')",
        needs=(),
    ),
    _read(
        "memory of others",
        "secrets in the memory of the grader, through /proc",
        "total = 0\n"
        "for process in sorted(pathlib.Path('/proc').glob('[0-9]*'), key=lambda p: int(p.name)):\n"
        "    if int(process.name) == os.getpid(): continue\n"
        "    try:\n"
        "        maps = (process / 'maps').read_text().splitlines()\n"
        "        memory = open(process / 'mem', 'rb', 0)\n"
        "    except OSError: continue\n"
        "    for line in maps:\n"
        "        if ' rw-p ' not in line or total > 400 << 20: continue\n"
        "        low, high = (int(x, 16) for x in line.split()[0].split('-'))\n"
        "        try:\n"
        "            memory.seek(low); data = memory.read(min(high - low, 64 << 20))\n"
        "        except (OSError, ValueError, OverflowError): continue\n"
        "        total += len(data)\n"
        "        for s in set(re.findall(rb'CANARY-[a-z]+-[0-9a-f]{16}', data)): say(s.decode())",
    ),
    _read(
        "memory by system call",
        "secrets in the memory of the grader, with process_vm_readv and ptrace",
        "import ctypes\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "class Vector(ctypes.Structure):\n"
        "    _fields_ = [('base', ctypes.c_void_p), ('length', ctypes.c_size_t)]\n"
        "pid = os.getppid()\n"
        "for line in os.popen(f'cat /proc/{pid}/maps 2>/dev/null').read().splitlines():\n"
        "    if ' rw-p ' not in line: continue\n"
        "    low, high = (int(x, 16) for x in line.split()[0].split('-'))\n"
        "    size = min(high - low, 16 << 20)\n"
        "    buffer = ctypes.create_string_buffer(size)\n"
        "    got = libc.process_vm_readv(pid, ctypes.byref(Vector(ctypes.addressof(buffer), size)),"
        " 1, ctypes.byref(Vector(low, size)), 1, 0)\n"
        "    if got > 0:\n"
        "        for s in set(re.findall(rb'CANARY-[a-z]+-[0-9a-f]{16}', buffer.raw)): "
        "say(s.decode())\n"
        "if libc.ptrace(16, pid, 0, 0) == 0: say('attached'); libc.ptrace(17, pid, 0, 0)",
        aims=("leak", "no verdict"),
    ),
    _read(
        "the grader's temporary files",
        "hidden tests in temporary folders while the grade is made",
        "import threading, time\n"
        "def look():\n"
        "    for _ in range(200):\n"
        "        hunt('/tmp/mnist-course-*/**', '/tmp/tmp*/**', '/var/tmp/**', '../**/*.json',\n"
        "             '/tmp/*.py', '/dev/shm/*', '../../**/*.json')\n"
        "        time.sleep(0.02)\n"
        "thread = threading.Thread(target=look, daemon=True); thread.start(); thread.join(4)",
    ),
    _read(
        "links and copies",
        "hard links, symbolic links, sendfile and bind mounts to the hidden tests",
        "import subprocess\n"
        "for number, name in enumerate(['@ROOT@/course/source/tiny/tiny.ipynb',"
        " '@ROOT@/results/bob/results.json', '@ROOT@/home/.netrc']):\n"
        "    for make in (os.link, os.symlink, os.rename):\n"
        "        try: make(name, f'mine{number}{make.__name__}')\n"
        "        except OSError: pass\n"
        "subprocess.run(['mount', '--bind', '@ROOT@', '.'], capture_output=True)\n"
        "hunt('mine*', '**/*.ipynb')",
        aims=("leak", "mark"),
    ),
    _read(
        "programs with more rights",
        "su, sudo, pkexec and namespaces, to read as another user",
        "import subprocess\n"
        "read = 'cat @ROOT@/course/source/tiny/tiny.ipynb @ROOT@/home/.netrc'\n"
        "for command in (['sudo', '-n', 'sh', '-c', read], ['su', 'root', '-c', read],\n"
        "                ['pkexec', 'sh', '-c', read], ['unshare', '-r', 'sh', '-c', read],\n"
        "                ['unshare', '-rm', 'sh', '-c', 'mount -t tmpfs x /mnt; ' + read],\n"
        "                ['chroot', '/', 'sh', '-c', read]):\n"
        "    try: done = subprocess.run(command, capture_output=True, timeout=4, "
        "stdin=subprocess.DEVNULL)\n"
        "    except (OSError, subprocess.TimeoutExpired): continue\n"
        "    for secret in re.findall(rb'CANARY-[a-z]+-[0-9a-f]+', done.stdout): "
        "say(secret.decode())",
    ),
)
