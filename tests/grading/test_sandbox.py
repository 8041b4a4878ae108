"""The sandbox keeps what runs in it apart, and leaves nothing behind.

Runs as root, and once more as an ordinary user (``test_sandbox_of_an_ordinary_user.py``).
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from mnist_course.exceptions import KernelStartError, SandboxError
from mnist_course.grading import sandbox as sandbox_module
from mnist_course.grading.confine.entry import SPARE_FILES
from mnist_course.grading.sandbox import Limits, Sandbox, SandboxOptions
from mnist_course.grading.sandbox_layers import LAYERS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox of Linux")
ROOT = os.geteuid() == 0
CLOSED = ROOT and any(not p.stat().st_mode & 1 for p in Path(sys.base_prefix).resolve().parents)
as_root = pytest.mark.skipif(not ROOT, reason="needs root, as on Gradescope")


def mode(*without: str) -> Any:
    """One way to run: some layers switched off, so that the others are seen to suffice."""
    marks = []
    if "own files" in without and CLOSED:
        why = "this Python lies under a closed home: another user needs its own files to run it"
        marks.append(pytest.mark.skip(reason=why))
    options = SandboxOptions(without=frozenset(without))
    return pytest.param(options, id="without " + " and ".join(without or ["none"]), marks=marks)


MODES = [mode(), mode("own files"), mode("file rules"), mode("control group")]
modes = pytest.mark.parametrize("options", MODES)


def python(sandbox: Sandbox, code: str, *arguments: str, wait: bool = True) -> Any:
    process = sandbox.start([sys.executable, "-I", "-c", code, *arguments])
    if wait:
        assert process.wait(timeout=60) == 0, sandbox.log(process)
    return process


PROBE = """
import json, os, resource, stat, sys
from pathlib import Path
import mnist_course, numpy
limit = lambda name: resource.getrlimit(getattr(resource, "RLIMIT_" + name))
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
home, work = Path.home(), Path.cwd()
Path("written").write_text("x")
(home / "tmp" / "written").write_text("x")
Path(sys.argv[1]).write_text(json.dumps({
    "uids": os.getresuid(), "gids": os.getresgid(), "groups": os.getgroups(),
    "no_new_privileges": status["NoNewPrivs"].strip(), "filter": status["Seccomp"].strip(),
    "capabilities": [status[n].strip() for n in ("CapInh", "CapPrm", "CapEff", "CapAmb")],
    "environment": dict(os.environ), "home": sorted(os.listdir(home)),
    "work": sorted(os.listdir(work)), "cwd": str(work), "umask": os.umask(0),
    "modes": [stat.S_IMODE(p.stat().st_mode) for p in (home, work)],
    "session": os.getsid(0) == os.getpid() == os.getpgrp(),
    "limits": {n: limit(n) for n in ("DATA", "CPU", "FSIZE", "NOFILE", "CORE", "NPROC")},
    "descriptors": sorted(os.listdir("/proc/self/fd")),
    "ignored": status["SigIgn"].strip(), "held back": status["SigBlk"].strip(),
    "out_of_memory_score": Path("/proc/self/oom_score_adj").read_text().strip(),
}))
"""


@pytest.fixture(scope="module")
def probed() -> Iterator[tuple[Sandbox, dict[str, Any]]]:
    os.environ["PLANTED_SECRET"] = "token"
    os.environ["PYTHONPATH"] = "/planted"
    before = signal.signal(signal.SIGQUIT, signal.SIG_IGN)  # as a shell starts a background job
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
    limits = Limits(memory=2 << 30, cpu=300, file=5 << 20, open_files=200, processes=100)
    try:
        with Sandbox(limits) as sandbox:
            report = sandbox.work / "report.json"
            python(sandbox, PROBE, str(report))
            yield sandbox, json.loads(report.read_text())
    finally:
        del os.environ["PLANTED_SECRET"], os.environ["PYTHONPATH"]
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
        signal.signal(signal.SIGQUIT, before)


@as_root
def test_it_runs_as_a_user_of_its_own(probed: Any) -> None:
    sandbox, report = probed
    assert report["uids"] == report["gids"] == [sandbox.uid] * 3
    assert sandbox.uid >= 200_000
    assert report["groups"] == []
    with Sandbox() as other:
        assert other.uid != sandbox.uid


def test_it_has_no_rights_and_gets_none(probed: Any) -> None:
    assert set(probed[1]["capabilities"]) == {"0" * 16}
    assert probed[1]["no_new_privileges"] == "1"
    assert probed[1]["filter"] == "2"


def test_the_environment_is_clean(probed: Any) -> None:
    sandbox, report = probed
    text = json.dumps(report["environment"])
    assert "PLANTED_SECRET" not in text
    assert "/planted" not in text
    assert report["environment"]["HOME"] == str(sandbox.home)
    assert report["environment"]["TMPDIR"].startswith(str(sandbox.home))
    kept = {"PATH", "HOME", "LANG", "TMPDIR"}
    assert kept < report["environment"].keys() < kept | set(sandbox.environment()) | {"LC_CTYPE"}


def test_home_with_work_is_private_and_was_empty(probed: Any) -> None:
    sandbox, report = probed
    assert report["home"] == ["tmp"]
    assert report["work"] == ["written"]
    assert report["cwd"] == str(sandbox.work)
    assert report["modes"] == [0o700, 0o700]
    assert report["umask"] == 0o077
    assert stat.S_IMODE(sandbox.base.stat().st_mode) in (0o700, 0o711)


def test_limits_are_set(probed: Any) -> None:
    limits = probed[1]["limits"]
    assert limits["DATA"] == [2 << 30] * 2
    assert limits["CPU"] == [300] * 2
    assert limits["FSIZE"] == [5 << 20] * 2
    assert limits["NOFILE"] == [200, 200 + SPARE_FILES]  # some are kept back for the grader
    assert limits["CORE"] == [0, 0]
    assert limits["NPROC"] == [100] * 2
    assert probed[1]["out_of_memory_score"] == "1000"


def test_a_session_of_its_own_without_our_descriptors(probed: Any) -> None:
    assert probed[1]["session"]
    assert len(probed[1]["descriptors"]) == 4  # three, with the one that lists them
    # No signal is ignored or held back because the grader's was: Python itself ignores these two.
    # The C library keeps 32 and 33 to itself: nobody else can set them.
    of_python = (1 << signal.SIGPIPE - 1) | (1 << signal.SIGXFSZ - 1)
    of_the_c_library = (1 << 32 - 1) | (1 << 33 - 1)
    assert int(probed[1]["ignored"], 16) & ~of_the_c_library == of_python
    assert int(probed[1]["held back"], 16) & ~of_the_c_library == 0


def test_every_layer_is_named(probed: Any) -> None:
    layers = {layer.name: layer for layer in probed[0].layers}
    assert list(layers) == list(LAYERS)
    for name in ("own process", "resource limits", "no new privileges", "system calls", "verified"):
        assert layers[name].active, layers[name]
    assert layers["own user"].active is ROOT
    assert ROOT or "not run as root" in layers["own user"].detail
    assert layers["own files"].active or layers["file rules"].active


OUT_OF_REACH = """
import os, socket, sys
grader, port, listening, *secrets = sys.argv[1:]
def refused(what, attempt):
    try:
        attempt()
    except OSError:
        return
    print("could " + what, flush=True)
    os._exit(1)
