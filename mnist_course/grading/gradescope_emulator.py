"""Run an autograder zip on this machine as Gradescope's harness would.

What is emulated: the folders, ``submission_metadata.json``, the environment, the working folder,
the captured output, the time-out that kills the direct child only and then overwrites the results,
and what Gradescope makes of the results. What is not: the container's memory and CPU limits, and
its network.

A grader finds its folder through ``AUTOGRADER_ROOT`` here; on Gradescope it is ``/autograder``.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import sysconfig
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

from mnist_course.atomic_write import write_text
from mnist_course.datasets.locations import environment_folder
from mnist_course.exceptions import GraderError
from mnist_course.grading.descendants import adopted_descendants
from mnist_course.grading.gradescope_intake import Intake, take_in
from mnist_course.grading.wording import points

__all__ = ["EmulatedRun", "run"]

_SETUP_SECONDS = 3_600
_OUTPUT_SHOWN = 2_000  # characters of a failed set-up's log in the error message


@dataclass(frozen=True, slots=True)
class EmulatedRun:
    """What Gradescope would have after the run.

    Parameters
    ----------
    intake : Intake
        What Gradescope makes of ``results.json``: score, tests, is the total visible.
    timed_out : bool
        The harness' time-out struck.
    exit_status : int or None
        Of ``run_autograder``; Gradescope ignores it. None after a time-out.
    stdout : str
        What the instructor sees of the run (stderr is part of it).
    seconds : float
        Wall time of ``run_autograder``.
    left_behind : tuple of str
        Names of processes that still ran when ``run_autograder`` had ended; they have been killed.
    results_path : Path
        ``results.json`` as Gradescope stores it, in the output folder.
    """

    intake: Intake
    timed_out: bool
    exit_status: int | None
    stdout: str
    seconds: float
    left_behind: tuple[str, ...]
    results_path: Path

    def __str__(self) -> str:
        taken = self.intake
        outcome = taken.problem or f"{points(taken.score)} of {points(taken.max_score)} points"
        status = "killed at the time-out" if self.timed_out else f"exit status {self.exit_status}"
        lines = [f"{outcome} ({status}, {self.seconds:.1f} s)"]
        if not taken.student_sees_total:
            lines.append("Students cannot see their total: a test is hidden.")
        if self.left_behind:
            lines.append(f"Processes left running: {', '.join(self.left_behind)}")
        return "\n".join([*lines, f"Results: {self.results_path}"])


def run(
    zip_path: Path,
    notebook: Path,
    *,
    output: Path,
    timeout_seconds: float = 600,
    setup: bool = False,
    environment: Mapping[str, str] | None = None,
) -> EmulatedRun:
    """Grade one submission with an autograder zip.

    Parameters
    ----------
    zip_path : Path
        The zip that would be uploaded.
    notebook : Path
        The student's file, or a folder of files.
    output : Path
        Folder for ``results.json``, ``stdout`` and ``setup.log``; made if missing.
    timeout_seconds : float
        Gradescope's time-out for one submission: 600 by default there, 2400 at most.
    setup : bool
        Run the zip's ``setup.sh``, which installs all pinned requirements (minutes, network).
        Otherwise a quick environment borrows this Python's packages and takes only the package
        itself from the zip's wheel, so that the zip's own code is what runs.
    environment : mapping of str to str, optional
        Further variables for ``run_autograder``.

    Returns
    -------
    EmulatedRun

    Raises
    ------
    GraderError
        If the zip is none, lacks a script or holds a name outside its root, or if its set-up
        fails: Gradescope would not build the image.
    OSError
        If the notebook cannot be read or the output cannot be written.
    """
    output.mkdir(parents=True, exist_ok=True)
    with _root() as root:
        _unpack(zip_path, root)
        if setup:
            _run_setup(root, output / "setup.log")
        else:
            _borrow_environment(root)
        _submit(notebook, root)
        status, seconds, left_behind = _run_autograder(root, timeout_seconds, environment or {})
        timed_out = status is None
        results_file = root / "results" / "results.json"
        stdout = (root / "results" / "stdout").read_text(encoding="utf-8", errors="replace")
        written = results_file.read_bytes() if results_file.is_file() else None
    intake = take_in(written, timed_out=timed_out)
    results_path = output / "results.json"
    write_text(results_path, json.dumps(intake.results, indent=2, ensure_ascii=False) + "\n")
    write_text(output / "stdout", stdout)
    return EmulatedRun(intake, timed_out, status, stdout, seconds, left_behind, results_path)


@contextmanager
def _root() -> Iterator[Path]:
    """Make the folder that stands for ``/autograder``: readable for other users, as there."""
    folder = Path(tempfile.mkdtemp(prefix="autograder-"))
    try:
        folder.chmod(0o755)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unpack(zip_path: Path, root: Path) -> None:
    source = root / "source"
    source.mkdir()
    try:
        with zipfile.ZipFile(zip_path) as archive:
            for info in archive.infolist():
                name = PurePosixPath(info.filename)
                if name.is_absolute() or ".." in name.parts:
                    raise GraderError(f"{zip_path.name}: {info.filename!r} leads out of the zip")
                archive.extract(info, source)
                permissions = stat.S_IMODE(info.external_attr >> 16)
                if permissions and not info.is_dir():
                    (source / name).chmod(permissions)
    except zipfile.BadZipFile as error:
        raise GraderError(f"{zip_path.name} is not a zip: {error}") from error
    for script in ("setup.sh", "run_autograder"):
        if not (source / script).is_file():
            raise GraderError(
                f"{zip_path.name} has no {script} in its root: zip the files, not their folder"
            )
    shutil.copy(source / "run_autograder", root / "run_autograder")
    (root / "run_autograder").chmod(0o755)
    (root / "results").mkdir()


def _run_setup(root: Path, log: Path) -> None:
    """Run ``setup.sh`` as the image's build does."""
    with log.open("wb") as written:
        done = subprocess.run(
            ["/bin/bash", str(root / "source" / "setup.sh")],
            cwd=root,
            env=_environment(root),
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            timeout=_SETUP_SECONDS,
            check=False,
        )
    if done.returncode:
        end = log.read_text(encoding="utf-8", errors="replace")[-_OUTPUT_SHOWN:]
        raise GraderError(f"setup.sh ended with status {done.returncode}; its last words: {end}")


