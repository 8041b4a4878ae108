"""Leaving something for later: for the next submission, for the grader, for its owner."""

from __future__ import annotations

from tests.attacks.attack import ALL, OURS, Attack
from tests.attacks.reading_secrets import CLOSED

__all__ = ["ATTACKS"]

_WRITE = """
def leave(*names, text="@NONCE@"):
    for name in names:
        path = pathlib.Path(os.path.expanduser(name))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a") as file: file.write(text)
        except OSError: pass
"""


def _leave(
    name: str,
    after: str,
    code: str,
    *,
    needs: tuple[str, ...] = (),
    aims: tuple[str, ...] = ("mark", "left behind", "harm"),
    then_honest: bool = False,
) -> Attack:
    return Attack(
        name,
        "persistence",
        after,
        frozenset(aims),
        last=_WRITE + code,
        needs=needs,
        then_honest=then_honest,
        graders=ALL,
    )


def _frame(name: str, after: str, body: str, *aims: str, keeps: tuple[str, ...] = ()) -> Attack:
    """Replace the function that writes the captured values, in the student's own process."""
    return Attack(
        name,
        "persistence",
        after,
        frozenset(aims),
        first="import mnist_course.grading.namespace as namespace\n"
        "real = namespace.export\n"
        f"def export(values, names, path, *given, **named):\n{body}\n"
        "namespace.export = export",
        keeps=keeps,
        graders=OURS,
    )