for path in secrets:
    refused("read " + path, lambda: open(path, "rb").read(1))
    refused("append to " + path, lambda: open(path, "ab"))
    refused("remove " + path, lambda: os.unlink(path))
    refused("list its folder", lambda: os.listdir(os.path.dirname(path)))
    refused("write beside", lambda: open(path + ".planted", "w"))
for what in ("environ", "mem", "maps", "cmdline", "status", "fd", "cwd"):
    path = f"/proc/{grader}/{what}"
    refused("read " + path, lambda: os.listdir(path) if what == "fd" else
            os.readlink(path) if what == "cwd" else open(path, "rb").read(1))
for path in ("/etc/shadow", "/etc/passwd", sys.executable, sys.prefix + "/planted"):
    refused("write " + path, lambda: open(path, "ab"))
refused("signal", lambda: os.kill(int(grader), 0))
def connect():
    with socket.socket() as s:
        s.settimeout(5); s.connect(("127.0.0.1", int(port)))
refused("connect", connect)
refused("listen", lambda: socket.create_server(("127.0.0.1", 0)))
def connect_unix():
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(5); s.connect(listening)
refused("connect to a Unix socket", connect_unix)
"""


@modes
def test_the_grader_and_its_files_are_out_of_reach(options: SandboxOptions, tmp_path: Path) -> None:
    secrets = [tmp_path / "source" / "m5.ipynb", tmp_path / "results" / "results.json"]
    for secret in secrets:
        secret.parent.mkdir()
        secret.write_text("hidden tests")
    if ROOT and "own files" in options.without:
        tmp_path.chmod(0o700)  # nothing but the user keeps it away then
    listening = tmp_path / "socket"
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(socket.AF_UNIX) as unix,
        Sandbox(options=options) as sandbox,
    ):
        unix.bind(str(listening))
        unix.listen()
        port = str(server.getsockname()[1])
        arguments = [str(os.getpid()), port, str(listening), *map(str, secrets)]
        if "own files" in options.without:  # then one may see that others run, and no more
            code = OUT_OF_REACH.replace('"cmdline", "status", ', "")
        else:
            code = OUT_OF_REACH
        python(sandbox, code, *arguments)
    assert sandbox.refused["network"] == 2
    assert [s.read_text() for s in secrets] == ["hidden tests"] * 2


REFUSED = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
def refused(name, *numbers):
    if libc.syscall(*numbers) != -1 or ctypes.get_errno() not in (1, 38):
        print(name, "gave", ctypes.get_errno(), flush=True)
        os._exit(1)
for name, number in NUMBERS.items():
    refused(name, number, 0, 0, 0, 0, 0)
for flag in (0x00020000, 0x10000000, 0x20000000, 0x40000000, 0x02000000, 0x04000000, 0x08000000):
    refused("clone", CLONE, flag | 17, 0, 0, 0, 0)
    refused("unshare", UNSHARE, flag)
refused("unknown", 460, 0, 0, 0)
refused("x32", 0x40000000 + 39)
"""


