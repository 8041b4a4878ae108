"""Build the package's wheel with the same bytes every time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from mnist_course.exceptions import GraderError

__all__ = ["build_wheel", "write_zip"]

# What `pyproject.toml` builds the wheel from. README.md is the description of the project.
_SOURCES = ("pyproject.toml", "LICENSE", "README.md", "mnist_course")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that the zip format knows
_EPOCH_SECONDS = "315532800"  # the same, as SOURCE_DATE_EPOCH
_SECONDS = 300


def build_wheel(repository: Path) -> tuple[str, bytes]:
    """Build the wheel in a temporary copy, so that nothing is left in the repository.

    Parameters
    ----------
    repository : Path
        Folder of ``pyproject.toml``.

    Returns
    -------
    name : str
        File name of the wheel.
    content : bytes
        The same for the same sources, whatever the clock, the umask and the machine's zlib are.

    Raises
    ------
    GraderError
        If a source is missing or the build fails; the message ends in the build's own words.
    """
    missing = [name for name in _SOURCES if not (repository / name).exists()]
    if missing:
        raise GraderError(
            f"cannot build the wheel: {', '.join(missing)} not found. Run this in a clone of the "
            "course's repository."
        )
    with tempfile.TemporaryDirectory(prefix="mnist-course-wheel-") as folder:
        copy, built = Path(folder, "copy"), Path(folder, "built")
        copy.mkdir()
        for name in _SOURCES:
            source = repository / name
            if source.is_dir():
                left_out = shutil.ignore_patterns("__pycache__", "*.py[cod]", ".*")
                shutil.copytree(source, copy / name, ignore=left_out)
            else:
                shutil.copy(source, copy / name)
        command = [sys.executable, "-m", "pip", "--isolated", "wheel", "--quiet", "--no-deps"]
        command += ["--no-index", "--no-build-isolation", "--disable-pip-version-check"]
        command += ["--wheel-dir", str(built), str(copy)]
        build = subprocess.run(
            command,
            cwd=copy,
            env=os.environ | {"SOURCE_DATE_EPOCH": _EPOCH_SECONDS, "PYTHONHASHSEED": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        wheels = sorted(built.glob("*.whl"))
        if build.returncode or len(wheels) != 1:
            said = (build.stderr or build.stdout).strip()[-2_000:]
            raise GraderError(f"building the wheel failed; expected one wheel. pip said: {said}")
        with zipfile.ZipFile(wheels[0]) as wheel:
            # RECORD comes last by convention; every hash in it is of content, so it stays true.
            names = sorted(wheel.namelist(), key=lambda n: (n.endswith(".dist-info/RECORD"), n))
            entries = [(name, wheel.read(name), 0o644) for name in names]
        normal = Path(folder, "normal.whl")
        write_zip(normal, entries)
        return wheels[0].name, normal.read_bytes()


def write_zip(path: Path, entries: Iterable[tuple[str, bytes, int]]) -> None:
    """Write a zip whose bytes depend on its entries only.

    Entries are stored, not compressed: the bytes of a compressed entry depend on the zlib of the
    machine, and the largest file by far, the data set, is compressed already.

    Parameters
    ----------
    path : Path
        The zip to make.
    entries : iterable of (name, content, permissions)
        In the order in which they are to stand.
    """
    with zipfile.ZipFile(path, "w", compression=zipfile.ZIP_STORED) as archive:
        for name, content, permissions in entries:
            info = zipfile.ZipInfo(name, date_time=_EPOCH)
            info.create_system = 3  # Unix, on every machine: permissions are kept
            info.external_attr = (0o100000 | permissions) << 16
            archive.writestr(info, content)