ATTACKS = (
    _leave(
        "files in shared folders",
        "files and links in the folders that everybody may write",
        "leave('/tmp/@NONCE@', '/var/tmp/@NONCE@', '/dev/shm/@NONCE@', '/tmp/.@NONCE@/deep/er',\n"
        "      '/run/lock/@NONCE@', '/var/lock/@NONCE@')\n"
        "try: os.symlink('@ROOT@/course', '/tmp/link-@NONCE@'); os.mkfifo('/tmp/fifo-@NONCE@')\n"
        "except OSError: pass",
        needs=CLOSED,
    ),
    _leave(
        "start-up files of Python",
        ".pth files and sitecustomize where Python looks when it starts",
        "import site, sysconfig\n"
        "folders = [*site.getsitepackages(), site.getusersitepackages(), *sys.path,\n"
        "           sysconfig.get_path('purelib'), '@ROOT@/home/.local/lib/python3.11/"
        "site-packages']\n"
        "for folder in folders:\n"
        "    if folder: leave(f'{folder}/@NONCE@.pth', text='import os')\n"
        "    if folder: leave(f'{folder}/usercustomize.py', text='# @NONCE@')",
        needs=CLOSED,
        then_honest=True,
    ),
    _leave(
        "start-up files of IPython and the shell",
        "IPython's start-up folder, .bashrc, keys, in the grader's home",
        "import pwd\n"
        "for home in {'@ROOT@/home', pwd.getpwuid(0).pw_dir}:\n"
        "    leave(f'{home}/.ipython/profile_default/startup/00-@NONCE@.py', text='import os')\n"
        "    leave(f'{home}/.ssh/authorized_keys', f'{home}/.bashrc', f'{home}/.profile',\n"
        "          f'{home}/.config/@NONCE@', f'{home}/.jupyter/jupyter_config.py')",
        needs=CLOSED,
        then_honest=True,
    ),
    _leave(
        "the grader's own code",
        "the package that grades, its compiled modules, the libraries it uses",
        "import importlib.util\n"
        "for module in ('mnist_course', 'numpy', 'nbformat', 'nbclient', 'otter', 'nbgrader',"
        " 'gradescope_utils'):\n"
        "    spec = importlib.util.find_spec(module)\n"
        "    if spec is None or not spec.origin: continue\n"
        "    leave(spec.origin, text='\\n# @NONCE@')\n"
        "    leave(f'{os.path.dirname(spec.origin)}/__pycache__/@NONCE@.pyc')\n"
        "for name in pathlib.Path('/proc/self/cwd').resolve().parents:\n"
        "    leave(f'{name}/tests/attacks/@NONCE@', f'{name}/@NONCE@')",
        then_honest=True,
        needs=CLOSED,
    ),
    _leave(
        "scheduled jobs",
        "cron, at, systemd and init, to run after the grade",
        "leave('/etc/cron.d/@NONCE@', '/var/spool/cron/crontabs/root',\n"
        "      '/etc/cron.hourly/@NONCE@', '/etc/rc.local', '/etc/profile.d/@NONCE@.sh',\n"
        "      '/etc/ld.so.preload.@NONCE@', '@ROOT@/home/.config/systemd/user/@NONCE@.service')\n"
        "os.system('echo \"* * * * * true\" | crontab -; echo true | at now')",
        needs=CLOSED,
    ),
    _leave(
        "the course's folder",
        "hooks of the repository, the source notebook, another student's submission",
        "leave('@ROOT@/course/.git/hooks/post-commit', '@ROOT@/course/source/tiny/tiny.ipynb',\n"
        "      '@ROOT@/course/source/tiny/@NONCE@', '@ROOT@/submitted/bob/tiny.ipynb',\n"
        "      '@ROOT@/submitted/alice/@NONCE@', '@ROOT@/results/bob/results.json')\n"
        "import shutil\n"
        "for name in ('@ROOT@/submitted/bob', '@ROOT@/results/bob'):\n"
        "    shutil.rmtree(name, ignore_errors=True)",
        needs=CLOSED,
        then_honest=True,
    ),
    _leave(
        "own results",
        "a daemon that writes full marks into the results, again and again",
        "import json, time\n"
        "full = json.dumps({'score': 40, 'extra_data': {'sandbox': [], 'grader_failed': False},"
        " 'tests': [{'score': 10, 'max_score': 10, 'name': n, 'extra_data': {'grade_id': "
        "'tiny-' + n}} for n in ('value', 'array', 'call', 'text', 'ran')]})\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    end = time.time() + 100\n"
        "    while time.time() < end:\n"
        "        for folder in ('@ROOT@/results/alice', '@ROOT@/results', '.', '..'):\n"
        "            try: pathlib.Path(folder, 'results.json').write_text(full)\n"
        "            except OSError: pass\n"
        "        time.sleep(0.02)\n"
        "    os._exit(0)",
        needs=CLOSED,
        aims=("points", "left behind", "mark"),
    ),
    _leave(
        "memory segments",
        "System V shared memory, queues and semaphores that no process holds",
        "import ctypes\n"
        "libc = ctypes.CDLL(None)\n"
        "for number in range(5):\n"
        "    libc.shmget(0, 1 << 20, 0o1666); libc.msgget(0, 0o1666); libc.semget(0, 1, 0o1666)",
        aims=("left behind",),
        needs=("system calls",),
    ),
    _leave(
        "listening daemon",
        "a process that listens for commands after the grade",
        "import socket, time\n"
        "doors = []\n"
        "for family, name in ((socket.AF_INET, ('0.0.0.0', 45678)), (socket.AF_UNIX,"
        " '\\0door-@NONCE@'), (socket.AF_UNIX, '/tmp/door-@NONCE@')):\n"
        "    try:\n"
        "        door = socket.socket(family); door.bind(name); door.listen()\n"
        "        doors.append(door)\n"
        "    except OSError: pass\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0: time.sleep(600)\n"
        "    os._exit(0)",
        needs=CLOSED,
    ),
    _frame(
        "frame: no frame",
        "bytes of every kind in place of the captured values",
        "    import pickle\n"
        "    pathlib.Path(path).write_bytes(pickle.dumps({'values': 1}) + b'MCF1' * 99)",
        "points",
        "no verdict",
    ),
    _frame(
        "frame: link to a secret",
        "a symbolic link to the hidden tests in place of the captured values",
        "    os.symlink('@ROOT@/course/source/tiny/tiny.ipynb', path)",
        "leak",
        "points",
        "no verdict",
    ),
    _frame(
        "frame: pipe",
        "a pipe that nobody writes in place of the captured values",
        "    os.mkfifo(path)",
        "no verdict",
    ),
    _frame(
        "frame: folder",
        "a folder in place of the captured values",
        "    os.makedirs(path + '/deep')",
        "no verdict",
    ),
    _frame(
        "frame: growing file",
        "a file that a daemon writes while it is read",
        "    real(values, names, path)\n"
        "    if os.fork() == 0:\n"
        "        os.setsid()\n"
        "        with open(path, 'r+b', 0) as file:\n"
        "            for number in range(3000):\n"
        "                file.seek(0, 2 if number % 2 else 0); file.write(b'MCF1' + b'x' * 65536)\n"
        "        os._exit(0)",
        "no verdict",
        "left behind",
    ),
    _frame(
        "frame: enormous",
        "a frame whose header promises more than there is, with holes of a gigabyte",
        "    import struct\n"
        "    with open(path, 'wb') as file:\n"
        "        file.write(struct.pack('>4sQ', b'MCF1', 4 << 20) + b'[' * (4 << 20))\n"
        "        for size in (1 << 40, 590 << 20, 250 << 20):\n"
        "            try: file.truncate(size); break\n"
        "            except OSError: pass",
        "no verdict",
    ),
    _frame(
        "frame: objects of the grader",
        "a well-formed frame that asks for every kind of object, with parts that do not fit",
        "    from mnist_course.grading.serialization import Portable, encode\n"
        "    odd = {k: Portable(k, p) for k in ('model', 'remote_model', 'experiment_log',"
        " 'history', 'dataframe', 'figure', 'array', 'function', 'RemoteModel', '__class__')"
        " for p in ({'config': '{}', 'weights': [], 'compiled': {}, 'log': [], 'history': {},"
        " 'epoch': 9, 'columns': 5, 'array': 'no', 'name': '../../x', '__init__': 1},)}\n"
        "    odd |= {'answer': Portable('array', {'array': 41}), '__builtins__': {}}\n"
        "    pathlib.Path(path).write_bytes(encode({'values': odd, 'substituted': [1, 'log']}))",
        "points",
        "no verdict",
    ),
)