@modes
def test_the_filter_refuses_and_counts(options: SandboxOptions) -> None:
    from mnist_course.grading.confine import seccomp

    special = {"connect", "socket", "socketpair", "clone", "clone3", "prlimit64", "ioctl", "kill",
               "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"}  # fmt: skip
    numbers = {n: v for n, v in seccomp.NUMBER_OF.items() if n not in special}
    clone, unshare = seccomp.NUMBER_OF["clone"], seccomp.NUMBER_OF["unshare"]
    code = REFUSED.replace("NUMBERS", repr(numbers)).replace("CLONE", str(clone))
    with Sandbox(options=options) as sandbox:
        python(sandbox, code.replace("UNSHARE", str(unshare)))
    assert sandbox.refused["ptrace"] == 1
    assert sandbox.refused["process_vm_readv"] == 1
    assert sandbox.refused["clone"] == 7
    assert sandbox.refused["unshare"] == 8
    assert "io_uring_setup" not in sandbox.refused  # libraries try it in all innocence


def test_honest_work_is_not_counted() -> None:
    code = (
        "import json, multiprocessing, os, socket, subprocess, tempfile, threading\n"
        "subprocess.run(['true'], check=True); subprocess.check_output('ls -la', shell=True)\n"
        "threading.Thread(target=print).start(); socket.socketpair()\n"
        "tempfile.TemporaryFile().write(b'x'); os.sched_getaffinity(0)\n"
        "import zmq; zmq.Context().socket(zmq.PAIR).bind('ipc://here')\n"
        "import numpy, matplotlib.pyplot, sklearn, pandas, urllib3\n"
        "open('/tmp/x', 'w').write('x')\n"
    )
    with Sandbox() as sandbox:
        python(sandbox, code)
    assert sandbox.refused == {}


