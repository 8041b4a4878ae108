"""Time, memory, processes, disk and output without end."""

from __future__ import annotations

from tests.attacks.attack import ALL, Attack
from tests.attacks.reading_secrets import CLOSED

__all__ = ["ATTACKS"]

_KEPT = ("value", "array", "call", "text")


def _use(
    name: str,
    after: str,
    code: str,
    *,
    keeps: tuple[str, ...] = _KEPT,
    seconds: float = 4.0,
    aims: tuple[str, ...] = ("no verdict", "left behind"),
    needs: tuple[str, ...] = (),
) -> Attack:
    return Attack(
        name,
        "resources",
        after,
        frozenset(aims),
        last=code,
        base="honest",
        keeps=keeps,
        needs=needs,
        graders=ALL,
        cell_seconds=seconds,
    )


ATTACKS = (
    _use("loop", "a cell that never ends", "while True: pass"),
    _use(
        "stubborn loop",
        "a loop that ignores every request to stop",
        "import signal, time\n"
        "for s in range(1, 32):\n"
        "    try: signal.signal(s, signal.SIG_IGN)\n"
        "    except (OSError, ValueError): pass\n"
        "while True:\n    try: time.sleep(0.1)\n    except BaseException: pass",
    ),
    _use(
        "loop below Python",
        "a computation that no signal interrupts",
        "x = 3 ** 40_000_000 % 7\nre.match('(a+)+$', 'a' * 60 + 'b')",
    ),
    _use(
        "memory",
        "memory until none is left",
        "hold = []\nwhile True: hold.append(bytearray(64 << 20))",
        seconds=15,
    ),
    _use(
        "memory of many",
        "eight processes that each take a gigabyte and keep it",
        "import time\n"
        "for _ in range(8):\n"
        "    if os.fork() == 0:\n"
        "        hold = []\n"
        "        try:\n"
        "            for _ in range(16): hold.append(bytearray(b'x' * (64 << 20)))\n"
        "        finally: time.sleep(900)\n"
        "time.sleep(2)",
        seconds=12,
    ),
    _use(
        "fork bomb",
        "processes that make processes",
        "import time\n"
        "end = time.time() + 60\n"
        "while time.time() < end:\n"
        "    try: os.fork()\n"
        "    except OSError: time.sleep(0.05)",
    ),
    _use(
        "threads",
        "threads until no more can be started",
        "import threading, time\n"
        "for _ in range(20_000):\n"
        "    try: threading.Thread(target=time.sleep, args=(900,), daemon=True).start()\n"
        "    except RuntimeError: break",
        seconds=15,
    ),
    _use(
        "one large file",
        "a file that fills the disk",
        "with open('big-@NONCE@', 'wb') as file:\n"
        "    while True: file.write(b'x' * (16 << 20)); file.flush()",
        seconds=15,
    ),
    _use(
        "many large files",
        "files that fill the disk one after another",
        "number = 0\n"
        "while number < 400:\n"
        "    number += 1\n"
        '    try: pathlib.Path(f\'{os.environ.get("TMPDIR", "/tmp")}/many-@NONCE@-{number}\')'
        ".write_bytes(b'x' * (32 << 20))\n"
        "    except OSError: break",
        seconds=15,
    ),
    _use(
        "many small files",
        "a hundred thousand files and links",
        "os.makedirs('small-@NONCE@', exist_ok=True)\n"
        "for number in range(100_000):\n"
        "    try: os.symlink('x', f'small-@NONCE@/{number}')\n"
        "    except OSError: break",
        seconds=15,
    ),
    _use(
        "deep folders",
        "five thousand folders inside each other",
        "here = os.getcwd()\n"
        "for _ in range(5000):\n"
        "    try: os.mkdir('d'); os.chdir('d')\n"
        "    except OSError: break\n"
        "pathlib.Path('end').touch(); os.chmod('.', 0)\nos.chdir(here)",
        seconds=15,
    ),
    _use(
        "file with holes",
        "a file that says it has sixteen terabytes",
        "for name in ('holes-@NONCE@', '/dev/shm/holes-@NONCE@'):\n"
        "    for size in (1 << 44, 1 << 34, 200 << 20):\n"
        "        try:\n"
        "            with open(name, 'wb') as file: file.truncate(size)\n"
        "            break\n"
        "        except OSError: pass",
        needs=CLOSED,
    ),
    _use(
        "shared memory",
        "/dev/shm filled in pieces",
        "for number in range(40):\n"
        "    try: pathlib.Path(f'/dev/shm/fill-@NONCE@-{number}').write_bytes(b'x' * (16 << 20))\n"
        "    except OSError: break",
        needs=CLOSED,
        seconds=15,
    ),
    _use("flood", "output without end", "while True: print('x' * 10_000)", seconds=15),
    _use(
        "flood below Python",
        "output of child processes and of bare descriptors",
        "import subprocess\n"
        "for fd in (1, 2):\n"
        "    try:\n"
        "        for _ in range(400): os.write(fd, b'x' * (1 << 20))\n"
        "    except OSError: pass\n"
        "subprocess.run('yes | head -c 400000000', shell=True)",
        seconds=15,
    ),
    _use(
        "descriptors",
        "open files until no more can be opened",
        "hold = []\n"
        "while True:\n"
        "    try: hold.append(os.open('/dev/null', os.O_RDONLY))\n"
        "    except OSError: break",
        keeps=("value", "array", "text"),
    ),
    _use(
        "recursion",
        "a recursion without end, also in the interpreter's own code",
        "sys.setrecursionlimit(10 ** 8)\ndef down(n): return down(n + 1)\ndown(0)",
        seconds=12,
    ),
    _use(
        "busy children",
        "processes that use every processor and outlive the cell",
        "for _ in range(4):\n    if os.fork() == 0:\n        os.setsid()\n        while True: pass",
    ),
    Attack(
        "function without end",
        "resources",
        "a function that never returns when the tests call it",
        frozenset({"no verdict"}),
        answers={"call": "def softmax(x):\n    while True: pass"},
        base="honest",
        keeps=("value", "array", "text"),
        cell_seconds=6,
    ),
    Attack(
        "function with a huge result",
        "resources",
        "a function that returns gigabytes, or ends the process",
        frozenset({"no verdict"}),
        answers={
            "call": "def softmax(x):\n"
            "    if len(x) == 2: return np.ones(2) / 2\n"
            "    if x[0] > 0: return np.zeros(200_000_000)\n"
            "    os._exit(0)"
        },
        base="honest",
        keeps=("value", "array", "text"),
    ),
)
