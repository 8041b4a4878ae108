"""The sandbox keeps what runs in it apart, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from mnist_course.exceptions import KernelStartError
from mnist_course.grading import sandbox as sandbox_module
from mnist_course.grading.sandbox import Limits, Sandbox

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox of Linux")
ROOT = os.geteuid() == 0
as_root = pytest.mark.skipif(not ROOT, reason="needs root, as on Gradescope")

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
    "no_new_privileges": status["NoNewPrivs"].strip(),
    "capabilities": [status[n].strip() for n in ("CapInh", "CapPrm", "CapEff", "CapAmb")],
    "environment": dict(os.environ), "home": sorted(os.listdir(home)),
    "work": sorted(os.listdir(work)), "cwd": str(work), "umask": os.umask(0),
    "modes": [stat.S_IMODE(p.stat().st_mode) for p in (home, work)],
    "session": os.getsid(0) == os.getpid() == os.getpgrp(),
    "limits": {n: limit(n) for n in ("DATA", "CPU", "FSIZE", "NOFILE", "CORE", "NPROC")},
    "descriptors": sorted(os.listdir("/proc/self/fd")),
}))
"""


def python(sandbox: Sandbox, code: str, *arguments: str, wait: bool = True) -> Any:
    process = sandbox.start([sys.executable, "-I", "-c", code, *arguments])
    if wait:
        assert process.wait(timeout=60) == 0, sandbox.log(process)
    return process


@pytest.fixture(scope="module")
def probed() -> Iterator[tuple[Sandbox, dict[str, Any]]]:
    os.environ["PLANTED_SECRET"] = "token"
    os.environ["PYTHONPATH"] = "/planted"
    try:
        with Sandbox(Limits(memory=2 << 30, cpu=300, file=5 << 20, open_files=200)) as sandbox:
            report = sandbox.work / "report.json"
            python(sandbox, PROBE, str(report))
            yield sandbox, json.loads(report.read_text())
    finally:
        del os.environ["PLANTED_SECRET"], os.environ["PYTHONPATH"]


@as_root
def test_it_runs_as_a_user_of_its_own(probed: Any) -> None:
    sandbox, report = probed
    assert report["uids"] == report["gids"] == [sandbox.uid] * 3
    assert sandbox.uid >= 200_000
    assert report["groups"] == []
    assert set(report["capabilities"]) == {"0" * 16}
    with Sandbox() as other:
        assert other.uid != sandbox.uid


def test_no_new_privileges(probed: Any) -> None:
    assert probed[1]["no_new_privileges"] == "1"


def test_the_environment_is_clean(probed: Any) -> None:
    sandbox, report = probed
    text = json.dumps(report["environment"])
    assert "PLANTED_SECRET" not in text and "/planted" not in text
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


def test_limits(probed: Any) -> None:
    limits = probed[1]["limits"]
    assert limits["DATA"] == [2 << 30] * 2
    assert limits["CPU"] == [300] * 2
    assert limits["FSIZE"] == [5 << 20] * 2
    assert limits["NOFILE"] == [200] * 2
    assert limits["CORE"] == [0, 0]
    if ROOT:
        assert limits["NPROC"][0] == limits["NPROC"][1] < 10_000


def test_a_session_of_its_own_without_our_descriptors(probed: Any) -> None:
    assert probed[1]["session"]
    assert len(probed[1]["descriptors"]) == 4  # three, with the one that lists them


def test_the_layers_are_named(probed: Any) -> None:
    layers = {layer.name: layer for layer in probed[0].layers}
    assert layers["own process"].active
    assert layers["resource limits"].active
    assert layers["no new privileges"].active
    assert layers["own user"].active is ROOT
    assert ROOT or "not run as root" in layers["own user"].detail


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