def test_what_could_be_reached_is_said_and_can_be_refused(tmp_path: Path) -> None:
    open_file = tmp_path / "open"
    open_file.write_text("x")
    tmp_path.chmod(0o755)
    given = SandboxOptions(readable=(tmp_path,), protected=(open_file,))
    with Sandbox(options=given) as sandbox:
        python(sandbox, "print('hello')")
        layers = {layer.name: layer for layer in sandbox.layers}
        assert not layers["verified"].active
        assert layers["verified"].detail == "it could read open"
    with Sandbox(options=SandboxOptions(**{**_fields(given), "require": True})) as sandbox:
        with pytest.raises(SandboxError, match=r"could read open.*doctor"):
            python(sandbox, "open('ran', 'w')")
        assert list(sandbox.work.iterdir()) == []  # nothing ran


@pytest.mark.parametrize("name", ["system calls", "no new privileges", "resource limits"])
def test_a_missing_layer_can_be_refused(name: str) -> None:
    options = SandboxOptions(require=True, without=frozenset({name}))
    with Sandbox(options=options) as sandbox, pytest.raises(SandboxError, match=name):
        python(sandbox, "print('hello')")


def test_a_whole_sandbox_is_not_refused(tmp_path: Path) -> None:
    options = SandboxOptions(require=True, protected=(tmp_path,))
    with Sandbox(options=options) as sandbox:
        python(sandbox, "print('hello')")


def _fields(options: SandboxOptions) -> dict[str, Any]:
    return {name: getattr(options, name) for name in ("protected", "readable", "without")}


def test_limits_are_kept() -> None:
    code = (
        "import sys\n"
        "try:\n    bytearray(1 << 30)\n"
        "except MemoryError:\n    pass\n"
        "else:\n    sys.exit('memory')\n"
        "try:\n    open('large', 'wb', buffering=0).write(bytes(3 << 20))\n"
        "    open('large', 'ab', buffering=0).write(bytes(3 << 20))\n"
        "except OSError:\n    pass\n"
        "else:\n    sys.exit('file')\n"
    )
    with Sandbox(Limits(memory=300 << 20, file=1 << 20)) as sandbox:
        python(sandbox, code)
    assert sandbox.ended_by == ""


SEVERAL = """
import os, time
for _ in range(8):
    if os.fork() == 0:
        held = bytearray(os.urandom(1 << 20)) * 60
        time.sleep(100)
time.sleep(100)
"""
MANY_FILES = """
import os
for n in range(100):
    with open(f"f{n}", "wb") as file:
        file.write(bytes(4 << 20)); file.flush(); os.fsync(file.fileno())
import time; time.sleep(100)
"""
DEEP = "import os, time\nfor _ in range(1500):\n    os.mkdir('d'); os.chdir('d')\ntime.sleep(100)"
FORKS = """
import os, time
for _ in range(2000):
    try:
        if os.fork() == 0:
            time.sleep(1000); os._exit(0)
    except OSError:
        raise SystemExit(7)
time.sleep(100)
"""


@modes
@pytest.mark.parametrize(
    ("code", "limits", "words"),
    [
        (SEVERAL, Limits(all_memory=300 << 20), "of memory in all its processes"),
        (MANY_FILES, Limits(disk=100 << 20), "wrote more than"),
        (DEEP, Limits(), "deep folders"),
        (FORKS, Limits(processes=50), "started more than 50 processes"),
        ("import time; time.sleep(100)", Limits(seconds=1), "ran longer than 1 seconds"),
    ],
    ids=["memory of several processes", "disk", "deep folders", "fork bomb", "time"],
)
def test_limits_of_the_whole_tree(
    code: str, limits: Limits, words: str, options: SandboxOptions
) -> None:
    with Sandbox(limits, options=options) as sandbox:
        base = sandbox.base
        process = python(sandbox, code, wait=False)
        status = process.wait(timeout=60)
    assert status != 0
    if status == 7:  # the system itself stopped the bomb
        assert "processes" in words
    else:
        assert words in sandbox.ended_by
    assert not base.exists()


DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for fd in range(3): os.close(fd)
        code = "import time; time.sleep(" + sys.argv[1] + ")"
        os.execve(sys.executable, [sys.executable, "-I", "-c", code], {})
    os._exit(0)