def _borrow_environment(root: Path) -> None:
    """Make ``root/venv`` with the zip's wheel, over the packages of this environment."""
    wheels = sorted((root / "source").glob("*.whl"))
    if not wheels:  # a zip whose run_autograder needs no Python of ours
        return
    venv = root / "venv"
    _call(sys.executable, "-m", "venv", "--without-pip", str(venv))
    python = venv / "bin" / "python"
    # First the wheel, then the view of the other packages: pip must not find the package there.
    pip = (sys.executable, "-m", "pip", "--isolated", "--python", str(python), "install", "--quiet")
    _call(*pip, "--disable-pip-version-check", "--no-deps", "--no-index", *map(str, wheels))
    [site_packages] = (venv / "lib").glob("python*/site-packages")
    seen = dict.fromkeys(sysconfig.get_path(kind) for kind in ("purelib", "platlib"))
    (site_packages / "borrowed.pth").write_text("\n".join(seen) + "\n", encoding="utf-8")
    data = environment_folder()  # setup.sh fetches into the environment, too
    if data.is_dir():
        shutil.copytree(data, venv / "share" / data.name)


def _call(*command: str) -> None:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-_OUTPUT_SHOWN:]
        raise GraderError(f"preparing the quick environment failed: {said}")


def _submit(notebook: Path, root: Path) -> None:
    submission = root / "submission"
    if notebook.is_dir():
        shutil.copytree(notebook, submission, symlinks=True)
    else:
        submission.mkdir()
        shutil.copy(notebook, submission / notebook.name)
    described = _described(root / "source" / "assignment.json")
    now = datetime.now(UTC)
    metadata = {
        "id": 1,
        "created_at": now.isoformat(),
        "assignment": {
            "due_date": (now + timedelta(days=7)).isoformat(),
            "group_size": None,
            "group_submission": False,
            "id": 1,
            "course_id": 1,
            "late_due_date": None,
            "release_date": (now - timedelta(days=7)).isoformat(),
            "title": str(described.get("id", "assignment")),
            "total_points": str(described.get("automatic_points", 100.0)),
        },
        "submission_method": "upload",
        "users": [{"email": "student@example.edu", "id": 1, "name": "Example Student"}],
        "previous_submissions": [],
    }
    write_text(root / "submission_metadata.json", json.dumps(metadata, indent=2))


def _described(path: Path) -> Mapping[str, object]:
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return described if isinstance(described, dict) else {}


def _environment(root: Path) -> dict[str, str]:
    """Return a container's environment: nothing of this user's, but where the folder is."""
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": os.environ.get("HOME", "/root"),
        "LANG": "C.UTF-8",
        "AUTOGRADER_ROOT": str(root),
    }


def _run_autograder(
    root: Path, timeout_seconds: float, environment: Mapping[str, str]
) -> tuple[int | None, float, tuple[str, ...]]:
    """Return (exit status or None after the time-out, seconds, names of processes left)."""
    variables = {"TIMEOUT_SECONDS": f"{timeout_seconds:g}", **environment}
    started = time.monotonic()
    with (
        (root / "results" / "stdout").open("wb") as captured,
        adopted_descendants() as left_behind,
    ):
        child = subprocess.Popen(
            [str(root / "run_autograder")],
            cwd=root,
            env=_environment(root) | variables,
            stdin=subprocess.DEVNULL,
            stdout=captured,
            stderr=subprocess.STDOUT,
        )
        status: int | None = None
        try:
            status = child.wait(timeout=timeout_seconds)
        except subprocess.TimeoutExpired:
            pass
        finally:
            child.kill()  # the direct child only, as Gradescope does
            child.wait()
        seconds = time.monotonic() - started
    return status, seconds, tuple(left_behind)