@as_root
def test_files_of_the_grader_are_out_of_reach(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hidden tests")
    secret.chmod(0o600)
    code = (
        "import os, sys\n"
        "for path in (*sys.argv[1:], '/etc/shadow', f'/proc/{os.getppid()}/environ',"
        " f'/proc/{os.getppid()}/mem'):\n"
        "    try:\n        open(path, 'rb').read(1)\n"
        "    except OSError:\n        continue\n"
        "    sys.exit('could read ' + path)\n"
        "for path in ('/etc/passwd', sys.executable, sys.prefix + '/x', sys.argv[1]):\n"
        "    try:\n        open(path, 'ab')\n"
        "    except OSError:\n        continue\n"
        "    sys.exit('could write ' + path)\n"
        "try:\n    os.kill(os.getppid(), 0)\n"
        "except PermissionError:\n    pass\n"
        "else:\n    sys.exit('could signal')\n"
    )
    with Sandbox() as sandbox:
        python(sandbox, code, str(secret))


@as_root
def test_of_a_closed_home_only_python_is_shown(probed: Any) -> None:
    sandbox, _ = probed
    paths, hidden = sandbox_module._needed_paths()
    if not hidden:
        pytest.skip("this Python lies where everybody may enter")
    assert {layer.name: layer.active for layer in sandbox.layers}["private mounts"]
    code = (
        "import os, sys\n"
        "home, *needed = sys.argv[1:]\n"
        "for folder, folders, files in os.walk(home):\n"
        "    if folder in needed:\n        folders.clear()\n        continue\n"
        "    for name in files:\n        sys.exit('shown: ' + os.path.join(folder, name))\n"
        "for path in needed:\n"
        "    try:\n        open(path + '/planted', 'w')\n"
        "    except OSError:\n        continue\n"
        "    sys.exit('writable: ' + path)\n"
    )
    with Sandbox() as other:
        for folder in hidden:
            python(other, code, folder, *(p for p in paths if p.startswith(folder)))
    assert any(Path(hidden[0]).iterdir())  # for everybody else it is as before


DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for fd in range(3): os.close(fd)
        open(sys.argv[1], "w").write(str(os.getpid()))
        while True: time.sleep(1)
    os._exit(0)
time.sleep(0 if sys.argv[2] == "leave" else 1000)
"""


@pytest.mark.parametrize("parent", ["leave", "stay"])
def test_a_daemon_does_not_survive(parent: str) -> None:
    with Sandbox() as sandbox:
        note = sandbox.work / "pid"
        python(sandbox, DAEMON, str(note), parent, wait=False)
        deadline = time.monotonic() + 30
        while not (note.exists() and note.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        pid = int(note.read_text())
        assert psutil.pid_exists(pid)
    deadline = time.monotonic() + 10
    while psutil.pid_exists(pid) and time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                break  # dead; whoever is init here has not noticed yet
        except psutil.NoSuchProcess:
            break
        time.sleep(0.05)
    else:
        assert not psutil.pid_exists(pid)


@as_root
def test_a_fork_bomb_is_bounded_and_ends() -> None:
    code = (
        "import os, time\n"
        "for _ in range(2000):\n"
        "    try:\n        pid = os.fork()\n"
        "    except OSError:\n        break\n"
        "    if pid == 0:\n        time.sleep(1000)\n"
        "else:\n    raise SystemExit('not bounded')\n"
    )
    with Sandbox() as sandbox:
        uid = sandbox.uid
        python(sandbox, code)
    alive = [
        p.pid
        for p in psutil.process_iter(["uids", "status"])
        if p.info["uids"]
        and p.info["uids"].real == uid
        and p.info["status"] != psutil.STATUS_ZOMBIE
    ]
    assert alive == []


def test_the_scratch_folder_is_removed_whatever_lies_there(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_text("x")
    code = (
        "import os, sys, tempfile\n"
        "os.symlink(sys.argv[1], 'link')\n"
        "os.mkdir('closed', 0o000)\n"
        "for _ in range(1500):\n    os.mkdir('d'); os.chdir('d')\n"
        "open(f'/tmp/left-{os.getuid()}', 'w').write('x')\n"
    )
    with Sandbox() as sandbox:
        base, uid = sandbox.base, sandbox.uid
        assert base.is_dir()
        python(sandbox, code, str(kept))
    assert not base.exists()
    assert kept.read_text() == "x"
    left = Path(f"/tmp/left-{os.getuid() if uid is None else uid}")
    if ROOT:
        assert not left.exists()
    left.unlink(missing_ok=True)


@as_root
def test_hard_links_keep_their_permissions(tmp_path: Path) -> None:
    with Sandbox() as sandbox:
        other = tmp_path / "file"
        other.write_text("x")
        other.chmod(0o440)
        os.link(other, sandbox.work / "link")
    assert stat.S_IMODE(other.stat().st_mode) == 0o440


def test_a_program_that_is_not_there() -> None:
    with Sandbox() as sandbox:
        process = sandbox.start(["/no/such/program"])
        assert process.wait(timeout=30) == 127
        assert "cannot run" in sandbox.log(process)


def test_without_a_user_of_its_own_nothing_runs_as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    if not ROOT:
        pytest.skip("needs root")
    with Sandbox() as sandbox:
        monkeypatch.setattr(sandbox, "uid", -5)  # setresuid refuses it
        try:
            with pytest.raises(KernelStartError, match="did not start"):
                python(sandbox, "print('hello')")
        finally:
            monkeypatch.undo()


def test_it_must_be_opened() -> None:
    with pytest.raises(RuntimeError, match="with statement"):
        _ = Sandbox().work


def test_the_launcher_needs_the_standard_library_only() -> None:
    launcher = Path(sandbox_module.__file__).with_name("launcher.py")
    code = f"import runpy, sys; runpy.run_path({str(launcher)!r}); print(sorted(sys.modules))"
    out = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert "mnist_course" not in out and "numpy" not in out