time.sleep(0 if sys.argv[2] == "leave" else 1000)
"""


def _runs(mark: str) -> bool:
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or ()
        if process.info["status"] != psutil.STATUS_ZOMBIE and any(
            f"sleep({mark})" in w for w in words
        ):
            return True
    return False


@modes
@pytest.mark.parametrize("parent", ["leave", "stay"])
def test_a_daemon_does_not_survive(parent: str, options: SandboxOptions) -> None:
    """Its environment is empty, its parents are gone, its session is its own."""
    mark = f"9{os.getpid()}.{time.monotonic_ns() % 10**6}"
    with Sandbox(options=options) as sandbox:
        process = python(sandbox, DAEMON, mark, parent, wait=False)
        deadline = time.monotonic() + 30
        while not (seen := parent == "leave" or _runs(mark)) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert seen
        if parent == "leave":
            process.wait(timeout=60)  # its keeper ends everything before it ends itself
            assert not _runs(mark)
    assert not _runs(mark)


GRADER = """
import sys, time
from mnist_course.grading.sandbox import Sandbox
with Sandbox() as sandbox:
    sandbox.start([sys.executable, "-I", "-c", "import time; time.sleep(" + sys.argv[1] + ")"])
    print(sandbox.base, flush=True)
    time.sleep(1000)
"""


def test_nothing_is_left_when_the_grader_is_killed() -> None:
    mark = f"8{os.getpid()}.5"
    grader = subprocess.Popen(
        [sys.executable, "-c", GRADER, mark], stdout=subprocess.PIPE, text=True
    )
    assert grader.stdout is not None
    with grader, grader.stdout as output:
        base = Path(output.readline().strip())
        deadline = time.monotonic() + 30
        while not (seen := _runs(mark)) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert seen
        assert base.is_dir()
        grader.kill()
    deadline = time.monotonic() + 30
    while (base.exists() or _runs(mark)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not base.exists()
    assert not _runs(mark)


def test_nothing_is_left_when_the_grader_is_killed_while_the_command_starts() -> None:
    """At any moment between the keeper's start and the command's."""
    mark = f"7{os.getpid()}.5"
    code = GRADER.replace(
        "    sandbox.start", "    print(sandbox.base, flush=True)\n    sandbox.start"
    )
    bases = []
    for wait in (0.0, 0.02, 0.04, 0.06, 0.08, 0.1, 0.15):
        grader = subprocess.Popen(
            [sys.executable, "-c", code, mark], stdout=subprocess.PIPE, text=True
        )
        assert grader.stdout is not None
        with grader, grader.stdout as output:
            bases.append(Path(output.readline().strip()))
            time.sleep(wait)
            grader.kill()
    deadline = time.monotonic() + 60
    while (_runs(mark) or any(_keeps(b) for b in bases)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(mark)
    assert not any(_keeps(base) for base in bases)


def _keeps(base: Path) -> bool:
    """Tell whether a keeper writes to a log below a sandbox's folder."""
    for process in psutil.process_iter(["cmdline"]):
        if "keeper.py" in " ".join(process.info["cmdline"] or ()):
            with contextlib.suppress(OSError):
                if str(base) in str(Path(f"/proc/{process.pid}/fd/1").readlink()):
                    return True
    return False


def test_an_interrupt_reaches_the_command() -> None:
    code = (
        "import time\n"
        "try:\n    open('ready', 'w').close()\n    time.sleep(100)\n"
        "except KeyboardInterrupt:\n    raise SystemExit(5)\n"
    )
    with Sandbox() as sandbox:
        process = python(sandbox, code, wait=False)
        while not (sandbox.work / "ready").exists():
            time.sleep(0.02)
        sandbox.interrupt()
        assert process.wait(timeout=30) == 5


@modes
def test_signals_within_the_sandbox_work(options: SandboxOptions) -> None:
    code = (
        "import os, signal, subprocess, sys\n"
        "os.kill(os.getpid(), 0); signal.raise_signal(signal.SIGCHLD)\n"
        "child = subprocess.Popen([sys.executable, '-I', '-c', 'import time; time.sleep(50)'])\n"
        "child.kill(); sys.exit(0 if child.wait(20) == -9 else 'not killed')\n"
    )
    with Sandbox(options=options) as sandbox:
        python(sandbox, code)


@pytest.mark.parametrize(
    ("code", "status"), [("import os; os._exit(3)", 3), ("import ctypes; ctypes.string_at(0)", -11)]
)
def test_the_process_ends_as_the_command_ends(code: str, status: int) -> None:
    with Sandbox() as sandbox:
        assert python(sandbox, code, wait=False).wait(timeout=30) == status


@modes
def test_the_scratch_folder_is_removed_whatever_lies_there(
    options: SandboxOptions, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    kept.write_text("x")
    code = (
        "import contextlib, os, sys, tempfile\n"
        "os.symlink(sys.argv[1], 'link')\n"
        "os.mkdir('closed', 0o000)\n"
        "for place in ('/tmp', '/var/tmp', '/dev/shm', os.getcwd()):\n"
        "    with contextlib.suppress(OSError):\n"
        "        open(f'{place}/left-{sys.argv[2]}', 'w').write('x')\n"
        "for _ in range(90):\n    os.mkdir('d'); os.chdir('d')\n"
    )
    mark = f"{os.getpid()}-{time.monotonic_ns()}"
    with Sandbox(options=options) as sandbox:
        base = sandbox.base
        assert base.is_dir()
        python(sandbox, code, str(kept), mark)
    assert not base.exists()
    assert kept.read_text() == "x"
    for place in ("/tmp", "/var/tmp", "/dev/shm"):
        with contextlib.suppress(FileNotFoundError):
            assert not (Path(place) / f"left-{mark}").exists()


@as_root
def test_hard_links_keep_their_permissions(tmp_path: Path) -> None:
    with Sandbox() as sandbox:
        other = tmp_path / "file"
        other.write_text("x")
        other.chmod(0o440)
        os.link(other, sandbox.work / "link")
    assert stat.S_IMODE(other.stat().st_mode) == 0o440


@as_root
def test_a_control_group_is_removed() -> None:
    def groups(name: str) -> set[str]:  # other graders have theirs
        return {str(p) for p in Path("/sys/fs/cgroup").rglob(name) if p.is_dir()}

    with Sandbox() as sandbox:
        process = python(sandbox, "import time; time.sleep(100)", wait=False)
        layer = next(layer for layer in sandbox.layers if layer.name == "control group")
        name = sandbox.base.name
        assert bool(groups(name)) is layer.active
        assert process.poll() is None
    assert groups(name) == set()


def test_a_program_that_is_not_there() -> None:
    with Sandbox() as sandbox, pytest.raises(KernelStartError, match="cannot run /no/such"):
        sandbox.start(["/no/such/program"])


@as_root
def test_without_a_user_of_its_own_nothing_runs_as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox() as sandbox:
        monkeypatch.setattr(sandbox, "uid", -1)  # "no change", for setresuid
        try:
            with pytest.raises(KernelStartError, match="cannot become user"):
                python(sandbox, "open('ran', 'w')")
        finally:
            monkeypatch.undo()
        assert list(sandbox.work.iterdir()) == []


def test_where_nothing_can_be_kept_apart_nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox() as sandbox:
        monkeypatch.delattr(os, "fork")
        with pytest.raises(KernelStartError, match="WSL"):
            python(sandbox, "print('hello')")


def test_it_must_be_opened() -> None:
    with pytest.raises(RuntimeError, match="with statement"):
        _ = Sandbox().work


def test_the_keeper_needs_the_standard_library_only() -> None:
    keeper = Path(sandbox_module.__file__).parent / "confine" / "keeper.py"
    code = (
        f"import runpy, sys; runpy.run_path({str(keeper)!r})\n"
        "from mnist_course.grading.confine import landlock, own_files, seccomp, control_group\n"
        "print('\\n'.join(sorted(sys.modules)))"
    )
    command = [sys.executable, "-I", "-S", "-c", code]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    ours = {m for m in loaded if m.startswith("mnist_course.") and "confine" not in m}
    assert ours == {"mnist_course.grading"}
    assert "numpy" not in loaded


def test_its_arguments_tell_nothing() -> None:
    """Everybody may read the arguments of every process."""
    with Sandbox(options=SandboxOptions(protected=(Path("/secret/place"),))) as sandbox:
        process = python(sandbox, "import time; time.sleep(100)", wait=False)
        assert "secret" not in " ".join(psutil.Process(process.pid).cmdline())
